/* Which of some names somebody probably meant: the nearest by edit distance, if it is near enough.
 * Pure functions, any thread. */
#include <limits.h>
#include <string.h>

#include "base/param.h"

enum { WORD_MOST = 40 }; /* bytes of the longest word that a name is looked for */

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters must be inserted, left out, replaced or swapped with their neighbour to make one
 * word of the other; case does not count. Both have at most WORD_MOST bytes. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    /* Row i holds the distances between the first i letters of a and all beginnings of b. A row
     * depends on the two before it, so three of them take turns. */
    unsigned rows[3][WORD_MOST + 1];
    for (unsigned j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        int a_letter = lower(a[i - 1]);
        row[0] = i;
        for (unsigned j = 1; j <= b_length; j++) {
            int b_letter = lower(b[j - 1]);
            row[j] = least(above[j], row[j - 1]) + 1;
            row[j] = least(row[j], above[j - 1] + (a_letter != b_letter));
            if (i > 1 && j > 1 && a_letter == lower(b[j - 2]) && lower(a[i - 2]) == b_letter)
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

/* How far the user must have strayed to write `word` for `name`, in half slips of the finger: a
 * name that was only begun is nearer than any mistyped one. Replacing every letter is no slip at
 * all. */
static unsigned strayed(const char *word, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    if (name_length > WORD_MOST)
        return UINT_MAX;
    if (length >= 2 && length < name_length && strncmp(word, name, length) == 0)
        return 1;
    unsigned slips = edit_distance(word, length, name, name_length);
    return slips < length && slips < name_length ? 2 * slips : UINT_MAX;
}

const char *param_nearest(const char *word, const char *const *names)
{
    size_t length = strnlen(word, WORD_MOST + 1);
    if (length == 0 || length > WORD_MOST)
        return NULL;
    /* One slip is allowed in a short word, two from four letters on, three from eight on. */
    unsigned nearest_by = 2 * least(1 + (unsigned)length / 4, 3) + 1;
    const char *nearest = NULL;
    for (size_t i = 0; names[i] != NULL; i++) {
        unsigned by = strayed(word, length, names[i]);
        if (by < nearest_by) {
            nearest = names[i];
            nearest_by = by;
        }
    }
    return nearest;
}
