/* Reads of files, step by step, and their spans. step_work() and trip_work() run on the pool's
 * threads; everything else runs on the loop's thread. What a step is, is file_step.c's business.
 *
 * Between the submission of a job and its callback the read belongs to the thread that runs it, but
 * for the first group of its fields. When a run is given up with a job on its way, that thread goes
 * on with memory that nobody frees, and with the spans' old memory (recorder_detach()). */
#include "measure/file_read.h"

#include <stdalign.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "measure/file_step.h"
#include "measure/pool.h"

struct file_read {
    struct {                  /* the loop's thread alone */
        uint32_t whole, step; /* spans */
        bool under_way;       /* a step is libuv's */
    } on_loop;
    alignas(64) uv_work_t work;
    struct file_reads
        *reads; /* read-only, but for `cancelled`, which only the loop's thread uses */
    struct span_on_worker *whole, *on_worker; /* the latter of the step */
    struct file_step step;
};

struct file_reads {
    struct run *run;
    enum file_api api;
    unsigned kind_row;
    uint32_t count;
    bool measure_cpu;
    bool cancelled;
    file_read_cb done; /* or NULL */
    void *context;
    struct file_read *reads;
};

uint64_t file_read_own_bytes(void)
{
    return sizeof(struct file_read);
}

struct file_reads *file_reads_new(struct run *run, const char *path, const struct file_facts *facts,
                                  enum file_api api, unsigned kind_row, uint32_t count,
                                  bool measure_cpu, struct err *e)
{
    struct recorder *r = &run->recorder;
    struct file_reads *f = mem_zeroed(1, sizeof *f);
    uint32_t first;

    if (f == NULL)
        goto no_memory;
    *f = (struct file_reads){.run = run, .api = api, .kind_row = kind_row};
    f->measure_cpu = measure_cpu;
    f->reads = mem_aligned_filled(count, sizeof *f->reads, 0);
    if (f->reads == NULL)
        goto no_memory;
    for (; f->count < count; f->count++) /* it counts those that are to be freed */
        if (file_step_init(&f->reads[f->count].step, path, facts) != 0)
            goto no_memory;
    first = recorder_open(r, count, kind_row + FILE_KIND_WHOLE, count > 1 ? 1 : 0);
    for (uint32_t i = 0; i < count; i++) {
        struct file_read *read = &f->reads[i];

        read->reads = f;
        read->on_loop.whole = first + i;
        read->whole = recorder_worker(r, first + i);
        read->work.data = read->step.request.data = read;
    }
    return f;

no_memory:
    file_reads_free(f);
    err_no_memory(e, "the content of the file");
    return NULL;
}

void file_reads_tell(struct file_reads *f, file_read_cb done, void *context)
{
    f->done = done;
    f->context = context;
}

/* --- On a thread of the pool. --- */

static void step_work(uv_work_t *request)
{
    uint64_t started = clock_ticks_after(), cpu_before = 0;
    struct file_read *read = request->data;
    bool measure_cpu = read->reads->measure_cpu;
    int status;

    span_started(read->on_worker, started, pool_lane());
    if (read->step.doing == FILE_KIND_OPEN)
        span_started(read->whole, started, LANE_UNKNOWN);
    if (measure_cpu)
        cpu_before = clock_thread_cpu_ns();
    file_step_request(&read->step, NULL, NULL);
    status = file_step_take(&read->step);
    span_finished(read->on_worker, clock_ticks(), status);
    if (measure_cpu)
        span_cpu(read->on_worker, clock_thread_cpu_ns() - cpu_before);
}

static void trip_work(uv_work_t *request)
{
    uint64_t started = clock_ticks_after(), cpu_before = 0;
    struct file_read *read = request->data;
    bool measure_cpu = read->reads->measure_cpu;

    span_started(read->whole, started, pool_lane());
    if (measure_cpu)
        cpu_before = clock_thread_cpu_ns();
    do {
        file_step_request(&read->step, NULL, NULL);
        file_step_take(&read->step);
    } while (file_step_advance(&read->step));
    span_finished(read->whole, clock_ticks(), read->step.status);
    if (measure_cpu)
        span_cpu(read->whole, clock_thread_cpu_ns() - cpu_before);
}

/* --- On the loop's thread. --- */

/* The number in the name of a step: that of its read; pieces of a single file have their own. */
static uint32_t step_ordinal(const struct file_read *read)
{
    const struct file_reads *f = read->reads;
    const struct file_step *s = &read->step;

    if (f->count > 1)
        return (uint32_t)(read - f->reads) + 1;
    if (s->doing == FILE_KIND_READ && (s->reads > 1 || s->size_bytes > FILE_PIECE_BYTES))
        return s->reads;
    return 0;
}

/* The last step has come back: it began and ended on the pool with its first and its last. */
static void read_over(struct file_read *read)
{
    struct recorder *r = &read->reads->run->recorder;
    const struct span_on_worker *last = recorder_worker(r, read->on_loop.step);

    if (read->step.fd >= 0) /* something was left to do */
        file_step_failed(&read->step, UV_ECANCELED);
    span_finished(read->whole, atomic_load_explicit(&last->finished, memory_order_relaxed),
                  SPAN_OK);
    span_called_back(r, read->on_loop.whole, clock_ticks_after(), read->step.status);
    if (read->reads->done != NULL)
        read->reads->done(read->reads->context, read->on_loop.whole);
}

static void step_submit(struct file_read *read, uint32_t cause);

static void step_came_back(struct file_read *read, uint64_t ticks, int status)
{
    struct file_reads *f = read->reads;

    span_called_back(&f->run->recorder, read->on_loop.step, ticks, status);
    read->on_loop.under_way = false;
    if (!f->cancelled && file_step_advance(&read->step))
        step_submit(read, read->on_loop.step);
    else
        read_over(read);
}

static void step_work_done(uv_work_t *request, int status)
{
    uint64_t ticks = clock_ticks_after();
    struct file_read *read = request->data;

    if (status != 0)
        file_step_failed(&read->step, status);
    step_came_back(read, ticks, status);
}

static void step_request_done(uv_fs_t *request)
{
    uint64_t ticks = clock_ticks_after();
    struct file_read *read = request->data;

    step_came_back(read, ticks, file_step_take(&read->step));
}

/* Submits the step that is to be done; one that libuv refuses is a span with that error. */
static void step_submit(struct file_read *read, uint32_t cause)
{
    struct file_reads *f = read->reads;
    struct recorder *r = &f->run->recorder;
    struct file_step *s = &read->step;
    uint32_t span;
    int rc;

    do {
        span = recorder_open(r, 1, f->kind_row + s->doing, step_ordinal(read));
        recorder_parent(r, span, read->on_loop.whole);
        recorder_armed_by(r, span, cause);
        read->on_loop.step = span;
        read->on_loop.under_way = true;
        read->on_worker = recorder_worker(r, span);
        span_submitted(r, span);
        if (f->api == FILE_API_UV)
            rc = file_step_request(s, f->run->loop, step_request_done);
        else
            rc = uv_queue_work(f->run->loop, &read->work, step_work, step_work_done);
        if (rc == 0)
            return;
        span_called_back(r, span, clock_ticks(), rc);
        read->on_loop.under_way = false;
        file_step_failed(s, rc);
        cause = span;
    } while (file_step_advance(s));
    read_over(read);
}

static void trip_done(uv_work_t *request, int status)
{
    uint64_t ticks = clock_ticks_after();
    struct file_read *read = request->data;
    struct file_reads *f = read->reads;

    span_called_back(&f->run->recorder, read->on_loop.whole, ticks, status);
    read->on_loop.under_way = false;
    if (f->done != NULL)
        f->done(f->context, read->on_loop.whole);
}

void file_reads_submit(struct file_reads *f)
{
    struct recorder *r = &f->run->recorder;
    int rc;

    for (uint32_t i = 0; i < f->count; i++) {
        struct file_read *read = &f->reads[i];

        span_submitted(r, read->on_loop.whole);
        if (f->api != FILE_API_ONE_TRIP) {
            step_submit(read, SPAN_NONE);
            continue;
        }
        read->on_loop.under_way = true;
        rc = uv_queue_work(f->run->loop, &read->work, trip_work, trip_done);
        if (rc != 0)
            trip_done(&read->work, rc);
    }
}

void file_reads_cancel(struct file_reads *f)
{
    f->cancelled = true;
    for (uint32_t i = 0; i < f->count; i++) {
        struct file_read *read = &f->reads[i];

        /* Refused while it runs: then it is waited for. */
        if (!read->on_loop.under_way)
            continue;
        if (f->api == FILE_API_UV)
            uv_cancel((uv_req_t *)&read->step.request);
        else
            uv_cancel((uv_req_t *)&read->work);
    }
}

/* --- After the run. --- */

void file_reads_free(struct file_reads *f)
{
    if (f == NULL)
        return;
    for (uint32_t i = 0; i < f->count; i++)
        file_step_free(&f->reads[i].step);
    mem_free(f->reads);
    mem_free(f);
}

uint32_t file_reads_whole(const struct file_reads *f, uint32_t i)
{
    return f->reads[i].on_loop.whole;
}

const unsigned char *file_reads_content(const struct file_reads *f, uint32_t i, uint64_t *bytes)
{
    *bytes = f->reads[i].step.content_bytes;
    return f->reads[i].step.content;
}
