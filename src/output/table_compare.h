/* The parts of the table of a comparison, between its files: table_compare.c (results, rows,
 * conclusions) and table_compare_changes.c (in what else results differ). Main thread. */
#ifndef UVLAB_OUTPUT_TABLE_COMPARE_H
#define UVLAB_OUTPUT_TABLE_COMPARE_H

#include "output/compare.h"
#include "output/term.h"

enum { COMPARE_NAME_COLUMNS = 13 }; /* of what stands in front of a row */

/* A line that begins with `name` in the first `indent` columns and goes on, below itself, with s.
 */
void compare_put_wrapped(const struct term *t, enum ink ink, const char *name, size_t indent,
                         const char *s);

/* "parameters   threads: 2, 4; duration: 2 ms, 4 ms"; nothing where nothing differs. Fails when
 * memory is short. */
int compare_put_changes(const struct term *t, const char *name,
                        const struct comparison_changes *changes, struct err *e);

#endif
