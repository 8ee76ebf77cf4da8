/* From "1,2,8..64x2" to values. Each value is read by its row of the option table, so that limits
 * and messages are those of the option itself; here is only what stands between values. Pure
 * functions; the values belong to whoever passed the axis. */
#include "base/axis.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"

enum { QUOTE_MOST = 48, QUOTE_BYTES = 64 };

/* What is read at the moment. */
struct reading {
    struct axis *axis;
    const struct param *param;
    const char *whole; /* what the user wrote for the option */
    uint64_t max;
    struct err *e;
};

static const char *quote(const char *text, char buf[QUOTE_BYTES])
{
    size_t kept = text_cut(text, QUOTE_MOST);
    const char *mark = text[0] == '\0' || strchr(text, ' ') != NULL ? "'" : "";
    snprintf(buf, QUOTE_BYTES, "%s%.*s%s%s", mark, (int)kept, text, text[kept] != '\0' ? "..." : "",
             mark);
    return buf;
}

/* "--threads 1,4..2: 4..2: why"; the part is not named where it is the whole. */
static int reject(const struct reading *r, const char *part, const char *why)
{
    char whole[QUOTE_BYTES], quoted[QUOTE_BYTES];
    if (strcmp(part, r->whole) == 0)
        return err_set(r->e, STATUS_USAGE, "--%s %s: %s", r->param->name, quote(part, quoted), why);
    return err_set(r->e, STATUS_USAGE, "--%s %s: %s: %s", r->param->name, quote(r->whole, whole),
                   quote(part, quoted), why);
}

/* How several values are written, with those that the row's own hint has. */
static const char *forms(const struct param *p)
{
    switch (p->type) {
    case PARAM_TYPE_DURATION:
        return "1ms,5ms or 1ms..64msx2";
    case PARAM_TYPE_SIZE:
        return "4k,1M or 1k..64kx2";
    case PARAM_TYPE_PERCENT:
        return "1%,5% or 1%..64%x2";
    default:
        return "1,2,4, 1..8 or 1..64x2";
    }
}

/* "is not a whole number (write 12, 64k, 1e6, ...)" gets the forms of lists and ranges, too. */
static void add_forms(const struct reading *r)
{
    static const char hint[] = ", ...)";
    size_t length = strlen(r->e->text), hint_bytes = sizeof hint - 1;
    if (length > hint_bytes && strcmp(r->e->text + length - hint_bytes, hint) == 0)
        err_set(r->e, STATUS_USAGE, "%.*s; several as %s)", (int)(length - 1), r->e->text,
                forms(r->param));
}

/* The row's own message begins with "--threads ", behind which it says which value is meant. */
static int read_value(const struct reading *r, const char *text, uint64_t *value)
{
    size_t name_bytes = strlen("-- ") + strlen(r->param->name);
    char whole[QUOTE_BYTES], why[sizeof r->e->text];
    if (param_read(r->param, text, value, r->e) == 0)
        return 0;
    add_forms(r);
    if (strcmp(text, r->whole) != 0) {
        snprintf(why, sizeof why, "%s", r->e->text + name_bytes);
        err_set(r->e, STATUS_USAGE, "--%s %s: %s", r->param->name, quote(r->whole, whole), why);
    }
    return -1;
}

/* A value of a list, or an end of a range: the row's, or the number that "max" stands for. */
static int read_number(const struct reading *r, const char *text, uint64_t *value)
{
    char number[UNITS_TEXT_BYTES];
    if (strcmp(text, "max") != 0 || r->max == 0)
        return read_value(r, text, value);
    return read_value(r, param_write_number(r->param, r->max, number), value);
}

static bool has(const struct axis *a, const char *text)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->values[i].text, text) == 0)
            return true;
    return false;
}

static int grow(struct reading *r)
{
    struct axis *a = r->axis;
    uint32_t wanted = a->capacity == 0 ? 8 : 2 * a->capacity;
    struct axis_value *grown;
    if (a->count < a->capacity)
        return 0;
    grown = mem_resize(a->values, wanted * sizeof *grown);
    if (grown == NULL)
        return err_no_memory(r->e, "the values of an option");
    a->values = grown;
    a->capacity = wanted;
    return 0;
}

static int append(struct reading *r, const char *text, uint64_t number)
{
    struct axis *a = r->axis;
    char why[48], *copy;
    if (has(a, text)) {
        a->repeated = true;
        return 0;
    }
    if (a->count == AXIS_VALUES_MOST) {
        snprintf(why, sizeof why, "more than %d values", AXIS_VALUES_MOST);
        return reject(r, r->whole, why);
    }
    if (grow(r) != 0)
        return -1;
    copy = mem_copy_text(text);
    if (copy == NULL)
        return err_no_memory(r->e, "the values of an option");
    a->values[a->count++] = (struct axis_value){copy, number};
    return 0;
}

static int append_number(struct reading *r, uint64_t number)
{
    char text[UNITS_TEXT_BYTES];
    return append(r, param_write_number(r->param, number, text), number);
}

/* Every whole number, or (factor >= 2) as many times the one before. */
static int append_range(struct reading *r, const char *part, uint64_t first, uint64_t last,
                        uint64_t factor)
{
    char why[48];
    if (factor == 0 && last - first >= AXIS_VALUES_MOST) {
        snprintf(why, sizeof why, "more than %d values", AXIS_VALUES_MOST);
        return reject(r, part, why);
    }
    for (uint64_t value = first;;) {
        if (append_number(r, value) != 0)
            return -1;
        if (factor == 0 ? value == last : value > last / factor)
            return 0;
        value = factor == 0 ? value + 1 : value * factor;
    }
}

/* Cuts "x2" off the last value of a range; 0: there is none. A factor has digits alone. */
static int cut_factor(const struct reading *r, const char *part, char *last, uint64_t *factor)
{
    char *x = strrchr(last, 'x');
    *factor = 0;
    if (x == NULL || x[1] == '\0' || strspn(x + 1, "0123456789") != strlen(x + 1))
        return 0;
    if (units_parse_count(x + 1, factor) != 0 || *factor < 2)
        return reject(r, part, "the factor must be 2 or more");
    *x = '\0';
    return 0;
}

/* 0, or what is wrong with the range: an end is missing. */
static int check_ends(const struct reading *r, const char *part, const char *dots)
{
    if (dots[2] == '.')
        return reject(r, part, "a range has two dots, as 1..8");
    if (dots == part || dots[2] == '\0')
        return reject(r, part, "a range has a value at both ends, as 1..8");
    return 0;
}

static int reject_without_factor(const struct reading *r, const char *part)
{
    char why[QUOTE_BYTES + 48], quoted[QUOTE_BYTES];
    snprintf(why, sizeof why, "this range needs a factor at its end, as in %sx2",
             quote(part, quoted));
    return reject(r, part, why);
}

/* `dots` are those within `part`, which is changed while it is read. */
static int add_range(struct reading *r, const char *part, const char *dots)
{
    char *first_text, *last_text;
    uint64_t first = 0, last = 0, factor = 0;
    int rc = 0;
    if (check_ends(r, part, dots) != 0)
        return -1;
    first_text = mem_copy_text(part);
    if (first_text == NULL)
        return err_no_memory(r->e, "a range of values");
    first_text[dots - part] = '\0';
    last_text = first_text + (dots - part) + 2;
    if (cut_factor(r, part, last_text, &factor) != 0 || read_number(r, first_text, &first) != 0 ||
        read_number(r, last_text, &last) != 0)
        rc = -1;
    else if (first == PARAM_WORD || last == PARAM_WORD)
        rc = reject(r, part, "a word is no end of a range");
    else if (first > last)
        rc = reject(r, part, "a range goes upwards");
    else if (factor == 0 && r->param->type != PARAM_TYPE_COUNT)
        rc = reject_without_factor(r, part);
    else if (factor != 0 && first == 0)
        rc = reject(r, part, "a range with a factor begins above 0");
    else
        rc = append_range(r, part, first, last, factor);
    mem_free(first_text);
    return rc;
}

/* The first part, the last one, or one between. */
static int reject_empty(const struct reading *r, bool first, bool last)
{
    char whole[QUOTE_BYTES];
    const char *where = first ? " before the first comma" : " between two commas";
    if (last)
        where = first ? "" : " behind the last comma";
    return err_set(r->e, STATUS_USAGE, "--%s %s: a value is missing%s", r->param->name,
                   quote(r->whole, whole), where);
}

static int add_part(struct reading *r, const char *part)
{
    const char *dots = strstr(part, "..");
    uint64_t number;
    if (r->param->type == PARAM_TYPE_CHOICE)
        return read_value(r, part, &number) != 0 ? -1 : append(r, part, 0);
    if (dots != NULL)
        return add_range(r, part, dots);
    return read_number(r, part, &number) != 0 ? -1 : append_number(r, number);
}

int axis_add(struct axis *a, const struct param *p, const char *text, uint64_t max, struct err *e)
{
    struct reading r = {a, p, text, max, e};
    char *copy;
    int rc = 0;
    if (p->type == PARAM_TYPE_STRING)
        return append(&r, text, 0);
    copy = mem_copy_text(text);
    if (copy == NULL)
        return err_no_memory(e, "the values of an option");
    for (char *part = copy; part != NULL && rc == 0;) {
        char *comma = strchr(part, ',');
        if (comma != NULL)
            *comma = '\0';
        if (part[0] == '\0')
            rc = reject_empty(&r, part == copy, comma == NULL);
        else
            rc = add_part(&r, part);
        part = comma != NULL ? comma + 1 : NULL;
    }
    mem_free(copy);
    return rc;
}

void axis_free(struct axis *a)
{
    for (uint32_t i = 0; i < a->count; i++)
        mem_free(a->values[i].text);
    mem_free(a->values);
    *a = AXIS_EMPTY;
}
