/* Two sweeps beside each other, and the sweeps themselves as they are read, of made figures. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/comparison_set.h"
#include "base/mem.h"

static const struct comparison_terms terms = {.confidence = 0.95, .resamples = 500, .seed = 1};

enum { POINTS = 3, ROUNDS = 10 };

/* A sweep over threads 1, 2 and 3; `points` are those of the document, and of every run of point i
 * the elapsed time is multiplied by factor[i]; 0: its runs have failed. */
static void write_sweep(struct text *t, const char *points, const double factor[POINTS],
                        bool points_first)
{
    text_add(t, "{\"schema\":\"uvlab.sweep/1\",\"experiment\":\"threadpool\",\"parameters\":"
                "{\"jobs\":5},\"environment\":{\"cpu\":\"a\"},\"started_at\":\"\","
                "\"interrupted\":false,\"warnings\":[],\"recommended\":{\"threads\":2},");
    if (points_first)
        text_add(t, "\"points\":%s,", points);
    text_add(t, "\"runs\":[");
    for (unsigned i = 0; i < POINTS * ROUNDS; i++) {
        double step = 1 + (i / POINTS * 7) % 10 / 1000.0;
        text_add(t, "%s{\"point\":%u,\"exit_status\":%s,\"error\":%s,\"elapsed_ns\":%.0f}",
                 i > 0 ? "," : "", i % POINTS, factor[i % POINTS] > 0 ? "0" : "null",
                 factor[i % POINTS] > 0 ? "null" : "\"killed\"",
                 round(1e6 * step * factor[i % POINTS]));
    }
    text_add(t, "]%s%s}", points_first ? "" : ",\"points\":", points_first ? "" : points);
    assert_true(text_ok(t));
}

static const char one_two_three[] = "[{\"parameters\":{\"threads\":1}},{\"parameters\":"
                                    "{\"threads\":2}},{\"parameters\":{\"threads\":3}}]";
static const char three_one_eight[] = "[{\"parameters\":{\"threads\":3}},{\"parameters\":"
                                      "{\"threads\":1}},{\"parameters\":{\"threads\":8}}]";
static const double same[POINTS] = {1, 1, 1};

static void make(struct result_file *f, const char *points, const double factor[POINTS],
                 bool points_first)
{
    struct text t = TEXT_EMPTY;
    struct err e;
    write_sweep(&t, points, factor, points_first);
    if (result_file_parse(f, "s.json", text_get(&t), t.length, false, &e) != 0)
        fail_msg("%s", e.text);
    text_free(&t);
}

struct pair {
    struct result_file a, b;
    struct comparison_set set;
};

static int compare(struct pair *p, const char *points, const double factor[POINTS], struct err *e)
{
    make(&p->a, one_two_three, same, true);
    make(&p->b, points, factor, false);
    return comparison_set_make(&p->set, &p->a, &p->b, &terms, e);
}

static void pair_free(struct pair *p)
{
    comparison_set_free(&p->set);
    result_file_free(&p->a);
    result_file_free(&p->b);
}

static void runs_come_to_their_points_wherever_those_are(void **state)
{
    static const double second_fails[POINTS] = {1, 0, 2};
    (void)state;
    for (int first = 0; first < 2; first++) {
        struct result_file f;
        make(&f, one_two_three, second_fails, first);
        assert_non_null(f.sweep);
        assert_int_equal(f.run_count, 2 * ROUNDS);
        assert_int_equal(f.runs_left_out, ROUNDS);
        assert_int_equal(f.elapsed.count, 0);
        assert_int_equal(f.sweep->point_count, POINTS);
        assert_int_equal(f.sweep->points[0].result.elapsed.count, ROUNDS);
        assert_int_equal(f.sweep->points[1].result.run_count, 0);
        assert_int_equal(f.sweep->points[1].result.runs_left_out, ROUNDS);
        assert_int_equal(f.sweep->points[2].result.elapsed.values[1], 2014000);
        assert_string_equal(f.sweep->points[2].label, "threads 3");
        assert_string_equal(f.sweep->recommended_label, "threads 2");
        assert_int_equal(cJSON_GetArraySize(f.sweep->points[2].result.environment), 1);
        result_file_free(&f);
    }
}

static void the_point_that_became_slower_is_found(void **state)
{
    static const double third[POINTS] = {1, 1, 1.05};
    struct pair p;
    struct err e;
    (void)state;
    assert_int_equal(compare(&p, one_two_three, third, &e), 0);
    assert_int_equal(p.set.count, 3);
    assert_int_equal(p.set.lone_count, 0);
    assert_true(comparison_set_is_slower(&p.set));
    assert_false(p.set.items[0].slower || p.set.items[1].slower);
    assert_true(p.set.items[2].slower);
    assert_ptr_equal(p.set.items[2].point, &p.a.sweep->points[2]);
    pair_free(&p);
}

/* The least p of three figures is multiplied by three, the others by two and one. */
static void the_correction_is_over_all_points(void **state)
{
    static const double third[POINTS] = {1, 1, 1.05};
    const struct comparison_metric *least;
    struct pair p;
    struct err e;
    (void)state;
    assert_int_equal(compare(&p, one_two_three, third, &e), 0);
    least = &p.set.items[2].metrics[0];
    assert_true(fabs(least->p / least->rank.p - 3) < 1e-9);
    assert_true(p.set.items[0].metrics[0].p >= least->p);
    pair_free(&p);
}

static void points_are_matched_by_their_values(void **state)
{
    static const double first[POINTS] = {1.05, 1, 1}; /* of threads 3, here */
    struct text doubts = TEXT_EMPTY;
    struct pair p;
    struct err e;
    (void)state;
    assert_int_equal(compare(&p, three_one_eight, first, &e), 0);
    assert_int_equal(p.set.count, 2); /* threads 1 and 3, as the base has them */
    assert_false(p.set.items[0].slower);
    assert_true(p.set.items[1].slower);
    assert_int_equal(p.set.lone_count, 2);
    comparison_set_doubts(&p.set, &terms, &doubts);
    assert_non_null(strstr(text_get(&doubts), "has no point with threads 2: not compared\n"));
    assert_non_null(strstr(text_get(&doubts), "has no point with threads 8: not compared\n"));
    text_free(&doubts);
    pair_free(&p);
}

static void a_point_without_runs_is_told(void **state)
{
    static const double second_fails[POINTS] = {1, 0, 1}, all_fail[POINTS] = {0, 0, 0};
    struct pair p;
    struct err e;
    (void)state;
    assert_int_equal(compare(&p, one_two_three, second_fails, &e), 0);
    assert_int_equal(p.set.count, 2);
    assert_int_equal(p.set.lone_count, 1);
    assert_true(p.set.lone[0].failed && p.set.lone[0].missing == &p.b);
    pair_free(&p);
    assert_int_equal(compare(&p, one_two_three, all_fail, &e), -1);
    assert_string_equal(e.text, "no point has runs that count in both 's.json' and 's.json'");
    pair_free(&p);
}

static void a_sweep_is_compared_with_a_sweep(void **state)
{
    static const char result[] =
        "{\"schema\":\"uvlab.result/1\",\"experiment\":\"threadpool\",\"parameters\":{},"
        "\"environment\":{},\"started_at\":\"\",\"interrupted\":false,\"warnings\":[],\"runs\":[]}";
    struct comparison_set set;
    struct result_file sweep, f;
    struct err e;
    (void)state;
    make(&sweep, one_two_three, same, true);
    assert_int_equal(result_file_parse(&f, "r.json", result, strlen(result), false, &e), 0);
    assert_null(f.sweep);
    assert_int_equal(comparison_set_make(&set, &f, &sweep, &terms, &e), -1);
    assert_string_equal(e.text,
                        "'s.json' is a sweep, and 'r.json' a result of one setting: a sweep "
                        "is compared with a sweep");
    assert_int_equal(set.count, 0);
    result_file_free(&f);
    result_file_free(&sweep);
}

#ifdef UVLAB_TORTURE
static void no_memory_is_a_clean_error(void **state)
{
    struct text t = TEXT_EMPTY;
    (void)state;
    write_sweep(&t, one_two_three, same, true);
    for (unsigned long nth = 1;; nth++) {
        struct comparison_set set;
        struct result_file f;
        struct err e = {0};
        int rc;
        mem_fuse_arm(nth);
        rc = result_file_parse(&f, "s.json", text_get(&t), t.length, false, &e);
        if (rc == 0) {
            rc = comparison_set_make(&set, &f, &f, &terms, &e);
            mem_fuse_arm(0);
            comparison_set_free(&set);
            result_file_free(&f);
        }
        if (rc == 0) {
            assert_true(nth > 50);
            break;
        }
        assert_non_null(strstr(e.text, "not enough memory"));
    }
    text_free(&t);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_come_to_their_points_wherever_those_are),
        cmocka_unit_test(the_point_that_became_slower_is_found),
        cmocka_unit_test(the_correction_is_over_all_points),
        cmocka_unit_test(points_are_matched_by_their_values),
        cmocka_unit_test(a_point_without_runs_is_told),
        cmocka_unit_test(a_sweep_is_compared_with_a_sweep),
#ifdef UVLAB_TORTURE
        cmocka_unit_test(no_memory_is_a_clean_error),
#endif
    };
    mem_adopt_cjson();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
