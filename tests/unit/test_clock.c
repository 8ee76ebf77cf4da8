/* The clock: agreement with CLOCK_MONOTONIC, order on one thread and between threads, conversion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <uv.h>

#include "made_root.h"
#include "measure/clock.h"

static void init(enum clock_choice choice)
{
    struct err e;

    assert_int_equal(clock_init(choice, &e), 0);
}

static void monotonic_can_always_be_chosen(void **state)
{
    (void)state;
    init(CLOCK_CHOICE_MONOTONIC);
    assert_string_equal(clock_name(), "monotonic");
}

static void tsc_is_chosen_or_refused_with_a_reason(void **state)
{
    struct err e = {0};
    const char *why = NULL;

    (void)state;
    if (clock_tsc_usable(&why)) {
        init(CLOCK_CHOICE_TSC);
        assert_string_equal(clock_name(), "tsc");
        init(CLOCK_CHOICE_AUTO);
        assert_string_equal(clock_name(), "tsc");
    } else {
        assert_non_null(why);
        assert_int_equal(clock_init(CLOCK_CHOICE_TSC, &e), -1);
        assert_int_equal(e.status, STATUS_FAILED);
        assert_non_null(strstr(e.text, why));
        init(CLOCK_CHOICE_AUTO);
        assert_string_equal(clock_name(), "monotonic");
    }
}

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/"

static const char *kernel_says(const char *current, const char *available)
{
    const char *why = "it is usable";

    put(CLOCKSOURCE "current_clocksource", current);
    put(CLOCKSOURCE "available_clocksource", available);
    clock_tsc_usable(&why);
    return why;
}

/* Whatever the CPU: where the kernel does not trust its counter, nor is it used here. */
static void the_tsc_is_left_where_the_kernel_does_not_list_it(void **state)
{
    static const char *const lists[] = {"kvm-clock acpi_pm \n", "kvm-clock nottsc tsc-early\n",
                                        "\n", ""};

    (void)state;
    assert_false(clock_tsc_usable(NULL)); /* nothing can be read */
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        kernel_says("kvm-clock\n", lists[i]);
        assert_false(clock_tsc_usable(NULL));
        init(CLOCK_CHOICE_AUTO);
        assert_string_equal(clock_name(), "monotonic");
    }
    kernel_says("acpi_pm\n", "kvm-clock tsc acpi_pm \n");
    assert_false(clock_tsc_usable(NULL));
}

/* Whether the CPU promises a counter of constant rate is not the kernel's files to say. */
static void the_tsc_is_used_where_the_kernel_lists_it(void **state)
{
    static const char distrust[] = "the kernel does not keep time by it";

    (void)state;
    assert_string_not_equal(kernel_says("tsc\n", "tsc hpet acpi_pm \n"), distrust);
    assert_string_not_equal(kernel_says("kvm-clock\n", "kvm-clock tsc acpi_pm \n"), distrust);
    assert_string_not_equal(kernel_says("hyperv_clocksource_tsc_page\n", "hpet tsc\n"), distrust);
}

/* A moment in the middle of a "run", read on both clocks, has to be converted to what
 * CLOCK_MONOTONIC said, to within 50 ppm and the doubt of the readings themselves. The quietest of
 * a few tries counts, as a thread that loses its CPU between two readings says nothing about the
 * clock. */
static void check_agreement(enum clock_choice choice)
{
    double best_excess = 1e18;

    init(choice);
    for (int i = 0; i < 20; i++) {
        struct clock_anchor begin, middle, end;
        struct clock_scale scale;
        double error, allowed;

        clock_anchor_take(&begin);
        uv_sleep(5);
        clock_anchor_take(&middle);
        uv_sleep(5);
        clock_anchor_take(&end);
        clock_scale_make(&scale, &begin, &end);
        error = (double)clock_scale_ns(&scale, middle.ticks) -
                (double)(middle.monotonic_ns - begin.monotonic_ns);
        error = error < 0 ? -error : error;
        allowed = 50e-6 * (double)(end.monotonic_ns - begin.monotonic_ns) +
                  (double)(begin.doubt_ns + middle.doubt_ns + end.doubt_ns);
        if (error - allowed < best_excess)
            best_excess = error - allowed;
    }
    assert_true(best_excess <= 0);
}

static void agrees_with_clock_monotonic(void **state)
{
    (void)state;
    check_agreement(CLOCK_CHOICE_AUTO);
    check_agreement(CLOCK_CHOICE_MONOTONIC);
}

static void never_runs_backwards_on_a_thread(void **state)
{
    uint64_t last = 0;

    (void)state;
    init(CLOCK_CHOICE_AUTO);
    for (int i = 0; i < 1000000; i++) {
        uint64_t now = i % 2 == 0 ? clock_ticks() : clock_ticks_after();

        assert_true(now >= last);
        last = now;
    }
}

/* Two threads hand a stamp to each other under a lock, as libuv's pool does. */
struct ping {
    uv_mutex_t mutex;
    uint64_t stamp; /* under mutex */
    uint64_t backwards[2];
    int rounds;
};

struct player {
    struct ping *ping;
    int number;
};

static void play(void *argument)
{
    struct player *p = argument;

    for (int i = 0; i < p->ping->rounds; i++) {
        uint64_t theirs, now;

        uv_mutex_lock(&p->ping->mutex);
        theirs = p->ping->stamp;
        uv_mutex_unlock(&p->ping->mutex);
        now = clock_ticks_after();
        p->ping->backwards[p->number] += now < theirs;
        now = clock_ticks();
        uv_mutex_lock(&p->ping->mutex);
        p->ping->stamp = now;
        uv_mutex_unlock(&p->ping->mutex);
    }
}

static void never_runs_backwards_between_threads(void **state)
{
    struct ping ping = {.rounds = 200000};
    struct player players[2] = {{&ping, 0}, {&ping, 1}};
    uv_thread_t threads[2];

    (void)state;
    init(CLOCK_CHOICE_AUTO);
    assert_int_equal(uv_mutex_init(&ping.mutex), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(uv_thread_create(&threads[i], play, &players[i]), 0);
    for (int i = 0; i < 2; i++)
        uv_thread_join(&threads[i]);
    uv_mutex_destroy(&ping.mutex);
    assert_int_equal(ping.backwards[0] + ping.backwards[1], 0);
}

static void ticks_before_the_origin_are_zero(void **state)
{
    struct clock_scale scale = {.origin_ticks = 1000, .mult = 1, .shift = 0};

    (void)state;
    assert_int_equal(clock_scale_ns(&scale, 999), 0);
    assert_int_equal(clock_scale_ns(&scale, 1000), 0);
    assert_int_equal(clock_scale_ns(&scale, 1001), 1);
}

static void a_year_of_ticks_does_not_overflow(void **state)
{
    const uint64_t year_ns = 366ull * 86400 * 1000000000;
    struct clock_anchor begin = {.ticks = 5, .monotonic_ns = 7};
    struct clock_anchor end = {.ticks = 5 + 3 * year_ns, .monotonic_ns = 7 + year_ns};
    struct clock_scale scale;
    uint64_t ns;

    (void)state;
    init(CLOCK_CHOICE_AUTO);
    if (!clock_reads_tsc)
        return; /* ticks are nanoseconds there, and no product is made */
    clock_scale_make(&scale, &begin, &end);
    ns = clock_scale_ns(&scale, end.ticks);
    assert_true(ns <= year_ns && year_ns - ns < year_ns / 1000000);
}

static void cpu_clocks_advance_with_work(void **state)
{
    uint64_t thread = clock_thread_cpu_ns(), process = clock_process_cpu_ns();
    volatile uint64_t sink = 0;

    (void)state;
    for (uint64_t i = 0; i < 20000000; i++)
        sink += i;
    assert_true(clock_thread_cpu_ns() > thread);
    assert_true(clock_process_cpu_ns() > process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_can_always_be_chosen),
        cmocka_unit_test(tsc_is_chosen_or_refused_with_a_reason),
        IN_ROOT(the_tsc_is_left_where_the_kernel_does_not_list_it),
        IN_ROOT(the_tsc_is_used_where_the_kernel_lists_it),
        cmocka_unit_test(agrees_with_clock_monotonic),
        cmocka_unit_test(never_runs_backwards_on_a_thread),
        cmocka_unit_test(never_runs_backwards_between_threads),
        cmocka_unit_test(ticks_before_the_origin_are_zero),
        cmocka_unit_test(a_year_of_ticks_does_not_overflow),
        cmocka_unit_test(cpu_clocks_advance_with_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
