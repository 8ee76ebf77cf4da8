/* Which files may be named: each refusal with its reason, whatever the process may do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure/given_file.h"

static void expect(const char *path, enum exit_status status, const char *text)
{
    struct err e = {.text = ""};

    assert_int_equal(given_file_check(path, NULL, &e), -1);
    assert_int_equal(e.status, status);
    if (strstr(e.text, text) == NULL)
        fail_msg("'%s' is not in '%s'", text, e.text);
}

static void regular_files_may_be_read(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(given_file_check("/proc/self/exe", NULL, &e), 0);
}

static void others_are_told_by_their_type(void **state)
{
    (void)state;
    expect("", STATUS_USAGE, "--file: the name is empty");
    expect("/", STATUS_FAILED, "--file /: is a directory");
    expect("/dev/null", STATUS_FAILED, "--file /dev/null: is not a regular file");
    expect("/dev/null/x", STATUS_FAILED, "--file /dev/null/x: cannot be opened: not a directory");
}

static void a_pipe_does_not_block(void **state)
{
    char folder[] = P_tmpdir "/uvlab-file.XXXXXX", pipe[sizeof folder + 8];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(pipe, sizeof pipe, "%s/pipe", folder);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    expect(pipe, STATUS_FAILED, "is not a regular file");
    unlink(pipe);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regular_files_may_be_read),
        cmocka_unit_test(others_are_told_by_their_type),
        cmocka_unit_test(a_pipe_does_not_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
