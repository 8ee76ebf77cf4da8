/* The option table. A parameter is declared once, as a row, and everything else derives from the
 * row: parsing and its limits, --help, the `parameters` of the JSON, the axes of a sweep, shell
 * completion and the manual page. A row stores its value into a field of the options structure that
 * belongs to its table; the macros below make the compiler check that the field has the right type.
 *
 *     struct nap_options { uint64_t jobs, duration_ns; };
 *     static const struct param nap_params[] = {
 *         PARAM_COUNT(struct nap_options, jobs, "jobs", 'n', "5", 1, 1000, "naps to take"),
 *         PARAM_DURATION(struct nap_options, duration_ns, "duration", 0, "100ms", 1, 60000000000,
 *                        "how long each nap is"),
 *         PARAM_END,
 *     };
 */
#ifndef UVLAB_BASE_PARAM_H
#define UVLAB_BASE_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum param_type {
    PARAM_TYPE_FLAG,     /* bool; takes no value; `--no-NAME` unsets one */
    PARAM_TYPE_COUNT,    /* uint64_t */
    PARAM_TYPE_DURATION, /* uint64_t, nanoseconds */
    PARAM_TYPE_SIZE,     /* uint64_t, bytes */
    PARAM_TYPE_PERCENT,  /* uint64_t, parts per million */
    PARAM_TYPE_STRING,   /* const char *; points into argv, the environment or the table */
    PARAM_TYPE_CHOICE,   /* unsigned; index into `choices` */
    PARAM_TYPE_LIST,     /* struct param_list; the flag may be given several times */
};

/* The value of a number for which the row's word was given. Whoever knows what it means puts the
 * number in its place before the value is used or shown. */
#define PARAM_WORD UINT64_MAX

enum { PARAM_LIST_MOST = 32 }; /* values that a list may have */

/* The values of a flag that may be repeated, in the order in which they were given. */
struct param_list {
    unsigned count;
    const char *items[PARAM_LIST_MOST]; /* point into argv */
};

enum param_flag {
    PARAM_VIEW = 1, /* says how the result is shown, not what is measured: not in `parameters` */
    PARAM_OPTIONAL = 2, /* may stay unset: no default; numbers are then 0, strings NULL */
    PARAM_PATH = 4,     /* a file name: shells complete it as one */
    PARAM_SECRET = 8,   /* of a list: what is behind the first colon of a value is never shown */
    PARAM_MEANS = 16,   /* how much there is to work with (threads, workers, connections), not how
                           much work there is: what a sweep recommends a value of */
};

/* Where a value came from; the result reports it for the pool size. */
enum param_source {
    PARAM_FROM_DEFAULT,
    PARAM_FROM_ENVIRONMENT,
    PARAM_FROM_FLAG,
    PARAM_SUPERSEDED, /* another option took its place: it says nothing, and is null in the JSON */
};

struct param {
    const char *name; /* of the long flag, without the dashes; NULL ends the table */
    char letter;      /* of the short flag, or 0 */
    enum param_type type;
    unsigned flags;             /* enum param_flag */
    const char *preset;         /* the default, as the user would write it; NULL with OPTIONAL */
    uint64_t min, max;          /* inclusive, for numbers */
    const char *word;           /* that may stand for a number, or NULL; for numbers */
    const char *const *choices; /* NULL-terminated, for CHOICE */
    const char *metavar;        /* in --help: "N", "DURATION", ... ; NULL: by type */
    const char *environment;    /* variable consulted when the flag is absent, or NULL */
    /* Reads the variable by rules other than this table's own (libuv's atoi, say), also outside
     * of its limits; for numbers; optional. */
    uint64_t (*from_environment)(const char *text);
    size_t offset;    /* of the field in the options structure */
    const char *help; /* one sentence, lower case, no full stop */
};

/* clang-format off */
#define PARAM_FIELD_(T, field, type_) _Generic(((T *)0)->field, type_: offsetof(T, field))
#define PARAM_NUMBER_(T, field, kind, name_, letter_, preset_, min_, max_, help_) \
    .name = name_, .letter = letter_, .type = kind, .preset = preset_, .min = min_, .max = max_, \
    .offset = PARAM_FIELD_(T, field, uint64_t), .help = help_
#define PARAM_COUNT(T, field, name_, letter_, preset_, min_, max_, help_) \
    { PARAM_NUMBER_(T, field, PARAM_TYPE_COUNT, name_, letter_, preset_, min_, max_, help_) }
#define PARAM_DURATION(T, field, name_, letter_, preset_, min_, max_, help_) \
    { PARAM_NUMBER_(T, field, PARAM_TYPE_DURATION, name_, letter_, preset_, min_, max_, help_) }
#define PARAM_SIZE(T, field, name_, letter_, preset_, min_, max_, help_) \
    { PARAM_NUMBER_(T, field, PARAM_TYPE_SIZE, name_, letter_, preset_, min_, max_, help_) }
#define PARAM_PERCENT(T, field, name_, letter_, preset_, min_, max_, help_) \
    { PARAM_NUMBER_(T, field, PARAM_TYPE_PERCENT, name_, letter_, preset_, min_, max_, help_) }
#define PARAM_FLAG(T, field, name_, letter_, flags_, help_) \
    { .name = name_, .letter = letter_, .type = PARAM_TYPE_FLAG, .flags = flags_, \
      .offset = PARAM_FIELD_(T, field, bool), .help = help_ }
/* One that is true until it is taken back by --no-NAME. */
#define PARAM_FLAG_ON(T, field, name_, letter_, flags_, help_) \
    { .name = name_, .letter = letter_, .type = PARAM_TYPE_FLAG, .flags = flags_, .preset = "yes", \
      .offset = PARAM_FIELD_(T, field, bool), .help = help_ }
#define PARAM_STRING(T, field, name_, letter_, flags_, preset_, metavar_, help_) \
    { .name = name_, .letter = letter_, .type = PARAM_TYPE_STRING, .flags = flags_, \
      .preset = preset_, .metavar = metavar_, \
      .offset = PARAM_FIELD_(T, field, const char *), .help = help_ }
#define PARAM_CHOICE(T, field, name_, letter_, flags_, preset_, choices_, help_) \
    { .name = name_, .letter = letter_, .type = PARAM_TYPE_CHOICE, .flags = flags_, \
      .preset = preset_, .choices = choices_, \
      .offset = PARAM_FIELD_(T, field, unsigned), .help = help_ }
#define PARAM_LIST(T, field, name_, letter_, flags_, metavar_, help_) \
    { .name = name_, .letter = letter_, .type = PARAM_TYPE_LIST, .flags = PARAM_OPTIONAL | (flags_), \
      .metavar = metavar_, .offset = PARAM_FIELD_(T, field, struct param_list), .help = help_ }
#define PARAM_END { .name = NULL }
/* clang-format on */

enum { PARAM_MOST = 40 }; /* rows that a table may have */

/* A table, the structure that its values go to, and where each value came from. */
struct param_set {
    const struct param *table;
    void *values;
    enum param_source source[PARAM_MOST];
};

size_t param_count(const struct param *table);
/* COUNT, DURATION, SIZE or PERCENT. */
bool param_is_number(const struct param *p);
/* A number as a user would write it for row `p`, so that it is read back as the same. Returns buf,
 * of UNITS_TEXT_BYTES. */
const char *param_write_number(const struct param *p, uint64_t value, char *buf);

/* The key of a row in documents: its name with '_' for '-' and, where it has one, its unit behind
 * it
 * ("duration_ns"). Written into key, which is returned. */
enum { PARAM_KEY_BYTES = 64 };
const char *param_key(const struct param *p, char key[PARAM_KEY_BYTES]);

/* Sets every value to its default, then to that of its environment variable when it is set. Fails
 * with STATUS_USAGE when the variable holds what the flag would not accept. The defaults of every
 * table are checked by a unit test, so a bad default is a bug, not an error. */
int param_set_defaults(struct param_set *set, struct err *e);

/* Parses `text` as the value of row `p` and stores it. The message names what is accepted:
 * "--threads 0: must be from 1 to 1024". `text` is ignored for flags (they become true). */
int param_set_value(struct param_set *set, const struct param *p, const char *text, struct err *e);

/* Reads `text` as a value of row `p`, a number or a choice (*value is its index then), and stores
 * it nowhere else. Fails as param_set_value(). */
int param_read(const struct param *p, const char *text, uint64_t *value, struct err *e);

/* Rows by name; NULL when there is none. */
const struct param *param_find(const struct param *table, const char *name, size_t length);
const struct param *param_find_letter(const struct param *table, char letter);
/* Where the value of the row of that name came from, which exists. */
enum param_source param_source_of(const struct param_set *set, const char *name);
/* The first of `names` (NULL-terminated, rows that exist) that was given as a flag, or NULL: for
 * refusing options that nothing will look at. */
const char *param_given(const struct param_set *set, const char *const *names);
/* Marks the value of row `name` as PARAM_SUPERSEDED. */
void param_supersede(struct param_set *set, const char *name);

/* The nearest of `names` (NULL-terminated) by edit distance, or NULL when none is near enough to be
 * what the user meant. For "did you mean". Pure. */
const char *param_nearest(const char *word, const char *const *names);

/* A value of a list as results may show it: as it is or, of PARAM_SECRET, "Name: ...". Returns
 * `text` or buf. */
const char *param_shown(const struct param *p, const char *text, char *buf, size_t bytes);

/* What --help calls the value ("N", "DURATION", "a|b|c"); "" for flags. Written into buf, which is
 * returned; choices that do not fit are left out and "..." stands for them. */
const char *param_metavar(const struct param *p, char *buf, size_t bytes);

#endif
