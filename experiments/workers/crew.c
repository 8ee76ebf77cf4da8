/* Requests that are counted on worker threads: as many at once as there are places, each of which
 * is one thread (measure/counter.h). A thread is started for every request and ended after it, or,
 * with --reuse, kept for the next ones; a place that is free takes the request that has waited the
 * longest. Trials are the same with one place and empty messages, and with the ends of threads.
 *
 * Everything here runs on the loop's thread. A place's counter is there from counter_new() to
 * closed_cb(). */
#include "workers.h"

#include "base/mem.h"

struct place {
    struct crew *crew;
    struct counter *counter; /* NULL: there is none now */
    struct counter_call call;
    uint32_t request; /* the one that has the place, from 0 */
    uint32_t start_span, end_span;
    int lane;
};

struct crew {
    struct run *run;
    struct workers_setting setting;
    uint32_t first_span;
    uint32_t next; /* request that has no place yet */
    bool cancelled;
    uint64_t *counted;
    struct place places[];
};

static void begin(struct place *p);

/* --- Spans. --- */

/* A request and its count lie side by side; a trial has its message alone. */
static uint32_t request_span(const struct crew *c, uint32_t request)
{
    return c->first_span + 2 * request;
}

static uint32_t work_span(const struct crew *c, uint32_t request)
{
    return c->setting.is_trial ? c->first_span + request : request_span(c, request) + 1;
}

static void open_spans(struct crew *c)
{
    struct recorder *r = &c->run->recorder;

    c->first_span = r->count;
    for (uint32_t i = 0; i < c->setting.requests; i++) {
        if (c->setting.is_trial) {
            recorder_open(r, 1, KIND_PING, i + 1);
            continue;
        }
        recorder_open(r, 1, KIND_REQUEST, i + 1);
        recorder_parent(r, recorder_open(r, 1, KIND_COUNT, i + 1), request_span(c, i));
    }
}

static uint32_t open_beside(struct place *p, unsigned kind)
{
    struct recorder *r = &p->crew->run->recorder;
    uint32_t i = recorder_open(r, 1, kind, p->request + 1);

    if (!p->crew->setting.is_trial)
        recorder_parent(r, i, request_span(p->crew, p->request));
    return i;
}

/* A request is worked on from when its count is, to its end. */
static void record_answer(struct crew *c, uint32_t request, int lane, uint64_t ticks, int status)
{
    struct recorder *r = &c->run->recorder;
    struct span_on_worker *count = recorder_worker(r, work_span(c, request)), *whole;
    uint64_t started, finished, cpu_ns;

    span_called_back(r, work_span(c, request), ticks, status);
    if (c->setting.is_trial)
        return;
    whole = recorder_worker(r, request_span(c, request));
    started = atomic_load_explicit(&count->started, memory_order_relaxed);
    finished = atomic_load_explicit(&count->finished, memory_order_relaxed);
    if (started != SPAN_UNKNOWN) {
        span_started(whole, started, lane);
        span_finished(whole, finished, SPAN_OK);
        cpu_ns = atomic_load_explicit(&count->cpu_ns, memory_order_relaxed);
        span_cpu(whole, cpu_ns);
    }
    span_called_back(r, request_span(c, request), ticks, status);
}

/* --- A place. --- */

static void post(struct place *p)
{
    struct crew *c = p->crew;
    uint32_t span = work_span(c, p->request);

    p->call.seen = recorder_worker(&c->run->recorder, span);
    span_submitted(&c->run->recorder, span);
    counter_post(p->counter, &p->call);
}

static void end(struct place *p)
{
    if (p->counter == NULL)
        return;
    if (p->end_span != SPAN_NONE &&
        p->crew->run->recorder.on_loop[p->end_span].submitted == SPAN_UNKNOWN)
        span_submitted(&p->crew->run->recorder, p->end_span);
    counter_close(p->counter);
}

static void online_cb(void *data, int status, uint64_t ticks)
{
    struct place *p = data;
    struct crew *c = p->crew;

    span_called_back(&c->run->recorder, p->start_span, ticks, status);
    if (!c->setting.is_trial)
        return;
    if (status == 0 && !c->cancelled) {
        post(p);
    } else {
        record_answer(c, p->request, p->lane, ticks, status != 0 ? status : UV_ECANCELED);
        end(p);
    }
}

static void answered_cb(struct counter_call *call)
{
    struct place *p = call->data;
    struct crew *c = p->crew;

    record_answer(c, p->request, p->lane, call->called_back, call->status);
    if (c->counted != NULL)
        c->counted[p->request] = call->counted;
    if (c->setting.reuse && call->status == SPAN_OK && !c->cancelled &&
        c->next < c->setting.requests) {
        p->request = c->next++;
        post(p);
    } else {
        end(p);
    }
}

static void closed_cb(void *data, uint64_t ended_ticks)
{
    struct place *p = data;
    struct crew *c = p->crew;

    p->counter = NULL;
    if (p->end_span != SPAN_NONE && ended_ticks != SPAN_UNKNOWN)
        span_called_back(&c->run->recorder, p->end_span, ended_ticks, SPAN_OK);
    if (!c->cancelled && c->next < c->setting.requests)
        begin(p);
}

/* Gives the place the next request and makes a counter for it, without its thread. */
static int take(struct place *p, struct err *e)
{
    struct crew *c = p->crew;
    struct recorder *r = &c->run->recorder;
    struct counter_options options = {
        .online = online_cb,
        .closed = closed_cb,
        .data = p,
        .lane = p->lane,
        .measure_cpu = c->run->cpu_choice != CPU_CHOICE_OFF && !c->setting.is_trial,
    };

    p->request = c->next++;
    p->start_span = open_beside(p, KIND_START);
    options.start_seen = recorder_worker(r, p->start_span);
    p->end_span = SPAN_NONE;
    if (c->setting.is_trial) {
        p->end_span = open_beside(p, KIND_END);
        options.end_seen = recorder_worker(r, p->end_span);
    }
    p->counter = counter_new(c->run->loop, &options, e);
    return p->counter == NULL ? -1 : 0;
}

/* Has what was asked of the place's request, and cannot be, fail. */
static void give_up(struct place *p, int status)
{
    uint64_t now = clock_ticks();
    struct recorder *r = &p->crew->run->recorder;

    span_called_back(r, p->start_span, now, status);
    if (p->end_span != SPAN_NONE)
        span_called_back(r, p->end_span, now, status);
    record_answer(p->crew, p->request, p->lane, now, status);
}

/* Starts the thread of the place's counter. The message need not wait for it: the thread finds it
 * when its loop runs. Trials wait, to tell the two apart. */
static void start_thread(struct place *p)
{
    struct crew *c = p->crew;
    int rc;

    span_submitted(&c->run->recorder, p->start_span);
    rc = counter_start(p->counter);
    if (rc != 0) {
        give_up(p, rc);
        counter_close(p->counter);
    } else if (!c->setting.is_trial) {
        post(p);
    }
}

/* While the run lasts: the thread before has ended. A request that cannot have a counter fails, and
 * the next one tries. */
static void begin(struct place *p)
{
    struct crew *c = p->crew;
    struct err ignored;

    while (c->next < c->setting.requests) {
        if (take(p, &ignored) == 0) {
            start_thread(p);
            return;
        }
        give_up(p, UV_ENOMEM);
    }
}

/* --- The crew. --- */

int crew_new(struct crew **crew, struct run *run, const struct workers_setting *s,
             uint64_t *counted, struct err *e)
{
    struct crew *c = mem_zeroed(1, sizeof *c + s->workers * sizeof c->places[0]);

    *crew = c;
    if (c == NULL)
        return err_no_memory(e, "the worker threads");
    c->run = run;
    c->setting = *s;
    c->counted = counted;
    open_spans(c);
    for (uint32_t i = 0; i < s->workers; i++) {
        struct place *p = &c->places[i];

        p->crew = c;
        p->lane = lane_of_worker(i + 1, 0);
        p->call.target = s->count;
        p->call.answered = answered_cb;
        p->call.data = p;
        if (take(p, e) != 0) {
            crew_cancel(c); /* the runner would not know what to close */
            return -1;
        }
    }
    return 0;
}

void crew_start(struct crew *c)
{
    if (!c->setting.is_trial)
        for (uint32_t i = 0; i < c->setting.requests; i++)
            span_submitted(&c->run->recorder, request_span(c, i));
    for (uint32_t i = 0; i < c->setting.workers; i++)
        start_thread(&c->places[i]);
}

void crew_cancel(struct crew *c)
{
    c->cancelled = true;
    for (; c->next < c->setting.requests; c->next++)
        record_answer(c, c->next, LANE_UNKNOWN, clock_ticks(), UV_ECANCELED);
    for (uint32_t i = 0; i < c->setting.workers; i++)
        end(&c->places[i]);
}

void crew_free(struct crew *c)
{
    mem_free(c);
}

uint64_t crew_bytes(const struct workers_setting *s)
{
    return sizeof(struct crew) + s->workers * (sizeof(struct place) + counter_bytes());
}
