/* What people write as values of options: numbers with their units, and rows of an option table.
 *
 * The first byte of an input chooses the row, the rest is the value. What must hold: a value that
 * is refused changes nothing, and the message is one line of valid UTF-8; a value that is accepted
 * is within the limits of its row; what is written exactly is read back as the same; and a word has
 * a nearest neighbour only among those that it was given. */
#include "fuzz.h"

#include <errno.h>

#include "base/param.h"
#include "base/text.h"
#include "base/units.h"

struct values {
    uint64_t count, wide, duration_ns, bytes;
    bool flag;
    const char *text;
    unsigned choice;
    struct param_list list;
};

static const char *const choices[] = {"pbkdf2", "scrypt", "sleep", NULL};
static const char *const names[] = {"threadpool", "multitask", "os-delegation", "loop", NULL};

static const struct param table[] = {
    PARAM_COUNT(struct values, count, "count", 'n', "5", 1, 1000000, "of a few"),
    PARAM_COUNT(struct values, wide, "wide", 'w', "5", 0, UINT64_MAX, "of any"),
    PARAM_DURATION(struct values, duration_ns, "duration", 'd', "100ms", 1000, 3600000000000,
                   "how long"),
    PARAM_SIZE(struct values, bytes, "size", 0, "1M", 512, 1 << 30, "how large"),
    PARAM_FLAG(struct values, flag, "flag", 0, 0, "whether"),
    PARAM_STRING(struct values, text, "text", 0, PARAM_OPTIONAL, NULL, NULL, "what"),
    PARAM_CHOICE(struct values, choice, "choice", 0, 0, "sleep", choices, "which"),
    PARAM_LIST(struct values, list, "list", 0, 0, "WORD", "which ones"),
    PARAM_END,
};

static bool is_same(const struct values *a, const struct values *b)
{
    return a->count == b->count && a->wide == b->wide && a->duration_ns == b->duration_ns &&
           a->bytes == b->bytes && a->flag == b->flag && a->text == b->text &&
           a->choice == b->choice && a->list.count == b->list.count;
}

/* What is accepted is written in full and read again. */
static void check_number(int (*parse)(const char *, uint64_t *), char *(*write)(char *, uint64_t),
                         const char *text)
{
    char buf[UNITS_TEXT_BYTES];
    uint64_t value = UINT64_MAX / 7, again = 0;
    errno = 0;
    if (parse(text, &value) != 0) {
        MUST(value == UINT64_MAX / 7 && (errno == ERANGE || errno == EINVAL));
        return;
    }
    MUST(parse(write(buf, value), &again) == 0);
    MUST(again == value);
    MUST(strlen(units_format_duration(buf, value, "\xC2\xB5")) < sizeof buf);
    MUST(strlen(units_format_size(buf, value)) < sizeof buf);
}

/* As no unit has commas, a count is written by its own exact size in bytes. */
static char *write_count(char *buf, uint64_t value)
{
    snprintf(buf, UNITS_TEXT_BYTES, "%llu", (unsigned long long)value);
    return buf;
}

static void check_row(const struct param *p, const char *text)
{
    struct values values, before;
    struct param_set set = {.table = table, .values = &values};
    struct err e = {.text = ""};
    memset(&values, 0, sizeof values);
    MUST(param_set_defaults(&set, &e) == 0);
    before = values;
    if (param_set_value(&set, p, text, &e) != 0) {
        MUST(e.status == STATUS_USAGE && is_same(&values, &before));
        MUST(e.text[0] != '\0');
        for (const char *c = e.text; *c != '\0'; c++)
            MUST((unsigned char)*c >= ' ' && *c != 0x7f);
        return;
    }
    MUST(values.count >= 1 && values.count <= 1000000);
    MUST(values.duration_ns >= 1000 && values.duration_ns <= 3600000000000);
    MUST(values.bytes >= 512 && values.bytes <= 1 << 30);
    MUST(values.choice < sizeof choices / sizeof choices[0] - 1);
    MUST(values.list.count <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text;
    const char *nearest;
    bool among = false;
    if (bytes < 1)
        return 0;
    text = fuzz_text(data + 1, bytes - 1);
    check_number(units_parse_count, write_count, text);
    check_number(units_parse_duration, units_exact_duration, text);
    check_number(units_parse_size, units_exact_size, text);
    check_row(&table[data[0] % param_count(table)], text);
    nearest = param_nearest(text, names);
    for (size_t i = 0; names[i] != NULL; i++)
        among = among || nearest == names[i];
    MUST(nearest == NULL || among);
    free(text);
    return 0;
}
