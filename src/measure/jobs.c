/* Batches of jobs on the pool. job_work() and the work's call run on the pool's threads; everything
 * else runs on the loop's thread. See jobs.h. */
#include "measure/jobs.h"

#include "base/mem.h"
#include "measure/lookup.h"
#include "measure/pool.h"

struct jobs {
    struct run *run;
    const struct work_context *context;
    uint32_t first, count;            /* spans */
    struct span_on_worker *on_worker; /* of the first */
    const struct span_on_loop *on_loop;
    uint32_t fenced_iteration; /* written by the loop's thread alone */
    bool measure_cpu;
    uv_work_t *requests; /* one of these two arrays is there, by work->is_lookup */
    uv_getaddrinfo_t *lookups;
    unsigned char *outputs; /* output_bytes for each job, or NULL */
    size_t output_bytes;
};

static size_t output_bytes_of(const struct work *work, const struct work_options *options)
{
    return work->output_bytes == NULL ? 0 : work->output_bytes(options);
}

uint64_t jobs_bytes_each(const struct work *work, const struct work_options *options)
{
    return (work->is_lookup ? sizeof(uv_getaddrinfo_t) : sizeof(uv_work_t)) +
           output_bytes_of(work, options);
}

struct jobs *jobs_new(struct run *run, const struct work_context *context, unsigned kind,
                      uint32_t count, uint32_t first_ordinal, bool measure_cpu, struct err *e)
{
    const struct work *work = context->work;
    struct jobs *j = mem_zeroed(1, sizeof *j);

    if (j == NULL)
        goto no_memory;
    j->run = run;
    j->context = context;
    j->count = count;
    j->measure_cpu = measure_cpu;
    if (work->is_lookup)
        j->lookups = mem_aligned_filled(count, sizeof *j->lookups, 0);
    else
        j->requests = mem_aligned_filled(count, sizeof *j->requests, 0);
    if (j->lookups == NULL && j->requests == NULL)
        goto no_memory;
    j->output_bytes = output_bytes_of(work, context->options);
    if (j->output_bytes > 0) {
        j->outputs = mem_aligned_filled(count, j->output_bytes, 0);
        if (j->outputs == NULL)
            goto no_memory;
    }
    j->first = recorder_open(&run->recorder, count, kind, first_ordinal);
    j->on_worker = recorder_worker(&run->recorder, j->first);
    j->on_loop = &run->recorder.on_loop[j->first];
    if (work->is_lookup)
        lookup_record_in(&run->recorder, measure_cpu);
    return j;

no_memory:
    jobs_free(j);
    err_no_memory(e, "the jobs");
    return NULL;
}

static unsigned char *output_of(const struct jobs *j, uint32_t i)
{
    return j->outputs == NULL ? NULL : j->outputs + (size_t)i * j->output_bytes;
}

const unsigned char *jobs_output(const struct jobs *j, uint32_t i)
{
    return output_of(j, i);
}

/* --- On a thread of the pool. --- */

static void job_work(uv_work_t *request)
{
    uint64_t started = clock_ticks_after(), cpu_before = 0;
    struct jobs *j = request->data;
    uint32_t i = (uint32_t)(request - j->requests);
    struct span_on_worker *w = &j->on_worker[i];
    int status = SPAN_OK;

    span_started(w, started, pool_lane());
    if (j->measure_cpu)
        cpu_before = clock_thread_cpu_ns();
    if (j->context->work->call != NULL)
        status = j->context->work->call(j->context, output_of(j, i));
    span_finished(w, clock_ticks(), status);
    if (j->measure_cpu)
        span_cpu(w, clock_thread_cpu_ns() - cpu_before);
}

/* The job that does nothing. A fence before its first instant would cost it half as much again as
 * libuv itself does, by keeping the CPU from working ahead; so the fence is only paid where a
 * reading without it contradicts its own cause. `started` may therefore be early by CLOCK_BLUR_NS,
 * but is never before `submitted`. (Nobody writes `submitted` again; what the loop writes beside it
 * are other fields.) */
static void job_work_nothing(uv_work_t *request)
{
    uint64_t started = clock_ticks();
    struct jobs *j = request->data;
    uint32_t i = (uint32_t)(request - j->requests);
    struct span_on_worker *w = &j->on_worker[i];

    if (__builtin_expect(started <= j->on_loop[i].submitted, 0))
        started = clock_ticks_after();
    span_started(w, started, pool_lane());
    span_finished(w, clock_ticks(), SPAN_OK);
}

/* --- On the loop's thread. --- */

/* libuv hands finished jobs over in batches, under one lock, and then calls them back in a row: one
 * fence, at the first callback of an iteration, keeps all of them behind what the lock ordered. */
static void job_done(uv_work_t *request, int status)
{
    uint64_t called_back = clock_ticks();
    struct jobs *j = request->data;
    struct recorder *r = &j->run->recorder;

    if (j->fenced_iteration != r->iteration) {
        called_back = clock_ticks_after();
        j->fenced_iteration = r->iteration;
    }
    span_called_back(r, j->first + (uint32_t)(request - j->requests), called_back, status);
}

static void lookup_done(uv_getaddrinfo_t *request, int status, struct addrinfo *result)
{
    uint64_t called_back = clock_ticks_after();
    struct jobs *j = request->data;

    span_called_back(&j->run->recorder, j->first + (uint32_t)(request - j->lookups), called_back,
                     status);
    uv_freeaddrinfo(result);
}

void jobs_submit(struct jobs *j)
{
    struct recorder *r = &j->run->recorder;
    bool nothing = j->context->work->call == NULL && !j->measure_cpu;
    uv_work_cb work = nothing ? job_work_nothing : job_work;
    int rc;

    for (uint32_t i = 0; i < j->count; i++) {
        if (j->lookups != NULL) {
            j->lookups[i].data = j;
            span_submitted(r, j->first + i);
            rc = lookup_submit(j->run->loop, &j->lookups[i], j->first + i,
                               j->context->options->host, lookup_done);
        } else {
            j->requests[i].data = j;
            span_submitted(r, j->first + i);
            rc = uv_queue_work(j->run->loop, &j->requests[i], work, job_done);
        }
        if (rc != 0)
            span_called_back(r, j->first + i, clock_ticks(), rc);
    }
}

void jobs_cancel(struct jobs *j)
{
    /* Those that are running, or have been called back, refuse; that is the answer wanted. */
    for (uint32_t i = 0; i < j->count; i++) {
        if (j->run->recorder.on_loop[j->first + i].called_back != SPAN_UNKNOWN)
            continue;
        if (j->lookups != NULL)
            uv_cancel((uv_req_t *)&j->lookups[i]);
        else
            uv_cancel((uv_req_t *)&j->requests[i]);
    }
}

void jobs_free(struct jobs *j)
{
    if (j == NULL)
        return;
    if (j->lookups != NULL)
        lookup_record_in(NULL, false);
    mem_free(j->requests);
    mem_free(j->lookups);
    mem_free(j->outputs);
    mem_free(j);
}
