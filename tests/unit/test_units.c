/* Numbers in and out: exact on the way in, rounded honestly on the way out. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"

typedef int (*parser)(const char *s, uint64_t *value);

struct accepted {
    const char *text;
    uint64_t value;
};

static const uint64_t untouched = 0xABCDEF;

static void check_accepted(parser parse, const struct accepted *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = untouched;
        if (parse(cases[i].text, &value) != 0)
            fail_msg("'%s' was refused", cases[i].text);
        if (value != cases[i].value)
            fail_msg("'%s' became %" PRIu64 ", not %" PRIu64, cases[i].text, value, cases[i].value);
    }
}

static void check_refused(parser parse, int reason, const char *const *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = untouched;
        errno = 0;
        if (parse(cases[i], &value) != -1)
            fail_msg("'%s' was accepted as %" PRIu64, cases[i], value);
        if (errno != reason)
            fail_msg("'%s' was refused with errno %d, not %d", cases[i], errno, reason);
        assert_true(value == untouched);
    }
}

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void counts_are_read(void **state)
{
    (void)state;
    static const struct accepted cases[] = {
        {"0", 0},
        {"5", 5},
        {"007", 7},
        {"1e6", 1000000},
        {"1E6", 1000000},
        {"1e+3", 1000},
        {"2.5e3", 2500},
        {"1.5k", 1500},
        {".5k", 500},
        {"64k", 64000},
        {"64K", 64000},
        {"2M", 2000000},
        {"1G", 1000000000},
        {"0.001k", 1},
        {"5.0", 5},
        {"5.000000000000000000000000000000000000000000000000000000000000", 5},
        {"1000e-3", 1},
        {"0e400", 0},
        {"0.0e-400", 0},
        {"0.00000000000000000000000000000000000000000000000001e50", 1},
        {"100000000000000000000000000000000000000000000000000e-50", 1},
        {"18446744073709551615", UINT64_MAX},
        {"18446744073709551.615k", UINT64_MAX},
        {"000000000000000000000000000000000000000000018446744073709551615", UINT64_MAX},
    };
    check_accepted(units_parse_count, cases, LENGTH(cases));
}

static void counts_with_rubbish_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        " 5",
        "5 ",
        "+1",
        "0x10",
        "1e",
        "1e+",
        "1e-",
        "e5",
        ".",
        "5.",
        ".k",
        "k",
        "nan",
        "inf",
        "5x",
        "5kk",
        "5 k",
        "1,5",
        "1.2.3",
        "0.5",
        "1.5",
        "1e-1",
        "1.5e0",
        "5ms",
        "5m",
        "5g",
        "5kB",
        "--1",
        "- 1",
        "-",
        "-x",
        "1e5.5",
        "\xd9\xa1",
        "5\n",
        "1.0000000001k",
        "1e-400",
        "0.33333333333333333333333333333333333333333333333333333333333333333k",
        "1e-99999999999999999999999999999999999",
    };
    check_refused(units_parse_count, EINVAL, cases, LENGTH(cases));
}

static void counts_out_of_64_bits_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "-1",
        "-0",
        "-1e6",
        "1e400",
        "1e20",
        "18446744073709551616",
        "18446744073709551.616k",
        "18446744074G",
        "340282366920938463463374607431768211456",
        "340282366920938463463374607431768211457",
        "99999999999999999999999999999999999999999999999999999999999999999999",
        "1e99999999999999999999999999999999999",
        "1e9223372036854775807",
        "-1e400",
    };
    check_refused(units_parse_count, ERANGE, cases, LENGTH(cases));
}

static void durations_are_read_without_loss(void **state)
{
    (void)state;
    static const struct accepted cases[] = {
        {"0", 0},
        {"0.0", 0},
        {"0ms", 0},
        {"1ns", 1},
        {"0.1s", 100000000},
        {"0.3s", 300000000},
        {"1.1us", 1100},
        {"5us", 5000},
        {"5\xc2\xb5s", 5000},
        {"5\xce\xbcs", 5000},
        {"100ms", 100000000},
        {"0.000001ms", 1},
        {"1e3ms", 1000000000},
        {"2m", UINT64_C(120000000000)},
        {"2min", UINT64_C(120000000000)},
        {"1.5min", UINT64_C(90000000000)},
        {"1h", UINT64_C(3600000000000)},
        {"0.25h", UINT64_C(900000000000)},
        {"0.000000000005h", 18},
        {"18446744073.709551615s", UINT64_MAX},
        {"18446744073709551615ns", UINT64_MAX},
    };
    check_accepted(units_parse_duration, cases, LENGTH(cases));
}

static void durations_with_rubbish_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "5",
        "1e6",
        "ms",
        "5x",
        "5 ms",
        "5ms ",
        " 5ms",
        "5MS",
        "5S",
        "1.5ns",
        "5d",
        "5msx",
        "5\xc2s",
        "5mss",
        "0.0005us",
        "+5ms",
        "5k",
        "5h30m",
        "0x",
        "0.0000000000005h",
        "1e-10s",
        "0.1234567891s",
    };
    check_refused(units_parse_duration, EINVAL, cases, LENGTH(cases));
}

static void durations_out_of_range_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"-5ms", "18446744073.709551616s", "1e20ns", "6000000h"};
    check_refused(units_parse_duration, ERANGE, cases, LENGTH(cases));
}

static void sizes_are_read(void **state)
{
    (void)state;
    static const struct accepted cases[] = {
        {"0", 0},
        {"512", 512},
        {"512B", 512},
        {"64k", 65536},
        {"64K", 65536},
        {"64kB", 65536},
        {"64KiB", 65536},
        {"1M", 1 << 20},
        {"1MiB", 1 << 20},
        {"1.5M", 3 << 19},
        {"2G", UINT64_C(1) << 31},
        {"0.0009765625k", 1},
        {"0.000000000931322574615478515625G", 1}, /* 2^-30, with more digits than 64 bits hold */
        {"1e3k", 1024000},
        {"17179869183G", UINT64_C(17179869183) << 30},
    };
    check_accepted(units_parse_size, cases, LENGTH(cases));
}

static void wrong_sizes_are_refused(void **state)
{
    (void)state;
    static const char *const rubbish[] = {
        "", "5x", "5ms", "0.5", "0.001k", "5iB", "5b", "5 k", "k", "B", "5kBB", "5kiBx",
    };
    static const char *const out_of_range[] = {"-1", "-64k", "17179869184G", "1e19k"};
    check_refused(units_parse_size, EINVAL, rubbish, LENGTH(rubbish));
    check_refused(units_parse_size, ERANGE, out_of_range, LENGTH(out_of_range));
}

static void hostile_lengths_are_survived(void **state)
{
    (void)state;
    enum { DIGITS = 1000000 };
    char *text = malloc(DIGITS + 32);
    assert_non_null(text);
    uint64_t value = untouched;

    memset(text, '9', DIGITS);
    text[DIGITS] = '\0';
    assert_int_equal(units_parse_count(text, &value), -1);
    assert_int_equal(errno, ERANGE);

    memset(text, '0', DIGITS);
    text[DIGITS] = '\0';
    assert_int_equal(units_parse_count(text, &value), 0);
    assert_true(value == 0);

    text[0] = '1'; /* ten to the 999999, and back again */
    snprintf(text + DIGITS, 32, "e-%d", DIGITS - 1);
    assert_int_equal(units_parse_count(text, &value), 0);
    assert_true(value == 1);

    memset(text, '0', DIGITS);
    memcpy(text, "0.", 2);
    text[DIGITS - 1] = '7';
    snprintf(text + DIGITS, 32, "e%d", DIGITS - 2);
    assert_int_equal(units_parse_count(text, &value), 0);
    assert_true(value == 7);
    free(text);
}

struct formatted {
    uint64_t value;
    const char *text;
};

static void durations_are_rounded_to_three_digits(void **state)
{
    (void)state;
    static const struct formatted cases[] = {
        {0, "0 ns"},
        {5, "5 ns"},
        {850, "850 ns"},
        {999, "999 ns"},
        {1000, "1.00 \xc2\xb5s"},
        {1250, "1.25 \xc2\xb5s"},
        {1254, "1.25 \xc2\xb5s"},
        {1255, "1.26 \xc2\xb5s"},
        {9994, "9.99 \xc2\xb5s"},
        {9995, "10.0 \xc2\xb5s"},
        {99949, "99.9 \xc2\xb5s"},
        {99950, "100 \xc2\xb5s"},
        {999499, "999 \xc2\xb5s"},
        {999500, "1.00 ms"},
        {999600, "1.00 ms"},
        {12300000, "12.3 ms"},
        {412000000, "412 ms"},
        {999499999, "999 ms"},
        {999500000, "1.00 s"},
        {1050000000, "1.05 s"},
        {UINT64_C(83200000000), "83.2 s"},
        {UINT64_C(99949999999), "99.9 s"},
        {UINT64_C(99950000000), "100 s"},
        {UINT64_C(119499999999), "119 s"},
        {UINT64_C(119500000000), "1.99 min"},
        {UINT64_C(120000000000), "2.00 min"},
        {UINT64_C(744000000000), "12.4 min"},
        {UINT64_C(7200000000000), "2.00 h"},
        {UINT64_C(3600000000000) * 1234, "1234 h"},
        {UINT64_MAX, "5124096 h"},
    };
    char buf[UNITS_TEXT_BYTES];
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_string_equal(units_format_duration(buf, cases[i].value, "\xc2\xb5"), cases[i].text);
    assert_string_equal(units_format_duration(buf, 1250, "u"), "1.25 us");
}

static void sizes_are_rounded_and_bare(void **state)
{
    (void)state;
    static const struct formatted cases[] = {
        {0, "0 B"},
        {512, "512 B"},
        {1023, "1023 B"},
        {1024, "1 KiB"},
        {65536, "64 KiB"},
        {1536, "1.5 KiB"},
        {1047552, "1023 KiB"},
        {1048575, "1 MiB"},
        {3 << 19, "1.5 MiB"},
        {1310720, "1.25 MiB"},
        {UINT64_C(8) << 30, "8 GiB"},
        {UINT64_MAX, "16 EiB"},
    };
    char buf[UNITS_TEXT_BYTES];
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_string_equal(units_format_size(buf, cases[i].value), cases[i].text);
}

static void counts_are_grouped(void **state)
{
    (void)state;
    char buf[UNITS_TEXT_BYTES];
    assert_string_equal(units_format_count(buf, 0), "0");
    assert_string_equal(units_format_count(buf, 999), "999");
    assert_string_equal(units_format_count(buf, 1000), "1,000");
    assert_string_equal(units_format_count(buf, 123456), "123,456");
    assert_string_equal(units_format_count(buf, 1000000), "1,000,000");
    assert_string_equal(units_format_count(buf, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void exact_forms_are_short(void **state)
{
    (void)state;
    static const struct formatted durations[] = {
        {0, "0"},
        {1, "1ns"},
        {1500, "1.5us"},
        {1500000, "1.5ms"},
        {1050000, "1050us"},
        {1234567, "1234567ns"},
        {1000001, "1000001ns"},
        {500000, "500us"},
        {UINT64_C(1100000000), "1.1s"},
        {UINT64_C(5400000000000), "1.5h"},
        {1000, "1us"},
        {100000000, "100ms"},
        {UINT64_C(60000000000), "1min"},
        {UINT64_C(90000000000), "90s"},
        {UINT64_C(3600000000000), "1h"},
        {UINT64_MAX, "18446744073709551615ns"},
    };
    static const struct formatted sizes[] = {
        {0, "0"},
        {512, "512"},
        {1500, "1500"},
        {65536, "64k"},
        {1 << 20, "1M"},
        {1 << 30, "1G"},
        {UINT64_MAX, "18446744073709551615"},
    };
    char buf[UNITS_TEXT_BYTES];
    for (size_t i = 0; i < LENGTH(durations); i++)
        assert_string_equal(units_exact_duration(buf, durations[i].value), durations[i].text);
    for (size_t i = 0; i < LENGTH(sizes); i++)
        assert_string_equal(units_exact_size(buf, sizes[i].value), sizes[i].text);
}

static void exact_forms_are_read_back(void **state)
{
    (void)state;
    char buf[UNITS_TEXT_BYTES];
    uint64_t value = 1; /* wanders through numbers of all lengths, round ones among them */
    for (int i = 0; i < 20000; i++) {
        uint64_t back = untouched;
        value = i % 2 == 0 ? value * UINT64_C(6364136223846793005) + 1442695040888963407
                           : value / 1000 * 1000;
        uint64_t tried = value >> (i % 64);
        assert_int_equal(units_parse_duration(units_exact_duration(buf, tried), &back), 0);
        assert_true(back == tried);
        assert_int_equal(units_parse_size(units_exact_size(buf, tried), &back), 0);
        assert_true(back == tried);
    }
}

static void percentages_are_parts_per_million(void **state)
{
    static const struct {
        const char *text;
        uint64_t ppm;
    } right[] = {{"5%", 50000}, {"0%", 0}, {"0.1%", 1000}, {"0.0001%", 1}, {"250%", 2500000}};
    static const char *const wrong[] = {"5", "%", "5 %", "5%%", "0.00001%", "nan%", "", "-1%"};
    char buf[UNITS_TEXT_BYTES];
    uint64_t ppm;

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_int_equal(units_parse_percent(right[i].text, &ppm), 0);
        assert_int_equal(ppm, right[i].ppm);
        assert_string_equal(units_exact_percent(buf, ppm), right[i].text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(units_parse_percent(wrong[i], &ppm), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_read),
        cmocka_unit_test(counts_with_rubbish_are_refused),
        cmocka_unit_test(counts_out_of_64_bits_are_refused),
        cmocka_unit_test(durations_are_read_without_loss),
        cmocka_unit_test(durations_with_rubbish_are_refused),
        cmocka_unit_test(durations_out_of_range_are_refused),
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(wrong_sizes_are_refused),
        cmocka_unit_test(hostile_lengths_are_survived),
        cmocka_unit_test(durations_are_rounded_to_three_digits),
        cmocka_unit_test(sizes_are_rounded_and_bare),
        cmocka_unit_test(counts_are_grouped),
        cmocka_unit_test(exact_forms_are_short),
        cmocka_unit_test(percentages_are_parts_per_million),
        cmocka_unit_test(exact_forms_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
