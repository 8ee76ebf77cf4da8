/* Numbers as people write and read them. Inside, everything is an integer with its unit in the
 * name; only here do "100ms", "64k" and "1e6" exist. Pure functions, any thread. */
#ifndef UVLAB_BASE_UNITS_H
#define UVLAB_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Each parses the whole of `s` and returns 0, or -1 when it is not such a value, has anything
 * behind it, is negative, or does not fit into 64 bits. Fractions are accepted when the value
 * itself is whole ("1.5k", "0.25s"); "1e6" and "2.5e3" are. *value is untouched on failure, and
 * errno says why: ERANGE for a number that is negative or too large, EINVAL for everything else.
 *   count:    12, 1e6, 64k, 2M, 1G (powers of 1000: k, M, G; case of k does not matter)
 *   duration: a number and ns, us, µs, ms, s, m/min or h; "0" alone needs no unit
 *   size:     bytes: 512, 64k, 1M, 2G (powers of 1024; an optional "B" or "iB" may follow) */
int units_parse_count(const char *s, uint64_t *value);
int units_parse_duration(const char *s, uint64_t *ns);
int units_parse_size(const char *s, uint64_t *bytes);
/*   percentage: a number and "%", in parts per million: "5%" is 50000, "0.1%" is 1000 */
int units_parse_percent(const char *s, uint64_t *ppm);

/* Room for any text that the functions below make, with its NUL. */
enum { UNITS_TEXT_BYTES = 32 };

/* Three significant digits and a unit: "0 ns", "850 ns", "1.25 µs", "12.3 ms", "412 ms", "1.05 s",
 * "83.2 s", "12.4 min". All return buf. `micro` is "µ" or, for terminals without Unicode, "u". */
char *units_format_duration(char buf[UNITS_TEXT_BYTES], uint64_t ns, const char *micro);
/* "512 B", "64 KiB", "1.5 MiB". */
char *units_format_size(char buf[UNITS_TEXT_BYTES], uint64_t bytes);
/* "5", "1,000,000": for people only. */
char *units_format_count(char buf[UNITS_TEXT_BYTES], uint64_t n);
/* The exact value in the shortest form that the parsers read back: 100000000 -> "100ms", 1500000 ->
 * "1.5ms", 65536 -> "64k", 1500 -> "1500": what --help shows as a default. */
char *units_exact_duration(char buf[UNITS_TEXT_BYTES], uint64_t ns);
char *units_exact_size(char buf[UNITS_TEXT_BYTES], uint64_t bytes);
char *units_exact_percent(char buf[UNITS_TEXT_BYTES], uint64_t ppm);

#endif
