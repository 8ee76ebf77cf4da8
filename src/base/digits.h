/* Numbers as decimal digits, for where printf would cost more than what it is used for. Pure. */
#ifndef UVLAB_BASE_DIGITS_H
#define UVLAB_BASE_DIGITS_H

#include <stdint.h>
#include <string.h>

enum { DIGITS_MOST = 20 }; /* of 64 bits */

/* Writes the number at `to` (at most DIGITS_MOST characters, no NUL) and returns what is behind. */
static inline char *digits_put(char *to, uint64_t number)
{
    char digits[DIGITS_MOST];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    memcpy(to, digits + at, sizeof digits - at);
    return to + (sizeof digits - at);
}

#endif
