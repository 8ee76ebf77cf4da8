/* Several values of an option, as people write them.
 *
 * The first byte of an input chooses the row, the second the number that "max" stands for, the rest
 * is the text. What must hold: values are within the limits of their row, no text is there twice,
 * there are not too many, and each is read back as what it is; a refusal is one line that names the
 * option. */
#include "fuzz.h"

#include "base/axis.h"
#include "base/text.h"

struct values {
    uint64_t count, wide, workers, duration_ns, bytes, ppm;
    unsigned choice;
};

static const char *const choices[] = {"pbkdf2", "file", "sleep", NULL};

static const struct param table[] = {
    PARAM_COUNT(struct values, count, "count", 'n', "5", 1, 1000000, "of a few"),
    PARAM_COUNT(struct values, wide, "wide", 'w', "5", 0, UINT64_MAX, "of any"),
    {PARAM_NUMBER_(struct values, workers, PARAM_TYPE_COUNT, "workers", 0, "1", 1, 64, "or max"),
     .word = "max"},
    PARAM_DURATION(struct values, duration_ns, "duration", 'd', "100ms", 1000, 3600000000000,
                   "how long"),
    PARAM_SIZE(struct values, bytes, "size", 0, "1M", 512, 1 << 30, "how large"),
    PARAM_PERCENT(struct values, ppm, "part", 0, "5%", 0, 1000000, "how much"),
    PARAM_CHOICE(struct values, choice, "choice", 0, 0, "sleep", choices, "which"),
    PARAM_END,
};

static void check_values(const struct axis *a, const struct param *p)
{
    MUST(a->count <= AXIS_VALUES_MOST);
    for (uint32_t i = 0; i < a->count; i++) {
        const struct axis_value *v = &a->values[i];
        uint64_t again = 0;
        struct err e;
        MUST(param_read(p, v->text, &again, &e) == 0);
        MUST(!param_is_number(p) || again == v->number);
        MUST(!param_is_number(p) || v->number == PARAM_WORD ||
             (v->number >= p->min && v->number <= p->max));
        for (uint32_t k = 0; k < i && k < 8; k++)
            MUST(strcmp(a->values[k].text, v->text) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct axis a = AXIS_EMPTY;
    struct err e = {.text = ""};
    const struct param *p;
    char *text;
    if (bytes < 2)
        return 0;
    p = &table[data[0] % param_count(table)];
    text = fuzz_text(data + 2, bytes - 2);
    if (axis_add(&a, p, text, data[1], &e) != 0) {
        char name[32];
        snprintf(name, sizeof name, "--%s ", p->name);
        MUST(e.status == STATUS_USAGE);
        MUST(strncmp(e.text, name, strlen(name)) == 0);
        for (const char *c = e.text; *c != '\0'; c++)
            MUST((unsigned char)*c >= ' ' && *c != 0x7f);
    } else {
        MUST(a.count >= 1);
    }
    check_values(&a, p);
    axis_free(&a);
    free(text);
    return 0;
}
