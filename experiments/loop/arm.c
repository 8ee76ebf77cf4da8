/* Arming: libuv's timers, immediates (as Node.js makes them), idle, prepare and closing handles,
 * each callback of which is a span. Loop thread only; the handles belong to the scenario.
 *
 * When a timer is due is known exactly. libuv counts whole milliseconds of CLOCK_MONOTONIC, of
 * which it keeps a copy (uv_now(), read at certain points of the loop); a timer is due as soon as
 * that clock shows the copy's value at the time of arming plus the timeout. That instant is placed
 * on the run's own clock by two pairs of readings of both, taken around the arming and in the
 * callback. As the copy is old and cut to a millisecond, a timer of 1 ms is due up to 1 ms earlier
 * than a reader would think. Where the kernel ticks 1000 times a second, libuv takes its time from
 * CLOCK_MONOTONIC_COARSE, which shows an instant up to a tick late: what libuv then cannot see yet
 * is due all the same, and counts as returned late. One that was due before it was armed is due
 * from its submission on. */
#include "experiments/loop/loop.h"

#include "base/wide.h"

enum { NS_PER_MS = 1000000 };

static unsigned place_of(const struct scenario *s, const void *handle)
{
    return (unsigned)((const union uv_any_handle *)handle - s->handles);
}

uint32_t call_submitted(struct scenario *s, enum loop_kind kind, uint32_t cause)
{
    struct recorder *r = &s->run->recorder;
    bool numbered = kind == KIND_TIMEOUT || kind == KIND_IDLE || kind == KIND_PREPARE ||
                    kind == KIND_IMMEDIATE || kind == KIND_CLOSE;
    uint32_t span = recorder_open(r, 1, kind, numbered ? ++s->ordinals[kind] : 0);

    recorder_armed_by(r, span, cause);
    if (kind != KIND_CLOSE && kind != KIND_LAST_CLOSE)
        s->alive++;
    span_submitted(r, span);
    return span;
}

void call_came_back(struct scenario *s, uint32_t span, uint64_t ticks, int status)
{
    span_called_back(&s->run->recorder, span, ticks, status);
    s->alive--;
}

/* --- Timers. --- */

/* When it was due, in ticks: on the line through the two anchors, but neither before it was armed
 * nor after its callback. Unknown when the anchors are no line, or say that it was not yet due. */
static uint64_t timer_due_ticks(const struct timer_facts *f, const struct span_on_loop *l,
                                const struct clock_anchor *now)
{
    uint64_t due_ns = f->due_ms * NS_PER_MS, ticks;

    if (due_ns <= f->armed.monotonic_ns)
        return l->submitted;
    if (due_ns > now->monotonic_ns)
        return SPAN_UNKNOWN;
    ticks = f->armed.ticks +
            (uint64_t)((uint128)(due_ns - f->armed.monotonic_ns) * (now->ticks - f->armed.ticks) /
                       (now->monotonic_ns - f->armed.monotonic_ns));
    if (ticks < l->submitted)
        return l->submitted;
    return ticks > l->called_back ? l->called_back : ticks;
}

static void timer_cb(uv_timer_t *timer)
{
    uint64_t ticks = clock_ticks_after(), due;
    struct scenario *s = timer->data;
    struct recorder *r = &s->run->recorder;
    const struct timer_facts *f = &s->timers[place_of(s, timer) - HANDLE_TIMERS];
    struct clock_anchor now;

    call_came_back(s, f->span, ticks, SPAN_OK);
    clock_anchor_take(&now);
    due = timer_due_ticks(f, &r->on_loop[f->span], &now);
    if (due != SPAN_UNKNOWN) {
        span_started(recorder_worker(r, f->span), due, LANE_LOOP);
        span_finished(recorder_worker(r, f->span), due, SPAN_OK);
    }
    scenario_settle(s, f->span);
}

void arm_timer(struct scenario *s, enum loop_kind kind, uint64_t timeout_ms, uint32_t cause)
{
    struct timer_facts *f = &s->timers[s->timer_count];
    uv_timer_t *timer = &s->handles[HANDLE_TIMERS + s->timer_count].timer;

    s->timer_count++;
    uv_timer_init(s->run->loop, timer);
    timer->data = s;
    f->due_ms = uv_now(s->run->loop) + timeout_ms;
    clock_anchor_take(&f->armed);
    f->span = call_submitted(s, kind, cause);
    uv_timer_start(timer, timer_cb, timeout_ms, 0);
}

/* --- Immediates: a check handle calls those that wait; an idle handle keeps poll from blocking
 * while there are any. Those armed by an immediate wait for the next iteration. --- */

static void check_cb(uv_check_t *check)
{
    uint64_t ticks = clock_ticks_after();
    struct scenario *s = check->data;
    uint32_t batch[IMMEDIATES_MOST];
    unsigned count = s->immediate_count;

    for (unsigned i = 0; i < count; i++)
        batch[i] = s->immediates[i];
    s->immediate_count = 0;
    for (unsigned i = 0; i < count; i++) {
        call_came_back(s, batch[i], i == 0 ? ticks : clock_ticks_after(), SPAN_OK);
        scenario_immediate_called(s, batch[i]);
    }
    if (s->immediate_count == 0)
        uv_idle_stop(&s->handles[HANDLE_IMMEDIATE].idle);
}

static void do_nothing_cb(uv_idle_t *idle)
{
    (void)idle;
}

void arm_machinery(struct scenario *s)
{
    uv_check_t *check = &s->handles[HANDLE_CHECK].check;

    uv_check_init(s->run->loop, check);
    check->data = s;
    uv_check_start(check, check_cb);
    uv_unref((uv_handle_t *)check);
    uv_idle_init(s->run->loop, &s->handles[HANDLE_IMMEDIATE].idle);
}

uint32_t arm_immediate(struct scenario *s, uint32_t cause)
{
    uint32_t span = call_submitted(s, KIND_IMMEDIATE, cause);

    s->immediates[s->immediate_count++] = span;
    uv_idle_start(&s->handles[HANDLE_IMMEDIATE].idle, do_nothing_cb);
    return span;
}

/* --- Idle and prepare: called in every iteration while they are active. Each callback but the last
 * asks for the next one by leaving its handle active. --- */

static void idle_cb(uv_idle_t *idle)
{
    uint64_t ticks = clock_ticks_after();
    struct scenario *s = idle->data;
    uint32_t span = s->idle;

    call_came_back(s, span, ticks, SPAN_OK);
    if (s->ordinals[KIND_IDLE] < TURNS)
        s->idle = call_submitted(s, KIND_IDLE, span);
    else
        uv_idle_stop(idle);
    scenario_settle(s, span);
}

static void prepare_cb(uv_prepare_t *prepare)
{
    uint64_t ticks = clock_ticks_after();
    struct scenario *s = prepare->data;
    uint32_t span = s->prepare;

    call_came_back(s, span, ticks, SPAN_OK);
    if (s->ordinals[KIND_PREPARE] < TURNS)
        s->prepare = call_submitted(s, KIND_PREPARE, span);
    else
        uv_prepare_stop(prepare);
    scenario_settle(s, span);
}

void arm_turns(struct scenario *s)
{
    uv_idle_t *idle = &s->handles[HANDLE_IDLE].idle;
    uv_prepare_t *prepare = &s->handles[HANDLE_PREPARE].prepare;

    uv_idle_init(s->run->loop, idle);
    idle->data = s;
    s->idle = call_submitted(s, KIND_IDLE, SPAN_NONE);
    uv_idle_start(idle, idle_cb);

    uv_prepare_init(s->run->loop, prepare);
    prepare->data = s;
    s->prepare = call_submitted(s, KIND_PREPARE, SPAN_NONE);
    uv_prepare_start(prepare, prepare_cb);
}

/* --- Closing. --- */

static void close_cb(uv_handle_t *handle)
{
    uint64_t ticks = clock_ticks_after();
    struct scenario *s = handle->data;

    span_called_back(&s->run->recorder, s->close_spans[place_of(s, handle)], ticks, SPAN_OK);
}

void arm_close(struct scenario *s, enum loop_kind kind, enum handle_place place, uint32_t cause)
{
    s->close_spans[place] = call_submitted(s, kind, cause);
    uv_close((uv_handle_t *)&s->handles[place], close_cb);
}

void close_silently(struct scenario *s, enum handle_place first, enum handle_place last)
{
    for (unsigned i = first; i <= last; i++) {
        uv_handle_t *handle = (uv_handle_t *)&s->handles[i];

        if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
            uv_close(handle, NULL);
    }
}
