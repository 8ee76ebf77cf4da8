/* The order of libuv's phases: what is known of each version, and that the libuv that is linked
 * really goes through them so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <uv.h>

#include "measure/phases.h"

static unsigned version(unsigned major, unsigned minor, unsigned patch)
{
    return major << 16 | minor << 8 | patch;
}

static int rank_of(unsigned libuv_version, enum span_phase phase)
{
    const enum span_phase *order = phases_of(libuv_version);

    for (int i = 0; i < PHASE_ORDER_LENGTH; i++)
        if (order[i] == phase)
            return i;
    fail_msg("phase %d is missing", (int)phase);
    return -1;
}

static void timers_are_first_until_1_44(void **state)
{
    const unsigned versions[] = {version(1, 0, 0), version(1, 44, 2), version(1, 44, 255)};

    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        assert_int_equal(rank_of(versions[i], PHASE_TIMERS), 0);
        assert_int_equal(rank_of(versions[i], PHASE_CLOSING), PHASE_ORDER_LENGTH - 1);
        assert_false(phases_timers_on_entry(versions[i]));
    }
}

static void timers_are_last_since_1_45(void **state)
{
    const unsigned versions[] = {version(1, 45, 0), version(1, 46, 0), version(2, 0, 0)};

    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        assert_int_equal(rank_of(versions[i], PHASE_TIMERS), PHASE_ORDER_LENGTH - 1);
        assert_int_equal(rank_of(versions[i], PHASE_CLOSING), PHASE_ORDER_LENGTH - 2);
        assert_true(phases_timers_on_entry(versions[i]));
    }
}

/* What no version has changed; and every phase is there exactly once. */
static void the_rest_keeps_its_order(void **state)
{
    const enum span_phase chain[] = {PHASE_PENDING, PHASE_IDLE,  PHASE_PREPARE,
                                     PHASE_POLL,    PHASE_CHECK, PHASE_CLOSING};
    const unsigned versions[] = {version(1, 44, 2), version(1, 45, 0), uv_version()};

    (void)state;
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        unsigned seen = 0;

        for (size_t i = 1; i < sizeof chain / sizeof *chain; i++)
            assert_true(rank_of(versions[v], chain[i - 1]) < rank_of(versions[v], chain[i]));
        for (int i = 0; i < PHASE_ORDER_LENGTH; i++)
            seen |= 1u << phases_of(versions[v])[i];
        assert_int_equal(seen, 0xfe); /* all but PHASE_NONE */
    }
}

/* --- The linked libuv: a timer that is due, a prepare, a check and a closing callback. --- */

static enum span_phase seen[4];
static int seen_count;

static void saw(enum span_phase phase)
{
    if (seen_count < 4)
        seen[seen_count++] = phase;
}

static void closing_cb(uv_handle_t *handle)
{
    (void)handle;
    saw(PHASE_CLOSING);
}

static void timer_cb(uv_timer_t *timer)
{
    saw(PHASE_TIMERS);
    uv_close((uv_handle_t *)timer, NULL);
}

/* The timer is armed here, so that newer versions cannot call it before the first iteration. */
static void prepare_cb(uv_prepare_t *prepare)
{
    saw(PHASE_PREPARE);
    uv_timer_start(prepare->data, timer_cb, 0, 0);
    uv_close((uv_handle_t *)prepare, NULL);
}

static void check_cb(uv_check_t *check)
{
    saw(PHASE_CHECK);
    uv_close((uv_handle_t *)check, closing_cb);
}

static void linked_libuv_agrees(void **state)
{
    uv_loop_t loop;
    uv_timer_t timer;
    uv_prepare_t prepare;
    uv_check_t check;
    int in_first_iteration;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_timer_init(&loop, &timer);
    uv_prepare_init(&loop, &prepare);
    uv_check_init(&loop, &check);
    prepare.data = &timer;
    uv_prepare_start(&prepare, prepare_cb);
    uv_check_start(&check, check_cb);
    uv_run(&loop, UV_RUN_NOWAIT); /* one iteration */
    in_first_iteration = seen_count;
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);

    assert_int_equal(seen_count, 4);
    assert_int_equal(seen[0], PHASE_PREPARE);
    assert_int_equal(seen[1], PHASE_CHECK);
    assert_int_equal(seen[2], PHASE_CLOSING);
    assert_int_equal(seen[3], PHASE_TIMERS);
    /* The timer comes behind closing in any case: at the end of the iteration that armed it, or at
     * the beginning of the next one. */
    if (rank_of(uv_version(), PHASE_TIMERS) > rank_of(uv_version(), PHASE_CLOSING))
        assert_int_equal(in_first_iteration, 4);
    else
        assert_int_equal(in_first_iteration, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_are_first_until_1_44),
        cmocka_unit_test(timers_are_last_since_1_45),
        cmocka_unit_test(the_rest_keeps_its_order),
        cmocka_unit_test(linked_libuv_agrees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
