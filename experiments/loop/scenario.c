/* What is armed, when, and by whom.
 *
 * A measured run. The main program arms one of everything: a pair of sockets and a byte written
 * into it, setTimeout(0) (1 ms, as in Node.js), a native timer of 0 ms, a later timer, an
 * immediate, an idle and a prepare handle that stay for a few iterations, a file read and a job of
 * the pool. When the byte arrives, and when the file has been read, an I/O callback arms a
 * setTimeout(0) and an immediate again; the first immediate arms another one, which has to wait for
 * the next iteration. The sockets are closed where the byte arrives, and the last handle when
 * nothing else is alive.
 *
 * A trial. The main program arms setTimeout(0) and an immediate, nothing else, and stays busy for
 * --busy-start before the loop runs.
 *
 * Loop thread, but for job_work(), which runs on a thread of the pool. run->state is the scenario;
 * all that libuv is given lies in it and lives until the runner has seen every handle closed. */
#include "experiments/loop/loop.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "measure/pool.h"

enum { NS_PER_MS = 1000000 };

static void file_done(void *context, uint32_t span);

/* --- Outside of what is measured. --- */

int scenario_prepare(struct run *run, struct err *e)
{
    struct scenario *s = mem_aligned_filled(1, sizeof *s, 0);
    struct file_facts file;

    if (s == NULL)
        return err_no_memory(e, "the handles of a run");
    run->state = s;
    s->run = run;
    s->options = run->options;
    s->sockets[0] = s->sockets[1] = -1;
    if (run->pass->role != PASS_MEASURED)
        return 0;
    file_facts_head(&file, FILE_API_UV);
    s->file = file_reads_new(run, s->options->file != NULL ? s->options->file : "/proc/self/exe",
                             &file, FILE_API_UV, KIND_FILE, 1, false, e);
    if (s->file == NULL)
        return -1;
    file_reads_tell(s->file, file_done, s);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s->sockets) != 0)
        return err_set(e, STATUS_FAILED, "cannot make a pair of sockets: %s", uv_strerror(-errno));
    return 0;
}

void scenario_cleanup(struct run *run)
{
    struct scenario *s = run->state;

    if (s == NULL)
        return;
    for (int i = 0; i < 2; i++)
        if (s->sockets[i] >= 0)
            close(s->sockets[i]);
    file_reads_free(s->file);
    mem_free(s);
    run->state = NULL;
}

/* --- What callbacks do. --- */

void scenario_settle(struct scenario *s, uint32_t cause)
{
    if (s->alive > 0 || s->over)
        return;
    s->over = true;
    close_silently(s, HANDLE_CHECK + 1, HANDLE_COUNT - 1);
    if (s->run->pass->role == PASS_MEASURED)
        arm_close(s, KIND_LAST_CLOSE, HANDLE_CHECK, cause);
    else
        close_silently(s, HANDLE_CHECK, HANDLE_CHECK);
}

/* From inside an I/O callback, the timer first: the immediate overtakes it all the same. */
static void arm_pair(struct scenario *s, uint32_t cause)
{
    arm_timer(s, KIND_TIMEOUT, TIMEOUT_ZERO_MS, cause);
    arm_immediate(s, cause);
}

void scenario_immediate_called(struct scenario *s, uint32_t span)
{
    if (s->run->pass->role == PASS_MEASURED && span == s->first_immediate && !s->over)
        arm_immediate(s, span);
    scenario_settle(s, span);
}

static void file_done(void *context, uint32_t span)
{
    struct scenario *s = context;

    s->alive--;
    if (!s->over)
        arm_pair(s, span);
    scenario_settle(s, span);
}

/* The byte has arrived, or never will. */
static void data_came(struct scenario *s, uint64_t ticks, int status)
{
    call_came_back(s, s->data, ticks, status);
    arm_pair(s, s->data);
    arm_close(s, KIND_CLOSE, HANDLE_READER, s->data);
    arm_close(s, KIND_CLOSE, HANDLE_WRITER, s->data);
}

static void data_buffer_cb(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct scenario *s = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(s->received, sizeof s->received);
}

static void data_cb(uv_stream_t *stream, ssize_t bytes, const uv_buf_t *buffer)
{
    uint64_t ticks = clock_ticks_after();
    struct scenario *s = stream->data;

    (void)buffer;
    if (bytes != 0) /* 0: there is nothing yet */
        data_came(s, ticks, bytes < 0 ? (int)bytes : SPAN_OK);
}

static void write_cb(uv_write_t *request, int status)
{
    uint64_t ticks = clock_ticks_after();
    struct scenario *s = request->data;
    uint32_t span = s->write;

    call_came_back(s, span, ticks, status);
    if (status < 0 && !s->over && !uv_is_closing((uv_handle_t *)&s->handles[HANDLE_READER]))
        data_came(s, clock_ticks_after(), status);
    scenario_settle(s, span);
}

/* On a thread of the pool. */
static void job_work(uv_work_t *request)
{
    uint64_t started = clock_ticks_after();
    struct scenario *s = request->data;
    int status;

    span_started(s->job_on_worker, started, pool_lane());
    status = uv_random(NULL, NULL, s->job_output, sizeof s->job_output, 0, NULL);
    span_finished(s->job_on_worker, clock_ticks(), status);
}

static void job_cb(uv_work_t *request, int status)
{
    uint64_t ticks = clock_ticks_after();
    struct scenario *s = request->data;

    s->work_under_way = false;
    call_came_back(s, s->job, ticks, status);
    scenario_settle(s, s->job);
}

/* --- The main program. --- */

/* Everything here that can be refused: done before anything else is armed. */
static int arm_sockets(struct scenario *s, struct err *e)
{
    static char byte[] = "x";
    uv_buf_t buffer = uv_buf_init(byte, 1);
    uv_pipe_t *ends[2] = {&s->handles[HANDLE_WRITER].pipe, &s->handles[HANDLE_READER].pipe};
    int rc = 0;

    for (int i = 0; i < 2 && rc == 0; i++) {
        uv_pipe_init(s->run->loop, ends[i], 0);
        ends[i]->data = s;
        rc = uv_pipe_open(ends[i], s->sockets[i]);
        if (rc == 0)
            s->sockets[i] = -1; /* libuv's from now on */
    }
    if (rc == 0) {
        s->data = call_submitted(s, KIND_DATA, SPAN_NONE);
        rc = uv_read_start((uv_stream_t *)ends[1], data_buffer_cb, data_cb);
    }
    if (rc == 0) {
        s->write_request.data = s;
        s->write = call_submitted(s, KIND_WRITE, SPAN_NONE);
        rc = uv_write(&s->write_request, (uv_stream_t *)ends[0], &buffer, 1, write_cb);
    }
    if (rc != 0)
        return err_set(e, STATUS_FAILED, "cannot use a pair of sockets: %s", uv_strerror(rc));
    return 0;
}

static void arm_job(struct scenario *s)
{
    int rc;

    s->work.data = s;
    s->job = call_submitted(s, KIND_JOB, SPAN_NONE);
    s->job_on_worker = recorder_worker(&s->run->recorder, s->job);
    rc = uv_queue_work(s->run->loop, &s->work, job_work, job_cb);
    s->work_under_way = rc == 0;
    if (rc != 0)
        call_came_back(s, s->job, clock_ticks_after(), rc);
}

/* The main program is busy, as one that still loads its modules, before it lets the loop run. */
static void stay_busy(uint64_t ns)
{
    uint64_t until_ns = clock_read_monotonic() + ns;

    while (clock_read_monotonic() < until_ns && !run_interrupted())
        ;
}

int scenario_start(struct run *run, struct err *e)
{
    struct scenario *s = run->state;
    bool measured = run->pass->role == PASS_MEASURED;

    uv_update_time(run->loop); /* what was prepared until now is not the main program's time */
    s->alive = 1;              /* the main program itself */
    arm_machinery(s);
    if (measured && arm_sockets(s, e) != 0)
        return -1;
    arm_timer(s, KIND_TIMEOUT, TIMEOUT_ZERO_MS, SPAN_NONE);
    s->first_immediate = arm_immediate(s, SPAN_NONE);
    if (measured) {
        arm_timer(s, KIND_NATIVE_TIMER, 0, SPAN_NONE);
        arm_timer(s, KIND_LATER_TIMER, s->options->timeout_ns / NS_PER_MS, SPAN_NONE);
        arm_turns(s);
        s->alive++; /* until file_done() */
        file_reads_submit(s->file);
        arm_job(s);
    } else {
        stay_busy(s->options->busy_start_ns);
    }
    s->alive--;
    return 0;
}

void scenario_cancel(struct run *run)
{
    struct scenario *s = run->state;

    s->over = true;
    close_silently(s, HANDLE_CHECK, HANDLE_COUNT - 1);
    if (s->file != NULL)
        file_reads_cancel(s->file);
    if (s->work_under_way)
        uv_cancel((uv_req_t *)&s->work); /* refused while it runs: then it is waited for */
}
