/* The command lines of all points are looked at before any is run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/axis.h"
#include "base/mem.h"
#include "cli/registry.h"
#include "cli/sweep_check.h"

static void add_axis(struct sweep *s, const char *name, const char *values)
{
    const struct param *p = param_find(s->experiment->params, name, strlen(name));
    struct axis a = AXIS_EMPTY;
    struct err e = {.text = ""};
    struct sweep_value *own;
    if (axis_add(&a, p, values, 0, &e) != 0)
        fail_msg("%s", e.text);
    own = mem_zeroed(a.count, sizeof *own);
    assert_non_null(own);
    for (uint32_t i = 0; i < a.count; i++) {
        own[i] = (struct sweep_value){a.values[i].text, a.values[i].number};
        a.values[i].text = NULL;
    }
    s->axes[s->axis_count++] = (struct sweep_axis){p, own, a.count};
    s->point_count *= a.count;
    axis_free(&a);
}

/* Checks `work` and `threads` values of the thread pool; `fixed` may be NULL. The message is ""
 * when there is nothing to say. */
static void expect(const char *work, const char *threads, const char *fixed, const char *wanted)
{
    struct sweep s = {.experiment = registry_find("threadpool"), .point_count = 1};
    struct words common = WORDS_EMPTY;
    struct err e = {.text = ""};
    int rc;
    add_axis(&s, "work", work);
    add_axis(&s, "threads", threads);
    if (fixed != NULL)
        assert_true(words_add(&common, "%s", fixed));
    rc = sweep_check(&s, &common, &e);
    assert_string_equal(e.text, wanted);
    assert_int_equal(rc, wanted[0] != '\0' ? -1 : 0);
    if (rc != 0)
        assert_int_equal(e.status, STATUS_USAGE);
    words_free(&common);
    sweep_free(&s);
}

static void what_goes_together_is_let_through(void **state)
{
    (void)state;
    expect("sleep,spin", "1,2", "--duration=1ms", "");
    expect("pbkdf2,sleep", "1..4", NULL, "");
    expect("none,none", "1", NULL, "");
}

static void the_first_point_that_is_refused_is_named(void **state)
{
    (void)state;
    expect("sleep,pbkdf2", "1,2", "--duration=1ms",
           "work pbkdf2, threads 1: --duration is for spin and sleep, and --work is pbkdf2; leave "
           "out what does not go together, or make two sweeps");
}

static void what_is_wrong_with_all_is_said_of_the_experiment(void **state)
{
    (void)state;
    expect("pbkdf2", "1,2", "--duration=1ms",
           "threadpool: --duration is for spin and sleep, and --work is pbkdf2");
    expect("sleep,spin", "1,2", "--jobs=0", "threadpool: --jobs 0: must be from 1 to 1000000000");
}

/* It is the runs' to fail, each for itself. */
static void a_file_that_is_not_there_is_no_mistake(void **state)
{
    (void)state;
    expect("file", "1,2", "--file=/nowhere/at/all", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_together_is_let_through),
        cmocka_unit_test(the_first_point_that_is_refused_is_named),
        cmocka_unit_test(what_is_wrong_with_all_is_said_of_the_experiment),
        cmocka_unit_test(a_file_that_is_not_there_is_no_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
