/* What goes through the buffer of an output comes out whole and in order; and what is known of the
 * terminal behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output/out.h"

enum { LONG_BYTES = 200000 };

static char folder[] = P_tmpdir "/uvlab-out-text.XXXXXX";
static struct err e;

static struct out *opened(const char *path)
{
    struct out *o = out_open(path, &e);

    if (o == NULL)
        fail_msg("%s", e.text);
    return o;
}

/* Compares what was written with `expected` of any length. */
static void assert_written(const char *expected, size_t length)
{
    FILE *f = fopen("text", "r");
    char *found = malloc(length + 2);

    assert_non_null(f);
    assert_non_null(found);
    assert_int_equal(fread(found, 1, length + 2, f), length);
    assert_memory_equal(found, expected, length);
    fclose(f);
    free(found);
}

static void test_order_is_kept_around_the_buffer(void **state)
{
    static char expected[5 * LONG_BYTES], piece[LONG_BYTES + 1];
    const size_t lengths[] = {1, 65534, 3, LONG_BYTES, 65535, 65536, 7};
    struct out *o = opened("text");
    size_t length = 0;

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memset(piece, 'a' + (int)i, lengths[i]);
        piece[lengths[i]] = '\0';
        if (i % 2 == 0)
            out_format(o, "<%s>", piece);
        else {
            out_text(o, "<");
            out_bytes(o, piece, lengths[i]);
            out_text(o, ">");
        }
        length += (size_t)snprintf(expected + length, sizeof expected - length, "<%s>", piece);
    }
    assert_int_equal(out_close(o, &e), 0);
    assert_written(expected, length);
}

static void test_numbers(void **state)
{
    static char expected[4096];
    struct out *o = opened("text");
    uint64_t power = 1;
    size_t length = 0;

    (void)state;
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        const uint64_t around[] = {power - 1, power, power + 1, UINT64_MAX - power};

        for (int i = 0; i < 4; i++) {
            out_number(o, around[i]);
            out_text(o, " ");
            length += (size_t)snprintf(expected + length, sizeof expected - length, "%llu ",
                                       (unsigned long long)around[i]);
        }
    }
    assert_int_equal(out_close(o, &e), 0);
    assert_written(expected, length);
}

static void test_columns(void **state)
{
    static const struct {
        const char *asked;
        unsigned columns;
    } cases[] = {{"132", 132}, {"40", 40}, {"0", 80}, {"", 80}, {"-5", 80}, {"wide", 80}};
    struct out *o = opened("text");

    (void)state;
    assert_false(out_is_terminal(o));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setenv("COLUMNS", cases[i].asked, 1);
        assert_int_equal(out_columns(o), cases[i].columns);
    }
    unsetenv("COLUMNS");
    assert_int_equal(out_columns(o), 80);
    out_abandon(o);
}

static void test_terminal(void **state)
{
    struct winsize size = {.ws_row = 24, .ws_col = 97};
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    struct out *o;

    (void)state;
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
        skip();
    assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
    unsetenv("COLUMNS");
    o = opened(ptsname(terminal));
    assert_true(out_is_terminal(o));
    assert_int_equal(out_columns(o), 97);
    setenv("COLUMNS", "50", 1);
    assert_int_equal(out_columns(o), 50);
    unsetenv("COLUMNS");
    assert_int_equal(out_close(o, &e), 0);
    close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_is_kept_around_the_buffer),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_terminal),
    };
    int failed;

    if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
        perror(folder);
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (unlink("text") != 0 || chdir("..") != 0 || rmdir(folder) != 0)
        perror(folder);
    return failed;
}
