/* Worker threads with loops of their own: messages there and back, in order, complete, and what
 * becomes of them when the thread cannot be had or has to end early. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "measure/counter.h"

enum { CALLS = 5, LANE = 77 };

/* What libuv is to refuse: the program's own functions come before the library's. */
static struct {
    bool thread;
    int loops_left; /* before one fails; negative: none does */
} refused = {false, -1};

int uv_thread_create_ex(uv_thread_t *thread, const uv_thread_options_t *options, uv_thread_cb entry,
                        void *argument)
{
    int (*next)(uv_thread_t *, const uv_thread_options_t *, uv_thread_cb, void *);
    void *symbol = dlsym(RTLD_NEXT, "uv_thread_create_ex");

    memcpy(&next, &symbol, sizeof next);
    return refused.thread ? UV_EAGAIN : next(thread, options, entry, argument);
}

int uv_loop_init(uv_loop_t *loop)
{
    int (*next)(uv_loop_t *);
    void *symbol = dlsym(RTLD_NEXT, "uv_loop_init");

    memcpy(&next, &symbol, sizeof next);
    if (refused.loops_left >= 0 && refused.loops_left-- == 0)
        return UV_EMFILE;
    return next(loop);
}

struct scene {
    uv_loop_t loop;
    struct counter *counter;
    struct counter_call calls[CALLS];
    unsigned posted, answered; /* how many were */
    unsigned order[CALLS];     /* of the answers, by index */
    unsigned online, closed;
    unsigned answered_when_online, answered_when_closed;
    int online_status;
    bool closes_when_online, closes_when_answered;
    uint64_t online_ticks, ended_ticks;
    struct span_on_worker start, end;
    uv_timer_t timer;
};

static void online_cb(void *data, int status, uint64_t ticks)
{
    struct scene *s = data;

    s->online++;
    s->online_status = status;
    s->online_ticks = ticks;
    s->answered_when_online = s->answered;
    if (s->closes_when_online)
        counter_close(s->counter);
}

static void closed_cb(void *data, uint64_t ended_ticks)
{
    struct scene *s = data;

    s->closed++;
    s->ended_ticks = ended_ticks;
    s->answered_when_closed = s->answered;
}

static void answered_cb(struct counter_call *call)
{
    struct scene *s = call->data;

    s->order[s->answered++] = (unsigned)(call - s->calls);
    if (s->closes_when_answered && s->answered == s->posted)
        counter_close(s->counter);
}

static void scene_begin(struct scene *s)
{
    struct counter_options options;
    struct err e;

    memset(s, 0, sizeof *s);
    options = (struct counter_options){
        .online = online_cb,
        .closed = closed_cb,
        .data = s,
        .lane = LANE,
        .measure_cpu = true,
        .start_seen = &s->start,
        .end_seen = &s->end,
    };
    s->closes_when_answered = true;
    assert_int_equal(uv_loop_init(&s->loop), 0);
    s->counter = counter_new(&s->loop, &options, &e);
    assert_non_null(s->counter);
}

static struct counter_call *post(struct scene *s, uint64_t target)
{
    struct counter_call *call = &s->calls[s->posted++];

    call->target = target;
    call->answered = answered_cb;
    call->data = s;
    counter_post(s->counter, call);
    return call;
}

/* Runs to the end, which only comes when every handle was closed. */
static void scene_end(struct scene *s)
{
    assert_int_equal(uv_run(&s->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    assert_int_equal(s->answered, s->posted);
    assert_int_equal(s->closed, 1);
    assert_int_equal(s->answered_when_closed, s->posted);
}

static uint64_t started_of(const struct span_on_worker *w)
{
    return atomic_load_explicit(&w->started, memory_order_relaxed);
}

static uint64_t finished_of(const struct span_on_worker *w)
{
    return atomic_load_explicit(&w->finished, memory_order_relaxed);
}

static void counts_to_the_end_and_says_when(void **state)
{
    struct scene s;
    uint64_t target = 2 * (uint64_t)COUNTER_STRIDE + 5;
    struct counter_call *call;

    (void)state;
    scene_begin(&s);
    assert_int_equal(counter_start(s.counter), 0);
    call = post(&s, target);
    scene_end(&s);
    assert_int_equal(call->status, SPAN_OK);
    assert_int_equal(call->counted, target);
    assert_ptr_equal(call->seen, &call->own);
    assert_true(call->submitted <= started_of(call->seen));
    assert_true(started_of(call->seen) < finished_of(call->seen));
    assert_true(finished_of(call->seen) <= call->called_back);
    assert_int_equal(atomic_load(&call->own.lane), LANE);
    assert_true(atomic_load(&call->own.cpu_ns) > 0);
    assert_true(atomic_load(&call->own.cpu_ns) != SPAN_UNKNOWN);
}

static void thread_says_when_it_began_and_ended(void **state)
{
    struct scene s;
    struct counter_call *call;

    (void)state;
    scene_begin(&s);
    assert_int_equal(counter_start(s.counter), 0);
    call = post(&s, 1);
    scene_end(&s);
    assert_int_equal(s.online, 1);
    assert_int_equal(s.online_status, 0);
    assert_int_equal(s.answered_when_online, 0);
    assert_true(started_of(&s.start) <= finished_of(&s.start));
    assert_true(finished_of(&s.start) <= s.online_ticks);
    assert_true(finished_of(&s.start) <= started_of(call->seen));
    assert_true(call->called_back <= started_of(&s.end));
    assert_true(started_of(&s.end) <= finished_of(&s.end));
    assert_true(finished_of(&s.end) <= s.ended_ticks);
}

static void messages_are_answered_in_order(void **state)
{
    struct scene s;

    (void)state;
    scene_begin(&s);
    assert_int_equal(counter_start(s.counter), 0);
    for (unsigned i = 0; i < CALLS; i++)
        post(&s, 1000 + i);
    scene_end(&s);
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(s.order[i], i);
        assert_int_equal(s.calls[i].status, SPAN_OK);
        assert_int_equal(s.calls[i].counted, 1000 + i);
        if (i > 0)
            assert_true(finished_of(s.calls[i - 1].seen) <= started_of(s.calls[i].seen));
    }
}

static void close_cb(uv_timer_t *timer)
{
    struct scene *s = timer->data;

    counter_close(s->counter);
    uv_close((uv_handle_t *)timer, NULL);
}

static void close_after(struct scene *s, uint64_t ms)
{
    s->closes_when_answered = false;
    uv_timer_init(&s->loop, &s->timer);
    s->timer.data = s;
    uv_timer_start(&s->timer, close_cb, ms, 0);
}

static void close_breaks_a_count_off(void **state)
{
    struct scene s;

    (void)state;
    scene_begin(&s);
    assert_int_equal(counter_start(s.counter), 0);
    post(&s, UINT64_MAX);
    post(&s, 3);
    close_after(&s, 20);
    scene_end(&s);
    assert_int_equal(s.calls[0].status, UV_ECANCELED);
    assert_true(s.calls[0].counted < UINT64_MAX);
    assert_int_equal(s.calls[1].status, UV_ECANCELED);
    assert_int_equal(s.calls[1].counted, 0);
    assert_true(started_of(s.calls[1].seen) == SPAN_UNKNOWN);
}

static void cancel_cb(uv_timer_t *timer)
{
    struct scene *s = timer->data;

    counter_cancel(&s->calls[0]);
    uv_close((uv_handle_t *)timer, NULL);
}

static void cancel_ends_one_call_alone(void **state)
{
    struct scene s;

    (void)state;
    scene_begin(&s);
    assert_int_equal(counter_start(s.counter), 0);
    post(&s, UINT64_MAX);
    post(&s, 12345);
    uv_timer_init(&s.loop, &s.timer);
    s.timer.data = &s;
    uv_timer_start(&s.timer, cancel_cb, 20, 0);
    scene_end(&s);
    assert_int_equal(s.calls[0].status, UV_ECANCELED);
    assert_int_equal(s.calls[1].status, SPAN_OK);
    assert_int_equal(s.calls[1].counted, 12345);
}

/* Closed in every state that the thread can be in: before it is up, just up, and at work. */
static void close_at_any_time(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        struct scene s;

        scene_begin(&s);
        s.closes_when_answered = false;
        if (round % 6 != 0)
            assert_int_equal(counter_start(s.counter), 0);
        if (round % 6 == 1 || round % 6 == 2)
            post(&s, round % 6 == 1 ? 0 : UINT64_MAX);
        if (round % 6 == 3) {
            s.closes_when_online = true;
        } else if (round % 6 == 4) {
            s.closes_when_answered = true;
            post(&s, 10);
        } else {
            counter_close(s.counter);
            counter_close(s.counter);
        }
        scene_end(&s);
        assert_true((s.ended_ticks == SPAN_UNKNOWN) == (round % 6 == 0));
    }
}

static void several_count_at_once(void **state)
{
    enum { SEVERAL = 4 };
    struct scene s[SEVERAL];
    struct counter_options options = {0};
    uv_loop_t loop;
    struct err e;

    (void)state;
    uv_loop_init(&loop);
    for (unsigned i = 0; i < SEVERAL; i++) {
        memset(&s[i], 0, sizeof s[i]);
        options.closed = closed_cb;
        options.data = &s[i];
        s[i].closes_when_answered = true;
        s[i].counter = counter_new(&loop, &options, &e);
        assert_non_null(s[i].counter);
        assert_int_equal(counter_start(s[i].counter), 0);
        for (unsigned j = 0; j < CALLS; j++)
            post(&s[i], 100000 + j);
    }
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    for (unsigned i = 0; i < SEVERAL; i++) {
        assert_int_equal(s[i].closed, 1);
        for (unsigned j = 0; j < CALLS; j++)
            assert_int_equal(s[i].calls[j].counted, 100000 + j);
    }
}

/* --- What cannot be had. --- */

static void no_thread(void **state)
{
    struct scene s;

    (void)state;
    scene_begin(&s);
    refused.thread = true;
    assert_int_equal(counter_start(s.counter), UV_EAGAIN);
    refused.thread = false;
    post(&s, 10);
    assert_int_equal(s.answered, 0); /* not from within */
    scene_end(&s);
    assert_int_equal(s.calls[0].status, UV_EAGAIN);
    assert_int_equal(s.online, 0);
    assert_true(s.ended_ticks == SPAN_UNKNOWN);
}

static void no_loop_for_the_thread(void **state)
{
    struct scene s;

    (void)state;
    scene_begin(&s);
    refused.loops_left = 0;
    assert_int_equal(counter_start(s.counter), 0);
    post(&s, 10);
    scene_end(&s);
    refused.loops_left = -1;
    assert_int_equal(s.online, 1);
    assert_int_equal(s.online_status, UV_EMFILE);
    assert_int_equal(s.calls[0].status, UV_EMFILE);
    assert_int_equal(atomic_load(&s.start.status), UV_EMFILE);
}

static void counting_on_the_calling_thread(void **state)
{
    atomic_bool set = true, unset = false;

    (void)state;
    assert_int_equal(counter_count(0, NULL, NULL), 0);
    assert_int_equal(counter_count(1, NULL, NULL), 1);
    assert_int_equal(counter_count((uint64_t)COUNTER_STRIDE + 1, &unset, &unset),
                     COUNTER_STRIDE + 1);
    assert_int_equal(counter_count(UINT64_MAX, &set, NULL), 0);
    assert_int_equal(counter_count(UINT64_MAX, NULL, &set), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_to_the_end_and_says_when),
        cmocka_unit_test(thread_says_when_it_began_and_ended),
        cmocka_unit_test(messages_are_answered_in_order),
        cmocka_unit_test(close_breaks_a_count_off),
        cmocka_unit_test(cancel_ends_one_call_alone),
        cmocka_unit_test(close_at_any_time),
        cmocka_unit_test(several_count_at_once),
        cmocka_unit_test(no_thread),
        cmocka_unit_test(no_loop_for_the_thread),
        cmocka_unit_test(counting_on_the_calling_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
