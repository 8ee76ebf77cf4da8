/* What is made for one request and ends with it: a worker thread with a loop of its own (/thread),
 * and a process (/process). There are APP_HELPERS_MOST of each at most. Each is a part of the app
 * until its handles are closed and it has ended itself. Thread of the loop. */
#include "net/app_inner.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/wide.h"
#include "net/app_child.h"

enum { MS_PER_S = 1000, AGAIN_MS = 1 };

/* --- Places. --- */

/* The lowest free one, from 1; 0: all are taken. */
static unsigned place_take(struct app_places *p)
{
    for (unsigned i = 0; i < APP_HELPERS_MOST; i++)
        if (!p->taken[i]) {
            p->taken[i] = true;
            return i + 1;
        }
    return 0;
}

static void place_give(struct app_places *p, unsigned place)
{
    p->taken[place - 1] = false;
}

static bool place_full(const struct app_places *p)
{
    unsigned i = 0;
    while (i < APP_HELPERS_MOST && p->taken[i])
        i++;
    return i == APP_HELPERS_MOST;
}

static void answer_busy(struct http_request *r)
{
    static const char text[] = "Too many of these are under way; try again.\n";
    static const struct http_answer busy = {.status = HTTP_STATUS_SERVICE_UNAVAILABLE,
                                            .type = "text/plain; charset=utf-8",
                                            .fields = "Retry-After: 1\r\n",
                                            .piece = text,
                                            .piece_bytes = sizeof text - 1,
                                            .body_bytes = sizeof text - 1};
    http_request_answer(r, &busy);
}

/* As many as /spin has computed. */
static uint64_t rounds_of(const struct app *a, uint64_t ms)
{
    return (uint64_t)((uint128)a->spin.rounds * ms / MS_PER_S);
}

/* What could not be made is answered for; the work has not begun. */
static void fail(struct app_call *call, int status)
{
    call->status = status;
    app_call_failed(call);
}

/* --- A thread. --- */

struct app_thread {
    struct app *app;
    unsigned place;
};

static void thread_closed_cb(void *data, uint64_t ended_ticks)
{
    struct app_thread *t = data;
    struct app *a = t->app;
    (void)ended_ticks;
    place_give(&a->threads, t->place);
    mem_free(t);
    app_part_closed(a);
}

static void computed_cb(struct counter_call *count)
{
    uint64_t now_ns = clock_read_monotonic();
    struct app_call *call = count->data;
    struct counter *counter = call->counter;
    if (app_call_back(call, now_ns)) {
        call->status = count->status;
        if (call->status != SPAN_OK) {
            app_call_failed(call);
        } else {
            app_count_instants(call);
            app_answer(call->request, HTTP_STATUS_OK, "Computed in a thread");
        }
    }
    counter_close(counter);
}

/* What is left of a failure closes by itself. */
struct counter *app_thread_new(struct app *a, unsigned *lane, int *status)
{
    unsigned place = place_take(&a->threads);
    struct app_thread *t = place > 0 ? mem_zeroed(1, sizeof *t) : NULL;
    const struct counter_options options = {
        .closed = thread_closed_cb, .data = t, .lane = 1, .measure_cpu = false};
    struct counter *c = NULL;
    struct err ignored;
    *status = place > 0 ? UV_ENOMEM : UV_EAGAIN;
    if (t != NULL)
        c = counter_new(a->loop, &options, &ignored);
    if (c == NULL) {
        mem_free(t);
        if (place > 0)
            place_give(&a->threads, place);
        return NULL;
    }
    t->app = a;
    t->place = place;
    *lane = LANE_OWN_THREAD + place;
    a->parts++;
    *status = counter_start(c);
    if (*status == 0)
        return c;
    counter_close(c);
    return NULL;
}

void app_thread(struct app *a, struct http_request *r, uint64_t ms)
{
    struct app_call *call;
    int status;
    if (place_full(&a->threads)) {
        answer_busy(r);
        return;
    }
    call = app_call_new(a, r, "thread", 0);
    if (call == NULL)
        return;
    call->field.submitted_ns = clock_read_monotonic();
    call->counter = app_thread_new(a, &call->field.thread, &status);
    if (call->counter == NULL) {
        fail(call, status);
        return;
    }
    call->count.target = rounds_of(a, ms);
    call->count.computes = true;
    call->count.answered = computed_cb;
    call->is_away = true;
    counter_post(call->counter, &call->count);
}

/* --- A process. --- */

struct app_child {
    struct app *app;
    struct app_call *call; /* until it has come back */
    uv_pipe_t out;
    uv_timer_t again; /* to wait for one that has closed the pipe and not quite ended */
    unsigned open;    /* handles, of these two */
    unsigned place;
    pid_t pid; /* 0: it could not be made, or has been waited for */
    bool failed;
    size_t said_bytes;
    char said[APP_CHILD_SAYS_BYTES];
};

static void child_closed_cb(uv_handle_t *handle)
{
    struct app_child *c = handle->data;
    struct app *a = c->app;
    if (--c->open > 0)
        return;
    place_give(&a->children, c->place);
    mem_free(c);
    app_part_closed(a);
}

static void child_close(struct app_child *c)
{
    uv_close((uv_handle_t *)&c->out, child_closed_cb);
    uv_close((uv_handle_t *)&c->again, child_closed_cb);
}

void app_child_unwanted(struct app_child *c)
{
    if (c->pid > 0)
        kill(c->pid, SIGKILL);
}

/* The child has ended: its instants lie between two of this process, on the same clock. */
static void child_back(struct app_child *c, uint64_t now_ns)
{
    struct app_call *call = c->call;
    child_close(c);
    call->child = NULL;
    if (!app_call_back(call, now_ns))
        return;
    if (c->failed ||
        !app_child_said(c->said, c->said_bytes, &call->field.started_ns,
                        &call->field.finished_ns) ||
        call->field.started_ns < call->field.submitted_ns || call->field.finished_ns > now_ns) {
        call->field.started_ns = call->field.finished_ns = SPAN_UNKNOWN;
        fail(call, UV_EIO);
        return;
    }
    app_answer(call->request, HTTP_STATUS_OK, "Computed in a process");
}

static void again_cb(uv_timer_t *timer);

static void child_await(struct app_child *c, uint64_t now_ns)
{
    int status = 0;
    pid_t rc = waitpid(c->pid, &status, WNOHANG);
    if (rc == 0 || (rc < 0 && errno == EINTR)) {
        uv_timer_start(&c->again, again_cb, AGAIN_MS, 0);
        return;
    }
    c->pid = 0;
    c->failed |= rc < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    child_back(c, now_ns);
}

static void again_cb(uv_timer_t *timer)
{
    uint64_t now_ns = clock_read_monotonic();
    child_await(timer->data, now_ns);
}

static void alloc_cb(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct app_child *c = handle->data;
    (void)suggested;
    *buf = uv_buf_init(c->said + c->said_bytes, (unsigned)(sizeof c->said - c->said_bytes));
}

/* A child that says too much (UV_ENOBUFS) is none of ours any more, and is ended. */
static void said_cb(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    uint64_t now_ns = clock_read_monotonic();
    struct app_child *c = stream->data;
    (void)buf;
    if (n >= 0) {
        c->said_bytes += (size_t)n;
        return;
    }
    uv_read_stop(stream);
    if (n != UV_EOF) {
        c->failed = true;
        app_child_unwanted(c);
    }
    child_await(c, now_ns);
}

/* The handles are made first, so that a process that was started can be heard. */
static struct app_child *child_new(struct app *a)
{
    struct app_child *c = mem_zeroed(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->app = a;
    c->place = place_take(&a->children);
    uv_pipe_init(a->loop, &c->out, 0);
    uv_timer_init(a->loop, &c->again);
    c->out.data = c->again.data = c;
    c->open = 2;
    a->parts++;
    return c;
}

static int child_start(struct app_child *c, uint64_t rounds)
{
    int fd, rc = app_child_spawn(c->app->options.program, rounds, &c->pid, &fd);
    if (rc < 0)
        return rc;
    rc = uv_pipe_open(&c->out, fd);
    if (rc < 0)
        close(fd);
    else
        rc = uv_read_start((uv_stream_t *)&c->out, alloc_cb, said_cb);
    if (rc < 0) { /* it is there, and has to be waited for; that is short */
        pid_t gone;
        kill(c->pid, SIGKILL);
        do {
            gone = waitpid(c->pid, NULL, 0);
        } while (gone < 0 && errno == EINTR);
        c->pid = 0;
    }
    return rc;
}

void app_process(struct app *a, struct http_request *r, uint64_t ms)
{
    struct app_call *call;
    int rc = UV_ENOMEM;
    if (place_full(&a->children)) {
        answer_busy(r);
        return;
    }
    call = app_call_new(a, r, "process", 0);
    if (call == NULL)
        return;
    call->field.submitted_ns = clock_read_monotonic();
    call->child = child_new(a);
    if (call->child != NULL)
        rc = child_start(call->child, rounds_of(a, ms));
    if (rc == 0) {
        call->field.thread = LANE_OWN_CHILD + call->child->place;
        call->child->call = call;
        call->is_away = true;
        return;
    }
    if (call->child != NULL)
        child_close(call->child);
    call->child = NULL;
    fail(call, rc);
}
