/* The interposed getaddrinfo(). It runs on whatever thread calls it; only calls from threads of the
 * pool, while a run records lookups, are anything but passed on. */
#include "measure/lookup.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure/clock.h"
#include "measure/pool.h"

typedef int (*getaddrinfo_function)(const char *, const char *, const struct addrinfo *,
                                    struct addrinfo **);

/* Written by the main thread while the pool is idle; the pool's lock hands them over. */
static struct span_on_worker *workers; /* of the run's spans, from number 0; NULL: none records */
static unsigned long worker_count;
static bool records_cpu;

void lookup_record_in(struct recorder *r, bool measure_cpu)
{
    workers = r == NULL ? NULL : recorder_worker(r, 0);
    worker_count = r == NULL ? 0 : r->capacity;
    records_cpu = measure_cpu;
}

/* The C library's own. Looking it up twice, on two threads, gives the same answer. */
static getaddrinfo_function real_getaddrinfo(void)
{
    static _Atomic(getaddrinfo_function) cached;
    getaddrinfo_function f = atomic_load_explicit(&cached, memory_order_relaxed);

    if (f == NULL) {
        /* POSIX promises that dlsym()'s pointer can be a function's; ISO C does not. */
        *(void **)&f = dlsym(RTLD_NEXT, "getaddrinfo");
        atomic_store_explicit(&cached, f, memory_order_relaxed);
    }
    return f;
}

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
    uint64_t started = clock_ticks_after(), finished, cpu_before = 0;
    getaddrinfo_function real = real_getaddrinfo();
    int lane = pool_lane();
    struct span_on_worker *w;
    unsigned long span;
    int rc;

    if (real == NULL)
        return EAI_SYSTEM;
    if (lane == 0 || workers == NULL || service == NULL)
        return real(node, service, hints, result);
    span = strtoul(service, NULL, 10);
    if (span >= worker_count)
        return real(node, service, hints, result);
    w = &workers[span];
    span_started(w, started, lane);
    if (records_cpu)
        cpu_before = clock_thread_cpu_ns();
    rc = real(node, NULL, hints, result); /* the number was ours, not the resolver's */
    finished = clock_ticks();
    if (records_cpu)
        span_cpu(w, clock_thread_cpu_ns() - cpu_before);
    span_finished(w, finished, SPAN_OK); /* libuv's callback brings the status */
    return rc;
}

int lookup_submit(uv_loop_t *loop, uv_getaddrinfo_t *request, uint32_t span, const char *host,
                  uv_getaddrinfo_cb done)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char service[16];

    snprintf(service, sizeof service, "%u", (unsigned)span);
    return uv_getaddrinfo(loop, request, done, host, service, &hints);
}
