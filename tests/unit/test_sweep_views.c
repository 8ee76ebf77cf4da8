/* The views of a sweep: what each writes of sweeps that are whole, cut short, failed or hostile,
 * within the width that it has, as JSON that keeps to its schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "output/sweep_view.h"
#include "tests/unit/made_sweep.h"

enum { TABLE, JSON, NDJSON, CSV, TRACE };

static char folder[] = P_tmpdir "/uvlab-sweep.XXXXXX";
static char root[4096]; /* of the project; "" when it is not there */

static struct sweep s;
static char *text; /* of the view that was looked at last */

static int make(void **state)
{
    (void)state;
    made_sweep(&s);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    free(text);
    text = NULL;
    sweep_free(&s);
    return 0;
}

static struct view_style style = {.columns = 80, .unicode = true};

static const char *view(unsigned format)
{
    struct err e = {.text = ""};
    struct out *o = out_open("view", &e);
    FILE *f;
    long bytes;

    assert_non_null(o);
    assert_int_equal(view_sweep(&s, format, &style, o, &e), 0);
    assert_int_equal(out_close(o, &e), 0);
    f = fopen("view", "r");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    bytes = ftell(f);
    rewind(f);
    free(text);
    text = calloc(1, (size_t)bytes + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)bytes, f), bytes);
    fclose(f);
    if (getenv("SHOW") != NULL)
        printf("%s", text);
    return text;
}

/* Eight jobs of 100 ms on 2 CPUs, by 1, 2, 4 and 8 threads. */
static void make_spin(uint32_t rounds)
{
    const struct made_point likes[] = {
        {801, 799, 350, 100, 0.03, 8, 0, 0.01, NULL},
        {401, 799, 150, 100, 0.03, 8, 0, 0.01, NULL},
        {403, 800, 50, 200, 0.03, 8, 0, 0.01, NULL},
        {402, 801, 0.05, 400, 0.03, 8, 0, 0.01, NULL},
    };
    static const char *const arguments[] = {"--threads", "1,2,4,8", "--jobs",
                                            "8",         "--work",  "spin"};

    made_axis(&s, MADE_THREADS, "1;2;4;8");
    s.arguments = arguments;
    s.argument_count = sizeof arguments / sizeof arguments[0];
    made_rounds(&s, rounds, likes);
    s.ended = SWEEP_ENDED_KNOWN;
    s.parameters = mem_copy_text("{\"threads\":1,\"jobs\":8,\"work\":\"spin\"}");
    assert_non_null(s.parameters);
}

static void test_table(void **state)
{
    (void)state;
    make_spin(7);
    s.runs[9].elapsed_ns *= 4;
    view(TABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table, make, unmake),
    };
    int failed;

    if (realpath(".", root) == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink("view");
    if (chdir("/") == 0)
        rmdir(folder);
    return failed;
}
