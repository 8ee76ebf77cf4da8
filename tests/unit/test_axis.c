/* Several values of one option: what is understood, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/axis.h"
#include "base/text.h"

#define NO_NUMBER                                                                                  \
    "is not a whole number (write 12, 64k, 1e6, ...; several as 1,2,4, 1..8 or 1..64x2)"

struct values {
    uint64_t count, wide, workers, duration_ns, bytes, ppm;
    unsigned choice;
    const char *text;
};

static const char *const choices[] = {"pbkdf2", "file", "sleep", NULL};

static const struct param table[] = {
    PARAM_COUNT(struct values, count, "threads", 't', "5", 1, 1024, "few"),
    PARAM_COUNT(struct values, wide, "wide", 0, "5", 0, UINT64_MAX, "any"),
    {PARAM_NUMBER_(struct values, workers, PARAM_TYPE_COUNT, "workers", 0, "1", 1, 4096, "max"),
     .word = "max"},
    PARAM_DURATION(struct values, duration_ns, "duration", 0, "1s", 1000, 3600000000000, "time"),
    PARAM_SIZE(struct values, bytes, "size", 0, "1M", 1, 1 << 30, "bytes"),
    PARAM_PERCENT(struct values, ppm, "share", 0, "5%", 1, 1000000, "part"),
    PARAM_CHOICE(struct values, choice, "work", 'w', 0, "file", choices, "kind"),
    PARAM_STRING(struct values, text, "file", 0, PARAM_OPTIONAL, NULL, "FILE", "name"),
    PARAM_END,
};

static const struct param *row(const char *name)
{
    const struct param *p = param_find(table, name, strlen(name));
    assert_non_null(p);
    return p;
}

/* The values as one text, with a space between. */
static void expect(const char *name, const char *text, uint64_t max, const char *wanted)
{
    struct axis a = AXIS_EMPTY;
    struct text all = TEXT_EMPTY;
    struct err e = {.text = ""};
    if (axis_add(&a, row(name), text, max, &e) != 0)
        fail_msg("--%s %s: %s", name, text, e.text);
    for (uint32_t i = 0; i < a.count; i++)
        text_add(&all, "%s%s", i == 0 ? "" : " ", a.values[i].text);
    assert_string_equal(text_get(&all), wanted);
    text_free(&all);
    axis_free(&a);
    assert_null(a.values);
}

static void refuse(const char *name, const char *text, uint64_t max, const char *why)
{
    struct axis a = AXIS_EMPTY;
    struct err e = {.text = ""};
    assert_int_equal(axis_add(&a, row(name), text, max, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_string_equal(e.text, why);
    axis_free(&a);
}

static void lists_are_taken_in_their_order(void **state)
{
    (void)state;
    expect("threads", "4", 0, "4");
    expect("threads", "1,2,4,8", 0, "1 2 4 8");
    expect("threads", "8,1", 0, "8 1");
    expect("threads", "1e1,1k", 0, "10 1000");
    expect("work", "sleep,pbkdf2", 0, "sleep pbkdf2");
    expect("duration", "5ms,1s,1.5s", 0, "5ms 1s 1.5s");
    expect("size", "64k,1M", 0, "64k 1M");
    expect("share", "1%,0.5%", 0, "1% 0.5%");
}

static void ranges_have_every_number_or_a_factor(void **state)
{
    (void)state;
    expect("threads", "1..4", 0, "1 2 3 4");
    expect("threads", "7..7", 0, "7");
    expect("threads", "1..16x2", 0, "1 2 4 8 16");
    expect("threads", "1..20x2", 0, "1 2 4 8 16");
    expect("threads", "3..100x3", 0, "3 9 27 81");
    expect("threads", "1..2,8..32x2,5", 0, "1 2 8 16 32 5");
    expect("duration", "1ms..64msx4", 0, "1ms 4ms 16ms 64ms");
    expect("size", "1k..4kx2", 0, "1k 2k 4k");
    expect("wide", "0..2", 0, "0 1 2");
    expect("wide", "9223372036854775808..18446744073709551614x2", 0, "9223372036854775808");
    expect("wide", "18446744073709551613..18446744073709551614", 0,
           "18446744073709551613 18446744073709551614");
}

static void max_is_the_number_that_is_given(void **state)
{
    (void)state;
    expect("workers", "max", 2, "2");
    expect("workers", "1..max", 3, "1 2 3");
    expect("workers", "1..maxx2", 8, "1 2 4 8");
    expect("workers", "1,2,max", 2, "1 2");
    expect("workers", "max", 0, "max");
    refuse("workers", "1..max", 0, "--workers 1..max: a word is no end of a range");
    expect("threads", "max,1", 6, "6 1");
    refuse("threads", "max", 0, "--threads max: " NO_NUMBER);
    refuse("threads", "max", 2000, "--threads max: 2000: must be from 1 to 1024");
}

static void no_value_is_there_twice(void **state)
{
    struct axis a = AXIS_EMPTY;
    struct err e;
    (void)state;
    expect("threads", "1,2,1,1k,1000", 0, "1 2 1000");
    expect("threads", "1..4,2..6x2", 0, "1 2 3 4");
    expect("work", "file,file", 0, "file");
    assert_int_equal(axis_add(&a, row("file"), "a,b", 0, &e), 0);
    assert_int_equal(axis_add(&a, row("file"), "c..d", 0, &e), 0);
    assert_false(a.repeated);
    assert_int_equal(axis_add(&a, row("file"), "a,b", 0, &e), 0);
    assert_true(a.repeated);
    assert_int_equal(a.count, 2); /* strings are not taken apart */
    assert_string_equal(a.values[0].text, "a,b");
    assert_string_equal(a.values[1].text, "c..d");
    axis_free(&a);
}

static void what_is_wrong_is_named_with_its_part(void **state)
{
    (void)state;
    refuse("threads", "x", 0, "--threads x: " NO_NUMBER);
    refuse("threads", "1,x", 0, "--threads 1,x: x: " NO_NUMBER);
    refuse("threads", "0", 0, "--threads 0: must be from 1 to 1024");
    refuse("threads", "1,1025", 0, "--threads 1,1025: 1025: must be from 1 to 1024");
    refuse("threads", "1-8", 0, "--threads 1-8: " NO_NUMBER);
    refuse("threads", "1..64*2", 0, "--threads 1..64*2: 64*2: " NO_NUMBER);
    refuse("threads", "1..64X2", 0, "--threads 1..64X2: 64X2: " NO_NUMBER);
    refuse("duration", "1ms,2", 0,
           "--duration 1ms,2: 2: is not a duration (write 100ms, 5s, 1.5min, ...; several as "
           "1ms,5ms or 1ms..64msx2)");
    refuse("size", "1q", 0,
           "--size 1q: is not a size in bytes (write 512, 64k, 1M, ...; several as 4k,1M or "
           "1k..64kx2)");
    refuse("share", "5", 0,
           "--share 5: is not a percentage (write 5%, 0.5%, ...; several as 1%,5% or 1%..64%x2)");
    refuse("threads", "", 0, "--threads '': a value is missing");
    refuse("threads", ",1", 0, "--threads ,1: a value is missing before the first comma");
    refuse("threads", "1,,2", 0, "--threads 1,,2: a value is missing between two commas");
    refuse("threads", "1,", 0, "--threads 1,: a value is missing behind the last comma");
    refuse("work", "file,", 0, "--work file,: a value is missing behind the last comma");
    refuse("threads", "1..", 0, "--threads 1..: a range has a value at both ends, as 1..8");
    refuse("threads", "2,..4", 0,
           "--threads 2,..4: ..4: a range has a value at both ends, as 1..8");
    refuse("threads", "1...8", 0, "--threads 1...8: a range has two dots, as 1..8");
    refuse("threads", "4..1", 0, "--threads 4..1: a range goes upwards");
    refuse("threads", "1,4..1", 0, "--threads 1,4..1: 4..1: a range goes upwards");
    refuse("threads", "1..4x1", 0, "--threads 1..4x1: the factor must be 2 or more");
    refuse("threads", "1..4x0", 0, "--threads 1..4x0: the factor must be 2 or more");
    refuse("threads", "1..4x99999999999999999999", 0,
           "--threads 1..4x99999999999999999999: the factor must be 2 or more");
    refuse("threads", "..", 0, "--threads ..: a range has a value at both ends, as 1..8");
    refuse("threads", "1..2..3", 0, "--threads 1..2..3: 2..3: " NO_NUMBER);
    refuse("wide", "0..4x2", 0, "--wide 0..4x2: a range with a factor begins above 0");
    refuse("wide", "1..1025", 0, "--wide 1..1025: more than 1024 values");
    refuse("wide", "0..18446744073709551614", 0,
           "--wide 0..18446744073709551614: more than 1024 values");
    refuse("wide", "0..600,1000..1600", 0, "--wide 0..600,1000..1600: more than 1024 values");
    refuse("duration", "1ms..4ms", 0,
           "--duration 1ms..4ms: this range needs a factor at its end, as in 1ms..4msx2");
    refuse("work", "file,flie", 0,
           "--work file,flie: flie: must be one of pbkdf2, file, sleep (did you mean file?)");
    refuse("work", "file..sleep", 0, "--work file..sleep: must be one of pbkdf2, file, sleep");
}

static void rubbish_is_shown_as_one_line(void **state)
{
    char *longest = malloc(100001);
    struct axis a = AXIS_EMPTY;
    struct err e = {.text = ""};
    (void)state;
    assert_non_null(longest);
    memset(longest, ',', 100000);
    longest[100000] = '\0';
    assert_int_equal(axis_add(&a, row("threads"), longest, 0, &e), -1);
    assert_in_range(strlen(e.text), 1, sizeof e.text - 1);
    memset(longest, '9', 100000);
    assert_int_equal(axis_add(&a, row("threads"), longest, 0, &e), -1);
    assert_non_null(strstr(e.text, "must be from 1 to 1024"));
    assert_int_equal(axis_add(&a, row("work"), "\xff\n\x1b[2J", 0, &e), -1);
    for (const char *c = e.text; *c != '\0'; c++)
        assert_true((unsigned char)*c >= ' ');
    assert_int_equal(a.count, 0);
    free(longest);
    axis_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_taken_in_their_order),
        cmocka_unit_test(ranges_have_every_number_or_a_factor),
        cmocka_unit_test(max_is_the_number_that_is_given),
        cmocka_unit_test(no_value_is_there_twice),
        cmocka_unit_test(what_is_wrong_is_named_with_its_part),
        cmocka_unit_test(rubbish_is_shown_as_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
