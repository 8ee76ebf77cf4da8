/* The option table: values from defaults, variables and flags, and what messages say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/param.h"

struct nap_options {
    uint64_t jobs, threads, duration_ns, bytes, limit, sheep;
    bool loud;
    const char *bed, *note;
    unsigned dream, colour;
};

static const char *const dreams[] = {"pbkdf2", "scrypt", "random", "sleep", NULL};
static const char *const colours[] = {"auto", "never", NULL};

/* As libuv would: rules that have nothing to do with the row's. */
static uint64_t length_of(const char *text)
{
    return strlen(text);
}

static const struct param nap_params[] = {
    PARAM_COUNT(struct nap_options, jobs, "jobs", 'n', "5", 1, 1000000, "naps to take"),
    {.name = "threads",
     .letter = 't',
     .type = PARAM_TYPE_COUNT,
     .preset = "4",
     .min = 1,
     .max = 1024,
     .environment = "UVLAB_TEST_THREADS",
     .from_environment = length_of,
     .offset = offsetof(struct nap_options, threads),
     .help = "beds"},
    {PARAM_NUMBER_(struct nap_options, duration_ns, PARAM_TYPE_DURATION, "duration", 'd', "100ms",
                   1000, 3600000000000, "how long each nap is"),
     .environment = "UVLAB_TEST_DURATION"},
    PARAM_SIZE(struct nap_options, bytes, "size", 0, "1M", 512, 1 << 30, "of the blanket"),
    {PARAM_NUMBER_(struct nap_options, limit, PARAM_TYPE_COUNT, "limit", 0, NULL, 1, 10, "of all"),
     .flags = PARAM_OPTIONAL},
    PARAM_FLAG(struct nap_options, loud, "loud", 'l', 0, "snore"),
    PARAM_STRING(struct nap_options, bed, "bed", 'b', 0, "hammock", "BED", "where"),
    PARAM_STRING(struct nap_options, note, "note", 0, PARAM_OPTIONAL, NULL, NULL, "to leave"),
    PARAM_CHOICE(struct nap_options, dream, "dream", 0, 0, "random", dreams, "of what"),
    PARAM_CHOICE(struct nap_options, colour, "colour", 0, PARAM_VIEW, "auto", colours, "of it"),
    {PARAM_NUMBER_(struct nap_options, sheep, PARAM_TYPE_COUNT, "sheep", 0, "max", 1, 100,
                   "to count"),
     .word = "max"},
    PARAM_END,
};

/* What every test starts from; the memory is filled with rubbish first, as defaults must set all.
 */
struct nap {
    struct nap_options options;
    struct param_set set;
    struct err e;
};

static int make_nap(void **state)
{
    static struct nap nap;
    memset(&nap, 0xA5, sizeof nap);
    nap.set.table = nap_params;
    nap.set.values = &nap.options;
    *state = &nap;
    return unsetenv("UVLAB_TEST_THREADS") || unsetenv("UVLAB_TEST_DURATION");
}

static int set_value(struct nap *nap, const char *name, const char *text)
{
    const struct param *p = param_find(nap_params, name, strlen(name));
    assert_non_null(p);
    return param_set_value(&nap->set, p, text, &nap->e);
}

static void check_refused(struct nap *nap, const char *name, const char *text, const char *message)
{
    struct nap_options before = nap->options;
    nap->e.text[0] = '\0';
    if (set_value(nap, name, text) != -1)
        fail_msg("--%s '%s' was accepted", name, text);
    assert_string_equal(nap->e.text, message);
    assert_int_equal(nap->e.status, STATUS_USAGE);
    assert_memory_equal(&before, &nap->options, sizeof before);
}

static void defaults_set_every_field(void **state)
{
    struct nap *nap = *state;
    assert_int_equal(param_set_defaults(&nap->set, &nap->e), 0);
    assert_int_equal(nap->options.jobs, 5);
    assert_int_equal(nap->options.threads, 4);
    assert_int_equal(nap->options.duration_ns, 100000000);
    assert_int_equal(nap->options.bytes, 1 << 20);
    assert_int_equal(nap->options.limit, 0);
    assert_true(nap->options.sheep == PARAM_WORD);
    assert_false(nap->options.loud);
    assert_string_equal(nap->options.bed, "hammock");
    assert_null(nap->options.note);
    assert_int_equal(nap->options.dream, 2);
    assert_int_equal(nap->options.colour, 0);
    for (const struct param *p = nap_params; p->name != NULL; p++)
        assert_int_equal(param_source_of(&nap->set, p->name), PARAM_FROM_DEFAULT);
}

static void flags_override_defaults(void **state)
{
    struct nap *nap = *state;
    assert_int_equal(param_set_defaults(&nap->set, &nap->e), 0);
    assert_int_equal(set_value(nap, "jobs", "1e6"), 0);
    assert_int_equal(set_value(nap, "threads", "1024"), 0);
    assert_int_equal(set_value(nap, "duration", "1.5s"), 0);
    assert_int_equal(set_value(nap, "size", "64k"), 0);
    assert_int_equal(set_value(nap, "limit", "10"), 0);
    assert_int_equal(set_value(nap, "loud", NULL), 0);
    assert_int_equal(set_value(nap, "bed", ""), 0);
    assert_int_equal(set_value(nap, "note", "a b"), 0);
    assert_int_equal(set_value(nap, "dream", "sleep"), 0);
    assert_int_equal(nap->options.jobs, 1000000);
    assert_int_equal(nap->options.threads, 1024);
    assert_int_equal(nap->options.duration_ns, 1500000000);
    assert_int_equal(nap->options.bytes, 65536);
    assert_int_equal(nap->options.limit, 10);
    assert_int_equal(set_value(nap, "sheep", "12"), 0);
    assert_int_equal(nap->options.sheep, 12);
    assert_int_equal(set_value(nap, "sheep", "max"), 0);
    assert_true(nap->options.sheep == PARAM_WORD);
    assert_true(nap->options.loud);
    assert_string_equal(nap->options.bed, "");
    assert_string_equal(nap->options.note, "a b");
    assert_int_equal(nap->options.dream, 3);
    assert_int_equal(param_source_of(&nap->set, "jobs"), PARAM_FROM_FLAG);
    assert_int_equal(param_source_of(&nap->set, "loud"), PARAM_FROM_FLAG);
    assert_int_equal(param_source_of(&nap->set, "colour"), PARAM_FROM_DEFAULT);
}

static void limits_are_named_in_their_unit(void **state)
{
    struct nap *nap = *state;
    check_refused(nap, "threads", "0", "--threads 0: must be from 1 to 1024");
    check_refused(nap, "threads", "1025", "--threads 1025: must be from 1 to 1024");
    check_refused(nap, "threads", "-1", "--threads -1: must be from 1 to 1024");
    check_refused(nap, "threads", "1e400", "--threads 1e400: must be from 1 to 1024");
    check_refused(nap, "jobs", "18446744073709551616",
                  "--jobs 18446744073709551616: must be from 1 to 1000000");
    check_refused(nap, "duration", "0", "--duration 0: must be from 1us to 1h");
    check_refused(nap, "duration", "2h", "--duration 2h: must be from 1us to 1h");
    check_refused(nap, "size", "511", "--size 511: must be from 512 to 1G");
    check_refused(nap, "size", "-1k", "--size -1k: must be from 512 to 1G");
    check_refused(nap, "limit", "0", "--limit 0: must be from 1 to 10");
    check_refused(nap, "sheep", "0", "--sheep 0: must be from 1 to 100, or max");
    check_refused(nap, "sheep", "maximum", "--sheep maximum: must be from 1 to 100, or max");
}

static void rubbish_is_told_what_is_accepted(void **state)
{
    struct nap *nap = *state;
    check_refused(nap, "jobs", "5x", "--jobs 5x: is not a whole number (write 12, 64k, 1e6, ...)");
    check_refused(nap, "jobs", "", "--jobs '': is not a whole number (write 12, 64k, 1e6, ...)");
    check_refused(nap, "jobs", "5 ",
                  "--jobs '5 ': is not a whole number (write 12, 64k, 1e6, ...)");
    check_refused(nap, "jobs", "0.5",
                  "--jobs 0.5: is not a whole number (write 12, 64k, 1e6, ...)");
    check_refused(nap, "duration", "5x",
                  "--duration 5x: is not a duration (write 100ms, 5s, 1.5min, ...)");
    check_refused(nap, "duration", "5",
                  "--duration 5: is not a duration (write 100ms, 5s, 1.5min, ...)");
    check_refused(nap, "size", "5ms",
                  "--size 5ms: is not a size in bytes (write 512, 64k, 1M, ...)");
}

static void choices_are_listed_and_the_nearest_named(void **state)
{
    struct nap *nap = *state;
    check_refused(nap, "dream", "foo", "--dream foo: must be one of pbkdf2, scrypt, random, sleep");
    check_refused(nap, "dream", "", "--dream '': must be one of pbkdf2, scrypt, random, sleep");
    check_refused(nap, "dream", "pbkfd2",
                  "--dream pbkfd2: must be one of pbkdf2, scrypt, random, sleep (did you mean "
                  "pbkdf2?)");
    check_refused(nap, "dream", "Sleep",
                  "--dream Sleep: must be one of pbkdf2, scrypt, random, sleep (did you mean "
                  "sleep?)");
}

static void long_and_wild_values_are_cut(void **state)
{
    struct nap *nap = *state;
    enum { WILD_BYTES = 100000 };
    char *wild = malloc(WILD_BYTES);
    assert_non_null(wild);
    memset(wild, '9', WILD_BYTES);
    wild[WILD_BYTES - 1] = '\0';
    assert_int_equal(set_value(nap, "threads", wild), -1);
    assert_non_null(strstr(nap->e.text, "999...: must be from 1 to 1024"));
    assert_in_range(strlen(nap->e.text), 60, 130);
    assert_int_equal(set_value(nap, "dream", wild), -1);
    assert_non_null(strstr(nap->e.text, "999...: must be one of pbkdf2, scrypt, random, sleep"));

    for (size_t shift = 0; shift < 2; shift++) { /* no half character, wherever they begin */
        wild[0] = 'x';
        for (size_t at = shift; at + 2 < WILD_BYTES; at += 2)
            memcpy(wild + at, "\xc3\xa9", 3);
        assert_int_equal(set_value(nap, "threads", wild), -1);
        assert_non_null(strstr(nap->e.text, "\xc3\xa9...: is not"));
        assert_null(strchr(nap->e.text, '?'));
    }

    memset(wild, '\xff', WILD_BYTES - 1);
    wild[0] = '\x1b';
    wild[1] = '\n';
    assert_int_equal(set_value(nap, "threads", wild), -1);
    assert_non_null(strstr(nap->e.text, "--threads ????"));
    assert_null(strpbrk(nap->e.text, "\x1b\n\xff"));
    free(wild);
}

static void the_variable_comes_between_default_and_flag(void **state)
{
    struct nap *nap = *state;
    setenv("UVLAB_TEST_DURATION", "3s", 1);
    assert_int_equal(param_set_defaults(&nap->set, &nap->e), 0);
    assert_int_equal(nap->options.duration_ns, UINT64_C(3000000000));
    assert_int_equal(param_source_of(&nap->set, "duration"), PARAM_FROM_ENVIRONMENT);
    assert_int_equal(set_value(nap, "duration", "4s"), 0);
    assert_int_equal(nap->options.duration_ns, UINT64_C(4000000000));
    assert_int_equal(param_source_of(&nap->set, "duration"), PARAM_FROM_FLAG);
}

static void a_wrong_variable_is_named(void **state)
{
    struct nap *nap = *state;
    setenv("UVLAB_TEST_DURATION", "3x", 1);
    assert_int_equal(param_set_defaults(&nap->set, &nap->e), -1);
    assert_int_equal(nap->e.status, STATUS_USAGE);
    assert_string_equal(nap->e.text,
                        "UVLAB_TEST_DURATION=3x: is not a duration (write 100ms, 5s, 1.5min, ...)");
    setenv("UVLAB_TEST_DURATION", "2h", 1);
    assert_int_equal(param_set_defaults(&nap->set, &nap->e), -1);
    assert_string_equal(nap->e.text, "UVLAB_TEST_DURATION=2h: must be from 1us to 1h");
}

static void a_variable_with_rules_of_its_own_never_fails(void **state)
{
    struct nap *nap = *state;
    static const char *const values[] = {"", "abc", "-1", "99999999999999999999999", "5 "};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        setenv("UVLAB_TEST_THREADS", values[i], 1);
        assert_int_equal(param_set_defaults(&nap->set, &nap->e), 0);
        assert_int_equal(nap->options.threads, strlen(values[i]));
        assert_int_equal(param_source_of(&nap->set, "threads"), PARAM_FROM_ENVIRONMENT);
    }
}

static void a_superseded_value_says_so(void **state)
{
    struct nap *nap = *state;
    assert_int_equal(param_set_defaults(&nap->set, &nap->e), 0);
    param_supersede(&nap->set, "dream");
    assert_int_equal(param_source_of(&nap->set, "dream"), PARAM_SUPERSEDED);
    assert_int_equal(param_source_of(&nap->set, "bed"), PARAM_FROM_DEFAULT);
}

static void rows_are_found_by_name_and_letter(void **state)
{
    (void)state;
    assert_int_equal(param_count(nap_params), 11);
    assert_ptr_equal(param_find(nap_params, "jobs=5", 4), &nap_params[0]);
    assert_null(param_find(nap_params, "jobs", 3));
    assert_null(param_find(nap_params, "jobs5", 5));
    assert_null(param_find(nap_params, "", 0));
    assert_ptr_equal(param_find_letter(nap_params, 't'), &nap_params[1]);
    assert_null(param_find_letter(nap_params, 'T'));
    assert_null(param_find_letter(nap_params, '\0'));
}

static void check_nearest(const char *word, const char *expected)
{
    static const char *const names[] = {"threadpool", "loop",   "threads",       "jobs",
                                        "timeline",   "output", "dns",           "on",
                                        "zip",        "zap",    "os-delegation", NULL};
    const char *nearest = param_nearest(word, names);
    if (expected == NULL && nearest != NULL)
        fail_msg("'%s' was taken for '%s'", word, nearest);
    if (expected != NULL && (nearest == NULL || strcmp(nearest, expected) != 0))
        fail_msg("'%s' was taken for '%s'", word, nearest != NULL ? nearest : "nothing");
}

static void slips_are_forgiven(void **state)
{
    (void)state;
    check_nearest("threadpool", "threadpool");
    check_nearest("theradpool", "threadpool"); /* swapped */
    check_nearest("threadpol", "threadpool");  /* left out */
    check_nearest("thread-pool", "threadpool");
    check_nearest("Threadpool", "threadpool");
    check_nearest("THREADS", "threads");
    check_nearest("thread", "threadpool"); /* begun; the first of two */
    check_nearest("lop", "loop");
    check_nearest("job", "jobs");
    check_nearest("jbos", "jobs");
    check_nearest("timelien", "timeline");
    check_nearest("out", "output");
    check_nearest("os", "os-delegation");
    check_nearest("os_delegation", "os-delegation");
    check_nearest("dnss", "dns");
    check_nearest("dsn", "dns"); /* two replaced letters would be too many */
    check_nearest("zop", "zip"); /* as near to both: the first */
}

static void other_words_are_not_guessed_at(void **state)
{
    (void)state;
    check_nearest("", NULL);
    check_nearest("x", NULL);
    check_nearest("xy", NULL);
    check_nearest("abc", NULL);
    check_nearest("cluster", NULL);
    check_nearest("jabberwocky", NULL);
    check_nearest("\xff\xfe", NULL);
}

static void hostile_words_are_not_compared(void **state)
{
    (void)state;
    char word[5000], name[5000];
    for (size_t length = 30; length < 60; length++) { /* around the longest that is looked at */
        memset(word, 'a', length);
        word[length] = '\0';
        memset(name, 'a', length + 1);
        name[length + 1] = '\0';
        const char *const names[] = {name, NULL};
        const char *nearest = param_nearest(word, names);
        assert_true(nearest == NULL || nearest == name);
        check_nearest(word, NULL);
    }
    memset(word, 't', sizeof word);
    word[sizeof word - 1] = '\0';
    check_nearest(word, NULL);
}

static void metavars_follow_the_type(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "N",          "N", "DURATION", "SIZE", "N", "", "BED", "TEXT", "pbkdf2|scrypt|random|sleep",
        "auto|never",
    };
    char buf[64];
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_ptr_equal(param_metavar(&nap_params[i], buf, sizeof buf), buf);
        assert_string_equal(buf, expected[i]);
    }
}

struct guests {
    struct param_list names;
    uint64_t beds;
};

static const struct param guest_params[] = {
    PARAM_LIST(struct guests, names, "guest", 'g', 0, NULL, "who comes"),
    PARAM_COUNT(struct guests, beds, "beds", 0, "1", 1, 9, "for them"),
    PARAM_END,
};

static void lists_keep_all_their_values_in_order(void **state)
{
    struct guests guests;
    struct param_set set = {.table = guest_params, .values = &guests};
    struct err e;
    char buf[16];

    (void)state;
    memset(&guests, 0xa5, sizeof guests);
    assert_int_equal(param_set_defaults(&set, &e), 0);
    assert_int_equal(guests.names.count, 0);
    assert_int_equal(guests.beds, 1);
    assert_int_equal(param_source_of(&set, "guest"), PARAM_FROM_DEFAULT);
    assert_int_equal(param_set_value(&set, &guest_params[0], "ada", &e), 0);
    assert_int_equal(param_set_value(&set, &guest_params[0], "", &e), 0);
    assert_int_equal(param_set_value(&set, &guest_params[0], "ada", &e), 0);
    assert_int_equal(param_source_of(&set, "guest"), PARAM_FROM_FLAG);
    assert_int_equal(guests.names.count, 3);
    assert_string_equal(guests.names.items[0], "ada");
    assert_string_equal(guests.names.items[1], "");
    assert_string_equal(guests.names.items[2], "ada");
    assert_string_equal(param_metavar(&guest_params[0], buf, sizeof buf), "TEXT");
    assert_int_equal(param_set_defaults(&set, &e), 0);
    assert_int_equal(guests.names.count, 0);
}

static void lists_have_an_end(void **state)
{
    struct guests guests;
    struct param_set set = {.table = guest_params, .values = &guests};
    struct err e;

    (void)state;
    assert_int_equal(param_set_defaults(&set, &e), 0);
    for (int i = 0; i < PARAM_LIST_MOST; i++)
        assert_int_equal(param_set_value(&set, &guest_params[0], "x", &e), 0);
    assert_int_equal(param_set_value(&set, &guest_params[0], "one more", &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_string_equal(e.text, "--guest 'one more': may be given 32 times at most");
    assert_int_equal(guests.names.count, PARAM_LIST_MOST);
    assert_int_equal(guests.beds, 1);
}

static void metavars_stay_inside_their_buffer(void **state)
{
    (void)state;
    const struct param *dream = param_find(nap_params, "dream", 5);
    for (size_t bytes = 4; bytes < 40; bytes++) {
        char buf[40];
        memset(buf, '#', sizeof buf);
        param_metavar(dream, buf, bytes);
        assert_in_range(strlen(buf), 3, bytes - 1);
        for (size_t at = bytes; at < sizeof buf; at++)
            assert_int_equal(buf[at], '#');
    }
    char buf[20];
    assert_string_equal(param_metavar(dream, buf, sizeof buf), "pbkdf2|scrypt...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults_set_every_field, make_nap),
        cmocka_unit_test_setup(flags_override_defaults, make_nap),
        cmocka_unit_test_setup(limits_are_named_in_their_unit, make_nap),
        cmocka_unit_test_setup(rubbish_is_told_what_is_accepted, make_nap),
        cmocka_unit_test_setup(choices_are_listed_and_the_nearest_named, make_nap),
        cmocka_unit_test_setup(long_and_wild_values_are_cut, make_nap),
        cmocka_unit_test_setup(the_variable_comes_between_default_and_flag, make_nap),
        cmocka_unit_test_setup(a_wrong_variable_is_named, make_nap),
        cmocka_unit_test_setup(a_variable_with_rules_of_its_own_never_fails, make_nap),
        cmocka_unit_test_setup(a_superseded_value_says_so, make_nap),
        cmocka_unit_test(rows_are_found_by_name_and_letter),
        cmocka_unit_test(slips_are_forgiven),
        cmocka_unit_test(other_words_are_not_guessed_at),
        cmocka_unit_test(hostile_words_are_not_compared),
        cmocka_unit_test(lists_keep_all_their_values_in_order),
        cmocka_unit_test(lists_have_an_end),
        cmocka_unit_test(metavars_follow_the_type),
        cmocka_unit_test(metavars_stay_inside_their_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
