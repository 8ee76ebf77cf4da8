/* What the routes do. The run_*() functions are called on threads of the pool, and write only to
 * their own call; everything else is the loop's. Instants are taken where things happen. */
#include "net/app_inner.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/wide.h"
#include "net/stats_document.h"

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000, MS_PER_S = 1000, SLICES_PER_S = 100 };

int app_work_init(struct app *a, struct err *e)
{
    const char *file = a->options.file;
    if (file == NULL)
        a->options.file = file = "/proc/self/exe";
    a->spin_options.duration_ns = NS_PER_S;
    if (file_facts_find(&a->file, file, FILE_API_ONE_TRIP, e) < 0)
        return -1;
    if (work_context_init(&a->hash, work_at(WORK_PBKDF2), &a->options.hash, e) < 0)
        return -1;
    return work_context_init(&a->spin, work_at(WORK_SPIN), &a->spin_options, e);
}

void app_work_free(struct app *a)
{
    work_context_free(&a->hash);
    work_context_free(&a->spin);
}

/* --- On the pool. --- */

static int run_work(struct app_call *call)
{
    return call->context.work->call(&call->context, call->output);
}

void app_hash(struct app *a, struct http_request *r, uint64_t unused)
{
    struct app_call *call = app_call_new(a, r, "pbkdf2", a->options.hash.keylen);
    (void)unused;
    if (call == NULL)
        return;
    call->context = a->hash;
    call->run = run_work;
    app_call_queue(call);
}

/* In slices of 10 ms, so that nobody keeps the pool busy by asking and going away. */
static int run_spin(struct app_call *call)
{
    struct work_context slice = call->context;
    uint64_t left = slice.rounds, most = call->app->spin.rounds / SLICES_PER_S + 1;
    while (left > 0 && !atomic_load_explicit(&call->is_unwanted, memory_order_relaxed)) {
        slice.rounds = left < most ? left : most;
        slice.work->call(&slice, call->output);
        left -= slice.rounds;
    }
    return left > 0 ? UV_ECANCELED : SPAN_OK;
}

void app_spin(struct app *a, struct http_request *r, uint64_t ms)
{
    struct app_call *call = app_call_new(a, r, "spin", 0);
    if (call == NULL)
        return;
    call->context = a->spin; /* of a second */
    call->context.rounds = (uint64_t)((uint128)a->spin.rounds * ms / MS_PER_S);
    call->run = run_spin;
    app_call_queue(call);
}

/* --- A file. --- */

/* All steps in one trip. The memory is taken here, so that touching it costs the loop nothing. */
static int run_file(struct app_call *call)
{
    struct file_step *s = &call->step;
    if (file_step_init(s, call->app->options.file, &call->app->file) < 0)
        return UV_ENOMEM;
    do {
        file_step_request(s, NULL, NULL);
        file_step_take(s);
    } while (file_step_advance(s));
    return s->status;
}

void app_file(struct app *a, struct http_request *r, uint64_t unused)
{
    static const char text[] = "Too much is being read at once; try again.\n";
    static const struct http_answer busy = {.status = HTTP_STATUS_SERVICE_UNAVAILABLE,
                                            .type = "text/plain; charset=utf-8",
                                            .fields = "Retry-After: 1\r\n",
                                            .piece = text,
                                            .piece_bytes = sizeof text - 1,
                                            .body_bytes = sizeof text - 1};
    struct app_call *call;
    (void)unused;
    if (a->file_bytes > 0 && a->file_bytes + a->file.bytes > APP_FILE_BYTES) {
        http_request_answer(r, &busy);
        return;
    }
    call = app_call_new(a, r, "fs.readFile", 0);
    if (call == NULL)
        return;
    call->reserved_bytes = a->file.bytes;
    a->file_bytes += call->reserved_bytes;
    call->run = run_file;
    app_call_queue(call);
}

void app_work_done(struct app_call *call)
{
    struct http_answer file = {.status = HTTP_STATUS_OK, .type = "application/octet-stream"};
    if (call->status != SPAN_OK) {
        app_call_failed(call);
    } else if (call->run == run_file) {
        file.piece = (const char *)call->step.content;
        file.piece_bytes = file.body_bytes = call->step.content_bytes;
        http_request_answer(call->request, &file);
    } else if (call->context.work == work_at(WORK_PBKDF2)) {
        app_answer(call->request, HTTP_STATUS_OK, "Hi there");
    } else {
        app_answer(call->request, HTTP_STATUS_OK, "Spun");
    }
}

/* --- On the loop. --- */

/* Asked for and begun at once; and nothing lies between its end and what follows it. */
void app_block(struct app *a, struct http_request *r, uint64_t ms)
{
    struct app_call *call = app_call_new(a, r, "block", 0);
    uint64_t now_ns = clock_read_monotonic(), end_ns = now_ns + ms * NS_PER_MS;
    if (call == NULL)
        return;
    call->field.submitted_ns = call->field.started_ns = now_ns;
    while (now_ns < end_ns)
        now_ns = clock_read_monotonic();
    call->field.finished_ns = call->field.called_back_ns = now_ns;
    app_answer(r, HTTP_STATUS_OK, "Blocked the loop");
}

/* A timer starts and ends when it is due. */
void app_sleep(struct app *a, struct http_request *r, uint64_t ms)
{
    struct app_call *call = app_call_new(a, r, "sleep", 0);
    if (call == NULL)
        return;
    call->field.submitted_ns = clock_read_monotonic();
    delay_add(&a->sleeping, &r->delay, ms * NS_PER_MS);
    call->field.started_ns = call->field.finished_ns = r->delay.due_ns;
}

void app_sleep_over(struct delay_queue *q, struct delay_entry *entry)
{
    uint64_t now_ns = clock_read_monotonic();
    struct http_request *r =
        (struct http_request *)((char *)entry - offsetof(struct http_request, delay));
    struct app_call *call = r->data;
    (void)q;
    call->field.called_back_ns = now_ns;
    app_answer(r, HTTP_STATUS_OK, "Slept");
}

void app_stats(struct app *a, struct http_request *r, uint64_t unused)
{
    struct app_call *call = app_call_new(a, r, "", 0);
    struct http_answer answer = {.status = HTTP_STATUS_OK, .type = "application/json"};
    cJSON *document;
    (void)unused;
    if (call == NULL)
        return;
    app_slot_update(a);
    document = stats_document(a->options.board, clock_read_monotonic());
    call->text = document != NULL ? cJSON_PrintUnformatted(document) : NULL;
    cJSON_Delete(document);
    call->status = UV_ENOMEM;
    if (call->text == NULL) {
        app_call_failed(call);
        return;
    }
    answer.piece = call->text;
    answer.piece_bytes = answer.body_bytes = strlen(call->text);
    http_request_answer(r, &answer);
}

/* --- On a worker thread with a loop of its own. --- */

/* Its thread is started when it is needed first. NULL when it cannot be had now. */
static struct counter *counter_of(struct app *a)
{
    int ignored;
    if (a->counter == NULL)
        a->counter = app_thread_new(a, &a->counter_lane, &ignored);
    return a->counter;
}

/* The counter's instants are ticks. Both ends lie between two instants of this loop, so that what
 * the conversion is off by cannot turn their order around. */
static uint64_t instant_of(const struct app_call *call, const struct clock_scale *scale,
                           uint64_t ticks)
{
    uint64_t ns = scale->origin_monotonic_ns + clock_scale_ns(scale, ticks);
    if (ns < call->field.submitted_ns)
        return call->field.submitted_ns;
    return ns < call->field.called_back_ns ? ns : call->field.called_back_ns;
}

void app_count_instants(struct app_call *call)
{
    struct clock_anchor end;
    struct clock_scale scale;
    clock_anchor_take(&end);
    clock_scale_make(&scale, &call->app->anchor, &end);
    call->field.started_ns = instant_of(call, &scale, atomic_load(&call->count.own.started));
    call->field.finished_ns = instant_of(call, &scale, atomic_load(&call->count.own.finished));
}

static void counted_cb(struct counter_call *count)
{
    uint64_t now_ns = clock_read_monotonic();
    struct app_call *call = count->data;
    struct app *a = call->app;
    if (!app_call_back(call, now_ns))
        return;
    call->status = count->status;
    if (call->status != SPAN_OK) {
        /* The thread could not make its loop: the next request is given another. */
        if (a->counter != NULL && a->counter == call->counter && !a->is_closing) {
            counter_close(a->counter);
            a->counter = NULL;
        }
        app_call_failed(call);
        return;
    }
    app_count_instants(call);
    app_answer(call->request, HTTP_STATUS_OK, "Counted");
}

void app_count(struct app *a, struct http_request *r, uint64_t n)
{
    struct app_call *call = app_call_new(a, r, "count", 0);
    if (call == NULL)
        return;
    call->counter = counter_of(a);
    if (call->counter == NULL) {
        call->status = UV_EAGAIN;
        app_call_failed(call);
        return;
    }
    call->field.thread = a->counter_lane;
    call->count.target = n;
    call->count.answered = counted_cb;
    call->is_away = true;
    call->field.submitted_ns = clock_read_monotonic();
    counter_post(call->counter, &call->count);
}
