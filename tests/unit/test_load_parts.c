/* The pure parts of the load generator: histograms, shares, schedules, URLs, the bytes of requests,
 * options with each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "measure/histogram.h"
#include "net/load_inner.h"

/* --- Histograms. --- */

static void buckets_follow_each_other(void **state)
{
    (void)state;
    assert_int_equal(histogram_least(0), 0);
    for (unsigned i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        uint64_t least = histogram_least(i), greatest = histogram_greatest(i);

        assert_true(least <= greatest);
        assert_true(histogram_least(i + 1) == greatest + 1);
        assert_int_equal(histogram_bucket(least), i);
        assert_int_equal(histogram_bucket(greatest), i);
        assert_true(greatest - least <= least / HISTOGRAM_PRECISION);
    }
    assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
    assert_true(histogram_greatest(HISTOGRAM_BUCKETS - 1) == UINT64_MAX);
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Against the values themselves, which grow exponentially. */
static void percentiles_are_as_exact_as_they_say(void **state)
{
    static const double percents[] = {0.001, 1, 25, 50, 90, 99, 99.9, 100};
    enum { COUNT = 20000 };
    static uint64_t values[COUNT];
    static struct histogram h, half;
    uint64_t random = 12345;

    (void)state;
    histogram_clear(&h);
    histogram_clear(&half);
    for (int i = 0; i < COUNT; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        values[i] = (random >> 8) >> (random >> 58);
        histogram_add(i % 2 == 0 ? &h : &half, values[i]);
    }
    histogram_merge(&h, &half);
    assert_int_equal(h.count, COUNT);
    qsort(values, COUNT, sizeof values[0], ascending);
    assert_true(h.min == values[0] && h.max == values[COUNT - 1]);
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        uint64_t rank = (uint64_t)(percents[i] * COUNT / 100), exact, told;

        exact = values[rank < 1 ? 0 : rank - 1];
        told = histogram_percentile(&h, percents[i]);
        assert_true(told >= exact && told - exact <= exact / HISTOGRAM_PRECISION);
    }
    assert_true(histogram_percentile(&h, 100) == h.max);
}

/* --- Shares. --- */

static void shares_add_up(void **state)
{
    const uint64_t weights[] = {1, 3, 0, 7, 1000000};
    uint64_t shares[5], sum;

    (void)state;
    for (uint64_t all = 0; all < 300; all++) {
        sum = 0;
        load_share(all, weights, 5, shares);
        for (int i = 0; i < 5; i++)
            sum += shares[i];
        assert_int_equal(sum, all);
        assert_int_equal(shares[2], 0);
        if (all < 5)
            continue;
        sum = 0;
        load_share_each(all, weights, 5, shares);
        for (int i = 0; i < 5; i++) {
            assert_true(shares[i] >= 1);
            sum += shares[i];
        }
        assert_int_equal(sum, all);
    }
    load_share(UINT64_MAX, weights, 5, shares);
    assert_true(shares[0] + shares[1] + shares[2] + shares[3] + shares[4] == UINT64_MAX);
}

static void targets_take_turns_by_weight(void **state)
{
    struct load_client client = {.targets = {{.weight = 5}, {.weight = 1}, {.weight = 1}}};
    struct load_group group = {.count = 3, .targets = {0, 1, 2}, .weight = 7};
    struct load_shard shard = {.group = &group};
    unsigned counts[3] = {0}, again = 0, last = 3;

    (void)state;
    for (int i = 0; i < 70; i++) {
        unsigned target = load_next_target(&client, &shard);

        counts[target]++;
        again = target == last ? again + 1 : 0;
        last = target;
        assert_true(again < 4); /* mixed, not one after the other */
    }
    assert_int_equal(counts[0], 50);
    assert_int_equal(counts[1], 10);
    assert_int_equal(counts[2], 10);
}

static void equal_targets_come_in_order(void **state)
{
    struct load_client client = {.targets = {{.weight = 1}, {.weight = 1}, {.weight = 1}}};
    struct load_group group = {.count = 3, .targets = {2, 0, 1}, .weight = 3};
    struct load_shard shard = {.group = &group};

    (void)state;
    for (unsigned i = 0; i < 30; i++)
        assert_int_equal(load_next_target(&client, &shard), group.targets[i % 3]);
}

/* --- Schedules. --- */

static void requests_are_due_at_the_rate(void **state)
{
    uint64_t last = 0;

    (void)state;
    assert_int_equal(load_due_ns(1000, 0, 0), 0);
    assert_int_equal(load_due_ns(1000, 0, 1), 1000000);
    assert_int_equal(load_due_ns(1000, 0, 2.5), 2500000);
    assert_in_range(load_due_ns(3, 0, 3000000), 999999999999999, 1000000000000001);
    /* half of what the full rate makes is due by the end of a ramp, a quarter of that by half */
    assert_in_range(load_due_ns(1000, 2000000000, 1000), 1999999990, 2000000010);
    assert_in_range(load_due_ns(1000, 2000000000, 250), 999999990, 1000000010);
    assert_in_range(load_due_ns(1000, 2000000000, 1500), 2499999990, 2500000010);
    for (int i = 0; i < 3000; i++) {
        assert_true(load_due_ns(1000, 2000000000, i) >= last);
        last = load_due_ns(1000, 2000000000, i);
    }
}

/* The least distance between two requests of the streams, whose mean distance is 1. */
static double least_distance(const uint64_t *weights, unsigned count)
{
    enum { DUE_MOST = 4096 };
    static uint64_t due_ns[DUE_MOST];
    double phases[8] = {0}, all = 0;
    uint64_t least = UINT64_MAX;
    size_t dues = 0;

    load_phases(weights, count, phases);
    for (unsigned i = 0; i < count; i++)
        all += (double)weights[i];
    for (unsigned i = 0; i < count; i++) {
        assert_true(phases[i] >= 0 && phases[i] < 1);
        for (unsigned k = 0; k < 20 * weights[i]; k++)
            due_ns[dues++] = load_due_ns((double)weights[i] / all, 0, k + phases[i]);
    }
    assert_true(dues <= DUE_MOST);
    qsort(due_ns, dues, sizeof *due_ns, ascending);
    assert_int_equal(due_ns[0], 0);
    for (size_t i = 1; i < dues; i++)
        least = due_ns[i] - due_ns[i - 1] < least ? due_ns[i] - due_ns[i - 1] : least;
    return (double)least * 1e-9;
}

static void streams_take_turns(void **state)
{
    static const struct {
        uint64_t weights[8];
        unsigned count;
        double distance;
    } cases[] = {
        {{1}, 1, 0.999},       {{1, 1}, 2, 0.999},
        {{5, 5, 5}, 3, 0.999}, {{1, 1, 1, 1, 1, 1, 1}, 7, 0.999},
        {{2, 1, 1}, 3, 0.999}, /* which fit into each other */
        {{1, 3, 0}, 3, 0.66},  /* as the heavier one keeps its own distance of 4/3 */
        {{1, 2, 3}, 3, 0.49},  {{1, 2, 4, 8}, 4, 0.9}, /* 15/16 */
        {{100, 1}, 2, 0.49},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double distance = least_distance(cases[i].weights, cases[i].count);

        if (distance < cases[i].distance)
            fail_msg("case %zu: %f", i, distance);
    }
}

/* --- URLs and requests. --- */

static void urls_are_taken_apart(void **state)
{
    struct load_url u;
    struct err e;

    (void)state;
    assert_int_equal(load_url_parse(&u, "http://127.0.0.1:3000/a?b#c", &e), 0);
    assert_true(!u.is_secure && u.is_address && u.port == 3000);
    assert_string_equal(u.host, "127.0.0.1");
    assert_int_equal(u.path_bytes, strlen("/a?b"));
    assert_memory_equal(u.path, "/a?b", 4);
    assert_int_equal(load_url_parse(&u, "HTTPS://[::1]?q", &e), 0);
    assert_true(u.is_secure && u.is_address && u.port == 443 && u.path_bytes == 2);
    assert_string_equal(u.host, "::1");
    assert_int_equal(load_url_parse(&u, "http://name", &e), 0);
    assert_true(!u.is_address && u.port == 80 && u.path_bytes == 0);
}

static void no_urls_are_refused(void **state)
{
    static const char *const urls[] = {
        "",
        "http",
        "http:/h",
        "http://",
        "http://:80/",
        "http://h:",
        "http://h:65536",
        "http://h:-1",
        "http://h:1x/",
        "http://u@h/",
        "http://[",
        "http://[]/",
        "http://[::1]x/",
        "http://[1.2]/",
        "http://a b/",
        "http://h/ ",
        "http://h/\n",
        "http://h\t/",
        "http://h/\x80",
        "gopher://h/",
        "http://h:18446744073709551617/",
    };
    struct load_url u;
    struct err e;

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        if (load_url_parse(&u, urls[i], &e) == 0)
            fail_msg("'%s' was taken for a URL", urls[i]);
        assert_int_equal(e.status, STATUS_USAGE);
    }
}

static void check_request(const struct load_options *o, const char *url, const char *body,
                          const char *expected)
{
    struct load_url u;
    struct err e;
    size_t bytes;
    char *request;

    assert_int_equal(load_url_parse(&u, url, &e), 0);
    request = load_request_make(o, &u, body, body == NULL ? 0 : strlen(body), &bytes);
    assert_non_null(request);
    assert_int_equal(bytes, strlen(expected));
    assert_memory_equal(request, expected, bytes);
    mem_free(request);
}

static void requests_are_as_they_should_be(void **state)
{
    struct load_options o = {
        .method = "GET", .keep_alive = true, .headers = {.count = 1, .items = {"User-Agent: me"}}};

    (void)state;
    check_request(&o, "http://h/a?b#c", NULL,
                  "GET /a?b HTTP/1.1\r\nHost: h\r\nUser-Agent: me\r\n\r\n");
    check_request(&o, "https://[::1]:8443?q", NULL,
                  "GET /?q HTTP/1.1\r\nHost: [::1]:8443\r\nUser-Agent: me\r\n\r\n");
    o.headers.items[o.headers.count++] = "host:other";
    o.method = "POST";
    o.keep_alive = false;
    check_request(&o, "http://h:80", NULL,
                  "POST / HTTP/1.1\r\nUser-Agent: me\r\nhost:other\r\nConnection: close\r\n"
                  "Content-Length: 0\r\n\r\n");
    check_request(&o, "http://h:80", "two\r\n",
                  "POST / HTTP/1.1\r\nUser-Agent: me\r\nhost:other\r\nConnection: close\r\n"
                  "Content-Length: 5\r\n\r\ntwo\r\n");
}

static void headers_are_checked(void **state)
{
    static const char *const good[] = {"A:", "X-Y: z", "Host: h", "a:\xc3\xa4"};
    static const char *const bad[] = {"",         ":",
                                      "A",        "A b: c",
                                      "A: \r",    "A: \n",
                                      "A: \x7f",  "content-length: 1",
                                      "TE: gzip", "Connection:close"};
    struct err e;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(load_check_header(good[i], &e), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(load_check_header(bad[i], &e), -1);
}

/* --- Lanes. --- */

static void lanes_of_workers_have_names(void **state)
{
    char text[SPAN_TEXT_BYTES];

    (void)state;
    assert_string_equal(span_lane_name(lane_of_worker(1, 0), text), "worker 1");
    assert_string_equal(span_lane_name(lane_of_worker(12, 3), text), "worker 12 pool 3");
    assert_string_equal(span_lane_name(lane_of_worker(9999, 1024), text), "worker 9999 pool 1024");
    assert_string_equal(span_lane_name(lane_of_worker(1, 1025), text), "worker 1 thread 1");
    assert_string_equal(span_lane_name(lane_of_worker(1, 1536), text), "worker 1 thread 512");
    assert_string_equal(span_lane_name(lane_of_worker(1, 1537), text), "worker 1 child 1");
    assert_string_equal(span_lane_name(lane_of_worker(9999, 2047), text), "worker 9999 child 511");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_follow_each_other),
        cmocka_unit_test(percentiles_are_as_exact_as_they_say),
        cmocka_unit_test(shares_add_up),
        cmocka_unit_test(targets_take_turns_by_weight),
        cmocka_unit_test(equal_targets_come_in_order),
        cmocka_unit_test(requests_are_due_at_the_rate),
        cmocka_unit_test(streams_take_turns),
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(no_urls_are_refused),
        cmocka_unit_test(requests_are_as_they_should_be),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(lanes_of_workers_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
