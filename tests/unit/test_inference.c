/* Intervals, bootstrap and rank test: equal to what SciPy and NumPy make of the same data, and what
 * must hold of any data. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/inference.h"
#include "base/mem.h"
#include "inference_reference.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define AGREES 1e-9

enum { TRIES = 200, TRY_VALUES_MOST = 40 };

static bool near_to(double actual, double expected)
{
    return actual == expected || fabs(actual - expected) <= AGREES * fabs(expected);
}

static void assert_near(double actual, double expected, const char *what, size_t which)
{
    if (!near_to(actual, expected))
        fail_msg("%s %zu: %.17g, not %.17g", what, which, actual, expected);
}

static void assert_interval(struct interval actual, struct interval expected, const char *what,
                            size_t which)
{
    assert_int_equal(actual.known, expected.known);
    if (!expected.known) {
        assert_true(isnan(actual.low) && isnan(actual.high));
        return;
    }
    assert_near(actual.low, expected.low, what, which);
    assert_near(actual.high, expected.high, what, which);
}

/* The values of a sample of the reference; to be given back. */
static double *values_of(int sample, size_t *count)
{
    const struct reference_sample *s = &reference_samples[sample];
    double *values = mem_alloc(s->count * sizeof *values);
    uint64_t random = s->seed;

    assert_non_null(values);
    *count = s->count;
    for (size_t i = 0; i < s->count; i++) {
        uint64_t x, power = 1, divisor = 1;

        if (s->values != NULL) {
            values[i] = s->values[i];
            continue;
        }
        x = inference_random_below(&random, s->bound);
        for (unsigned k = 0; k < s->power; k++) {
            power *= x;
            divisor *= k > 0 ? s->bound : 1;
        }
        values[i] = (double)(s->shift + power / divisor);
    }
    return values;
}

/* --- equal to the reference --- */

static void random_numbers_are_those_of_splitmix64(void **state)
{
    /* As the authors' own program prints them. */
    const uint64_t published[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                  4593380528125082431u, 16408922859458223821u};
    uint64_t random = 1234567;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(published); i++)
        assert_true(inference_random(&random) == published[i]);
}

static void ranks_are_those_of_the_binomial_distribution(void **state)
{
    enum { MOST = 1000000 };
    double *numbers = mem_alloc(MOST * sizeof *numbers);

    (void)state;
    assert_non_null(numbers);
    for (size_t i = 0; i < MOST; i++)
        numbers[i] = (double)(i + 1);
    for (size_t i = 0; i < COUNT_OF(reference_ranks); i++) {
        const struct reference_rank *r = &reference_ranks[i];

        for (size_t k = 0; k < COUNT_OF(reference_confidences); k++) {
            struct interval found =
                inference_median_interval(numbers, r->count, reference_confidences[k]);

            assert_int_equal(found.known, r->ranks[k] > 0);
            if (found.known) {
                assert_int_equal((size_t)found.low, r->ranks[k]);
                assert_int_equal((size_t)found.high, r->count + 1 - r->ranks[k]);
            }
        }
    }
    mem_free(numbers);
}

static void medians_are_those_of_numpy(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reference_medians); i++) {
        const struct reference_median *r = &reference_medians[i];
        size_t n;
        double *values = values_of(r->sample, &n);

        inference_sort(values, n);
        assert_near(inference_median(values, n), r->median, "median", i);
        assert_interval(inference_median_interval(values, n, 0.95), r->interval, "interval", i);
        mem_free(values);
    }
}

static void rank_tests_are_those_of_scipy(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reference_tests); i++) {
        const struct reference_test *r = &reference_tests[i];
        size_t na, nb;
        double *a = values_of(r->a, &na), *b = values_of(r->b, &nb);
        struct rank_test found;
        struct err e;

        assert_int_equal(inference_rank_test(a, na, b, nb, &found, &e), 0);
        assert_near(found.u, r->u, "u", i);
        assert_near(found.p, r->p, "p", i);
        assert_int_equal(found.exact, r->exact);
        mem_free(a);
        mem_free(b);
    }
}

static void bootstraps_are_those_of_numpy(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reference_bootstraps); i++) {
        const struct reference_bootstrap *r = &reference_bootstraps[i];
        size_t na, nb;
        double *a = values_of(r->a, &na), *b = values_of(r->b, &nb);
        struct bootstrap found;
        struct err e;

        assert_int_equal(
            inference_bootstrap(a, na, b, nb, r->confidence, r->resamples, r->seed, &found, &e), 0);
        assert_interval(found.ratio, r->ratio, "ratio", i);
        assert_interval(found.difference, r->difference, "difference", i);
        mem_free(a);
        mem_free(b);
    }
}

/* --- what must hold of any data --- */

/* Durations with a long tail, some of them equal; never 0. */
static size_t draw_sample(double values[TRY_VALUES_MOST], uint64_t *random, size_t at_least)
{
    size_t n = at_least + inference_random_below(random, TRY_VALUES_MOST + 1 - at_least);
    uint64_t bound = inference_random_below(random, 2) == 0 ? 1000 : 10;

    for (size_t i = 0; i < n; i++) {
        uint64_t x = inference_random_below(random, bound);

        values[i] = (double)(1000 + x * x);
    }
    return n;
}

static void scale(const double *values, size_t n, double factor, double *scaled)
{
    for (size_t i = 0; i < n; i++)
        scaled[i] = values[i] * factor;
}

static void the_interval_of_a_median_holds_it(void **state)
{
    uint64_t random = 1;

    (void)state;
    for (unsigned try = 0; try < TRIES; try++) {
        double values[TRY_VALUES_MOST], scaled[TRY_VALUES_MOST];
        size_t n = draw_sample(values, &random, 1);
        struct interval half, most, of_scaled;
        double median;

        inference_sort(values, n);
        for (size_t i = 1; i < n; i++)
            assert_true(values[i - 1] <= values[i]);
        median = inference_median(values, n);
        half = inference_median_interval(values, n, 0.5);
        most = inference_median_interval(values, n, 0.95);
        assert_int_equal(half.known, n >= 2);
        assert_int_equal(most.known, n >= 6);
        if (half.known)
            assert_true(half.low <= median && median <= half.high);
        if (most.known)
            assert_true(most.low <= half.low && half.high <= most.high);

        scale(values, n, 8, scaled);
        of_scaled = inference_median_interval(scaled, n, 0.95);
        assert_near(inference_median(scaled, n), 8 * median, "median", try);
        assert_int_equal(of_scaled.known, most.known);
        if (most.known)
            assert_true(of_scaled.low == 8 * most.low && of_scaled.high == 8 * most.high);
    }
}

static void a_confidence_that_is_just_reached_will_do(void **state)
{
    const double values[] = {1, 2, 3, 4, 5, 6};

    (void)state;
    assert_true(inference_median_interval(values, 6, 1 - 2.0 / 64).known);
    assert_false(inference_median_interval(values, 6, 1 - 2.0 / 64 + 1e-9).known);
    assert_true(inference_median_interval(values, 5, 1 - 2.0 / 32).known);
    assert_true(inference_median_interval(values, 2, 0.5).known);
    assert_false(inference_median_interval(values, 1, 0.01).known);
    assert_false(inference_median_interval(NULL, 0, 0.95).known);
}

static void medians_of_the_largest_and_smallest_numbers_do_not_overflow(void **state)
{
    const double largest[] = {1.6e308, 1.7e308}, smallest[] = {5e-324, 5e-324};

    (void)state;
    assert_near(inference_median(largest, 2), 1.65e308, "median", 0);
    assert_true(inference_median(smallest, 2) == 5e-324);
}

static struct bootstrap bootstrap_of(const double *a, size_t na, const double *b, size_t nb,
                                     uint64_t seed)
{
    struct bootstrap found;
    struct err e;

    assert_int_equal(inference_bootstrap(a, na, b, nb, 0.95, 1000, seed, &found, &e), 0);
    return found;
}

static void assert_same(struct interval left, struct interval right)
{
    assert_true(left.known && right.known);
    assert_true(left.low == right.low && left.high == right.high);
}

static void bootstrap_follows_the_scale_of_the_values(void **state)
{
    uint64_t random = 2;

    (void)state;
    for (unsigned try = 0; try < TRIES; try++) {
        double a[TRY_VALUES_MOST], b[TRY_VALUES_MOST];
        double a_scaled[TRY_VALUES_MOST], b_scaled[TRY_VALUES_MOST];
        size_t na = draw_sample(a, &random, 2), nb = draw_sample(b, &random, 2);
        struct bootstrap plain = bootstrap_of(a, na, b, nb, try);
        struct bootstrap again = bootstrap_of(a, na, b, nb, try), scaled;

        assert_same(again.ratio, plain.ratio);
        assert_same(again.difference, plain.difference);
        assert_true(plain.ratio.low <= plain.ratio.high);
        assert_true(plain.difference.low <= plain.difference.high);

        scale(a, na, 4, a_scaled);
        scale(b, nb, 4, b_scaled);
        scaled = bootstrap_of(a_scaled, na, b_scaled, nb, try);
        assert_interval(scaled.ratio, plain.ratio, "ratio", try);
        assert_near(scaled.difference.low, 4 * plain.difference.low, "difference", try);
        assert_near(scaled.difference.high, 4 * plain.difference.high, "difference", try);

        scaled = bootstrap_of(a, na, b_scaled, nb, try);
        assert_near(scaled.ratio.low, 4 * plain.ratio.low, "ratio", try);
        assert_near(scaled.ratio.high, 4 * plain.ratio.high, "ratio", try);
    }
}

static void bootstrap_depends_on_the_seed_but_not_on_the_order(void **state)
{
    size_t na, nb;
    double *a = values_of(MADE_1001, &na), *b = values_of(MADE_1500, &nb);
    struct bootstrap one = bootstrap_of(a, na, b, nb, 1), two = bootstrap_of(a, na, b, nb, 2);
    struct bootstrap sorted;

    (void)state;
    assert_true(one.ratio.low != two.ratio.low && one.difference.high != two.difference.high);
    inference_sort(a, na);
    inference_sort(b, nb);
    sorted = bootstrap_of(a, na, b, nb, 1);
    assert_same(sorted.ratio, one.ratio);
    assert_same(sorted.difference, one.difference);
    mem_free(a);
    mem_free(b);
}

static void what_a_bootstrap_cannot_know_is_unknown(void **state)
{
    const double some[] = {1, 2, 3}, zeros[] = {0, 0, 0}, crossing[] = {-1, 1};
    const double infinite[] = {1, INFINITY, INFINITY}, huge[] = {-1.7e308, -1.7e308};
    const double tiny[] = {1e-310, 1e-310}, top[] = {1.7e308, 1.7e308};
    struct bootstrap found;

    (void)state;
    found = bootstrap_of(NULL, 0, some, 3, 1);
    assert_false(found.ratio.known || found.difference.known);
    found = bootstrap_of(some, 1, some, 3, 1);
    assert_false(found.ratio.known || found.difference.known);
    found = bootstrap_of(zeros, 3, some, 3, 1);
    assert_true(!found.ratio.known && found.difference.known);
    found = bootstrap_of(some, 3, zeros, 3, 1);
    assert_true(found.ratio.known && found.ratio.low == 0 && found.ratio.high == 0);
    found = bootstrap_of(crossing, 2, some, 3, 1);
    assert_true(!found.ratio.known && found.difference.known);
    found = bootstrap_of(some, 3, infinite, 3, 1);
    assert_false(found.ratio.known || found.difference.known);
    found = bootstrap_of(huge, 2, top, 2, 1);
    assert_true(found.ratio.known && !found.difference.known);
    found = bootstrap_of(tiny, 2, top, 2, 1);
    assert_true(!found.ratio.known && found.difference.known);
}

enum { RESAMPLES = 20000, ALL_DRAWN_MOST = 6 };

/* Of all n^n resamples there are: what share of their medians is below `limit`, and what share is
 * at most that. */
static void shares_of_all(const double *values, size_t n, double limit, double *below,
                          double *at_most)
{
    size_t resamples = 1, are_below = 0, are_at_most = 0;

    for (size_t k = 0; k < n; k++)
        resamples *= n;
    for (size_t i = 0; i < resamples; i++) {
        double drawn[ALL_DRAWN_MOST], median;
        size_t digits = i;

        for (size_t k = 0; k < n; k++, digits /= n)
            drawn[k] = values[digits % n];
        inference_sort(drawn, n);
        median = inference_median(drawn, n);
        are_below += median < limit;
        are_at_most += median <= limit;
    }
    *below = (double)are_below / (double)resamples;
    *at_most = (double)are_at_most / (double)resamples;
}

/* Within four standard errors. */
static void assert_quantile(const double *values, size_t n, double share, double found)
{
    double slack = 4 * sqrt(share * (1 - share) / RESAMPLES), below, at_most;

    shares_of_all(values, n, found, &below, &at_most);
    if (below > share + slack || at_most < share - slack)
        fail_msg("of %zu values: %g is no %g quantile (%g to %g)", n, found, share, below, at_most);
}

static void drawing_the_median_is_drawing_all_values(void **state)
{
    const double zeros[] = {0, 0};

    (void)state;
    for (size_t n = 2; n <= ALL_DRAWN_MOST; n++) {
        double values[ALL_DRAWN_MOST];

        for (size_t i = 0; i < n; i++)
            values[i] = (double)(i * i);
        for (unsigned percent = 2; percent < 50; percent += 6) {
            double share = percent / 100.0;
            struct bootstrap found;
            struct err e;

            assert_int_equal(inference_bootstrap(zeros, 2, values, n, 1 - 2 * share, RESAMPLES,
                                                 percent, &found, &e),
                             0);
            assert_quantile(values, n, share, found.difference.low);
            assert_quantile(values, n, 1 - share, found.difference.high);
        }
    }
}

static void a_rank_test_is_the_same_from_both_sides(void **state)
{
    uint64_t random = 3;

    (void)state;
    for (unsigned try = 0; try < TRIES; try++) {
        double a[TRY_VALUES_MOST], b[TRY_VALUES_MOST];
        size_t na = draw_sample(a, &random, 1), nb = draw_sample(b, &random, 1);
        struct rank_test there, back, scaled;
        struct err e;

        assert_int_equal(inference_rank_test(a, na, b, nb, &there, &e), 0);
        assert_int_equal(inference_rank_test(b, nb, a, na, &back, &e), 0);
        assert_true(there.p > 0 && there.p <= 1);
        assert_true(there.p == back.p && there.exact == back.exact);
        assert_true(there.u >= 0 && there.u + back.u == (double)(na * nb));
        scale(a, na, 3, a);
        scale(b, nb, 3, b);
        assert_int_equal(inference_rank_test(a, na, b, nb, &scaled, &e), 0);
        assert_true(scaled.p == there.p && scaled.u == there.u);
    }
}

/* All ways to deal m + n ranks to two samples: for each, p is the share of those whose U is as far
 * from the middle. */
static void exact_probabilities_are_shares_of_all_orders(void **state)
{
    enum { M = 4, N = 5 };
    double us[1 << (M + N)], ps[1 << (M + N)];
    size_t orders = 0;

    (void)state;
    for (unsigned chosen = 0; chosen < 1u << (M + N); chosen++) {
        double a[M + N], b[M + N];
        size_t na = 0, nb = 0;
        struct rank_test found;
        struct err e;

        for (unsigned rank = 0; rank < M + N; rank++) {
            if (chosen >> rank & 1)
                a[na++] = rank;
            else
                b[nb++] = rank;
        }
        if (na != M)
            continue;
        assert_int_equal(inference_rank_test(a, na, b, nb, &found, &e), 0);
        assert_true(found.exact);
        us[orders] = found.u;
        ps[orders++] = found.p;
    }
    assert_int_equal(orders, 126);
    for (size_t i = 0; i < orders; i++) {
        size_t as_far = 0;

        for (size_t k = 0; k < orders; k++)
            as_far += fabs(us[k] - M * N / 2.0) >= fabs(us[i] - M * N / 2.0);
        assert_near(ps[i], (double)as_far / (double)orders, "p", i);
    }
}

static void rank_tests_of_nothing_and_of_infinity(void **state)
{
    const double some[] = {1, 2, INFINITY}, other[] = {-INFINITY, INFINITY};
    struct rank_test found;
    struct err e;

    (void)state;
    assert_int_equal(inference_rank_test(NULL, 0, some, 3, &found, &e), 0);
    assert_true(isnan(found.p) && found.u == 0 && !found.exact);
    assert_int_equal(inference_rank_test(some, 3, NULL, 0, &found, &e), 0);
    assert_true(isnan(found.p));
    assert_int_equal(inference_rank_test(some, 3, other, 2, &found, &e), 0);
    assert_true(found.u == 3.5 && found.p <= 1 && !found.exact);
}

static void random_numbers_below_a_bound_are_evenly_spread(void **state)
{
    const uint64_t high = UINT64_C(3) << 62; /* a plain remainder would favour its lowest third */
    uint64_t random = 4, low_third = 0;
    unsigned seen[6] = {0};

    (void)state;
    for (unsigned i = 0; i < 60000; i++) {
        assert_true(inference_random_below(&random, 1) == 0);
        seen[inference_random_below(&random, 6)]++;
        low_third += inference_random_below(&random, high) < high / 3;
    }
    for (size_t i = 0; i < COUNT_OF(seen); i++)
        assert_in_range(seen[i], 9500, 10500); /* over five standard deviations to either side */
    assert_in_range(low_third, 19400, 20600);
}

#ifdef UVLAB_TORTURE
static void every_allocation_may_fail(void **state)
{
    const double a[] = {1, 2, 3, 4}, b[] = {5, 6, 7.5};
    struct bootstrap bootstrap;
    struct rank_test test;
    struct err e = {.text = ""};

    (void)state;
    mem_fuse_arm(1);
    assert_int_equal(inference_bootstrap(a, 4, b, 3, 0.95, 100, 1, &bootstrap, &e), -1);
    assert_false(bootstrap.ratio.known || bootstrap.difference.known);
    assert_non_null(strstr(e.text, "bootstrap"));
    for (unsigned long nth = 1; nth <= 2; nth++) {
        e.text[0] = '\0';
        mem_fuse_arm(nth);
        assert_int_equal(inference_rank_test(a, 4, b, 3, &test, &e), -1);
        assert_true(isnan(test.p));
        assert_non_null(strstr(e.text, "rank test"));
    }
    mem_fuse_arm(3);
    assert_int_equal(inference_rank_test(a, 4, b, 3, &test, &e), 0);
    assert_true(test.exact);
    mem_fuse_arm(0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_numbers_are_those_of_splitmix64),
        cmocka_unit_test(ranks_are_those_of_the_binomial_distribution),
        cmocka_unit_test(medians_are_those_of_numpy),
        cmocka_unit_test(rank_tests_are_those_of_scipy),
        cmocka_unit_test(bootstraps_are_those_of_numpy),
        cmocka_unit_test(the_interval_of_a_median_holds_it),
        cmocka_unit_test(a_confidence_that_is_just_reached_will_do),
        cmocka_unit_test(medians_of_the_largest_and_smallest_numbers_do_not_overflow),
        cmocka_unit_test(bootstrap_follows_the_scale_of_the_values),
        cmocka_unit_test(bootstrap_depends_on_the_seed_but_not_on_the_order),
        cmocka_unit_test(what_a_bootstrap_cannot_know_is_unknown),
        cmocka_unit_test(drawing_the_median_is_drawing_all_values),
        cmocka_unit_test(a_rank_test_is_the_same_from_both_sides),
        cmocka_unit_test(exact_probabilities_are_shares_of_all_orders),
        cmocka_unit_test(rank_tests_of_nothing_and_of_infinity),
        cmocka_unit_test(random_numbers_below_a_bound_are_evenly_spread),
#ifdef UVLAB_TORTURE
        cmocka_unit_test(every_allocation_may_fail),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
