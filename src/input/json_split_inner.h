/* The parts of the splitter, between its files: json_split.c (what is kept, and what is where in
 * the tree) and json_token.c (texts, numbers and words, byte by byte). */
#ifndef UVLAB_INPUT_JSON_SPLIT_INNER_H
#define UVLAB_INPUT_JSON_SPLIT_INNER_H

#include <stdbool.h>

#include "base/text.h"
#include "input/json_split.h"

enum { KEY_BYTES = 32 };

typedef const unsigned char *place; /* within the piece that is being read */

enum state {
    WANTS_VALUE,
    WANTS_VALUE_OR_END, /* behind '[' */
    WANTS_KEY,
    WANTS_KEY_OR_END, /* behind '{' */
    WANTS_COLON,
    WANTS_COMMA,
    WANTS_NOTHING, /* the document is whole */
    IN_STRING,
    IN_ESCAPE,
    IN_HEX,
    IN_WORD, /* true, false, null */
    IN_NUMBER,
};

/* Where in a number; the named ones are those behind which it may end. */
enum number {
    AFTER_MINUS,
    AFTER_ZERO,
    IN_WHOLE,
    AFTER_DOT,
    IN_FRACTION,
    AFTER_E,
    AFTER_SIGN,
    IN_POWER
};

struct json_split {
    const struct json_split_array *arrays;
    unsigned array_count;
    void *context;

    enum state state;
    bool malformed; /* what came in is not JSON */
    unsigned depth;
    bool is_object[JSON_DEPTH_MOST + 1]; /* [depth]: what was opened there */

    unsigned level;                     /* long arrays that are open */
    bool seen[JSON_SPLIT_ARRAYS_MOST];  /* the object at hand has had the key of arrays[level] */
    bool is_key, key_counts, key_found; /* the text at hand is a key; one to be compared; the one */
    char key[KEY_BYTES];
    size_t key_bytes;

    unsigned utf8_left;                /* bytes that the character at hand still has */
    unsigned char utf8_low, utf8_high; /* limits of the next one */
    unsigned hex_left, hex;
    bool low_wanted;  /* the second half of a surrogate pair */
    const char *word; /* the rest of it */
    enum number number;
    size_t number_bytes;

    struct text texts[JSON_SPLIT_ARRAYS_MOST + 1]; /* the rest; the element at each level */
    size_t most[JSON_SPLIT_ARRAYS_MOST + 1];
    struct text *sink; /* where bytes go now; NULL: nowhere */

    const unsigned char *piece;   /* that is being read */
    uint64_t before;              /* bytes of those before it */
    uint64_t line, line_began_at; /* offset of its first byte */
};

/* Fills *e: "is not JSON (", where `at` is, and what the matter is. Returns NULL, which is no
 * place.
 */
place split_fail(struct json_split *s, place at, struct err *e, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Fills *e with where `at` is and what is too much there, or not taken although it is JSON. */
place split_refuse(const struct json_split *s, place at, struct err *e, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* As split_fail(), of the byte there, as a message can name it, behind `what`. */
place split_fail_of_byte(struct json_split *s, place at, struct err *e, const char *what);

/* Keeps bytes of the piece where they are wanted. False with *e filled when there are too many, or
 * memory is short. */
bool split_keep(struct json_split *s, place at, size_t bytes, struct err *e);

/* A value begins; it has ended before `next`, which is returned, or NULL with *e filled. */
void split_begin_value(struct json_split *s);
place split_end_value(struct json_split *s, place next, struct err *e);

/* Whether the object at hand may have the next long array. */
bool split_may_have_array(const struct json_split *s);

/* json_token.c: each reads on from `at`, which is before `end`, in the state that it is for, and
 * returns where it stopped, or NULL with *e filled. */
place token_begin_string(struct json_split *s, place at, bool is_key, struct err *e);
place token_begin_number(struct json_split *s, place at, struct err *e);
place token_begin_word(struct json_split *s, place at, struct err *e);
place token_read(struct json_split *s, place at, place end, struct err *e);
/* Whether a number may end where it is. */
bool token_number_may_end(const struct json_split *s);

#endif
