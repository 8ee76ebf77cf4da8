/* Two results beside each other, of made figures. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/comparison.h"
#include "base/mem.h"
#include "base/text.h"

static const struct comparison_terms terms = {.confidence = 0.95, .resamples = 2000, .seed = 1};

/* What a made result consists of: `runs` runs, whose elapsed times are spread around `elapsed` in
 * small steps, the same ones for every result; calls of one kind, in proportion. */
struct made {
    const char *name, *experiment, *parameters, *environment, *kind;
    unsigned runs;
    double elapsed;
};

static const struct made ten = {.name = "a.json",
                                .experiment = "threadpool",
                                .parameters = "{}",
                                .environment = "{}",
                                .kind = "spin",
                                .runs = 10,
                                .elapsed = 1e6};

static void make(struct result_file *f, const struct made *m)
{
    struct text t = TEXT_EMPTY;
    struct err e;
    text_add(&t,
             "{\"schema\":\"uvlab.result/1\",\"experiment\":\"%s\",\"parameters\":%s,"
             "\"environment\":%s,\"started_at\":\"\",\"interrupted\":false,\"warnings\":[],"
             "\"runs\":[",
             m->experiment, m->parameters, m->environment);
    for (unsigned i = 0; i < m->runs; i++) {
        double step = 1 + ((i * 7) % 10) / 1000.0; /* up to 0.9 % */
        uint64_t ns = (uint64_t)(m->elapsed * step);
        text_add(&t,
                 "%s{\"role\":\"measured\",\"interrupted\":false,\"spans\":[{\"kind\":\"%s\","
                 "\"status\":\"ok\",\"total_ns\":%llu}],\"elapsed_ns\":%llu,\"cpu_ns\":%llu,"
                 "\"summary\":{\"%s\":{\"total_ns\":{\"p50\":%llu},\"waited_ns\":{\"p50\":0},"
                 "\"ran_ns\":null,\"returned_ns\":{\"p50\":100}}}}",
                 i > 0 ? "," : "", m->kind, (unsigned long long)ns / 4, (unsigned long long)ns,
                 (unsigned long long)ns * 2, m->kind, (unsigned long long)ns / 4);
    }
    text_add(&t, "]}");
    assert_true(text_ok(&t));
    if (result_file_parse(f, m->name, text_get(&t), t.length, true, &e) != 0)
        fail_msg("%s", e.text);
    text_free(&t);
}

static const struct comparison_metric *find(const struct comparison *c, const char *name,
                                            bool of_calls)
{
    for (size_t i = 0; i < c->metric_count; i++)
        if (strcmp(c->metrics[i].name, name) == 0 && c->metrics[i].of_calls == of_calls)
            return &c->metrics[i];
    return NULL;
}

/* Compares two made results; the caller frees c, and the results when it has done. */
struct pair {
    struct result_file a, b;
    struct comparison c;
};

static void compare(struct pair *p, const struct made *a, const struct made *b,
                    const struct comparison_terms *how)
{
    struct err e;
    make(&p->a, a);
    make(&p->b, b);
    if (comparison_make(&p->c, &p->a, &p->b, how, &e) != 0)
        fail_msg("%s", e.text);
}

static void pair_free(struct pair *p)
{
    comparison_free(&p->c);
    result_file_free(&p->a);
    result_file_free(&p->b);
}

static void the_same_is_within_noise(void **state)
{
    struct pair p;
    const struct comparison_metric *m;
    (void)state;
    compare(&p, &ten, &ten, &terms);
    assert_int_equal(p.c.metric_count, 5); /* elapsed, cpu; total, waited, returned */
    for (size_t i = 0; i < p.c.metric_count; i++) {
        assert_int_equal(p.c.metrics[i].verdict, COMPARISON_WITHIN_NOISE);
        assert_false(p.c.metrics[i].beyond_limit);
    }
    m = find(&p.c, "elapsed", false);
    assert_true(m->checked && m->kind == NULL);
    assert_true(fabs(m->base.median - 1004500) < 1.5);
    assert_true(m->base.interval.known && m->base.interval.low < m->base.median &&
                m->base.interval.high > m->base.median);
    assert_true(fabs(m->ratio - 1) < 1e-12 && fabs(m->difference) < 1e-6);
    assert_true(m->bootstrap.ratio.low < 1 && m->bootstrap.ratio.high > 1);
    assert_true(m->p >= 0.99);
    assert_false(p.c.slower || p.c.too_few);
    assert_true(find(&p.c, "total", false)->checked);
    assert_string_equal(find(&p.c, "total", false)->kind, "spin");
    assert_false(find(&p.c, "waited", false)->checked);
    assert_false(find(&p.c, "cpu", false)->checked);
    assert_true(isnan(find(&p.c, "waited", false)->ratio)); /* of 0 to 0 */
    assert_null(find(&p.c, "ran", false));
    pair_free(&p);
}

static void slower_and_faster_are_told_apart(void **state)
{
    struct made slow = ten;
    struct pair p;
    (void)state;
    slow.elapsed *= 1.05;
    compare(&p, &ten, &slow, &terms);
    assert_int_equal(find(&p.c, "elapsed", false)->verdict, COMPARISON_SLOWER);
    assert_int_equal(find(&p.c, "total", false)->verdict, COMPARISON_SLOWER);
    assert_int_equal(find(&p.c, "returned", false)->verdict, COMPARISON_WITHIN_NOISE);
    assert_true(fabs(find(&p.c, "elapsed", false)->ratio - 1.05) < 1e-4);
    assert_true(find(&p.c, "elapsed", false)->beyond_limit && p.c.slower);
    assert_true(find(&p.c, "cpu", false)->verdict == COMPARISON_SLOWER);
    assert_false(find(&p.c, "cpu", false)->beyond_limit); /* it is not checked */
    pair_free(&p);
    compare(&p, &slow, &ten, &terms);
    assert_int_equal(find(&p.c, "elapsed", false)->verdict, COMPARISON_FASTER);
    assert_false(p.c.slower);
    pair_free(&p);
}

static void a_limit_is_not_minded(void **state)
{
    struct comparison_terms limited = terms;
    struct made slow = ten;
    struct pair p;
    (void)state;
    slow.elapsed *= 1.05;
    limited.limit = 0.06;
    compare(&p, &ten, &slow, &limited);
    assert_int_equal(find(&p.c, "elapsed", false)->verdict, COMPARISON_SLOWER);
    assert_false(p.c.slower);
    pair_free(&p);
    limited.limit = 0.04;
    compare(&p, &ten, &slow, &limited);
    assert_true(p.c.slower);
    pair_free(&p);
}

static void noise_is_told(void **state)
{
    struct made little = ten;
    struct pair p;
    (void)state;
    little.elapsed *= 1.001; /* the runs scatter by 0.9 % */
    compare(&p, &ten, &little, &terms);
    assert_int_equal(find(&p.c, "elapsed", false)->verdict, COMPARISON_WITHIN_NOISE);
    assert_false(p.c.slower);
    pair_free(&p);
}

/* The interval leaves out 1, and the rank test of two figures does not agree. */
static void what_is_not_certain_is_no_difference_and_not_none(void **state)
{
    const struct comparison_metric *m;
    struct made little = ten;
    struct pair p;
    (void)state;
    little.elapsed *= 1.0036;
    compare(&p, &ten, &little, &terms);
    m = find(&p.c, "elapsed", false);
    assert_true(m->bootstrap.ratio.low > 1 && m->p > 0.05);
    assert_int_equal(m->verdict, COMPARISON_NOT_CERTAIN);
    assert_false(m->beyond_limit || p.c.slower);
    assert_string_equal(comparison_verdict_names[m->verdict], "not certain");
    pair_free(&p);
}

static void few_runs_decide_nothing(void **state)
{
    struct made few = ten, enough = ten;
    struct pair p;
    struct text doubts = TEXT_EMPTY;
    (void)state;
    few.runs = 5;
    few.elapsed *= 3;
    few.name = "few.json";
    compare(&p, &ten, &few, &terms);
    assert_true(p.c.too_few);
    for (size_t i = 0; i < p.c.metric_count; i++)
        assert_int_equal(p.c.metrics[i].verdict, COMPARISON_TOO_FEW);
    assert_false(p.c.slower);
    assert_false(find(&p.c, "elapsed", false)->other.interval.known);
    comparison_doubts(&p.c, &terms, &doubts);
    assert_non_null(strstr(text_get(&doubts), "'few.json' has 5 runs: "));
    assert_non_null(strstr(text_get(&doubts), "--runs 10"));
    text_free(&doubts);
    pair_free(&p);
    enough.runs = 6;
    enough.elapsed *= 3;
    compare(&p, &ten, &enough, &terms);
    assert_int_equal(find(&p.c, "elapsed", false)->verdict, COMPARISON_SLOWER);
    pair_free(&p);
    few.runs = 1;
    compare(&p, &few, &few, &terms);
    assert_int_equal(find(&p.c, "elapsed", false)->verdict, COMPARISON_TOO_FEW);
    assert_false(find(&p.c, "elapsed", false)->bootstrap.ratio.known);
    pair_free(&p);
}

static void calls_explain_and_decide_nothing(void **state)
{
    struct comparison_terms spans = terms;
    struct made slow = ten;
    struct pair p;
    (void)state;
    spans.spans = true;
    slow.elapsed *= 1.05;
    compare(&p, &ten, &slow, &spans);
    assert_int_equal(p.c.metric_count, 6);
    assert_int_equal(find(&p.c, "total", true)->verdict, COMPARISON_SLOWER);
    assert_false(find(&p.c, "total", true)->checked);
    assert_int_equal(find(&p.c, "total", true)->base.values->count, 10);
    pair_free(&p);
}

/* Of three figures that are checked, p-values are multiplied by 3, 2 and 1 (Holm). */
static void p_is_corrected_for_how_much_is_looked_at(void **state)
{
    struct made slow = ten;
    struct pair p;
    const struct comparison_metric *elapsed, *total;
    (void)state;
    slow.elapsed *= 1.004;
    compare(&p, &ten, &slow, &terms);
    elapsed = find(&p.c, "elapsed", false);
    total = find(&p.c, "total", false);
    assert_true(elapsed->rank.p > 0 && elapsed->rank.p < 0.5 && total->rank.p < 0.5);
    assert_true(fabs(fmin(elapsed->p, total->p) - 2 * fmin(elapsed->rank.p, total->rank.p)) <
                1e-12);
    assert_true(fmax(elapsed->p, total->p) >= fmin(elapsed->p, total->p));
    pair_free(&p);
}

static void what_differs_besides_is_found(void **state)
{
    struct made one = ten, other = ten;
    struct text doubts = TEXT_EMPTY;
    struct pair p;
    (void)state;
    one.parameters = "{\"threads\":4,\"work\":\"spin\",\"file\":null,\"path\":[\"/\"],\"big\":"
                     "100000000000001,\"mine\":1}";
    other.parameters = "{\"path\":[\"/\",\"/a\"],\"threads\":8,\"work\":\"spin\",\"big\":"
                       "100000000000002,\"size\":null,\"theirs\":\"x\"}";
    one.environment = "{\"cpu\":\"one\",\"load_average\":1,\"pool_size\":4,\"libcurl\":null}";
    other.environment = "{\"cpu\":\"other\\u001b\",\"load_average\":2,\"pool_size\":8,"
                        "\"runtime\":\"Node.js\"}";
    other.name = "b.json";
    compare(&p, &one, &other, &terms);
    assert_int_equal(p.c.parameters.count, 5);
    assert_string_equal(p.c.parameters.rows[0].key, "threads");
    assert_string_equal(p.c.parameters.rows[1].key, "path");
    assert_string_equal(p.c.parameters.rows[2].key, "big");
    assert_string_equal(p.c.parameters.rows[3].key, "mine");
    assert_null(p.c.parameters.rows[3].other);
    assert_string_equal(p.c.parameters.rows[4].key, "theirs");
    assert_null(p.c.parameters.rows[4].base);
    assert_int_equal(p.c.environment.count, 2);
    assert_string_equal(p.c.environment.rows[0].key, "cpu");
    assert_string_equal(p.c.environment.rows[1].key, "runtime");
    comparison_doubts(&p.c, &terms, &doubts);
    assert_string_equal(text_get(&doubts), "'a.json' and 'b.json' were measured in different "
                                           "environments: cpu, runtime\n");
    text_free(&doubts);
    pair_free(&p);
}

static void kinds_that_only_one_has_are_told(void **state)
{
    struct made other = ten;
    struct text doubts = TEXT_EMPTY;
    struct pair p;
    (void)state;
    other.kind = "pbkdf2";
    other.name = "b.json";
    compare(&p, &ten, &other, &terms);
    assert_int_equal(p.c.metric_count, 2);
    comparison_doubts(&p.c, &terms, &doubts);
    assert_string_equal(text_get(&doubts), "only 'a.json' has figures of spin\n"
                                           "only 'b.json' has figures of pbkdf2\n");
    text_free(&doubts);
    pair_free(&p);
}

static void what_cannot_be_compared_is_refused(void **state)
{
    struct made other = ten;
    struct result_file a, b;
    struct comparison c;
    struct err e;
    (void)state;
    make(&a, &ten);
    other.experiment = "loop";
    other.name = "b.json";
    make(&b, &other);
    assert_int_equal(comparison_make(&c, &a, &b, &terms, &e), -1);
    assert_string_equal(e.text, "'a.json' is a result of threadpool, and 'b.json' of loop: only "
                                "results of one experiment can be compared");
    result_file_free(&b);
    other = ten;
    other.runs = 0;
    other.name = "b.json";
    make(&b, &other);
    assert_int_equal(comparison_make(&c, &a, &b, &terms, &e), -1);
    assert_string_equal(e.text, "'b.json' has no measured run that is whole");
    result_file_free(&b);
    result_file_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_within_noise),
        cmocka_unit_test(slower_and_faster_are_told_apart),
        cmocka_unit_test(a_limit_is_not_minded),
        cmocka_unit_test(noise_is_told),
        cmocka_unit_test(what_is_not_certain_is_no_difference_and_not_none),
        cmocka_unit_test(few_runs_decide_nothing),
        cmocka_unit_test(calls_explain_and_decide_nothing),
        cmocka_unit_test(p_is_corrected_for_how_much_is_looked_at),
        cmocka_unit_test(what_differs_besides_is_found),
        cmocka_unit_test(kinds_that_only_one_has_are_told),
        cmocka_unit_test(what_cannot_be_compared_is_refused),
    };
    mem_adopt_cjson();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
