/* The fields by which a worker tells of a request: there and back, and what strangers may send. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/span_field.h"

static const struct span_field whole = {
    .host = 0x9f3a61c2,
    .worker = 3,
    .thread = 2,
    .pid = 4711,
    .kind = "fs.readFile",
    .received_ns = 1000000,
    .submitted_ns = 1000100,
    .started_ns = 1012600,
    .finished_ns = 49125100,
    .called_back_ns = 49156100,
    .answered_ns = 49160000,
};

/* The value of the second line, which ends the text. */
static const char *value_of(const char *lines, size_t *length)
{
    const char *value = strstr(lines, "Uvlab-Span: ");
    assert_non_null(value);
    value += strlen("Uvlab-Span: ");
    *length = strlen(value) - 2;
    assert_string_equal(value + *length, "\r\n");
    return value;
}

/* In memory of exactly that size, so that reading beyond it is seen. */
static bool parse(const char *text, size_t length, struct span_field *f)
{
    char *exact = malloc(length > 0 ? length : 1);
    bool is_one;
    assert_non_null(exact);
    memcpy(exact, text, length);
    is_one = span_field_parse(exact, length, f);
    free(exact);
    return is_one;
}

static void check_equal(const struct span_field *a, const struct span_field *b)
{
    assert_true(a->host == b->host);
    assert_int_equal(a->worker, b->worker);
    assert_int_equal(a->thread, b->thread);
    assert_int_equal(a->pid, b->pid);
    assert_string_equal(a->kind, b->kind);
    assert_true(a->received_ns == b->received_ns);
    assert_true(a->submitted_ns == b->submitted_ns);
    assert_true(a->started_ns == b->started_ns);
    assert_true(a->finished_ns == b->finished_ns);
    assert_true(a->called_back_ns == b->called_back_ns);
    assert_true(a->answered_ns == b->answered_ns);
}

static void what_is_written_is_as_documented(void **state)
{
    char lines[SPAN_FIELD_BYTES];
    size_t length = span_field_write(&whole, lines, sizeof lines);
    (void)state;
    assert_string_equal(lines, "Server-Timing: waited;dur=0.013, ran;dur=48.113, loop;dur=0.031\r\n"
                               "Uvlab-Span: host=9f3a61c2, worker=3, pid=4711, received=1000000, "
                               "answered=49160000, kind=fs.readFile, thread=2, submitted=1000100, "
                               "started=1012600, finished=49125100, called_back=49156100\r\n");
    assert_int_equal(length, strlen(lines));
}

static void what_is_unknown_is_left_out(void **state)
{
    char lines[SPAN_FIELD_BYTES];
    struct span_field f = whole;
    (void)state;
    f.started_ns = SPAN_UNKNOWN;
    span_field_write(&f, lines, sizeof lines);
    assert_null(strstr(lines, "waited"));
    assert_null(strstr(lines, "ran;"));
    assert_non_null(strstr(lines, "Server-Timing: loop;dur=0.031\r\n"));
    assert_null(strstr(lines, "started"));
    f.kind[0] = '\0';
    span_field_write(&f, lines, sizeof lines);
    assert_string_equal(lines, "Server-Timing: ran;dur=48.160\r\n"
                               "Uvlab-Span: host=9f3a61c2, worker=3, pid=4711, received=1000000, "
                               "answered=49160000\r\n");
    f = span_field_unknown;
    f.worker = 1;
    span_field_write(&f, lines, sizeof lines);
    assert_string_equal(lines, "Uvlab-Span: host=00000000, worker=1\r\n");
}

static void the_longest_fits(void **state)
{
    struct span_field f = {
        .host = UINT32_MAX, .worker = UINT32_MAX, .thread = UINT32_MAX, .pid = INT32_MAX};
    char lines[SPAN_FIELD_BYTES];
    (void)state;
    memset(f.kind, 'k', sizeof f.kind - 1);
    f.received_ns = f.submitted_ns = f.answered_ns = UINT64_MAX - 1;
    f.started_ns = f.finished_ns = f.called_back_ns = UINT64_MAX - 1;
    assert_true(span_field_write(&f, lines, sizeof lines) < sizeof lines);
    f.submitted_ns = f.finished_ns = 0;
    assert_true(span_field_write(&f, lines, sizeof lines) < sizeof lines);
}

static void what_was_written_is_read(void **state)
{
    char lines[SPAN_FIELD_BYTES];
    struct span_field f, part = whole;
    const char *value;
    size_t length;
    (void)state;
    span_field_write(&whole, lines, sizeof lines);
    value = value_of(lines, &length);
    assert_true(parse(value, length, &f));
    check_equal(&f, &whole);

    part.started_ns = part.received_ns = SPAN_UNKNOWN;
    part.pid = 0;
    span_field_write(&part, lines, sizeof lines);
    value = value_of(lines, &length);
    assert_true(parse(value, length, &f));
    check_equal(&f, &part);
}

static void order_blanks_and_unknown_keys_do_not_matter(void **state)
{
    static const char *const texts[] = {
        "worker=7",
        " worker=7 ",
        "\tworker=7\t,",
        ",,worker=7,, ,",
        "future=1, worker=7, other",
        "=,=1,worker=7,,x=,worker7=8",
    };
    struct span_field f;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!parse(texts[i], strlen(texts[i]), &f))
            fail_msg("'%s' was refused", texts[i]);
        assert_int_equal(f.worker, 7);
        assert_true(f.received_ns == SPAN_UNKNOWN);
    }
    assert_true(parse("answered=9,worker=1,received=8,host=0000000f", 44, &f));
    assert_true(f.received_ns == 8 && f.answered_ns == 9 && f.host == 15);
}

static void nonsense_is_refused_as_a_whole(void **state)
{
    static const char *const texts[] = {
        "",
        ",",
        "worker",
        "worker=",
        "worker=0",
        "worker=10000",
        "worker=-1",
        "worker=+1",
        "worker= 1",
        "worker=1 2",
        "worker=1=1",
        "worker=0x1",
        "worker=1;",
        "Worker=1",
        "worker=1, worker=1",
        "host=9f3a61c2",
        "worker=1, host=9F3A61C2",
        "worker=1, host=9f3a61c",
        "worker=1, host=9f3a61c2a",
        "worker=1, host=",
        "worker=1, pid=0",
        "worker=1, pid=2147483648",
        "worker=1, thread=2048",
        "worker=1, kind=",
        "worker=1, kind=a b",
        "worker=1, kind=\"a\"",
        "worker=1, kind=aaaaaaaaaaaaaaaaaaaaaaaa",
        "worker=1, received=18446744073709551615",
        "worker=1, received=18446744073709551616",
        "worker=1, received=99999999999999999999",
        "worker=1, received=999999999999999999999999",
        "worker=1, received=1.5",
        "worker=1, received=2, answered=1",
        "worker=1, submitted=3, called_back=2",
        "worker=1, finished=3, started=4",
    };
    struct span_field f;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (parse(texts[i], strlen(texts[i]), &f))
            fail_msg("'%s' was accepted", texts[i]);
        check_equal(&f, &span_field_unknown);
    }
    assert_false(parse("worker=1\0", 9, &f));
    assert_false(parse("worker=\xff", 8, &f));
}

/* Every single byte replaced by every other, and every beginning: it is read within its bounds, and
 * what is accepted can be written and read again. */
static void damage_does_no_harm(void **state)
{
    char lines[SPAN_FIELD_BYTES], again[SPAN_FIELD_BYTES], damaged[SPAN_FIELD_BYTES];
    struct span_field f, g;
    const char *value, *second;
    size_t length, accepted = 0, bytes;
    (void)state;
    span_field_write(&whole, lines, sizeof lines);
    value = value_of(lines, &length);
    for (size_t i = 0; i < length; i++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(damaged, value, length);
            damaged[i] = (char)byte;
            if (!parse(damaged, length, &f))
                continue;
            accepted++;
            span_field_write(&f, again, sizeof again);
            second = value_of(again, &bytes);
            assert_true(parse(second, bytes, &g));
            assert_int_equal(g.worker, f.worker);
        }
        parse(value, i, &f);
    }
    assert_true(accepted > length);
}

static void the_host_is_known_and_stays(void **state)
{
    (void)state;
    assert_true(span_field_host() != 0);
    assert_true(span_field_host() == span_field_host());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_as_documented),
        cmocka_unit_test(what_is_unknown_is_left_out),
        cmocka_unit_test(the_longest_fits),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(order_blanks_and_unknown_keys_do_not_matter),
        cmocka_unit_test(nonsense_is_refused_as_a_whole),
        cmocka_unit_test(damage_does_no_harm),
        cmocka_unit_test(the_host_is_known_and_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
