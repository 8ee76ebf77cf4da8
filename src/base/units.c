/* The border between what people write ("1.5k", "100ms") and what the program computes with, which
 * is whole numbers. Reading is exact: a number is held as digits and a power of ten, never as a
 * floating-point value, so "0.1s" is 100000000 ns and not one less. Writing for people rounds, to
 * three digits; writing for the parsers does not. Pure functions, any thread, any locale. */
#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/wide.h"

#define U128_MAX (~(uint128)0)

struct unit {
    const char *suffix; /* NULL ends a table */
    uint64_t factor;
};

#define SECOND_NS UINT64_C(1000000000)

static const struct unit count_units[] = {
    {"", 1}, {"k", 1000}, {"K", 1000}, {"M", 1000000}, {"G", 1000000000}, {NULL, 0},
};

/* "µ" exists twice in Unicode: the micro sign, and the Greek letter that keyboards may give. */
static const struct unit duration_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xC2\xB5s", 1000},
    {"\xCE\xBCs", 1000},
    {"ms", 1000000},
    {"s", SECOND_NS},
    {"m", 60 * SECOND_NS},
    {"min", 60 * SECOND_NS},
    {"h", 3600 * SECOND_NS},
    {NULL, 0},
};

static const struct unit size_units[] = {
    {"", 1},          {"B", 1},        {"k", 1 << 10},   {"kB", 1 << 10},  {"kiB", 1 << 10},
    {"K", 1 << 10},   {"KB", 1 << 10}, {"KiB", 1 << 10}, {"M", 1 << 20},   {"MB", 1 << 20},
    {"MiB", 1 << 20}, {"G", 1 << 30},  {"GB", 1 << 30},  {"GiB", 1 << 30}, {NULL, 0},
};

static const struct unit percent_units[] = {{"%", 10000}, {NULL, 0}};

/* A number as it was written: mantissa times ten to the exponent. The mantissa does not end in a
 * zero (unless it is 0): zeros are kept apart until a digit follows them. */
struct decimal {
    uint128 mantissa;
    int64_t exponent;
    int64_t zeros; /* read, but not yet part of the mantissa */
    bool too_long; /* more digits than a mantissa holds (38), so that it is not exact */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void decimal_add_digit(struct decimal *d, unsigned digit)
{
    if (digit == 0) {
        if (d->mantissa > 0)
            d->zeros++;
        return;
    }
    for (; d->zeros >= 0 && !d->too_long; d->zeros--) {
        if (d->mantissa > (U128_MAX - 9) / 10)
            d->too_long = true;
        else
            d->mantissa *= 10;
    }
    if (!d->too_long)
        d->mantissa += digit;
    d->zeros = 0;
}

/* Reads the digits at *s, which moves behind them; false when there are none. */
static bool scan_digits(const char **s, struct decimal *d, bool behind_point)
{
    const char *start = *s;
    for (; is_digit(**s); ++*s) {
        decimal_add_digit(d, (unsigned)(**s - '0'));
        d->exponent -= behind_point ? 1 : 0;
    }
    return *s != start;
}

/* Reads "e6" at *s into *exponent; one too large to matter is kept at a size that no number of
 * digits in memory can make up for. Nothing at all is fine. */
static bool scan_exponent(const char **s, int64_t *exponent)
{
    const int64_t most = INT64_MAX / 100;
    *exponent = 0;
    if (**s != 'e' && **s != 'E')
        return true;
    ++*s;
    bool negative = **s == '-';
    if (**s == '-' || **s == '+')
        ++*s;
    if (!is_digit(**s))
        return false;
    for (; is_digit(**s); ++*s) {
        if (*exponent < most)
            *exponent = *exponent * 10 + (**s - '0');
    }
    if (negative)
        *exponent = -*exponent;
    return true;
}

/* Reads "12", "1.5", ".5" or "2.5e3" at *s, which moves behind it. */
static bool scan_decimal(const char **s, struct decimal *d)
{
    *d = (struct decimal){0};
    bool digits = scan_digits(s, d, false);
    if (**s == '.') {
        ++*s;
        digits = scan_digits(s, d, true);
    }
    int64_t exponent;
    if (!digits || !scan_exponent(s, &exponent))
        return false;
    d->exponent += exponent + d->zeros;
    return true;
}

/* Takes the factor `prime` out of one of the two. */
static bool cancel(uint128 *a, uint64_t *b, unsigned prime)
{
    if (*a % prime == 0)
        *a /= prime;
    else if (*b % prime == 0)
        *b /= prime;
    else
        return false;
    return true;
}

/* The decimal times `factor`, if that is a whole number of 64 bits; otherwise an errno. Both loops
 * are short whatever the exponent: the first runs out of factors, the second out of bits. */
static int decimal_times(struct decimal d, uint64_t factor, uint64_t *value)
{
    if (d.mantissa == 0) {
        *value = 0;
        return 0;
    }
    if (d.too_long)
        return d.exponent < 0 ? EINVAL : ERANGE;
    for (; d.exponent < 0; d.exponent++) {
        if (!cancel(&d.mantissa, &factor, 2) || !cancel(&d.mantissa, &factor, 5))
            return EINVAL;
    }
    for (; d.exponent > 0; d.exponent--) {
        if (d.mantissa > UINT64_MAX / 10)
            return ERANGE;
        d.mantissa *= 10;
    }
    if (d.mantissa > UINT64_MAX / factor)
        return ERANGE;
    *value = (uint64_t)d.mantissa * factor;
    return 0;
}

/* The whole of `s` as a number with one of `units` behind it; 0 or an errno. */
static int parse_unsigned(const char *s, const struct unit *units, uint64_t *value)
{
    struct decimal d;
    if (!scan_decimal(&s, &d))
        return EINVAL;
    for (const struct unit *u = units; u->suffix != NULL; u++) {
        if (strcmp(s, u->suffix) == 0)
            return decimal_times(d, u->factor, value);
    }
    if (*s == '\0' && d.mantissa == 0) { /* nothing is nothing in every unit */
        *value = 0;
        return 0;
    }
    return EINVAL;
}

static int parse(const char *s, const struct unit *units, uint64_t *value)
{
    uint64_t parsed = 0;
    bool negative = *s == '-';
    int rc = parse_unsigned(negative ? s + 1 : s, units, &parsed);
    if (rc == 0 && negative)
        rc = ERANGE;
    if (rc != 0) {
        errno = rc;
        return -1;
    }
    *value = parsed;
    return 0;
}

int units_parse_count(const char *s, uint64_t *value)
{
    return parse(s, count_units, value);
}

int units_parse_duration(const char *s, uint64_t *ns)
{
    return parse(s, duration_units, ns);
}

int units_parse_size(const char *s, uint64_t *bytes)
{
    return parse(s, size_units, bytes);
}

int units_parse_percent(const char *s, uint64_t *ppm)
{
    return parse(s, percent_units, ppm);
}

/* A rounded number of at most three digits: digits / 10^decimals; without decimals it may have
 * more. */
struct rounded {
    uint64_t digits;
    unsigned decimals;
};

/* value / unit. The decimals are decided after rounding, so that 9.996 becomes 10.0, not 10.00. */
static struct rounded round_to_three(uint64_t value, uint64_t unit)
{
    unsigned decimals = unit > 1 ? 2 : 0;
    uint64_t power = unit > 1 ? 100 : 1;
    for (;; decimals--, power /= 10) {
        uint64_t digits = (uint64_t)(((uint128)value * power + unit / 2) / unit);
        if (digits < 1000 || decimals == 0)
            return (struct rounded){digits, decimals};
    }
}

static void write_rounded(char buf[UNITS_TEXT_BYTES], struct rounded r, const char *prefix,
                          const char *unit)
{
    static const unsigned powers[] = {1, 10, 100};
    unsigned power = powers[r.decimals];
    if (r.decimals == 0)
        snprintf(buf, UNITS_TEXT_BYTES, "%" PRIu64 " %s%s", r.digits, prefix, unit);
    else
        snprintf(buf, UNITS_TEXT_BYTES, "%" PRIu64 ".%0*" PRIu64 " %s%s", r.digits / power,
                 (int)r.decimals, r.digits % power, prefix, unit);
}

char *units_format_duration(char buf[UNITS_TEXT_BYTES], uint64_t ns, const char *micro)
{
    /* `below` is where the next unit takes over, once rounded: two minutes, not sixty seconds,
     * because "83.2 s" says more than "1.39 min". */
    static const struct {
        const char *name;
        uint64_t ns, below;
    } units[] = {
        {"ns", 1, 1000},
        {"s", 1000, 1000}, /* with `micro` in front */
        {"ms", 1000000, 1000},
        {"s", SECOND_NS, 120},
        {"min", 60 * SECOND_NS, 120},
        {"h", 3600 * SECOND_NS, UINT64_MAX},
    };
    for (size_t i = 0;; i++) {
        struct rounded r = round_to_three(ns, units[i].ns);
        if (r.decimals > 0 || r.digits < units[i].below) {
            write_rounded(buf, r, units[i].ns == 1000 ? micro : "", units[i].name);
            return buf;
        }
    }
}

char *units_format_size(char buf[UNITS_TEXT_BYTES], uint64_t bytes)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    for (unsigned i = 0;; i++) {
        struct rounded r = round_to_three(bytes, UINT64_C(1) << (10 * i));
        if (r.decimals > 0 || r.digits < 1024) {
            for (; r.decimals > 0 && r.digits % 10 == 0; r.decimals--)
                r.digits /= 10;
            write_rounded(buf, r, "", names[i]);
            return buf;
        }
    }
}

char *units_format_count(char buf[UNITS_TEXT_BYTES], uint64_t n)
{
    char digits[UNITS_TEXT_BYTES];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, n);
    char *to = buf;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return buf;
}

/* With the first of `units`, largest first, that leaves no rest; 0 is 0 in all of them. */
static char *write_exact(char buf[UNITS_TEXT_BYTES], uint64_t value, const struct unit *units)
{
    while (value != 0 && value % units->factor != 0)
        units++;
    const char *suffix = value != 0 ? units->suffix : "";
    snprintf(buf, UNITS_TEXT_BYTES, "%" PRIu64 "%s", value / units->factor, suffix);
    return buf;
}

/* "1.5ms": the value in a unit that is smaller than it, with one to three digits behind the point.
 * Returns how long it is, or 0 when the value has no such form. */
static size_t write_decimal(char buf[UNITS_TEXT_BYTES], uint64_t value, const struct unit *unit)
{
    enum { DECIMALS = 3, POWER = 1000 };
    uint128 scaled = (uint128)(value % unit->factor) * POWER;
    if (value < unit->factor || scaled == 0 || scaled % unit->factor != 0)
        return 0;
    unsigned digits = (unsigned)(scaled / unit->factor);
    int decimals = DECIMALS;
    for (; digits % 10 == 0; decimals--)
        digits /= 10;
    return (size_t)snprintf(buf, UNITS_TEXT_BYTES, "%" PRIu64 ".%0*u%s", value / unit->factor,
                            decimals, digits, unit->suffix);
}

char *units_exact_duration(char buf[UNITS_TEXT_BYTES], uint64_t ns)
{
    static const struct unit units[] = {
        {"h", 3600 * SECOND_NS},
        {"min", 60 * SECOND_NS},
        {"s", SECOND_NS},
        {"ms", 1000000},
        {"us", 1000},
        {"ns", 1},
    };
    write_exact(buf, ns, units);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        char decimal[UNITS_TEXT_BYTES];
        size_t length = write_decimal(decimal, ns, &units[i]);
        if (length > 0 && length < strlen(buf))
            memcpy(buf, decimal, length + 1);
    }
    return buf;
}

char *units_exact_size(char buf[UNITS_TEXT_BYTES], uint64_t bytes)
{
    static const struct unit units[] = {{"G", 1 << 30}, {"M", 1 << 20}, {"k", 1 << 10}, {"", 1}};
    return write_exact(buf, bytes, units);
}

char *units_exact_percent(char buf[UNITS_TEXT_BYTES], uint64_t ppm)
{
    uint64_t rest = ppm % 10000;
    int decimals = 4;
    for (; rest > 0 && rest % 10 == 0; decimals--)
        rest /= 10;
    if (rest == 0)
        snprintf(buf, UNITS_TEXT_BYTES, "%" PRIu64 "%%", ppm / 10000);
    else
        snprintf(buf, UNITS_TEXT_BYTES, "%" PRIu64 ".%0*" PRIu64 "%%", ppm / 10000, decimals, rest);
    return buf;
}
