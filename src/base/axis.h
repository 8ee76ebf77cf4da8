/* Several values of one option, as people write them: lists, ranges, and the number of CPUs. */
#ifndef UVLAB_BASE_AXIS_H
#define UVLAB_BASE_AXIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/param.h"

enum { AXIS_VALUES_MOST = 1024 };

struct axis_value {
    char *text;      /* as the flag takes it; a number is written exactly */
    uint64_t number; /* PARAM_WORD for the row's word; 0 of a row that is no number */
};

/* In the order in which they were given; a value that is there is not added again. */
struct axis {
    struct axis_value *values;
    uint32_t count, capacity;
    bool repeated; /* one was given that was there */
};

#define AXIS_EMPTY ((struct axis){0})

/* Appends what `text` says to the values. For numbers it is a list, with commas, of
 *     5        a value
 *     1..16    every whole number from 1 to 16; of counts alone
 *     1..16x2  1, 2, 4, 8, 16: twice the one before, as long as that is not more than 16
 *     max      the number `max`, where that is not 0; also as an end of a range
 * for choices a list of their words, and for strings a single value. Every value obeys its row.
 * Fails with STATUS_USAGE ("--threads 1,x: x: is not a whole number (...)"), or STATUS_FAILED when
 * memory is short; what was appended stays. Pure. */
int axis_add(struct axis *a, const struct param *p, const char *text, uint64_t max, struct err *e);

/* Frees the values and leaves it empty. */
void axis_free(struct axis *a);

#endif
