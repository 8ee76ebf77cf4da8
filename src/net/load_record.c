/* What is left of a request: its span, the part that its worker tells of, and counts. Everything
 * that is written belongs to the thread alone: its shard's part of the recorder, its counters. */
#include <string.h>

#include "net/load_inner.h"

const struct span_kind load_span_kinds[LOAD_KINDS] = {
    [LOAD_KIND_REQUEST] = {.kind = "http",
                           .label = "request",
                           .node_name = "http.request",
                           .traits = SPAN_HTTP | SPAN_REMOTE},
    [LOAD_KIND_PBKDF2] = {.kind = "pbkdf2", .label = "hash", .traits = SPAN_REMOTE_ALL},
    [LOAD_KIND_SPIN] = {.kind = "spin", .label = "spin", .traits = SPAN_REMOTE_ALL},
    [LOAD_KIND_SLEEP] = {.kind = "sleep", .label = "sleep", .traits = SPAN_REMOTE_ALL | SPAN_RESTS},
    [LOAD_KIND_BLOCK] = {.kind = "block", .label = "block", .traits = SPAN_REMOTE_ALL},
    [LOAD_KIND_READ] = {.kind = "fs.readFile", .label = "read", .traits = SPAN_REMOTE_ALL},
    [LOAD_KIND_COUNT] = {.kind = "count", .label = "count", .traits = SPAN_REMOTE_ALL},
    [LOAD_KIND_THREAD] = {.kind = "thread", .label = "thread", .traits = SPAN_REMOTE_ALL},
    [LOAD_KIND_PROCESS] = {.kind = "process", .label = "process", .traits = SPAN_REMOTE_ALL},
    [LOAD_KIND_OTHER] = {.kind = "work", .label = "work", .traits = SPAN_REMOTE_ALL},
};

static const int error_statuses[LOAD_ERRORS] = {
    [LOAD_ERROR_CONNECT] = SPAN_FAILED_CONNECT, [LOAD_ERROR_RESET] = SPAN_FAILED_RESET,
    [LOAD_ERROR_TIMEOUT] = SPAN_FAILED_TIMEOUT, [LOAD_ERROR_MALFORMED] = SPAN_FAILED_MALFORMED,
    [LOAD_ERROR_STATUS] = SPAN_FAILED_STATUS,
};

static struct recorder *recorder_of(const struct load_connection *c)
{
    return &c->shard->thread->load->run->recorder;
}

void load_record_submitted(struct load_connection *c)
{
    struct load_shard *s = c->shard;
    struct load_thread *t = s->thread;
    struct load_request *r = &c->request;

    r->span = SPAN_NONE;
    if (s->taken <= s->span_count) { /* it counts itself */
        r->span = s->first_span + (uint32_t)(s->taken - 1);
        recorder_of(c)->on_loop[r->span].submitted = r->submitted;
        if (r->due != 0)
            recorder_due(recorder_of(c), r->span, r->due);
    }
    t->submitted++;
    if (t->first_submitted == 0)
        t->first_submitted = r->submitted;
    t->last_submitted = r->submitted;
    if (r->due == 0)
        return;
    if (t->first_due == 0)
        t->first_due = r->due;
    t->last_due = r->due;
    histogram_add(&t->late, load_ns(t, r->submitted - r->due));
}

/* --- What the worker tells. --- */

static unsigned kind_row_of(const char *kind)
{
    for (unsigned i = LOAD_KIND_PBKDF2; i < LOAD_KIND_OTHER; i++)
        if (strcmp(kind, load_span_kinds[i].kind) == 0)
            return i;
    return LOAD_KIND_OTHER;
}

static int lane_of(const struct span_field *f, unsigned thread)
{
    return lane_of_worker(f->worker, thread);
}

/* The work that was done elsewhere, as a part of request `whole`. */
static void record_part(struct load_connection *c, const struct span_field *f, uint32_t whole)
{
    struct load_shard *s = c->shard;
    struct recorder *r = recorder_of(c);
    struct span_on_loop *l;
    struct span_on_worker *w;
    uint32_t i;

    if (s->part_count == s->part_room) {
        s->thread->parts_left_out++;
        return;
    }
    i = s->first_part + s->part_count++;
    l = &r->on_loop[i];
    w = recorder_worker(r, i);
    l->kind = (uint8_t)(s->thread->load->kind_row + kind_row_of(f->kind));
    l->parent = whole;
    l->submitted = f->submitted_ns;
    l->called_back = f->called_back_ns;
    l->is_phase = f->called_back_ns == SPAN_UNKNOWN;
    span_started(w, f->started_ns, lane_of(f, f->thread));
    span_finished(w, f->finished_ns, SPAN_OK);
}

/* Whether the instants lie between the request's first byte on its way and its answer's last one,
 * as far as that can be judged before the run has ended. */
static bool is_credible(const struct load_thread *t, const struct load_request *r, uint64_t ticks,
                        const struct span_field *f)
{
    uint64_t now_ns = clock_read_monotonic(), took_ns = load_ns(t, ticks - r->submitted);
    const uint64_t told[] = {f->received_ns, f->submitted_ns,   f->started_ns,
                             f->finished_ns, f->called_back_ns, f->answered_ns};

    /* `ticks` was a moment ago: what was read in between is the doubt */
    took_ns += load_ns(t, clock_ticks() - ticks);
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (told[i] != SPAN_UNKNOWN && (told[i] > now_ns || told[i] + took_ns < now_ns))
            return false;
    return true;
}

static void record_field(struct load_connection *c, uint64_t ticks)
{
    struct load_thread *t = c->shard->thread;
    uint32_t span = c->request.span;
    struct span_on_worker *w;
    struct span_field f;

    if (c->answer.field_twice || span == SPAN_NONE ||
        !span_field_parse(c->answer.field, c->answer.field_bytes, &f))
        return;
    w = recorder_worker(recorder_of(c), span);
    atomic_store_explicit(&w->lane, lane_of(&f, 0), memory_order_relaxed);
    if (f.host == 0 || f.host != t->load->client->host) {
        t->foreign++;
        return;
    }
    if (!is_credible(t, &c->request, ticks, &f)) {
        t->incredible++;
        return;
    }
    span_started(w, f.received_ns, lane_of(&f, 0));
    span_finished(w, f.answered_ns, SPAN_OK);
    if (f.kind[0] != '\0')
        record_part(c, &f, span);
}

/* --- The end. --- */

static void record_end(struct load_connection *c, uint64_t ticks, int status, const char *error)
{
    const struct load_request *r = &c->request;
    struct load_thread *t = c->shard->thread;
    struct recorder *recorder = recorder_of(c);
    struct span_on_loop *l;
    struct span_http *http;

    if (r->span == SPAN_NONE)
        return;
    l = &recorder->on_loop[r->span];
    l->called_back = ticks;
    l->status = (int16_t)status;
    l->iteration = t->number == 0 ? recorder->iteration : 0;
    http = recorder_http(recorder, r->span);
    http->received_bytes = c->answer.body_bytes;
    http->error = error;
    http->sent = r->sent;
    http->first_byte = r->first_byte;
    http->connection = c->number;
    http->answer = r->first_byte == 0 ? 0 : c->answer.status;
    http->version = r->first_byte == 0 ? 0 : c->answer.version;
    http->reused = r->reused;
}

static void count_done(struct load_thread *t)
{
    atomic_store_explicit(&t->done, atomic_load_explicit(&t->done, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* The last of a burst has come back: others go on for a while. */
static void count_burst(struct load_shard *s)
{
    struct load_thread *t = s->thread;
    uint64_t end_ns;

    if (s->group->burst == 0 || --t->burst_left > 0)
        return;
    end_ns = clock_read_monotonic() + t->load->client->rest_ns;
    if (end_ns < t->end_ns)
        t->end_ns = end_ns;
}

static void count_error(struct load_thread *t, enum load_error kind)
{
    t->errors[kind]++;
    atomic_store_explicit(&t->failed, atomic_load_explicit(&t->failed, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

void load_record_answer(struct load_connection *c, uint64_t ticks)
{
    struct load_thread *t = c->shard->thread;
    struct load_request *r = &c->request;

    t->answered++;
    t->last_answered = ticks;
    count_done(t);
    if (c->answer.status >= 400) {
        count_error(t, LOAD_ERROR_STATUS);
        record_end(c, ticks, SPAN_FAILED_STATUS, NULL);
    } else {
        histogram_add(&t->total, load_ns(t, ticks - r->submitted));
        if (r->due != 0)
            histogram_add(&t->since_due, load_ns(t, ticks - r->due));
        record_end(c, ticks, SPAN_OK, NULL);
    }
    if (c->answer.field_bytes > 0)
        record_field(c, ticks);
    count_burst(c->shard);
    r->active = false;
}

void load_record_error(struct load_connection *c, uint64_t ticks, enum load_error kind,
                       const char *text)
{
    struct load_thread *t = c->shard->thread;

    t->last_answered = ticks;
    count_done(t);
    count_error(t, kind);
    record_end(c, ticks, error_statuses[kind], text);
    count_burst(c->shard);
    c->request.active = false;
}

void load_record_cancelled(struct load_connection *c, uint64_t ticks)
{
    c->shard->thread->cancelled_requests++;
    record_end(c, ticks, UV_ECANCELED, NULL);
    c->request.active = false;
}
