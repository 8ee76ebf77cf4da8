/* Documents in pieces, whole and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "input/json_file.h"
#include "input/json_split.h"

/* All that was handed on, with a mark in front that says what it is an element of. */
struct heard {
    struct text text;
    int refuse; /* the element with this number, from 1 */
    int count;
};

static int take(struct heard *h, const char *mark, const char *json, size_t bytes, struct err *e)
{
    assert_int_equal(strlen(json), bytes);
    text_add(&h->text, "%s%s\n", mark, json);
    if (++h->count == h->refuse)
        return err_set(e, STATUS_FAILED, "not this one");
    return 0;
}

static int take_run(void *context, const char *json, size_t bytes, struct err *e)
{
    return take(context, "run ", json, bytes, e);
}

static int take_span(void *context, const char *json, size_t bytes, struct err *e)
{
    return take(context, "span ", json, bytes, e);
}

enum { REST_MOST = 1000, RUN_MOST = 100, SPAN_MOST = 50 };

static const struct json_split_array both[] = {{"runs", RUN_MOST, take_run},
                                               {"spans", SPAN_MOST, take_span}};
static const struct json_split_array only_runs[] = {{"runs", RUN_MOST, take_run},
                                                    {"spans", SPAN_MOST, NULL}};
static const struct json_split_array neither[] = {{"runs", RUN_MOST, NULL},
                                                  {"spans", SPAN_MOST, take_span}};

/* Feeds the document in pieces of `piece` bytes, each in memory of its own size. What was heard is
 * in h, then the rest; or the message. */
static int split(const struct json_split_array *arrays, const char *json, size_t bytes,
                 size_t piece, struct heard *h, struct err *e)
{
    struct json_split *s = json_split_new(arrays, 2, REST_MOST, h, e);
    size_t at = 0;
    int rc = 0;
    assert_non_null(s);
    while (rc == 0 && at < bytes) {
        size_t count = bytes - at < piece ? bytes - at : piece;
        char *exact = malloc(count);
        assert_non_null(exact);
        memcpy(exact, json + at, count);
        rc = json_split_feed(s, exact, count, e);
        free(exact);
        at += count;
    }
    if (rc == 0)
        rc = json_split_end(s, e);
    if (rc == 0) {
        size_t rest_bytes;
        const char *rest = json_split_rest(s, &rest_bytes);
        assert_int_equal(strlen(rest), rest_bytes);
        text_add(&h->text, "rest %s", rest);
    }
    json_split_free(s);
    return rc;
}

/* Whatever the pieces, the same is heard. */
static void check(const struct json_split_array *arrays, const char *json, const char *wanted)
{
    for (size_t piece = 1; piece <= strlen(json); piece++) {
        struct heard h = {.text = TEXT_EMPTY};
        struct err e;
        int rc = split(arrays, json, strlen(json), piece, &h, &e);
        if (rc != 0)
            fail_msg("pieces of %zu: %s", piece, e.text);
        assert_string_equal(text_get(&h.text), wanted);
        text_free(&h.text);
    }
}

static void check_refused(const char *json, const char *message)
{
    for (size_t piece = 1; piece == 1 || piece <= strlen(json); piece++) {
        struct heard h = {.text = TEXT_EMPTY};
        struct err e = {0};
        assert_int_equal(split(both, json, strlen(json), piece, &h, &e), -1);
        assert_string_equal(e.text, message);
        assert_int_equal(e.status, STATUS_FAILED);
        text_free(&h.text);
    }
}

static const char document[] = "{ \"schema\": \"uvlab.result/1\",\n  \"runs\": [\n"
                               "    {\"role\": \"measured\", \"spans\": [ {\"id\": 1, \"n\": [1, "
                               "[2]]} , {\"id\":2}], \"z\": -0.5e+3},\n"
                               "    {\"spans\": [], \"elapsed_ns\": 12}, 7\n  ],\n"
                               "  \"t\\u00e9xt\": \"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 "
                               "\\ud83d\\ude00 \\\"\\\\\\/\\n\", \"w\": [true, false, null],"
                               " \"spans\": [5], \"deep\": {\"runs\": [6], \"e\": {}} }\r\n";

static void arrays_are_taken_apart(void **state)
{
    (void)state;
    check(both, document,
          "span {\"id\":1,\"n\":[1,[2]]}\nspan {\"id\":2}\n"
          "run {\"role\":\"measured\",\"spans\":[],\"z\":-0.5e+3}\n"
          "run {\"spans\":[],\"elapsed_ns\":12}\nrun 7\n"
          "rest {\"schema\":\"uvlab.result/1\",\"runs\":[],\"t\\u00e9xt\":\"\xc3\xa9 \xe2\x82\xac "
          "\xf0\x9f\x98\x80 \\ud83d\\ude00 \\\"\\\\\\/\\n\",\"w\":[true,false,null],\"spans\":[5],"
          "\"deep\":{\"runs\":[6],\"e\":{}}}");
}

static void what_nobody_wants_is_skipped(void **state)
{
    (void)state;
    check(only_runs, "{\"runs\":[{\"a\":1,\"spans\":[{\"b\":[2]},3],\"c\":4}],\"d\":5}",
          "run {\"a\":1,\"spans\":[],\"c\":4}\nrest {\"runs\":[],\"d\":5}");
    check(neither, "{\"runs\":[{\"a\":1,\"spans\":[{\"b\":[2]},3],\"c\":4}],\"d\":5}",
          "span {\"b\":[2]}\nspan 3\nrest {\"runs\":[],\"d\":5}");
}

static void only_an_array_is_an_array(void **state)
{
    (void)state;
    check(both, "{\"runs\":{\"spans\":[1]}}", "rest {\"runs\":{\"spans\":[1]}}");
    check(both, "{\"runs\":\"runs\",\"a\":[1]}", "rest {\"runs\":\"runs\",\"a\":[1]}");
    check(both, "{\"runs\":7,\"a\":[1]}", "rest {\"runs\":7,\"a\":[1]}");
    check(both, "[{\"runs\":[1]}]", "rest [{\"runs\":[1]}]");
    check(both, "{\"runs\":[[{\"spans\":[1]}]]}", "run [{\"spans\":[1]}]\nrest {\"runs\":[]}");
    check(both, " 12 ", "rest 12");
    check(both, "\"runs\"", "rest \"runs\"");
    check(both, "-0", "rest -0");
}

static void of_two_equal_keys_the_first_counts(void **state)
{
    (void)state;
    check(both, "{\"runs\":[1],\"runs\":[2]}", "run 1\nrest {\"runs\":[],\"runs\":[2]}");
    check(both, "{\"runs\":0,\"runs\":[2]}", "rest {\"runs\":0,\"runs\":[2]}");
    check(
        both, "{\"runs\":[{\"spans\":[1],\"spans\":[2]},{\"spans\":[3]}]}",
        "span 1\nrun {\"spans\":[],\"spans\":[2]}\nspan 3\nrun {\"spans\":[]}\nrest {\"runs\":[]}");
}

static void a_key_may_be_written_with_escapes(void **state)
{
    (void)state;
    check(both, "{\"r\\u0075n\\u0073\":[1]}", "run 1\nrest {\"r\\u0075n\\u0073\":[]}");
    check(both, "{\"run\\u00f3\":[1]}", "rest {\"run\\u00f3\":[1]}");
    check(both, "{\"runs\\n\":[1]}", "rest {\"runs\\n\":[1]}");
    check(both, "{\"runs-and-so-on-and-so-on-and-so-on-and-so-on\":[1]}",
          "rest {\"runs-and-so-on-and-so-on-and-so-on-and-so-on\":[1]}");
}

static void what_is_no_json_is_refused_where_it_is(void **state)
{
    static const struct {
        const char *json, *message;
    } rows[] = {
        {"", "is empty"},
        {" \n ", "is empty"},
        {"{", "is cut off: ends in the middle of an object (line 1, column 2)"},
        {"{\n\"a\":[1,", "is cut off: ends in the middle of an array (line 2, column 8)"},
        {"{\"a", "is cut off: ends in the middle of a text (line 1, column 4)"},
        {"{\"a\\", "is cut off: ends in the middle of a text (line 1, column 5)"},
        {"[tru", "is cut off: ends in the middle of a word (line 1, column 5)"},
        {"[1", "is cut off: ends in the middle of a number (line 1, column 3)"},
        {"-", "is cut off: ends in the middle of a number (line 1, column 2)"},
        {"{} x", "is not JSON (line 1, column 4: something follows the document)"},
        {"{}{}", "is not JSON (line 1, column 3: something follows the document)"},
        {"NaN", "is not JSON (line 1, column 1: no value begins with 'N')"},
        {"[\n  Infinity]", "is not JSON (line 2, column 3: no value begins with 'I')"},
        {"[-Infinity]", "is not JSON (line 1, column 3: within a number: 'I')"},
        {"[nan]", "is not JSON (line 1, column 3: no word that JSON has: 'a')"},
        {"[truE]", "is not JSON (line 1, column 5: no word that JSON has: 'E')"},
        {"[01]", "is not JSON (line 1, column 3: within a number: '1')"},
        {"[1.]", "is not JSON (line 1, column 4: within a number: ']')"},
        {"[.5]", "is not JSON (line 1, column 2: no value begins with '.')"},
        {"[+1]", "is not JSON (line 1, column 2: no value begins with '+')"},
        {"[1e]", "is not JSON (line 1, column 4: within a number: ']')"},
        {"[1e5e5]", "is not JSON (line 1, column 5: ',' or an end is wanted, and not 'e')"},
        {"[0x10]", "is not JSON (line 1, column 3: ',' or an end is wanted, and not 'x')"},
        {"[1,]", "is not JSON (line 1, column 4: a value must follow a comma)"},
        {"[,1]", "is not JSON (line 1, column 2: no value begins with ',')"},
        {"{\"a\":1,}", "is not JSON (line 1, column 8: a key is wanted, and not '}')"},
        {"{a:1}", "is not JSON (line 1, column 2: a key is wanted, and not 'a')"},
        {"{\"a\" 1}", "is not JSON (line 1, column 6: ':' is wanted, and not '1')"},
        {"{\"a\":}", "is not JSON (line 1, column 6: no value begins with '}')"},
        {"[1 2]", "is not JSON (line 1, column 4: ',' or an end is wanted, and not '2')"},
        {"[1}", "is not JSON (line 1, column 3: an array ends with '}')"},
        {"{\"a\":1]", "is not JSON (line 1, column 7: an object ends with ']')"},
        {"]", "is not JSON (line 1, column 1: no value begins with ']')"},
        {"['a']", "is not JSON (line 1, column 2: no value begins with ''')"},
        {"[\"a\nb\"]", "is not JSON (line 1, column 4: within a text: byte 0x0a)"},
        {"[\"\x1b\"]", "is not JSON (line 1, column 3: within a text: byte 0x1b)"},
        {"[\"\\x\"]", "is not JSON (line 1, column 4: behind a backslash: 'x')"},
        {"[\"\\u12g4\"]", "is not JSON (line 1, column 7: within \\u: 'g')"},
        {"[\"\\u0000\"]", "line 1, column 8: \\u0000, which no text here may hold"},
        {"[\"\\ud800\"]", "is not JSON (line 1, column 9: half a surrogate pair)"},
        {"[\"\\ud800\\n\"]", "is not JSON (line 1, column 10: half a surrogate pair)"},
        {"[\"\\ud800\\u0041\"]", "is not JSON (line 1, column 14: half a surrogate pair)"},
        {"[\"\\udc00\"]", "is not JSON (line 1, column 8: half a surrogate pair)"},
        {"[\"\x80\"]", "is not JSON (line 1, column 3: not UTF-8)"},
        {"[\"\xc0\xaf\"]", "is not JSON (line 1, column 3: not UTF-8)"},
        {"[\"\xc3\"]", "is not JSON (line 1, column 4: not UTF-8)"},
        {"[\"\xe0\x9f\xbf\"]", "is not JSON (line 1, column 4: not UTF-8)"},
        {"[\"\xed\xa0\x80\"]", "is not JSON (line 1, column 4: not UTF-8)"},
        {"[\"\xf4\x90\x80\x80\"]", "is not JSON (line 1, column 4: not UTF-8)"},
        {"[\"\xf5\"]", "is not JSON (line 1, column 3: not UTF-8)"},
        {"\xef\xbb\xbf{}", "is not JSON (line 1, column 1: no value begins with byte 0xef)"},
        {"[\x7f]", "is not JSON (line 1, column 2: no value begins with byte 0x7f)"},
        {"{\"runs\":[{\"spans\":[{]}]}",
         "is not JSON (line 1, column 21: a key is wanted, and not ']')"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_refused(rows[i].json, rows[i].message);
}

static void a_document_that_was_cut_off_is_not_whole(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < strlen(document) - strlen("\r\n"); bytes++) {
        struct heard h = {.text = TEXT_EMPTY};
        struct err e;
        assert_int_equal(split(both, document, bytes, 16, &h, &e), -1);
        text_free(&h.text);
    }
}

/* `times` times "x" between two texts; the caller frees it. */
static char *made(const char *before, const char *x, size_t times, const char *behind)
{
    struct text t = TEXT_EMPTY;
    text_add(&t, "%s", before);
    for (size_t i = 0; i < times; i++)
        text_add(&t, "%s", x);
    text_add(&t, "%s", behind);
    assert_true(text_ok(&t));
    return t.data;
}

/* What is refused in one piece. */
static void check_made(char *json, const char *message)
{
    struct heard h = {.text = TEXT_EMPTY};
    struct err e = {0};
    int rc = split(both, json, strlen(json), strlen(json), &h, &e);
    assert_string_equal(rc == 0 ? "" : e.text, message);
    text_free(&h.text);
    mem_free(json);
}

static void limits_are_kept(void **state)
{
    (void)state;
    check_made(made("", "[", JSON_DEPTH_MOST + 1, ""), "line 1, column 65: deeper than 64 levels");
    check_made(made("", "{\"a\":", JSON_DEPTH_MOST + 1, ""),
               "line 1, column 321: deeper than 64 levels");
    check_made(made("[", "1", JSON_NUMBER_BYTES_MOST, "]"), "");
    check_made(made("[", "1", JSON_NUMBER_BYTES_MOST + 1, "]"),
               "line 1, column 62: a number of more than 60 characters");
    check_made(made("[\"", "a", REST_MOST - 4, "\"]"), "");
    check_made(made("[\"", "a", REST_MOST - 3, "\"]"),
               "line 1, column 1001: holds more than 0 KiB beside its long arrays");
    check_made(made("{\"runs\":[\"", "a", RUN_MOST - 2, "\"]}"), "");
    check_made(made("{\"runs\":[\"", "a", RUN_MOST - 1, "\"]}"),
               "line 1, column 110: an element of 'runs' has more than 0 KiB");
    check_made(made("{\"runs\":[{\"spans\":[\"", "a", SPAN_MOST, "\"]}]}"),
               "line 1, column 70: an element of 'spans' has more than 0 KiB");
    /* however many there are */
    check_made(made("{\"runs\":[", "7,", 10000, "7]}"), "");
    check_made(made("{\"runs\":[{\"spans\":[", "{\"id\":12},", 10000, "7]}]}"), "");
}

static void whoever_takes_elements_may_refuse(void **state)
{
    struct heard h = {.text = TEXT_EMPTY, .refuse = 2};
    struct err e;
    (void)state;
    assert_int_equal(split(both, document, strlen(document), 100, &h, &e), -1);
    assert_string_equal(e.text, "not this one");
    assert_int_equal(h.count, 2);
    text_free(&h.text);
}

static void keys_that_come_twice_are_found(void **state)
{
    static const struct {
        const char *json, *key;
    } rows[] = {
        {"{\"a\":1,\"b\":2,\"A\":3}", NULL},
        {"{\"a\":1,\"b\":2,\"a\":3}", "a"},
        {"{\"a\":[{\"b\":{\"x\":1,\"c\":{},\"x\":2}}]}", "x"},
        {"[{\"a\":1},{\"a\":1}]", NULL},
        {"{\"a\":1,\"\\u0061\":1}", "a"},
        {"7", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e;
        const char *key;
        cJSON *tree = json_file_tree(rows[i].json, strlen(rows[i].json), &e);
        assert_non_null(tree);
        assert_int_equal(json_file_twice(tree, &key, &e), 0);
        if (rows[i].key == NULL)
            assert_null(key);
        else
            assert_string_equal(key, rows[i].key);
        cJSON_Delete(tree);
    }
}

static void counts_are_whole_and_in_range(void **state)
{
    static const struct {
        const char *json;
        bool is_count;
    } rows[] = {
        {"0", true},      {"-0", true},
        {"12", true},     {"9223372036854775808", true},
        {"1e3", true},    {"9300000000000000000", false},
        {"-1", false},    {"0.5", false},
        {"1e999", false}, {"-1e999", false},
        {"\"1\"", false}, {"null", false},
        {"true", false},  {"[1]", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e;
        cJSON *tree = json_file_tree(rows[i].json, strlen(rows[i].json), &e);
        assert_non_null(tree);
        assert_int_equal(json_file_is_count(tree), rows[i].is_count);
        cJSON_Delete(tree);
    }
    assert_false(json_file_is_count(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_taken_apart),
        cmocka_unit_test(what_nobody_wants_is_skipped),
        cmocka_unit_test(only_an_array_is_an_array),
        cmocka_unit_test(of_two_equal_keys_the_first_counts),
        cmocka_unit_test(a_key_may_be_written_with_escapes),
        cmocka_unit_test(what_is_no_json_is_refused_where_it_is),
        cmocka_unit_test(a_document_that_was_cut_off_is_not_whole),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(whoever_takes_elements_may_refuse),
        cmocka_unit_test(keys_that_come_twice_are_found),
        cmocka_unit_test(counts_are_whole_and_in_range),
    };
    mem_adopt_cjson();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
