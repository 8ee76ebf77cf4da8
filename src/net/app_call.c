/* A request for which something is done elsewhere: two that end independently, the request (with
 * its answer, or with the client's going) and the work (with its callback). What is left of both
 * keeps the call. Thread of the loop, but for work_cb(). */
#include "net/app_inner.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "measure/pool.h"

struct app_call *app_call_new(struct app *a, struct http_request *r, const char *kind,
                              size_t output_bytes)
{
    struct app_call *call = mem_zeroed(1, sizeof *call + output_bytes);
    if (call == NULL) {
        app_answer(r, HTTP_STATUS_SERVICE_UNAVAILABLE, "There is no memory for that now.\n");
        return NULL;
    }
    call->app = a;
    call->request = r;
    call->work.data = call->count.data = call;
    call->step.fd = -1;
    call->field = a->field;
    assert(strlen(kind) < sizeof call->field.kind);
    memcpy(call->field.kind, kind, strlen(kind) + 1);
    call->after = a->calls;
    if (call->after != NULL)
        call->after->before = call;
    a->calls = call;
    a->parts++;
    r->data = call;
    return call;
}

static void call_free(struct app_call *call)
{
    struct app *a = call->app;
    if (call->before != NULL)
        call->before->after = call->after;
    else
        a->calls = call->after;
    if (call->after != NULL)
        call->after->before = call->before;
    file_step_free(&call->step);
    a->file_bytes -= call->reserved_bytes;
    cJSON_free(call->text);
    mem_free(call);
    app_part_closed(a);
}

void app_call_over(struct app_call *call)
{
    call->request = NULL;
    if (!call->is_away) {
        call_free(call);
    } else if (call->child != NULL) {
        app_child_unwanted(call->child);
    } else if (call->run == NULL) {
        counter_cancel(&call->count);
    } else {
        atomic_store_explicit(&call->is_unwanted, true, memory_order_relaxed);
        uv_cancel((uv_req_t *)&call->work); /* refused while it runs: then it is waited for */
    }
}

bool app_call_back(struct app_call *call, uint64_t called_back_ns)
{
    call->field.called_back_ns = called_back_ns;
    call->is_away = false;
    if (call->request != NULL)
        return true;
    call_free(call);
    return false;
}

/* --- On the pool. --- */

/* The first statement is the instant at which it started. */
static void work_cb(uv_work_t *work)
{
    uint64_t started_ns = clock_read_monotonic();
    struct app_call *call = work->data;
    struct app *a = call->app;
    atomic_fetch_add_explicit(&a->pool.started, 1, memory_order_relaxed);
    call->field.started_ns = started_ns;
    call->field.thread = (unsigned)pool_lane();
    call->status = call->run(call);
    call->field.finished_ns = clock_read_monotonic();
    atomic_fetch_add_explicit(&a->pool.finished, 1, memory_order_relaxed);
}

static void back_cb(uv_work_t *work, int status)
{
    uint64_t now_ns = clock_read_monotonic();
    struct app_call *call = work->data;
    if (status == UV_ECANCELED)
        call->app->submitted--;
    if (!app_call_back(call, now_ns))
        return;
    if (status != 0)
        call->status = status;
    app_work_done(call);
}

void app_call_queue(struct app_call *call)
{
    struct app *a = call->app;
    int rc;
    call->is_away = true;
    a->submitted++;
    call->field.submitted_ns = clock_read_monotonic();
    rc = uv_queue_work(a->loop, &call->work, work_cb, back_cb);
    if (rc == 0) /* and the call belongs to the pool */
        return;
    call->status = rc;
    call->is_away = false;
    a->submitted--;
    app_call_failed(call);
}

void app_call_failed(struct app_call *call)
{
    app_answer(call->request, HTTP_STATUS_INTERNAL_SERVER_ERROR,
               call->status == UV_ENOMEM ? "There was no memory for that.\n"
                                         : "The work for this request failed.\n");
}
