/* The command line of a sweep, made from the tables of the experiments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "cli/options.h"
#include "cli/registry.h"
#include "cli/sweep_options.h"

/* What one command line comes to. */
struct parsed {
    struct sweep_options own;
    struct sweep_table table;
    struct sweep sweep;
    struct words fixed, arguments;
    struct err e;
    int rc;
};

static void parse(struct parsed *p, const char *experiment, int argc, const char *const *argv)
{
    const struct experiment *x = registry_find(experiment);
    struct param_set own = {.table = sweep_params, .values = &p->own};
    struct param_set set = {.table = p->table.rows, .values = p->table.slots};
    struct option_grammar grammar = {
        .sets = {&set, &own}, .set_count = 2, .operand = x->operand, .topic = "sweep"};
    struct option_outcome outcome;
    memset(p, 0, sizeof *p);
    sweep_table_make(&p->table, x);
    p->sweep.experiment = x;
    p->rc = options_parse(&grammar, argc, (char *const *)(uintptr_t)argv, &outcome, &p->e);
    if (p->rc == 0)
        p->rc = sweep_table_read(&p->table, &set, &p->sweep, &p->fixed, &p->arguments, &p->e);
}

static void release(struct parsed *p)
{
    sweep_free(&p->sweep);
    words_free(&p->fixed);
    words_free(&p->arguments);
}

static void expect_words(const struct words *w, const char *wanted)
{
    struct text t = TEXT_EMPTY;
    for (size_t i = 0; i < w->count; i++)
        text_add(&t, "%s%s", i == 0 ? "" : " ", w->items[i]);
    assert_string_equal(text_get(&t), wanted);
    text_free(&t);
}

static bool is_taken(const struct param *p, const struct param *table)
{
    return param_find(table, p->name, strlen(p->name)) != NULL ||
           param_find_letter(table, p->letter) != NULL;
}

/* They stand on one command line. */
static void own_names_and_letters_are_no_experiments(void **state)
{
    static struct sweep_table table;
    (void)state;
    for (size_t i = 0; registry[i] != NULL; i++) {
        sweep_table_make(&table, registry[i]);
        for (const struct param *p = sweep_params; p->name != NULL; p++)
            if (is_taken(p, table.rows))
                fail_msg("--%s of sweep is an option of %s, too", p->name, registry[i]->name);
    }
    for (const struct param *p = sweep_params; p->name != NULL; p++)
        if (strcmp(p->name, "help") == 0 || p->letter == 'h' || is_taken(p, p + 1))
            fail_msg("--%s is there twice", p->name);
}

static void every_experiment_has_a_table(void **state)
{
    static struct sweep_table table;
    (void)state;
    for (size_t i = 0; registry[i] != NULL; i++) {
        const struct experiment *x = registry[i];
        struct param_set set = {.table = table.rows, .values = table.slots};
        struct err e;
        assert_in_range(param_count(x->params) + 2, 1, PARAM_MOST);
        sweep_table_make(&table, x);
        assert_int_equal(param_count(table.rows), param_count(x->params) + 2);
        assert_int_equal(param_set_defaults(&set, &e), 0);
        for (size_t k = 0; table.rows[k].name != NULL; k++) {
            assert_string_equal(table.rows[k].name, table.origins[k]->name);
            assert_int_equal(table.rows[k].letter, table.origins[k]->letter);
            assert_int_equal(set.source[k], PARAM_FROM_DEFAULT);
        }
    }
}

static void own_defaults_are_sound(void **state)
{
    struct sweep_options own;
    struct param_set set = {.table = sweep_params, .values = &own};
    struct err e;
    (void)state;
    memset(&own, 0, sizeof own);
    assert_int_equal(param_set_defaults(&set, &e), 0);
    assert_int_equal(own.runs, 0);
    assert_int_equal(own.precision_ppm, 20000);
    assert_int_equal(own.by, SWEEP_BY_AUTO);
    for (unsigned by = SWEEP_BY_AUTO; by <= SWEEP_BY_CPU; by++) {
        static const char *const names[] = {"auto", "elapsed", "request", "latency", "p99", "cpu"};
        const struct param *p = param_find(sweep_params, "by", 2);
        assert_int_equal(param_set_value(&set, p, names[by], &e), 0);
        assert_int_equal(own.by, by);
    }
}

static void several_values_are_axes_and_the_rest_is_handed_on(void **state)
{
    const char *argv[] = {"--threads",  "1,2",         "-n",       "8",      "--work=sleep,spin",
                          "--baseline", "--clock=tsc", "--runs=3", "--file", "a,b"};
    struct parsed p;
    (void)state;
    parse(&p, "threadpool", 10, argv);
    assert_int_equal(p.rc, 0);
    expect_words(&p.fixed, "--jobs=8 --baseline --file=a,b --clock=tsc");
    expect_words(&p.arguments, "--jobs 8 --threads 1,2 --work sleep,spin --baseline --file a,b "
                               "--clock tsc");
    assert_int_equal(p.sweep.axis_count, 2);
    assert_string_equal(p.sweep.axes[0].param->name, "threads");
    assert_ptr_equal(p.sweep.axes[0].param->name, registry_find("threadpool")->params[1].name);
    assert_int_equal(p.sweep.axes[0].values[1].number, 2);
    assert_string_equal(p.sweep.axes[1].values[0].text, "sleep");
    assert_int_equal(p.sweep.point_count, 4);
    assert_int_equal(p.own.runs, 3);
    release(&p);
}

static void strings_are_repeated_and_lists_stay_lists(void **state)
{
    const char *files[] = {"--file", "a", "--file=b", "--file=a", "--no-baseline"};
    const char *load[] = {"http://a/", "-H",  "Secret: word",   "http://b/",
                          "-c",        "1,2", "--no-keep-alive"};
    struct parsed p;
    (void)state;
    parse(&p, "threadpool", 5, files);
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.sweep.axis_count, 1);
    assert_int_equal(p.sweep.axes[0].count, 2);
    assert_int_equal(p.sweep.warning_count, 1);
    assert_string_equal(p.sweep.warnings[0], "--file has a value twice, which makes one point");
    expect_words(&p.fixed, "--no-baseline");
    release(&p);
    parse(&p, "load", 7, load);
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.sweep.axis_count, 1);
    expect_words(&p.fixed, "--url=http://a/ --url=http://b/ --no-keep-alive --header=Secret: word");
    assert_int_equal(p.arguments.count, 9);
    assert_string_equal(p.arguments.items[8], "Secret: ..."); /* what results may show */
    release(&p);
}

static void nothing_given_is_one_point(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p, "threadpool", 0, NULL);
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.sweep.axis_count, 0);
    assert_int_equal(p.sweep.point_count, 1);
    assert_int_equal(p.fixed.count, 0);
    release(&p);
}

static void too_much_is_refused(void **state)
{
    const char *points[] = {"--threads=1..100", "--jobs=1..100"};
    const char *axes[] = {"--threads=1,2", "--jobs=1,2", "--work=spin,sleep", "--size=1k,2k",
                          "--cost=2,4"};
    const char *bad[] = {"--threads=1,x"};
    struct parsed p;
    (void)state;
    parse(&p, "threadpool", 2, points);
    assert_int_equal(p.rc, -1);
    assert_string_equal(p.e.text, "these values make 10000 points, and 4096 is the most");
    release(&p);
    parse(&p, "threadpool", 5, axes);
    assert_int_equal(p.rc, -1);
    assert_non_null(strstr(p.e.text, "4 options may have several values, and no more"));
    release(&p);
    parse(&p, "threadpool", 1, bad);
    assert_int_equal(p.rc, -1);
    assert_int_equal(p.e.status, STATUS_USAGE);
    release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_names_and_letters_are_no_experiments),
        cmocka_unit_test(every_experiment_has_a_table),
        cmocka_unit_test(own_defaults_are_sound),
        cmocka_unit_test(several_values_are_axes_and_the_rest_is_handed_on),
        cmocka_unit_test(strings_are_repeated_and_lists_stay_lists),
        cmocka_unit_test(nothing_given_is_one_point),
        cmocka_unit_test(too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
