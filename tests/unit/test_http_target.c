/* Paths and values of queries, as strangers may send them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/http_target.h"

static void targets_are_split(void **state)
{
    static const struct {
        const char *target, *path, *query;
    } all[] = {
        {"/", "/", ""},
        {"/block?ms=5", "/block", "ms=5"},
        {"/block?", "/block", ""},
        {"/a?b?c", "/a", "b?c"},
        {"/a#b?c", "/a", ""},
        {"/a?b#c", "/a", "b"},
        {"*", "*", ""},
        {"", "/", ""},
        {"?x=1", "/", "x=1"},
        {"http://host:80/a/b?c=d", "/a/b", "c=d"},
        {"HTTP://host", "/", ""},
        {"https://host?c", "/", "c"},
        {"http://", "/", ""},
        {"/http://host/", "/http://host/", ""},
        {"ftp://host/a", "ftp://host/a", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct http_target t = http_target_split(all[i].target);
        if (!http_target_is(&t, all[i].path) || t.query_bytes != strlen(all[i].query) ||
            memcmp(t.query, all[i].query, t.query_bytes) != 0)
            fail_msg("'%s' became '%.*s' and '%.*s'", all[i].target, (int)t.path_bytes, t.path,
                     (int)t.query_bytes, t.query);
        assert_false(http_target_is(&t, "/other"));
        assert_false(http_target_is(&t, ""));
    }
}

static void values_are_found(void **state)
{
    static const struct {
        const char *target;
        enum http_query found;
        const char *value;
    } all[] = {
        {"/?ms=5", HTTP_QUERY_FOUND, "5"},
        {"/?x=1&ms=5&y", HTTP_QUERY_FOUND, "5"},
        {"/?ms=", HTTP_QUERY_FOUND, ""},
        {"/?ms=a=b", HTTP_QUERY_FOUND, "a=b"},
        {"/?ms=%35%30", HTTP_QUERY_FOUND, "50"},
        {"/?ms=a+b%2B", HTTP_QUERY_FOUND, "a b+"},
        {"/?ms=1234567", HTTP_QUERY_FOUND, "1234567"},
        {"/?ms=5#&ms=6", HTTP_QUERY_FOUND, "5"},
        {"/", HTTP_QUERY_NONE, ""},
        {"/?", HTTP_QUERY_NONE, ""},
        {"/?&&", HTTP_QUERY_NONE, ""},
        {"/?m=5", HTTP_QUERY_NONE, ""},
        {"/?msx=5&xms=6", HTTP_QUERY_NONE, ""},
        {"/?MS=5", HTTP_QUERY_NONE, ""},
        {"/?x=%ZZ", HTTP_QUERY_NONE, ""},
        {"/?ms", HTTP_QUERY_WRONG, ""},
        {"/?ms&ms=5", HTTP_QUERY_WRONG, ""},
        {"/?ms=5&ms=5", HTTP_QUERY_WRONG, ""},
        {"/?ms=%", HTTP_QUERY_WRONG, ""},
        {"/?ms=%3", HTTP_QUERY_WRONG, ""},
        {"/?ms=%3&x=5", HTTP_QUERY_WRONG, ""},
        {"/?ms=%3g", HTTP_QUERY_WRONG, ""},
        {"/?ms=%00", HTTP_QUERY_WRONG, ""},
        {"/?ms=12345678", HTTP_QUERY_WRONG, ""},
    };
    char value[8];
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct http_target t = http_target_split(all[i].target);
        enum http_query found = http_query_value(&t, "ms", value, sizeof value);
        if (found != all[i].found || strcmp(value, all[i].value) != 0)
            fail_msg("'%s': %d, '%s'", all[i].target, (int)found, value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_split),
        cmocka_unit_test(values_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
