/* What a complete session warns of: what makes its numbers less trustworthy than they look. Main
 * thread, after the last run. */
#include "measure/session_warnings.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"

/* A machine's CPU time is counted in hundredths of a second: below this it says nothing. */
static const uint64_t load_base_ns = 200 * 1000 * 1000;

static void warn_of_machine(struct result *r)
{
    double watched_ns = (double)r->watched_ns;

    if (r->watched_ns < load_base_ns)
        return;
    if (r->others_cpu_ns != HOST_UNKNOWN && (double)r->others_cpu_ns > 0.1 * watched_ns)
        result_warn(r, "the machine was busy: other processes used %.1f CPUs during the runs",
                    (double)r->others_cpu_ns / watched_ns);
    if (r->stolen_ns != HOST_UNKNOWN && (double)r->stolen_ns > 0.02 * watched_ns)
        result_warn(r, "the hypervisor took %.*f CPUs away during the runs",
                    (double)r->stolen_ns < 0.1 * watched_ns ? 2 : 1,
                    (double)r->stolen_ns / watched_ns);
}

/* Of the run that has most of them. */
static uint32_t most_computing_calls(const struct result *r)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < r->run_count; i++) {
        uint32_t calls = 0;

        for (uint32_t j = 0; j < r->runs[i].recorder.count; j++) {
            struct span s;

            recorder_get(&r->runs[i].recorder, j, &s);
            calls += (s.kind->traits & SPAN_CPU_BOUND) != 0;
        }
        most = calls > most ? calls : most;
    }
    return most;
}

static void warn_of_setting(struct result *r, const struct session_options *options)
{
    uint64_t cpus = host_cpus_usable(&r->host);

    if (r->interrupted)
        result_warn(r, "interrupted: what had been measured until then is shown");
    else if (options->runs == 1)
        result_warn(r, "one run only: --runs 10 would show how much the times vary");
    if (r->pool.warning[0] != '\0')
        result_warn(r, "%s", r->pool.warning);
    if (r->pool.size > cpus && most_computing_calls(r) > cpus)
        result_warn(r,
                    "%u pool threads on %" PRIu64 " CPU%s: calls that compute stretch each other",
                    (unsigned)r->pool.size, cpus, cpus == 1 ? "" : "s");
    if (r->host.cpu_quota >= 0 && r->host.cpu_quota < (double)r->host.cpus_allowed)
        result_warn(r, "a control group limits this process to %.2f CPUs", r->host.cpu_quota);
}

/* A span whose instants go backwards would mean that the clock cannot be trusted. */
static void warn_of_clock(struct result *r)
{
    uint64_t backwards = 0;
    struct span s;

    for (uint32_t i = 0; i < r->run_count; i++) {
        for (uint32_t j = 0; j < r->runs[i].recorder.count; j++) {
            recorder_get(&r->runs[i].recorder, j, &s);
            if ((s.started_ns != SPAN_UNKNOWN && s.submitted_ns != SPAN_UNKNOWN &&
                 s.started_ns < s.submitted_ns) ||
                (s.finished_ns != SPAN_UNKNOWN && s.started_ns != SPAN_UNKNOWN &&
                 s.finished_ns < s.started_ns) ||
                (s.called_back_ns != SPAN_UNKNOWN && s.finished_ns != SPAN_UNKNOWN &&
                 s.called_back_ns < s.finished_ns))
                backwards++;
        }
    }
    if (backwards > 0)
        result_warn(r,
                    "the clock ran backwards in %" PRIu64 " calls: measure with --clock monotonic",
                    backwards);
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The first run pays for what is done once: pages, caches, the names of hosts. Of few runs nobody
 * can say what is usual. */
static int warn_of_first_run(struct result *r, const struct session_options *options, struct err *e)
{
    enum { RUNS_LEAST = 5 };
    uint64_t *values = mem_alloc(((size_t)r->run_count + 1) * sizeof *values), first_ns;
    uint32_t count = 0;
    double median_ns, times;

    if (values == NULL)
        return err_no_memory(e, "the elapsed times of the runs");
    for (uint32_t i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];

        if (run->pass->role == PASS_MEASURED && !run->interrupted &&
            run->elapsed_ns != SPAN_UNKNOWN)
            values[count++] = run->elapsed_ns;
    }
    if (count >= RUNS_LEAST) {
        first_ns = values[0];
        qsort(values, count, sizeof *values, compare_numbers);
        median_ns = (double)values[(count - 1) / 2] / 2 + (double)values[count / 2] / 2;
        times = median_ns > 0 ? (double)first_ns / median_ns : 0;
        if (times > 2)
            result_warn(r,
                        "the first run took %.*f times the median: --warmup %" PRIu64
                        " would leave it out",
                        times < 10, times, options->warmup + 1);
    }
    mem_free(values);
    return 0;
}

int session_warn(struct result *r, const struct session_options *options, struct err *e)
{
    warn_of_setting(r, options);
    warn_of_machine(r);
    warn_of_clock(r);
    return warn_of_first_run(r, options, e);
}
