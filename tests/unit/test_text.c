/* The growing string, and UTF-8 from hostile hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"

static void an_empty_text_reads_as_nothing(void **state)
{
    (void)state;
    struct text t = TEXT_EMPTY;
    assert_string_equal(text_get(&t), "");
    assert_true(text_ok(&t));
    text_add_bytes(&t, NULL, 0);
    text_add(&t, "%s", "");
    assert_string_equal(text_get(&t), "");
    assert_int_equal(t.length, 0);
    text_free(&t);
}

static void pieces_are_joined_however_long(void **state)
{
    (void)state;
    struct text t = TEXT_EMPTY;
    char expected[20000] = "";
    size_t length = 0;
    for (int i = 0; i < 2000; i++) {
        length += (size_t)snprintf(expected + length, sizeof expected - length, "%d,", i);
        text_add(&t, "%d", i);
        text_add_bytes(&t, ",;", 1);
        assert_int_equal(t.length, length);
        assert_int_equal(t.data[t.length], '\0');
    }
    assert_true(text_ok(&t));
    assert_string_equal(text_get(&t), expected);
    text_free(&t);
    assert_string_equal(text_get(&t), "");
    text_add(&t, "used again");
    assert_string_equal(text_get(&t), "used again");
    text_free(&t);
}

/* Around the first capacity and its multiples is where a missing byte for the NUL would show. */
static void every_length_fits(void **state)
{
    (void)state;
    char piece[300];
    for (size_t length = 0; length < sizeof piece; length++) {
        memset(piece, 'x', sizeof piece);
        piece[length] = '\0';
        struct text formatted = TEXT_EMPTY, copied = TEXT_EMPTY;
        text_add(&formatted, "%s", piece);
        text_add_bytes(&copied, piece, length);
        assert_string_equal(text_get(&formatted), piece);
        assert_string_equal(text_get(&copied), piece);
        text_free(&formatted);
        text_free(&copied);
    }
}

static void bytes_may_hold_nul(void **state)
{
    (void)state;
    struct text t = TEXT_EMPTY;
    text_add_bytes(&t, "a\0b", 3);
    text_add(&t, "c");
    assert_int_equal(t.length, 4);
    assert_memory_equal(t.data, "a\0bc", 5);
    text_free(&t);
}

static void failure_is_sticky_and_keeps_what_was_there(void **state)
{
    (void)state;
    struct text t = TEXT_EMPTY;
    volatile size_t impossible = SIZE_MAX - 1;
    text_add(&t, "before");
    text_add_bytes(&t, "x", impossible);
    assert_false(text_ok(&t));
    text_add(&t, "after");
    text_add_bytes(&t, "after", 5);
    assert_false(text_ok(&t));
    assert_string_equal(text_get(&t), "before");
    text_free(&t);
    assert_true(text_ok(&t));
}

#ifdef UVLAB_TORTURE
static void no_memory_makes_no_half_texts(void **state)
{
    (void)state;
    char piece[100];
    memset(piece, 'x', sizeof piece);
    piece[sizeof piece - 1] = '\0';
    struct text t = TEXT_EMPTY;
    text_add(&t, "before ");
    mem_fuse_arm(1);
    text_add(&t, "%s", piece);
    assert_false(text_ok(&t));
    assert_string_equal(text_get(&t), "before ");
    text_free(&t);

    mem_fuse_arm(1);
    text_add(&t, "x");
    assert_false(text_ok(&t));
    assert_string_equal(text_get(&t), "");
    text_free(&t);
}
#endif

struct printable_case {
    const char *before, *after;
};

static void only_what_is_printable_stays(void **state)
{
    (void)state;
    static const struct printable_case cases[] = {
        {"", ""},
        {"plain ~", "plain ~"},
        {"a\tb\nc\r\x1b[0m\x7f", "a?b?c??[0m?"},
        {"gr\xc3\xbc\xc3\x9f \xe2\x86\x92 \xf0\x9f\x98\x80",
         "gr\xc3\xbc\xc3\x9f \xe2\x86\x92 \xf0\x9f\x98\x80"},
        {"\x80 \xbf", "? ?"},                   /* continuation without a start */
        {"\xc3", "?"},                          /* cut off */
        {"\xe2\x86", "??"},                     /* cut off */
        {"\xf0\x9f\x98", "???"},                /* cut off */
        {"\xc3x\xe2\x86x", "?x??x"},            /* start without continuation */
        {"\xc0\x80\xc1\xbf", "????"},           /* overlong */
        {"\xe0\x80\xaf\xe0\x9f\xbf", "??????"}, /* overlong */
        {"\xf0\x80\x80\xaf\xf0\x8f\xbf\xbf", "????????"},
        {"\xe0\xa0\x80\xf0\x90\x80\x80", "\xe0\xa0\x80\xf0\x90\x80\x80"}, /* just not overlong */
        {"\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80"}, /* around the surrogates */
        {"\xed\xa0\x80\xed\xbf\xbf", "??????"},                   /* surrogates */
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},                 /* the last code point */
        {"\xf4\x90\x80\x80", "????"},                             /* behind it */
        {"\xf5\x80\x80\x80\xff\xfe", "??????"},
        {"a\xc2\x80z\xc2\x9f\xc2\xa0", "a?z?\xc2\xa0"}, /* the controls above ASCII */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *s = mem_copy_text(cases[i].before); /* of its exact size, for the sanitizers */
        assert_non_null(s);
        text_make_printable(s);
        assert_string_equal(s, cases[i].after);
        mem_free(s);
    }
}

static void printable_text_stays_as_it_is(void **state)
{
    (void)state;
    /* Every two-byte string: the outcome is never longer, and a second pass changes nothing. */
    for (unsigned high = 1; high < 256; high++) {
        for (unsigned low = 0; low < 256; low++) {
            char once[3] = {(char)high, (char)low, '\0'}, twice[3];
            text_make_printable(once);
            memcpy(twice, once, sizeof once);
            text_make_printable(twice);
            assert_string_equal(once, twice);
        }
    }
}

static void utf8_is_told_from_what_is_not(void **state)
{
    static const char *const good[] = {"", "plain", "\xC3\xA9", "\xE2\x82\xAC\xF0\x9F\x98\x80",
                                       "\x1b"};
    static const char *const bad[] = {"\xFF",     "a\xC3",        "\xE2\x82",
                                      "\xC0\x80", "\xED\xA0\x80", "\x80 and more"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
    assert_true(text_is_utf8("a\0b", 3));
    assert_false(text_is_utf8("a\0\xFF", 3));
}

static void cuts_fall_between_characters(void **state)
{
    (void)state;
    static const char text[] = "a\xc3\xa9\xe2\x86\x92\xf0\x9f\x98\x80z";
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11};
    for (size_t bytes = 0; bytes < sizeof expected / sizeof expected[0]; bytes++)
        assert_int_equal(text_cut(text, bytes), expected[bytes]);
    assert_int_equal(text_cut(text, SIZE_MAX), sizeof text - 1);
    assert_int_equal(text_cut("", 0), 0);
    /* What is no UTF-8 is cut where it was asked for, not emptied. */
    assert_int_equal(text_cut("\x80\x80\x80\x80\x80\x80\x80\x80", 6), 6);
    assert_int_equal(text_cut("\x80\x80\x80", 2), 2);
}

static void columns_are_what_a_terminal_shows(void **state)
{
    (void)state;
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("12.3 ms"), 7);
    assert_int_equal(text_columns("1.25 \xc2\xb5s"), 7);
    assert_int_equal(text_columns("\xe2\x96\x88\xe2\x96\x88 \xe2\x86\x92"), 4); /* blocks, arrow */
    assert_int_equal(text_columns("e\xcc\x81"), 1);                /* combining acute */
    assert_int_equal(text_columns("\xe6\x97\xa5\xe6\x9c\xac"), 4); /* two CJK */
    assert_int_equal(text_columns("\xed\x95\x9c"), 2);             /* Hangul */
    assert_int_equal(text_columns("\xf0\x9f\x98\x80"), 2);         /* emoji */
    assert_int_equal(text_columns("\xef\xbc\xa1"), 2);             /* full-width A */
    assert_int_equal(text_columns("a\xe2\x80\x8b"
                                  "b"),
                     2);                               /* zero-width space */
    assert_int_equal(text_columns("\xf0\x9f\x98"), 3); /* broken, yet safe */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_text_reads_as_nothing),
        cmocka_unit_test(pieces_are_joined_however_long),
        cmocka_unit_test(every_length_fits),
        cmocka_unit_test(bytes_may_hold_nul),
        cmocka_unit_test(failure_is_sticky_and_keeps_what_was_there),
#ifdef UVLAB_TORTURE
        cmocka_unit_test(no_memory_makes_no_half_texts),
#endif
        cmocka_unit_test(only_what_is_printable_stays),
        cmocka_unit_test(printable_text_stays_as_it_is),
        cmocka_unit_test(utf8_is_told_from_what_is_not),
        cmocka_unit_test(cuts_fall_between_characters),
        cmocka_unit_test(columns_are_what_a_terminal_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
