/* The counters of the whole machine, less what this process and its children have used: children
 * that have ended and been waited for, and theirs, which is all of them between two runs. Main
 * thread. */
#include "sweep/watch.h"

#include <sys/resource.h>

#include "measure/clock.h"
#include "measure/host.h"

#define NS_PER_S UINT64_C(1000000000)

static uint64_t nanoseconds(struct timeval t)
{
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_usec * 1000;
}

static uint64_t own_cpu_ns(void)
{
    struct rusage children;

    getrusage(RUSAGE_CHILDREN, &children); /* fails for wrong arguments only */
    return clock_process_cpu_ns() + nanoseconds(children.ru_utime) + nanoseconds(children.ru_stime);
}

void watch_begin(struct watch *w)
{
    host_machine_cpu(&w->busy_ns, &w->stolen_ns);
    w->own_ns = own_cpu_ns();
    w->begun_ns = clock_read_monotonic();
}

/* Counters of the kernel may go back a little. */
static uint64_t since(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

void watch_end(const struct watch *w, struct sweep *s)
{
    uint64_t busy_ns, stolen_ns;

    s->others_cpu_ns = s->stolen_ns = SWEEP_UNKNOWN;
    s->watched_ns = clock_read_monotonic() - w->begun_ns;
    host_machine_cpu(&busy_ns, &stolen_ns);
    if (busy_ns != HOST_UNKNOWN && w->busy_ns != HOST_UNKNOWN)
        s->others_cpu_ns = since(since(busy_ns, w->busy_ns), since(own_cpu_ns(), w->own_ns));
    if (stolen_ns != HOST_UNKNOWN && w->stolen_ns != HOST_UNKNOWN)
        s->stolen_ns = since(stolen_ns, w->stolen_ns);
}
