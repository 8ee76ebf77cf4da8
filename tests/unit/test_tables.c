/* The option tables of all experiments, and the one that they share: what the compiler cannot check
 * about them is checked here, so that a slip in a new experiment's table is named at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/param.h"
#include "cli/common.h"
#include "measure/experiment.h"

#include "experiments/list.h"

#define DECLARE(id) extern const struct experiment experiment_##id;
EXPERIMENTS(DECLARE)

#define ENTRY(id) {#id, &experiment_##id},
static const struct entry {
    const char *id;
    const struct experiment *experiment;
} entries[] = {EXPERIMENTS(ENTRY)};

enum { ENTRIES = sizeof entries / sizeof entries[0], VALUES_MOST = 4096 };

/* One table with what the messages need to find the row. */
struct table {
    const char *owner;
    const struct param *params;
    size_t values_bytes;
};

static struct table table_of(size_t index)
{
    if (index == ENTRIES)
        return (struct table){"common options", common_params, sizeof(struct common_options)};
    const struct experiment *x = entries[index].experiment;
    return (struct table){x->name, x->params, x->options_size};
}

#define FAIL(t, p, ...)                                                                            \
    do {                                                                                           \
        print_error("%s: --%s\n", (t)->owner, (p)->name);                                          \
        fail_msg(__VA_ARGS__);                                                                     \
    } while (0)

static size_t field_bytes(enum param_type type)
{
    switch (type) {
    case PARAM_TYPE_FLAG:
        return sizeof(bool);
    case PARAM_TYPE_STRING:
        return sizeof(const char *);
    case PARAM_TYPE_CHOICE:
        return sizeof(unsigned);
    case PARAM_TYPE_LIST:
        return sizeof(struct param_list);
    default:
        return sizeof(uint64_t);
    }
}

static size_t field_alignment(enum param_type type)
{
    return type == PARAM_TYPE_LIST ? _Alignof(struct param_list) : field_bytes(type);
}

static void check_name(const struct table *t, const struct param *p)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t length = strlen(p->name);
    if (length < 2 || strspn(p->name, allowed) != length)
        FAIL(t, p, "a name has lower-case letters, digits and '-', at least two");
    if (p->name[0] == '-' || p->name[length - 1] == '-')
        FAIL(t, p, "a name neither begins nor ends with '-'");
    if (strcmp(p->name, "help") == 0 || p->letter == 'h' || strncmp(p->name, "no-", 3) == 0)
        FAIL(t, p, "the parser means something else by this name or letter");
    if (p->letter != '\0' && (p->letter < 'A' || p->letter > 'z' || strchr("[\\]^_`", p->letter)))
        FAIL(t, p, "'%c' is no letter", p->letter);
}

static void check_help(const struct table *t, const struct param *p)
{
    const char *help = p->help != NULL ? p->help : "";
    size_t length = strlen(help);
    if (length == 0) {
        FAIL(t, p, "there is no help");
        return;
    }
    /* A word in capitals ("CPUs") may come first. */
    if (help[0] >= 'A' && help[0] <= 'Z' && help[1] >= 'a' && help[1] <= 'z')
        FAIL(t, p, "help begins with a capital: '%s'", help);
    if (strchr(". \n", help[length - 1]) != NULL)
        FAIL(t, p, "help ends with a full stop or a space: '%s'", help);
}

static void check_choices(const struct table *t, const struct param *p)
{
    if ((p->choices != NULL) != (p->type == PARAM_TYPE_CHOICE))
        FAIL(t, p, "choices are for choices");
    for (size_t i = 0; p->choices != NULL && p->choices[i] != NULL; i++) {
        if (p->choices[i][0] == '\0' || strchr(p->choices[i], ' ') != NULL)
            FAIL(t, p, "a choice is one word, not '%s'", p->choices[i]);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(p->choices[i], p->choices[j]) == 0)
                FAIL(t, p, "the choice '%s' is there twice", p->choices[i]);
        }
    }
}

static void check_kind(const struct table *t, const struct param *p)
{
    if (p->type == PARAM_TYPE_FLAG &&
        ((p->preset != NULL && strcmp(p->preset, "yes") != 0) || (p->flags & PARAM_OPTIONAL) != 0))
        FAIL(t, p, "a flag is false by default, or 'yes', and needs nothing else");
    if (p->type != PARAM_TYPE_FLAG && (p->preset == NULL) == ((p->flags & PARAM_OPTIONAL) == 0))
        FAIL(t, p, "a row has a default or is optional");
    if (param_is_number(p) ? p->min > p->max : p->min != 0 || p->max != 0)
        FAIL(t, p, "limits are for numbers, the lower one first");
    if (p->from_environment != NULL && (p->environment == NULL || !param_is_number(p)))
        FAIL(t, p, "from_environment is for numbers that have a variable");
    if (p->type == PARAM_TYPE_LIST && (p->preset != NULL || p->environment != NULL))
        FAIL(t, p, "a list is empty by default and has no variable, to which a flag would add");
    if ((p->flags & PARAM_PATH) != 0 && p->type != PARAM_TYPE_STRING)
        FAIL(t, p, "a file name is a string");
    if ((p->flags & PARAM_MEANS) != 0 && p->type != PARAM_TYPE_COUNT)
        FAIL(t, p, "means to work with are counted");
    if (p->flags &
        ~(unsigned)(PARAM_VIEW | PARAM_OPTIONAL | PARAM_PATH | PARAM_SECRET | PARAM_MEANS))
        FAIL(t, p, "a flag of the row is unknown");
}

static void check_field(const struct table *t, const struct param *p)
{
    size_t bytes = field_bytes(p->type);
    if (p->offset % field_alignment(p->type) != 0 || p->offset + bytes > t->values_bytes)
        FAIL(t, p, "its field is not inside the options");
    for (const struct param *q = t->params; q != p; q++) {
        if (p->offset < q->offset + field_bytes(q->type) && q->offset < p->offset + bytes)
            FAIL(t, p, "it shares its field with --%s", q->name);
    }
}

static void each_row_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i <= ENTRIES; i++) {
        struct table t = table_of(i);
        assert_non_null(t.params);
        assert_in_range(t.values_bytes, 0, VALUES_MOST);
        if (param_count(t.params) > PARAM_MOST)
            fail_msg("%s: more than %d rows", t.owner, PARAM_MOST);
        for (const struct param *p = t.params; p->name != NULL; p++) {
            check_name(&t, p);
            check_help(&t, p);
            check_choices(&t, p);
            check_kind(&t, p);
            check_field(&t, p);
        }
    }
}

/* Compares p with rows that may stand on the same command line. */
static void check_unique(const struct table *t, const struct param *p, const struct param *others)
{
    for (const struct param *q = others; q->name != NULL; q++) {
        if (strcmp(p->name, q->name) == 0)
            FAIL(t, p, "the name is taken");
        if (p->letter != '\0' && p->letter == q->letter)
            FAIL(t, p, "the letter '%c' is taken by --%s", p->letter, q->name);
    }
}

static void names_and_letters_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i <= ENTRIES; i++) {
        struct table t = table_of(i);
        for (const struct param *p = t.params; p->name != NULL; p++) {
            check_unique(&t, p, p + 1);
            if (t.params != common_params)
                check_unique(&t, p, common_params);
        }
    }
}

/* The values of any table, aligned for all types. */
union values {
    max_align_t align;
    unsigned char bytes[VALUES_MOST];
};

static void forget_variables(const struct param *table)
{
    for (const struct param *p = table; p->name != NULL; p++) {
        if (p->environment != NULL)
            assert_int_equal(unsetenv(p->environment), 0);
    }
}

static void defaults_are_what_the_flag_would_accept(void **state)
{
    (void)state;
    for (size_t i = 0; i <= ENTRIES; i++) {
        struct table t = table_of(i);
        union values values = {0};
        struct param_set set = {.table = t.params, .values = &values};
        struct err e;
        for (const struct param *p = t.params; p->name != NULL; p++) {
            if (p->preset != NULL && param_set_value(&set, p, p->preset, &e) != 0)
                FAIL(&t, p, "its default is refused: %s", e.text);
        }
        forget_variables(t.params);
        assert_int_equal(param_set_defaults(&set, &e), 0);
        for (const struct param *p = t.params; p->name != NULL; p++)
            assert_int_equal(param_source_of(&set, p->name), PARAM_FROM_DEFAULT);
    }
}

/* Every choice that is offered is taken, and what no row can mean is refused. */
static void offers_are_kept_and_rubbish_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i <= ENTRIES; i++) {
        struct table t = table_of(i);
        union values values = {0};
        struct param_set set = {.table = t.params, .values = &values};
        struct err e;
        for (const struct param *p = t.params; p->name != NULL; p++) {
            if (p->type == PARAM_TYPE_STRING || p->type == PARAM_TYPE_LIST ||
                p->type == PARAM_TYPE_FLAG)
                continue;
            if (param_set_value(&set, p, "no such value", &e) == 0)
                FAIL(&t, p, "it accepts 'no such value'");
            assert_int_equal(e.status, STATUS_USAGE);
            assert_non_null(strstr(e.text, p->name));
            for (size_t c = 0; p->type == PARAM_TYPE_CHOICE && p->choices[c] != NULL; c++) {
                if (param_set_value(&set, p, p->choices[c], &e) != 0)
                    FAIL(&t, p, "its own choice is refused: %s", e.text);
            }
        }
    }
}

/* The name on the command line is the identifier in the list, with '-' for '_'. */
static void experiments_are_named_as_in_the_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES; i++) {
        const struct experiment *x = entries[i].experiment;
        assert_non_null(x->name);
        assert_int_equal(strlen(x->name), strlen(entries[i].id));
        for (size_t at = 0; x->name[at] != '\0'; at++) {
            bool dash = entries[i].id[at] == '_';
            if (dash ? x->name[at] != '-' : x->name[at] != entries[i].id[at])
                fail_msg("experiment_%s calls itself '%s'", entries[i].id, x->name);
        }
    }
}

/* Each experiment must be able to say what it would do when it is told nothing. */
static void every_experiment_has_a_plan_by_default(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES; i++) {
        const struct experiment *x = entries[i].experiment;
        union values values = {0};
        struct param_set set = {.table = x->params, .values = &values};
        struct plan plan = {0};
        struct err e;
        forget_variables(x->params);
        assert_int_equal(param_set_defaults(&set, &e), 0);
        if (x->operand != NULL) /* but for what it is about */
            assert_int_equal(param_set_value(&set,
                                             param_find(x->params, x->operand, strlen(x->operand)),
                                             "http://127.0.0.1:1/", &e),
                             0);
        if (x->plan(&set, &plan, &e) != 0)
            fail_msg("%s has no plan: %s", x->name, e.text);
        assert_in_range(plan.pass_count, 1, PASSES_MOST);
        unsigned measured = 0;
        for (unsigned pass = 0; pass < plan.pass_count; pass++) {
            measured += plan.passes[pass].role == PASS_MEASURED;
            const char *name = plan.passes[pass].override;
            if (name != NULL && param_find(x->params, name, strlen(name)) == NULL)
                fail_msg("%s overrides --%s, which it does not have", x->name, name);
        }
        assert_int_equal(measured, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(experiments_are_named_as_in_the_list),
        cmocka_unit_test(each_row_is_sound),
        cmocka_unit_test(names_and_letters_are_unique),
        cmocka_unit_test(defaults_are_what_the_flag_would_accept),
        cmocka_unit_test(offers_are_kept_and_rubbish_is_refused),
        cmocka_unit_test(every_experiment_has_a_plan_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
