/* In what two results differ besides their figures, on the table of a comparison. Numbers whose key
 * says that they are durations or sizes are written as people write them, and exactly, so that two
 * values that differ do not look the same; the JSON document has them as they are. Keys and values
 * come from files and pass term.c. Main thread. */
#include "output/table_compare.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/units.h"
#include "input/json_file.h"

enum { VALUE_BYTES = 60, CHANGES_NAMED = 12 };

/* "5", "pbkdf2", "-"; false when memory is short. */
static bool add_value(struct text *t, const cJSON *item)
{
    char *made = NULL;
    const char *s = "-";
    if (cJSON_IsString(item))
        s = item->valuestring;
    else if (item != NULL && !cJSON_IsNull(item))
        s = made = cJSON_PrintUnformatted(item);
    if (s == NULL)
        return false;
    text_add(t, "%.*s%s", (int)text_cut(s, VALUE_BYTES), s, strlen(s) > VALUE_BYTES ? "..." : "");
    cJSON_free(made);
    return true;
}

/* "2 ms" of 2000000: exact, as two values that differ must not look the same. */
static void add_duration(const struct term *t, struct text *line, uint64_t ns)
{
    char exact[UNITS_TEXT_BYTES];
    size_t digits;
    units_exact_duration(exact, ns);
    digits = strspn(exact, "0123456789.");
    text_add(line, "%.*s %s", (int)digits, exact,
             strcmp(exact + digits, "us") == 0 ? term_micro(t) : exact + digits);
    if (strcmp(exact + digits, "us") == 0)
        text_add(line, "s");
}

/* "64 KiB" of 65536, exact as well: in the largest unit of which it is a whole number. */
static void add_size(struct text *line, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    for (; bytes > 0 && bytes % 1024 == 0; bytes /= 1024)
        unit++;
    text_add(line, "%" PRIu64 " %s", bytes, units[unit]);
}

static bool ends_with(const char *s, const char *end)
{
    size_t length = strlen(s), of_end = strlen(end);
    return length > of_end && strcmp(s + length - of_end, end) == 0;
}

/* "duration: 2 ms, 4 ms" of duration_ns: where the key says the unit and both are such numbers.
 * False, with nothing added, when it does not apply. */
static bool add_with_units(const struct term *t, struct text *line,
                           const struct comparison_change *c)
{
    const cJSON *values[] = {c->base, c->other};
    bool ns = ends_with(c->key, "_ns"), bytes = ends_with(c->key, "_bytes");
    if (!ns && !bytes)
        return false;
    for (size_t i = 0; i < 2; i++)
        if (values[i] != NULL && !cJSON_IsNull(values[i]) && !json_file_is_count(values[i]))
            return false;
    text_add(line, "%.*s: ", (int)(strlen(c->key) - strlen(ns ? "_ns" : "_bytes")), c->key);
    for (size_t i = 0; i < 2; i++) {
        text_add(line, "%s", i == 0 ? "" : ", ");
        if (values[i] == NULL || cJSON_IsNull(values[i]))
            text_add(line, "-");
        else if (ns)
            add_duration(t, line, (uint64_t)values[i]->valuedouble);
        else
            add_size(line, (uint64_t)values[i]->valuedouble);
    }
    return true;
}

/* "threads: 2, 4"; false when memory is short. */
static bool add_change(const struct term *t, struct text *line, const struct comparison_change *c)
{
    if (strlen(c->key) <= VALUE_BYTES && add_with_units(t, line, c))
        return true;
    text_add(line, "%.*s: ", (int)text_cut(c->key, VALUE_BYTES), c->key);
    if (!add_value(line, c->base))
        return false;
    text_add(line, ", ");
    return add_value(line, c->other);
}

/* "threads: 2, 4; work: pbkdf2, spin" */
int compare_put_changes(const struct term *t, const char *name,
                        const struct comparison_changes *changes, struct err *e)
{
    struct text line = TEXT_EMPTY;
    bool ok = true;
    if (changes->count == 0)
        return 0;
    for (size_t i = 0; ok && i < changes->count && i < CHANGES_NAMED; i++) {
        text_add(&line, "%s", i == 0 ? "" : "; ");
        ok = add_change(t, &line, &changes->rows[i]);
    }
    if (changes->count > CHANGES_NAMED)
        text_add(&line, "; and %zu more", changes->count - CHANGES_NAMED);
    ok = ok && text_ok(&line);
    if (ok)
        compare_put_wrapped(t, INK_DOUBT, name, COMPARE_NAME_COLUMNS, text_get(&line));
    text_free(&line);
    return ok ? 0 : err_no_memory(e, "the table");
}
