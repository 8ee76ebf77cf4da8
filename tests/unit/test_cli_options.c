/* The parser of command lines, with tables made for the purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options.h"

struct nap {
    uint64_t jobs, length_ns, extra;
    struct param_list guests;
    const char *place;
    unsigned mood;
    bool deep;
};

struct shared {
    const char *output;
    bool quiet, verbose;
};

static const char *const moods[] = {"calm", "restless", NULL};

static const struct param nap_params[] = {
    PARAM_COUNT(struct nap, jobs, "jobs", 'n', "5", 1, 1000, "naps to take"),
    PARAM_DURATION(struct nap, length_ns, "length", 'l', "100ms", 1, 60000000000, "of each nap"),
    PARAM_CHOICE(struct nap, mood, "mood", 0, 0, "calm", moods, "of the sleeper"),
    PARAM_STRING(struct nap, place, "place", 'p', PARAM_OPTIONAL, NULL, "NAME", "where"),
    PARAM_FLAG(struct nap, deep, "deep", 'd', 0, "sleep deeply"),
    {.name = "extra",
     .type = PARAM_TYPE_COUNT,
     .preset = "1",
     .min = 1,
     .max = 9,
     .environment = "UVLAB_TEST_EXTRA",
     .offset = offsetof(struct nap, extra),
     .help = "naps more"},
    PARAM_LIST(struct nap, guests, "guest", 'g', 0, "NAME", "who comes"),
    PARAM_END,
};

static const struct param shared_params[] = {
    PARAM_STRING(struct shared, output, "output", 'o', PARAM_OPTIONAL | PARAM_PATH, NULL, "FILE",
                 "where to write"),
    PARAM_FLAG(struct shared, quiet, "quiet", 'q', 0, "say nothing"),
    PARAM_FLAG(struct shared, verbose, "verbose", 'v', 0, NULL),
    PARAM_END,
};

enum { WORDS_MOST = 12 };

struct parsed {
    struct nap nap;
    struct shared shared;
    struct param_set sets[2];
    struct option_outcome outcome;
    struct err e;
    int rc;
};

/* Parses the words up to NULL with both tables and at most `operands` operands. */
static void parse(struct parsed *p, unsigned operands, const char *const *words)
{
    char *argv[WORDS_MOST];
    int argc = 0;
    struct option_grammar grammar = {.sets = {&p->sets[0], &p->sets[1]},
                                     .set_count = 2,
                                     .operands_most = operands,
                                     .topic = "nap"};
    memset(p, 0, sizeof *p);
    p->sets[0] = (struct param_set){.table = nap_params, .values = &p->nap};
    p->sets[1] = (struct param_set){.table = shared_params, .values = &p->shared};
    for (; words[argc] != NULL; argc++) {
        assert_true(argc < WORDS_MOST);
        memcpy(&argv[argc], &words[argc], sizeof argv[argc]); /* main's argv is not const */
    }
    p->rc = options_parse(&grammar, argc, argv, &p->outcome, &p->e);
}

#define PARSE(p, operands, ...) parse(p, operands, (const char *const[]){__VA_ARGS__, NULL})

static void expect_mistake(struct parsed *p, const char *text)
{
    assert_int_equal(p->rc, -1);
    assert_int_equal(p->e.status, STATUS_USAGE);
    assert_string_equal(p->e.text, text);
}

static void test_nothing_gives_the_defaults(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p, 0, (const char *const[]){NULL});
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.nap.jobs, 5);
    assert_int_equal(p.nap.length_ns, 100000000);
    assert_int_equal(p.nap.mood, 0);
    assert_null(p.nap.place);
    assert_false(p.nap.deep);
    assert_false(p.outcome.help);
    assert_int_equal(p.sets[0].source[0], PARAM_FROM_DEFAULT);
}

static void test_every_way_to_write_a_value(void **state)
{
    struct parsed p;
    (void)state;
    PARSE(&p, 0, "--jobs", "7", "--length=2s", "-p", "home", "-oout.json");
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.nap.jobs, 7);
    assert_int_equal(p.nap.length_ns, 2000000000);
    assert_string_equal(p.nap.place, "home");
    assert_string_equal(p.shared.output, "out.json");
    assert_int_equal(p.sets[0].source[0], PARAM_FROM_FLAG);
    PARSE(&p, 0, "-n7", "-l", "3ms", "--place=", "-o", "-");
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.nap.jobs, 7);
    assert_int_equal(p.nap.length_ns, 3000000);
    assert_string_equal(p.nap.place, "");
    assert_string_equal(p.shared.output, "-");
    PARSE(&p, 0, "--place=a=b", "--mood", "restless");
    assert_string_equal(p.nap.place, "a=b");
    assert_int_equal(p.nap.mood, 1);
}

static void test_what_is_an_option_elsewhere_is_said_to_be(void **state)
{
    struct param_set set = {.table = nap_params};
    struct nap nap = {0};
    struct option_grammar grammar = {.sets = {&set},
                                     .set_count = 1,
                                     .topic = "nap",
                                     .elsewhere = shared_params,
                                     .elsewhere_why = "is for beds"};
    struct option_outcome outcome;
    struct err e;
    char output[] = "--output=x", unknown[] = "--outptu";
    char *words[] = {output, unknown};
    (void)state;
    set.values = &nap;
    assert_int_equal(options_parse(&grammar, 1, words, &outcome, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_string_equal(e.text, "--output is for beds");
    assert_int_equal(options_parse(&grammar, 1, words + 1, &outcome, &e), -1);
    assert_string_equal(e.text, "unknown option '--outptu'; see 'uvlab help nap'");
}

static void test_short_flags_are_grouped(void **state)
{
    struct parsed p;
    (void)state;
    PARSE(&p, 0, "-dqn9");
    assert_int_equal(p.rc, 0);
    assert_true(p.nap.deep);
    assert_true(p.shared.quiet);
    assert_int_equal(p.nap.jobs, 9);
    PARSE(&p, 0, "-qdn", "8");
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.nap.jobs, 8);
    assert_true(p.nap.deep);
}

static void test_the_last_one_wins(void **state)
{
    struct parsed p;
    (void)state;
    PARSE(&p, 0, "-n", "3", "--jobs=4", "--deep", "--no-deep", "--no-quiet", "-q");
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.nap.jobs, 4);
    assert_false(p.nap.deep);
    assert_true(p.shared.quiet);
    assert_int_equal(p.sets[0].source[4], PARAM_FROM_FLAG);
}

static void test_lists_take_every_value(void **state)
{
    static const char *const names[] = {"ada", "bob", "c d", "", "-x"};
    struct parsed p;
    (void)state;
    PARSE(&p, 0, "-g", "ada", "--guest=bob", "-dg", "c d", "--guest", "", "--guest=-x", "-n3");
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.nap.guests.count, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_string_equal(p.nap.guests.items[i], names[i]);
    assert_true(p.nap.deep);
    assert_int_equal(p.nap.jobs, 3);
    PARSE(&p, 0, "--guest");
    expect_mistake(&p, "--guest: needs a value (NAME)");
    PARSE(&p, 0, "-g", "ada", "--guest", "--deep");
    expect_mistake(&p, "--guest: needs a value (NAME); if '--deep' is meant, write --guest=--deep");
    PARSE(&p, 0, "--no-guest");
    expect_mistake(&p, "unknown option '--no-guest': --no-NAME takes back flags only, and --guest "
                       "is none");
}

static void test_operands_and_two_dashes(void **state)
{
    struct parsed p;
    (void)state;
    PARSE(&p, 2, "one", "-q", "--", "--jobs");
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.outcome.operand_count, 2);
    assert_string_equal(p.outcome.operands[0], "one");
    assert_string_equal(p.outcome.operands[1], "--jobs");
    assert_true(p.shared.quiet);
    PARSE(&p, 0, "stray");
    expect_mistake(&p, "unexpected argument 'stray'; see 'uvlab help nap'");
    PARSE(&p, 0, "--", "-q");
    expect_mistake(&p, "unexpected argument '-q'; see 'uvlab help nap'");
    PARSE(&p, 0, "");
    expect_mistake(&p, "unexpected argument ''; see 'uvlab help nap'");
}

static void test_help_excuses_mistakes(void **state)
{
    struct parsed p;
    (void)state;
    PARSE(&p, 0, "--bogus", "--jobs", "0", "--help");
    assert_int_equal(p.rc, 0);
    assert_true(p.outcome.help);
    PARSE(&p, 0, "-qh");
    assert_true(p.outcome.help);
    PARSE(&p, 0, "-o", "-h");
    assert_true(p.outcome.help);
    PARSE(&p, 1, "--", "--help");
    assert_false(p.outcome.help);
    PARSE(&p, 0, "--help=yes");
    expect_mistake(&p, "--help: takes no value");
}

static void test_values_that_are_wrong(void **state)
{
    struct parsed p;
    (void)state;
    PARSE(&p, 0, "--jobs", "0");
    expect_mistake(&p, "--jobs 0: must be from 1 to 1000");
    PARSE(&p, 0, "-n", "-5");
    assert_int_equal(p.rc, -1);
    assert_non_null(strstr(p.e.text, "--jobs -5: "));
    PARSE(&p, 0, "--jobs=");
    assert_int_equal(p.rc, -1);
    PARSE(&p, 0, "--mood=angry");
    assert_int_equal(p.rc, -1);
    assert_non_null(strstr(p.e.text, "calm, restless"));
    PARSE(&p, 0, "--jobs");
    expect_mistake(&p, "--jobs: needs a value (N)");
    PARSE(&p, 0, "-qn");
    expect_mistake(&p, "--jobs: needs a value (N)");
    PARSE(&p, 0, "--output", "--quiet");
    expect_mistake(&p,
                   "--output: needs a value (FILE); if '--quiet' is meant, write --output=--quiet");
    PARSE(&p, 0, "--output=--quiet");
    assert_int_equal(p.rc, 0);
    assert_string_equal(p.shared.output, "--quiet");
    PARSE(&p, 0, "--deep=1");
    expect_mistake(&p, "--deep: takes no value");
    PARSE(&p, 0, "--no-deep=");
    expect_mistake(&p, "--no-deep: takes no value");
}

static void test_unknown_options_name_the_nearest(void **state)
{
    struct parsed p;
    (void)state;
    PARSE(&p, 0, "--job", "5");
    expect_mistake(&p, "unknown option '--job' (did you mean '--jobs'?); see 'uvlab help nap'");
    PARSE(&p, 0, "--xyzzy");
    expect_mistake(&p, "unknown option '--xyzzy'; see 'uvlab help nap'");
    PARSE(&p, 0, "-q", "-Z");
    expect_mistake(&p, "unknown option '-Z'; see 'uvlab help nap'");
    PARSE(&p, 0, "--no-jobs"); /* only flags can be taken back */
    assert_int_equal(p.rc, -1);
    PARSE(&p, 0, "--no-");
    assert_int_equal(p.rc, -1);
    PARSE(&p, 0, "--=5");
    expect_mistake(&p, "unknown option '--'; see 'uvlab help nap'");
    PARSE(&p, 0, "--verbos"); /* a row without help is not offered */
    expect_mistake(&p, "unknown option '--verbos'; see 'uvlab help nap'");
    PARSE(&p, 0, "--verbose");
    assert_true(p.shared.verbose);
}

static void test_the_first_mistake_is_told(void **state)
{
    struct parsed p;
    (void)state;
    PARSE(&p, 0, "--jobs", "0", "--bogus", "stray");
    expect_mistake(&p, "--jobs 0: must be from 1 to 1000");
}

static void test_hostile_words_stay_in_bounds(void **state)
{
    struct parsed p;
    char longest[5000];
    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[0] = longest[1] = '-';
    longest[sizeof longest - 1] = '\0';
    PARSE(&p, 0, longest);
    assert_int_equal(p.rc, -1);
    assert_true(strlen(p.e.text) < sizeof p.e.text);
    PARSE(&p, 0, longest + 2);
    assert_int_equal(p.rc, -1);
    PARSE(&p, 0, "-\xff");
    expect_mistake(&p, "unknown option '-?'; see 'uvlab help nap'");
    PARSE(&p, 0, "--\n\x1b[2J");
    assert_int_equal(p.rc, -1);
    assert_null(strpbrk(p.e.text, "\n\x1b"));
}

static void test_the_environment_stands_in_for_a_flag(void **state)
{
    struct parsed p;
    (void)state;
    setenv("UVLAB_TEST_EXTRA", "3", 1);
    PARSE(&p, 0, "-q");
    assert_int_equal(p.nap.extra, 3);
    assert_int_equal(p.sets[0].source[5], PARAM_FROM_ENVIRONMENT);
    PARSE(&p, 0, "--extra", "4");
    assert_int_equal(p.nap.extra, 4);
    setenv("UVLAB_TEST_EXTRA", "many", 1);
    PARSE(&p, 0, "-q");
    assert_int_equal(p.rc, -1);
    assert_non_null(strstr(p.e.text, "UVLAB_TEST_EXTRA=many"));
    PARSE(&p, 0, "-h");
    assert_int_equal(p.rc, 0);
    unsetenv("UVLAB_TEST_EXTRA");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_gives_the_defaults),
        cmocka_unit_test(test_every_way_to_write_a_value),
        cmocka_unit_test(test_short_flags_are_grouped),
        cmocka_unit_test(test_the_last_one_wins),
        cmocka_unit_test(test_lists_take_every_value),
        cmocka_unit_test(test_operands_and_two_dashes),
        cmocka_unit_test(test_help_excuses_mistakes),
        cmocka_unit_test(test_values_that_are_wrong),
        cmocka_unit_test(test_unknown_options_name_the_nearest),
        cmocka_unit_test(test_the_first_mistake_is_told),
        cmocka_unit_test(test_what_is_an_option_elsewhere_is_said_to_be),
        cmocka_unit_test(test_hostile_words_stay_in_bounds),
        cmocka_unit_test(test_the_environment_stands_in_for_a_flag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
