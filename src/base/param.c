/* The option table at work: a row says what a value may be, and everything here follows the row. A
 * value is read by the same function wherever it comes from (the row's own default, an environment
 * variable, a flag), so all three obey the same limits, and only the message says which it was.
 *
 * Tables are constant and belong to whoever declared them, as do the strings that values point to.
 * A param_set has one owner; called on the main thread, before anything is measured. */
#include "base/param.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"

enum {
    WHY_BYTES = 360,  /* of a message, behind what the user wrote */
    QUOTE_MOST = 64,  /* bytes of the user's text that a message repeats */
    QUOTE_BYTES = 80, /* those, with marks and NUL */
};

/* A value as it was given: as a flag, or by an environment variable. */
struct given {
    const char *variable; /* NULL: a flag */
    const char *text;
};

size_t param_count(const struct param *table)
{
    size_t count = 0;
    while (table[count].name != NULL)
        count++;
    return count;
}

bool param_is_number(const struct param *p)
{
    return p->type == PARAM_TYPE_COUNT || p->type == PARAM_TYPE_DURATION ||
           p->type == PARAM_TYPE_SIZE || p->type == PARAM_TYPE_PERCENT;
}

const char *param_write_number(const struct param *p, uint64_t value, char *buf)
{
    if (value == PARAM_WORD && p->word != NULL)
        snprintf(buf, UNITS_TEXT_BYTES, "%s", p->word);
    else if (p->type == PARAM_TYPE_DURATION)
        units_exact_duration(buf, value);
    else if (p->type == PARAM_TYPE_SIZE)
        units_exact_size(buf, value);
    else if (p->type == PARAM_TYPE_PERCENT)
        units_exact_percent(buf, value);
    else
        snprintf(buf, UNITS_TEXT_BYTES, "%" PRIu64, value);
    return buf;
}

const char *param_key(const struct param *p, char key[PARAM_KEY_BYTES])
{
    const char *unit = "";
    if (p->type == PARAM_TYPE_DURATION)
        unit = "_ns";
    else if (p->type == PARAM_TYPE_SIZE)
        unit = "_bytes";
    else if (p->type == PARAM_TYPE_PERCENT)
        unit = "_ppm";
    snprintf(key, PARAM_KEY_BYTES, "%s%s", p->name, unit);
    for (char *c = key; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
    return key;
}

static void *field_of(const struct param_set *set, const struct param *p)
{
    return (char *)set->values + p->offset;
}

static void set_source(struct param_set *set, const struct param *p, enum param_source source)
{
    size_t row = (size_t)(p - set->table);
    assert(row < PARAM_MOST);
    set->source[row] = source;
}

/* The names with a separator between them. Those that do not fit are left out, and "..." stands for
 * them; room for the dots is kept all the time. */
static void join(char *buf, size_t bytes, const char *const *names, const char *separator)
{
    static const char dots[] = "...";
    size_t used = 0;
    assert(bytes >= sizeof dots);
    buf[0] = '\0';
    for (size_t i = 0; names[i] != NULL; i++) {
        const char *between = i > 0 ? separator : "";
        size_t needed = strlen(between) + strlen(names[i]);
        if (needed + sizeof dots > bytes - used) {
            memcpy(buf + used, dots, sizeof dots);
            return;
        }
        used += (size_t)snprintf(buf + used, bytes - used, "%s%s", between, names[i]);
    }
}

/* Fills *e with "--threads 0: why" or "UV_THREADPOOL_SIZE=0: why". What the user wrote is cut to a
 * sane length, and put into quotes where it would not be seen otherwise. */
static int reject(const struct param *p, struct given given, const char *why, struct err *e)
{
    size_t kept = text_cut(given.text, QUOTE_MOST);
    bool bare = given.text[0] != '\0' && strchr(given.text, ' ') == NULL;
    const char *mark = bare ? "" : "'";
    char quoted[QUOTE_BYTES];
    snprintf(quoted, sizeof quoted, "%s%.*s%s%s", mark, (int)kept, given.text,
             given.text[kept] != '\0' ? "..." : "", mark);
    if (given.variable != NULL)
        return err_set(e, STATUS_USAGE, "%s=%s: %s", given.variable, quoted, why);
    return err_set(e, STATUS_USAGE, "--%s %s: %s", p->name, quoted, why);
}

/* What is not a number of the row's type is told how to write one. */
static const char *numbers_look_like(enum param_type type)
{
    switch (type) {
    case PARAM_TYPE_DURATION:
        return "is not a duration (write 100ms, 5s, 1.5min, ...)";
    case PARAM_TYPE_SIZE:
        return "is not a size in bytes (write 512, 64k, 1M, ...)";
    case PARAM_TYPE_PERCENT:
        return "is not a percentage (write 5%, 0.5%, ...)";
    default:
        return "is not a whole number (write 12, 64k, 1e6, ...)";
    }
}

static int parse_number(enum param_type type, const char *text, uint64_t *value)
{
    switch (type) {
    case PARAM_TYPE_DURATION:
        return units_parse_duration(text, value);
    case PARAM_TYPE_SIZE:
        return units_parse_size(text, value);
    case PARAM_TYPE_PERCENT:
        return units_parse_percent(text, value);
    default:
        return units_parse_count(text, value);
    }
}

static int read_number(const struct param *p, struct given given, uint64_t *value, struct err *e)
{
    uint64_t number = 0;
    if (p->word != NULL && strcmp(given.text, p->word) == 0) {
        *value = PARAM_WORD;
        return 0;
    }
    bool fits = parse_number(p->type, given.text, &number) == 0;
    if (!fits && errno != ERANGE && p->word == NULL)
        return reject(p, given, numbers_look_like(p->type), e);
    if (fits && number >= p->min && number <= p->max) {
        *value = number;
        return 0;
    }
    char min[UNITS_TEXT_BYTES], max[UNITS_TEXT_BYTES], why[WHY_BYTES];
    param_write_number(p, p->min, min);
    param_write_number(p, p->max, max);
    snprintf(why, sizeof why, "must be from %s to %s%s%s", min, max, p->word != NULL ? ", or " : "",
             p->word != NULL ? p->word : "");
    return reject(p, given, why, e);
}

static int read_choice(const struct param *p, struct given given, unsigned *value, struct err *e)
{
    for (unsigned i = 0; p->choices[i] != NULL; i++) {
        if (strcmp(p->choices[i], given.text) == 0) {
            *value = i;
            return 0;
        }
    }
    char list[WHY_BYTES / 2], why[WHY_BYTES];
    join(list, sizeof list, p->choices, ", ");
    const char *nearest = param_nearest(given.text, p->choices);
    if (nearest != NULL)
        snprintf(why, sizeof why, "must be one of %s (did you mean %s?)", list, nearest);
    else
        snprintf(why, sizeof why, "must be one of %s", list);
    return reject(p, given, why, e);
}

static int add_to_list(const struct param *p, struct given given, struct param_list *list,
                       struct err *e)
{
    char why[WHY_BYTES];
    if (list->count < PARAM_LIST_MOST) {
        list->items[list->count++] = given.text;
        return 0;
    }
    snprintf(why, sizeof why, "may be given %d times at most", PARAM_LIST_MOST);
    return reject(p, given, why, e);
}

/* Reads a value of row p and stores it into its field, which stays as it was on failure. */
static int store(struct param_set *set, const struct param *p, struct given given, struct err *e)
{
    void *field = field_of(set, p);
    switch (p->type) {
    case PARAM_TYPE_FLAG:
        *(bool *)field = true;
        return 0;
    case PARAM_TYPE_STRING:
        *(const char **)field = given.text;
        return 0;
    case PARAM_TYPE_CHOICE:
        return read_choice(p, given, field, e);
    case PARAM_TYPE_LIST:
        return add_to_list(p, given, field, e);
    case PARAM_TYPE_COUNT:
    case PARAM_TYPE_DURATION:
    case PARAM_TYPE_SIZE:
    case PARAM_TYPE_PERCENT:
        break;
    }
    return read_number(p, given, field, e);
}

static void clear(struct param_set *set, const struct param *p)
{
    void *field = field_of(set, p);
    if (p->type == PARAM_TYPE_FLAG)
        *(bool *)field = false;
    else if (p->type == PARAM_TYPE_STRING)
        *(const char **)field = NULL;
    else if (p->type == PARAM_TYPE_CHOICE)
        *(unsigned *)field = 0;
    else if (p->type == PARAM_TYPE_LIST)
        *(struct param_list *)field = (struct param_list){0};
    else
        *(uint64_t *)field = 0;
}

static void set_preset(struct param_set *set, const struct param *p)
{
    clear(set, p);
    if (p->preset == NULL) {
        assert(p->type == PARAM_TYPE_FLAG || (p->flags & PARAM_OPTIONAL) != 0);
    } else {
        struct err e;
        int rc = store(set, p, (struct given){.text = p->preset}, &e);
        assert(rc == 0);
        (void)rc;
    }
    set_source(set, p, PARAM_FROM_DEFAULT);
}

/* A row that reads its variable by rules of its own takes whatever these make of it, also outside
 * of the row's limits: they tell what someone else will do with the variable. */
static int set_from_environment(struct param_set *set, const struct param *p, struct err *e)
{
    const char *text = p->environment != NULL ? getenv(p->environment) : NULL;
    if (text == NULL)
        return 0;
    if (p->from_environment != NULL) {
        *(uint64_t *)field_of(set, p) = p->from_environment(text);
    } else if (store(set, p, (struct given){p->environment, text}, e) != 0) {
        return -1;
    }
    set_source(set, p, PARAM_FROM_ENVIRONMENT);
    return 0;
}

int param_set_defaults(struct param_set *set, struct err *e)
{
    assert(param_count(set->table) <= PARAM_MOST);
    for (const struct param *p = set->table; p->name != NULL; p++) {
        set_preset(set, p);
        if (set_from_environment(set, p, e) != 0)
            return -1;
    }
    return 0;
}

int param_set_value(struct param_set *set, const struct param *p, const char *text, struct err *e)
{
    if (store(set, p, (struct given){.text = text}, e) != 0)
        return -1;
    set_source(set, p, PARAM_FROM_FLAG);
    return 0;
}

int param_read(const struct param *p, const char *text, uint64_t *value, struct err *e)
{
    unsigned index = 0;
    if (p->type != PARAM_TYPE_CHOICE)
        return read_number(p, (struct given){.text = text}, value, e);
    if (read_choice(p, (struct given){.text = text}, &index, e) != 0)
        return -1;
    *value = index;
    return 0;
}

const struct param *param_find(const struct param *table, const char *name, size_t length)
{
    for (const struct param *p = table; p->name != NULL; p++) {
        if (strlen(p->name) == length && memcmp(p->name, name, length) == 0)
            return p;
    }
    return NULL;
}

const struct param *param_find_letter(const struct param *table, char letter)
{
    for (const struct param *p = table; p->name != NULL; p++) {
        if (letter != '\0' && p->letter == letter)
            return p;
    }
    return NULL;
}

enum param_source param_source_of(const struct param_set *set, const char *name)
{
    const struct param *p = param_find(set->table, name, strlen(name));
    assert(p != NULL);
    return set->source[p - set->table];
}

const char *param_given(const struct param_set *set, const char *const *names)
{
    for (; *names != NULL; names++)
        if (param_source_of(set, *names) == PARAM_FROM_FLAG)
            return *names;
    return NULL;
}

void param_supersede(struct param_set *set, const char *name)
{
    const struct param *p = param_find(set->table, name, strlen(name));
    assert(p != NULL);
    set->source[p - set->table] = PARAM_SUPERSEDED;
}

const char *param_shown(const struct param *p, const char *text, char *buf, size_t bytes)
{
    const char *colon = strchr(text, ':');
    if ((p->flags & PARAM_SECRET) == 0 || colon == NULL)
        return text;
    snprintf(buf, bytes, "%.*s: ...", (int)(colon - text), text);
    return buf;
}

const char *param_metavar(const struct param *p, char *buf, size_t bytes)
{
    static const char *const by_type[] = {
        [PARAM_TYPE_FLAG] = "",     [PARAM_TYPE_COUNT] = "N",    [PARAM_TYPE_DURATION] = "DURATION",
        [PARAM_TYPE_SIZE] = "SIZE", [PARAM_TYPE_PERCENT] = "N%", [PARAM_TYPE_STRING] = "TEXT",
        [PARAM_TYPE_CHOICE] = "",   [PARAM_TYPE_LIST] = "TEXT",
    };
    if (p->metavar == NULL && p->type == PARAM_TYPE_CHOICE)
        join(buf, bytes, p->choices, "|");
    else
        snprintf(buf, bytes, "%s", p->metavar != NULL ? p->metavar : by_type[p->type]);
    return buf;
}
