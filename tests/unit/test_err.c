/* Messages: what is in them, what happens to what must not be in them, and where they are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void set_fills_both_and_returns_minus_one(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(err_set(&e, STATUS_USAGE, "--%s %d: no", "jobs", 0), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_string_equal(e.text, "--jobs 0: no");
}

static void set_replaces_what_a_terminal_would_obey(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, STATUS_FAILED, "cannot read '%s'", "a\x1b[2J\nb\xff\xc3 \xc3\xa9");
    assert_string_equal(e.text, "cannot read 'a?[2J?b?? \xc3\xa9'");
}

static void set_cuts_between_characters(void **state)
{
    (void)state;
    /* Whatever the offset of the two-byte characters, no half of one may be left. */
    for (size_t shift = 0; shift < 4; shift++) {
        char text[2000] = "xxxx";
        for (size_t at = shift; at + 2 < sizeof text; at += 2)
            memcpy(text + at, "\xc3\xa9", 3);
        struct err e;
        err_set(&e, STATUS_FAILED, "%s", text);
        size_t length = strlen(e.text);
        assert_in_range(length, sizeof e.text - 3, sizeof e.text - 1);
        assert_string_equal(e.text + length - 5, "\xc3\xa9...");
        assert_null(strchr(e.text, '?'));
    }
}

static void set_keeps_a_message_that_just_fits(void **state)
{
    (void)state;
    struct err e;
    char text[sizeof e.text + 1];
    memset(text, 'a', sizeof text);
    text[sizeof e.text - 1] = '\0';
    err_set(&e, STATUS_FAILED, "%s", text);
    assert_string_equal(e.text, text);

    text[sizeof e.text - 1] = 'a';
    text[sizeof e.text] = '\0';
    err_set(&e, STATUS_FAILED, "%s", text);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    assert_string_equal(e.text + sizeof e.text - 5, "a...");
}

static void set_may_use_the_old_message(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, STATUS_FAILED, "inner");
    err_set(&e, STATUS_FAILED, "outer: %s", e.text);
    assert_string_equal(e.text, "outer: inner");
}

static void no_memory_names_what_it_was_for(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(err_no_memory(&e, "the spans"), -1);
    assert_int_equal(e.status, STATUS_FAILED);
    assert_string_equal(e.text, "not enough memory for the spans");
}

static void prefix_keeps_the_status(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, STATUS_USAGE, "--jobs 0: no");
    assert_int_equal(err_prefix(&e, "%s", "threadpool"), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_string_equal(e.text, "threadpool: --jobs 0: no");
}

static void a_long_prefix_leaves_room_for_the_message(void **state)
{
    (void)state;
    struct err e;
    char prefix[3000];
    memset(prefix, 'p', sizeof prefix);
    prefix[sizeof prefix - 1] = '\0';
    err_set(&e, STATUS_FAILED, "the reason");
    err_prefix(&e, "%s", prefix);
    assert_non_null(strstr(e.text, "p...: the reason"));
}

static void prefixes_without_end_stay_inside(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, STATUS_FAILED, "the reason");
    for (int i = 0; i < 300; i++)
        err_prefix(&e, "layer %d", i);
    assert_int_equal(strncmp(e.text, "layer 299: layer 298: ", 22), 0);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    assert_string_equal(e.text + sizeof e.text - 4, "...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_fills_both_and_returns_minus_one),
        cmocka_unit_test(set_replaces_what_a_terminal_would_obey),
        cmocka_unit_test(set_cuts_between_characters),
        cmocka_unit_test(set_keeps_a_message_that_just_fits),
        cmocka_unit_test(set_may_use_the_old_message),
        cmocka_unit_test(no_memory_names_what_it_was_for),
        cmocka_unit_test(prefix_keeps_the_status),
        cmocka_unit_test(a_long_prefix_leaves_room_for_the_message),
        cmocka_unit_test(prefixes_without_end_stay_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
