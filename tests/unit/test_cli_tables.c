/* What the tables of the program must keep to (no name twice, nothing that a shell would have to
 * quote), and what is made of them: help, manual page, completions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/common.h"
#include "cli/completion.h"
#include "cli/describe.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/registry.h"

static bool is_plain(const char *word)
{
    return word[0] != '\0' && word[0] != '-' &&
           word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* A table in itself: names that are plain words and not "help", letters, words to choose from. */
static void check_table(const struct param *table)
{
    for (const struct param *p = table; p->name != NULL; p++) {
        assert_true(is_plain(p->name));
        assert_string_not_equal(p->name, "help");
        assert_true(strncmp(p->name, "no-", 3) != 0);
        assert_true(p->letter != 'h' && p->letter != '-');
        assert_ptr_equal(param_find(table, p->name, strlen(p->name)), p);
        if (p->letter != 0)
            assert_ptr_equal(param_find_letter(table, p->letter), p);
        for (size_t i = 0; p->type == PARAM_TYPE_CHOICE && p->choices[i] != NULL; i++)
            assert_true(is_plain(p->choices[i]));
    }
    assert_true(param_count(table) <= PARAM_MOST);
}

static void test_no_option_is_declared_twice(void **state)
{
    (void)state;
    check_table(common_params);
    for (size_t i = 0; registry[i] != NULL; i++) {
        check_table(registry[i]->params);
        for (const struct param *p = registry[i]->params; p->name != NULL; p++) {
            assert_null(param_find(common_params, p->name, strlen(p->name)));
            if (p->letter != 0)
                assert_null(param_find_letter(common_params, p->letter));
            assert_int_equal(p->flags & PARAM_VIEW, 0);
        }
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        check_table(commands[i]->params);
        assert_true(commands[i]->operands_most <= OPERANDS_MOST);
    }
}

static void test_no_word_is_taken_twice(void **state)
{
    struct completion_word a, b;
    (void)state;
    for (size_t i = 0; completion_word(i, &a); i++) {
        assert_true(is_plain(a.name));
        for (size_t j = 0; j < i && completion_word(j, &b); j++)
            assert_string_not_equal(a.name, b.name);
        assert_true((registry_find(a.name) != NULL) != (command_find(a.name) != NULL));
    }
    assert_null(registry_find("threadpoo"));
    assert_null(command_find(""));
}

static void check_width(const struct text *t)
{
    assert_true(text_ok(t));
    for (const char *line = text_get(t); *line != '\0';) {
        size_t length = strcspn(line, "\n");
        assert_true(length < 80);
        line += length + (line[length] == '\n');
    }
}

static void test_help_fits_80_columns_and_names_every_option(void **state)
{
    struct text t = TEXT_EMPTY;
    char flag[64];
    (void)state;
    help_overview(&t);
    check_width(&t);
    for (size_t i = 0; registry[i] != NULL; i++) {
        text_free(&t);
        help_experiment(registry[i], &t);
        check_width(&t);
        for (const struct param *p = registry[i]->params; p->name != NULL; p++) {
            snprintf(flag, sizeof flag, "--%s", p->name);
            assert_non_null(strstr(text_get(&t), flag));
        }
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        text_free(&t);
        help_command(commands[i], &t);
        check_width(&t);
        assert_null(strstr(text_get(&t), "--roff"));
    }
    text_free(&t);
}

/* Options of both, the examples, and no exit status that only a check can have. */
static void test_help_of_a_sweep_is_about_both(void **state)
{
    struct text t = TEXT_EMPTY;
    (void)state;
    for (size_t i = 0; registry[i] != NULL; i++) {
        help_sweep(registry[i], &t);
        check_width(&t);
        assert_non_null(strstr(text_get(&t), registry[i]->params[0].name));
        assert_non_null(strstr(text_get(&t), "--time-limit"));
        assert_non_null(strstr(text_get(&t), "\n  uvlab sweep "));
        assert_non_null(strstr(text_get(&t), "\n  130  "));
        assert_null(strstr(text_get(&t), "\n  3    "));
        text_free(&t);
    }
    help_experiment(registry[0], &t);
    assert_non_null(strstr(text_get(&t), "\n  3    "));
    text_free(&t);
}

/* Every option of every experiment is in all that is made of the tables. */
static void check_names_all(const struct text *t, const char *dashes)
{
    char flag[64];
    assert_true(text_ok(t));
    for (size_t i = 0; registry[i] != NULL; i++) {
        assert_non_null(strstr(text_get(t), registry[i]->name));
        for (const struct param *p = registry[i]->params; p->name != NULL; p++) {
            snprintf(flag, sizeof flag, "%s%s", dashes, p->name);
            assert_non_null(strstr(text_get(t), flag));
        }
    }
    for (const struct param *p = common_params; p->name != NULL; p++) {
        snprintf(flag, sizeof flag, "%s%s", dashes, p->name);
        assert_non_null(strstr(text_get(t), flag));
    }
    for (size_t i = 0; commands[i] != NULL; i++)
        assert_non_null(strstr(text_get(t), commands[i]->name));
    assert_null(strstr(text_get(t), "roff"));
}

static void test_manual_and_completions_name_every_option(void **state)
{
    static void (*const writers[])(struct text *) = {roff_blocks, complete_bash, complete_zsh,
                                                     complete_fish};
    static const char *const dashes[] = {"Fl -", "--", "--", "-l "};
    (void)state;
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        struct text t = TEXT_EMPTY;
        writers[i](&t);
        check_names_all(&t, dashes[i]);
        text_free(&t);
    }
}

struct some {
    uint64_t number;
    const char *word;
    unsigned choice;
    struct param_list list;
};

static void test_limits_in_words(void **state)
{
    struct text t = TEXT_EMPTY;
    static const char *const moods[] = {"calm", "restless", NULL};
    const struct param count = PARAM_COUNT(struct some, number, "a", 0, "5", 1, 1000, "a");
    const struct param duration =
        PARAM_DURATION(struct some, number, "b", 0, "100ms", 1, 60000000000, "b");
    const struct param choice = PARAM_CHOICE(struct some, choice, "c", 0, 0, "calm", moods, "c");
    const struct param string =
        PARAM_STRING(struct some, word, "d", 0, PARAM_OPTIONAL, NULL, "NAME", "d");
    struct param variable = PARAM_COUNT(struct some, number, "e", 0, "1", 1, UINT64_MAX, "e");
    (void)state;
    variable.environment = "UVLAB_TEST_EXTRA";
    describe_limits(&count, false, &t);
    assert_string_equal(text_get(&t), "default 5; from 1 to 1000");
    text_free(&t);
    describe_limits(&duration, false, &t);
    assert_string_equal(text_get(&t), "default 100ms; from 1ns to 1min");
    text_free(&t);
    describe_limits(&choice, true, &t);
    assert_string_equal(text_get(&t), "default calm; one of calm, restless");
    text_free(&t);
    describe_limits(&string, true, &t);
    assert_string_equal(text_get(&t), "");
    text_free(&t);
    describe_limits(&variable, true, &t);
    assert_string_equal(text_get(&t), "default 1; at least 1; environment UVLAB_TEST_EXTRA");
    text_free(&t);
}

static void test_lists_may_be_given_several_times(void **state)
{
    const struct param list = PARAM_LIST(struct some, list, "url", 0, 0, "URL", "of what");
    const struct param letter = PARAM_LIST(struct some, list, "url", 'u', 0, NULL, "of what");
    const struct param string =
        PARAM_STRING(struct some, word, "name", 'n', PARAM_OPTIONAL, NULL, NULL, "of it");
    struct text t = TEXT_EMPTY;
    (void)state;
    describe_limits(&list, true, &t);
    assert_string_equal(text_get(&t), "may be given several times");
    text_free(&t);
    complete_zsh_option(&t, &list);
    complete_zsh_option(&t, &letter);
    complete_zsh_option(&t, &string);
    assert_string_equal(text_get(&t), "            '*--url=[of what]:URL:' \\\n"
                                      "            '*'{-u+,--url=}'[of what]:TEXT:' \\\n"
                                      "            '(-n --name)'{-n+,--name=}'[of it]:TEXT:' \\\n");
    text_free(&t);
    assert_int_equal(completion_value(&list), VALUE_ANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_option_is_declared_twice),
        cmocka_unit_test(test_no_word_is_taken_twice),
        cmocka_unit_test(test_help_fits_80_columns_and_names_every_option),
        cmocka_unit_test(test_help_of_a_sweep_is_about_both),
        cmocka_unit_test(test_manual_and_completions_name_every_option),
        cmocka_unit_test(test_limits_in_words),
        cmocka_unit_test(test_lists_may_be_given_several_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
