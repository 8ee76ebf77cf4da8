/* The journal of a sweep: what was written is read again, whatever happened to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sweep_lab.h"

#include "sweep/journal.h"

static struct sweep_run made_run(uint32_t point, uint32_t round)
{
    struct sweep_run run = {0};
    struct err e = {.text = ""};
    char line[300];
    int length = snprintf(line, sizeof line,
                          "{\"point\":%u,\"round\":%u,\"started_at\":\"2026-01-31T09:30:00.000Z\","
                          "\"process_ns\":50,\"exit_status\":0,\"error\":null,\"elapsed_ns\":%u,"
                          "\"cpu_ns\":null,\"calls\":null,\"summary\":{},\"warnings\":[]}",
                          point, round, 1000 + point);
    if (run_document_read(&run, line, (size_t)length, &e) != 0)
        fail_msg("%s", e.text);
    return run;
}

/* Opens it for a sweep of its own; the error's text is "" when it could be opened. */
static int open_journal(struct journal *j, const struct sweep_lab *lab, bool resume,
                        struct sweep *s, struct err *e)
{
    struct run_context context = {0};
    int rc;
    sweep_lab_sweep(s, "1,2");
    *e = (struct err){.text = ""};
    rc = journal_open(j, lab->document, resume, false, false, s, &context, e);
    run_context_free(&context);
    return rc;
}

/* A journal with three runs; its bytes are to be freed. */
static char *write_journal(const struct sweep_lab *lab, size_t *length)
{
    struct run_context context = {mem_copy_text("{\"jobs\":5}"), mem_copy_text("{\"cpu\":\"x\"}")};
    struct journal j;
    struct sweep s;
    struct err e;
    assert_int_equal(open_journal(&j, lab, false, &s, &e), 0);
    assert_int_equal(journal_add_context(&j, &context, &e), 0);
    for (uint32_t i = 0; i < 3; i++) {
        struct sweep_run run = made_run(i % 2, i / 2);
        assert_int_equal(journal_add_run(&j, &run, &e), 0);
        sweep_run_free(&run);
    }
    journal_close(&j, false);
    run_context_free(&context);
    sweep_free(&s);
    return sweep_lab_read(lab->journal, length);
}

static void what_was_written_is_read(void **state)
{
    struct sweep_lab lab;
    struct run_context context = {0};
    struct journal j;
    struct sweep s;
    struct err e;
    (void)state;
    sweep_lab_open(&lab);
    free(write_journal(&lab, NULL));
    sweep_lab_sweep(&s, "1,2");
    s.seed = 99; /* the journal's counts */
    assert_int_equal(journal_open(&j, lab.document, true, false, false, &s, &context, &e), 0);
    assert_int_equal(s.seed, 7);
    assert_int_equal(s.run_count, 3);
    assert_int_equal(s.runs[2].point, 0);
    assert_int_equal(s.runs[2].round, 1);
    assert_int_equal(s.runs[1].elapsed_ns, 1001);
    assert_string_equal(context.parameters, "{\"jobs\":5}");
    assert_string_equal(context.environment, "{\"cpu\":\"x\"}");
    run_context_free(&context);
    journal_close(&j, true);
    assert_int_equal(access(lab.journal, F_OK), -1);
    sweep_free(&s);
    sweep_lab_close(&lab);
}

static size_t lines_in(const char *bytes, size_t length)
{
    size_t lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += bytes[i] == '\n';
    return lines;
}

/* Cut anywhere but before its first byte: all whole lines are there, and nothing else; and it can
 * be gone on with. */
static void a_line_that_is_not_whole_is_cut_off(void **state)
{
    struct sweep_lab lab;
    size_t length;
    char *bytes;
    (void)state;
    sweep_lab_open(&lab);
    bytes = write_journal(&lab, &length);
    assert_int_equal(lines_in(bytes, length), 5);
    for (size_t cut = 1; cut <= length; cut++) {
        size_t lines = lines_in(bytes, cut), again_length;
        struct sweep_run run = made_run(1, 1);
        struct journal j;
        struct sweep s;
        struct err e;
        char *again;
        sweep_lab_write(lab.journal, bytes, cut);
        if (open_journal(&j, &lab, true, &s, &e) != 0)
            fail_msg("cut at %zu: %s", cut, e.text);
        assert_int_equal(s.run_count, lines > 2 ? lines - 2 : 0);
        assert_int_equal(journal_add_run(&j, &run, &e), 0);
        journal_close(&j, false);
        again = sweep_lab_read(lab.journal, &again_length);
        assert_int_equal(lines_in(again, again_length), (lines > 0 ? lines : 1) + 1);
        assert_int_equal(again[again_length - 1], '\n');
        free(again);
        sweep_run_free(&run);
        sweep_free(&s);
    }
    free(bytes);
    sweep_lab_close(&lab);
}

static void refuse(const struct sweep_lab *lab, bool resume, enum exit_status status,
                   const char *why)
{
    struct journal j;
    struct sweep s;
    struct err e;
    assert_int_equal(open_journal(&j, lab, resume, &s, &e), -1);
    assert_int_equal(j.fd, -1);
    assert_int_equal(e.status, status);
    if (strstr(e.text, why) == NULL)
        fail_msg("'%s' is not in '%s'", why, e.text);
    sweep_free(&s);
}

static void an_old_journal_is_not_written_over(void **state)
{
    struct sweep_lab lab;
    size_t length, after;
    char *bytes, *still;
    (void)state;
    sweep_lab_open(&lab);
    bytes = write_journal(&lab, &length);
    refuse(&lab, false, STATUS_USAGE, "go on with --resume, or remove it to begin anew");
    still = sweep_lab_read(lab.journal, &after);
    assert_int_equal(after, length);
    assert_memory_equal(bytes, still, length);
    free(bytes);
    free(still);
    sweep_lab_close(&lab);
}

/* A document is whole when it says so itself; whatever else is there, there is nothing to go on
 * with, and nothing is touched. */
static void without_a_journal_there_is_nothing_to_go_on_with(void **state)
{
    static const struct document {
        const char *text;
        enum exit_status status;
        const char *why;
    } documents[] = {
        {NULL, STATUS_USAGE, "s.json.journal' to go on with"},
        {"", STATUS_FAILED, "there is no '"},
        {"threadpool --threads 1,2\n", STATUS_FAILED, "there is no '"},
        {"{\"schema\":\"uvlab.sweep/1\",\"interrupted\":true,\"runs\":[]}", STATUS_USAGE,
         "there is no '"},
        {"{\"schema\":\"uvlab.result/1\",\"interrupted\":false,\"runs\":[]}", STATUS_USAGE,
         "there is no '"},
        {"{\"schema\":\"uvlab.sweep/1\",\"interrupted\":false,\"runs\":[{\"point\":0}",
         STATUS_FAILED, "there is no "},
        {"{\"schema\":\"uvlab.sweep/1\",\"interrupted\":false,\"runs\":[{\"point\":0}]}\n",
         STATUS_USAGE, "s.json' is of a sweep with another version of uvlab (unknown, not "},
    };
    struct sweep_lab lab;
    (void)state;
    sweep_lab_open(&lab);
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        const char *text = documents[i].text;
        if (text != NULL)
            sweep_lab_write(lab.document, text, strlen(text));
        refuse(&lab, true, documents[i].status, documents[i].why);
        assert_int_equal(access(lab.journal, F_OK), -1);
        sweep_lab_write(lab.journal, "", 0);
        refuse(&lab, true, documents[i].status, documents[i].why);
        unlink(lab.journal);
        if (text != NULL) {
            char *still = sweep_lab_read(lab.document, NULL);
            assert_string_equal(still, text);
            free(still);
        }
    }
    sweep_lab_close(&lab);
}

/* Each line is what a journal has, followed by what no sweep writes. */
static void what_is_no_journal_is_refused_and_left_alone(void **state)
{
    static const struct foreign {
        const char *behind_head, *why;
    } foreign[] = {
        {"rubbish\n", "s.json.journal' is no run of a sweep: remove the file to begin anew"},
        {"\n", "s.json.journal' is no run of a sweep: remove the file to begin anew"},
        {"{}\n", "s.json.journal' is no run of a sweep: remove the file to begin anew"},
        {"[1]\n", "s.json.journal' is no run of a sweep: remove the file to begin anew"},
        {"{\"point\":0}\n", "s.json.journal' is no run of a sweep: remove the file to begin anew"},
        {"{\"point\":-1,\"round\":0}\n",
         "s.json.journal' is no run of a sweep: remove the file to begin anew"},
        /* What did not succeed says why. */
        {"{\"point\":0,\"round\":0,\"started_at\":\"2026-01-31T09:30:00.000Z\",\"process_ns\":1,"
         "\"exit_status\":2,\"error\":null}\n",
         "s.json.journal' is no run of a sweep: remove the file to begin anew"},
        {"{\"point\":0,\"round\":0,\"started_at\":\"2026-01-31T09:30:00.000Z\",\"process_ns\":1,"
         "\"exit_status\":null,\"error\":null}\n",
         "s.json.journal' is no run of a sweep: remove the file to begin anew"},
        /* The document takes lines over as they are, and is UTF-8. */
        {"{\"point\":0,\"round\":0,\"started_at\":\"2026-01-31T09:30:00.000Z\",\"process_ns\":1,"
         "\"exit_status\":0,\"error\":null,\"warnings\":[\"\xff\"]}\n",
         "s.json.journal' is no run of a sweep: remove the file to begin anew"},
        {"{\"parameters\":{\"file\":\"\xc3\"},\"environment\":{}}\n",
         "s.json.journal' is no run of a sweep: remove the file to begin anew"},
    };
    struct sweep_lab lab;
    size_t length, head;
    char *bytes;
    (void)state;
    sweep_lab_open(&lab);
    sweep_lab_write(lab.journal, "my diary", 8);
    refuse(&lab, true, STATUS_FAILED, "is no journal of a sweep");
    sweep_lab_write(lab.journal, "my diary\n", 9);
    refuse(&lab, true, STATUS_FAILED, "is no journal of a sweep");
    sweep_lab_write(lab.journal, "{\"schema\":5}\n", 13);
    refuse(&lab, true, STATUS_FAILED, "is no journal of a sweep");
    unlink(lab.journal);
    bytes = write_journal(&lab, &length);
    head = (size_t)(strchr(bytes, '\n') - bytes) + 1;
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        char text[4096];
        int n = snprintf(text, sizeof text, "%.*s%s", (int)head, bytes, foreign[i].behind_head);
        sweep_lab_write(lab.journal, text, (size_t)n);
        refuse(&lab, true, STATUS_FAILED, foreign[i].why);
    }
    free(bytes);
    sweep_lab_close(&lab);
}

/* The same run twice, one of a point that there is not, a round that is not due. */
static void runs_that_are_not_due_are_refused(void **state)
{
    static const uint32_t pairs[][2] = {{0, 1}, {1, 2}, {2, 0}, {1, 0}, {0, 0}};
    struct sweep_lab lab;
    (void)state;
    sweep_lab_open(&lab);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct sweep_run run = made_run(pairs[i][0], pairs[i][1]);
        struct journal j;
        struct sweep s;
        struct err e;
        free(write_journal(&lab, NULL));
        assert_int_equal(open_journal(&j, &lab, true, &s, &e), 0);
        assert_int_equal(journal_add_run(&j, &run, &e), 0);
        journal_close(&j, false);
        sweep_run_free(&run);
        sweep_free(&s);
        refuse(&lab, true, STATUS_FAILED, "line 6 of '");
        unlink(lab.journal);
    }
    sweep_lab_close(&lab);
}

static void another_sweep_is_told_by_what_differs(void **state)
{
    static const char *const arguments[] = {"--jobs", "6"};
    struct sweep_lab lab;
    struct run_context context = {0};
    struct journal j;
    struct sweep s;
    struct err e;
    (void)state;
    sweep_lab_open(&lab);
    free(write_journal(&lab, NULL));
    for (unsigned i = 0; i < 6; i++) {
        static const char another[] =
            "s.json.journal' is of another sweep: remove it to begin anew, or go on with that one "
            "by its options and --resume: uvlab sweep threadpool";
        static const char *const whys[] = {
            another,
            "is of a sweep with other values of its options ({\"threads\":[\"1\",\"2\"]}, not ",
            another,
            another,
            another,
            "is of a sweep with --seed 7, not 8: leave out --seed to go on"};
        sweep_lab_sweep(&s, i == 1 ? "2,1" : "1,2");
        if (i == 0) {
            s.arguments = arguments;
            s.argument_count = 2;
        }
        s.experiment = i == 2 ? registry_find("loop") : s.experiment;
        s.warmup = i == 3 ? 3 : 0;
        s.seed = i == 5 ? 8 : 7;
        assert_int_equal(journal_open(&j, lab.document, true, i == 5, i == 4, &s, &context, &e),
                         -1);
        assert_int_equal(e.status, STATUS_USAGE);
        if (strstr(e.text, whys[i]) == NULL)
            fail_msg("'%s' is not in '%s'", whys[i], e.text);
        sweep_free(&s);
    }
    sweep_lab_close(&lab);
}

static void two_sweeps_do_not_share_one(void **state)
{
    struct sweep_lab lab;
    struct journal j;
    struct sweep s;
    struct err e;
    (void)state;
    sweep_lab_open(&lab);
    assert_int_equal(open_journal(&j, &lab, false, &s, &e), 0);
    refuse(&lab, true, STATUS_FAILED, "is in use by another sweep");
    refuse(&lab, false, STATUS_FAILED, "is in use by another sweep");
    journal_close(&j, false);
    sweep_free(&s);
    assert_int_equal(open_journal(&j, &lab, true, &s, &e), 0);
    journal_close(&j, true);
    sweep_free(&s);
    sweep_lab_close(&lab);
}

static void folders_and_missing_ones_are_errors(void **state)
{
    struct sweep_lab lab;
    (void)state;
    sweep_lab_open(&lab);
    assert_int_equal(mkdir(lab.journal, 0700), 0);
    refuse(&lab, true, STATUS_FAILED, "cannot open");
    rmdir(lab.journal);
    snprintf(lab.document, sizeof lab.document, "%s/none/s.json", lab.folder);
    refuse(&lab, false, STATUS_FAILED, "no such file or directory");
    sweep_lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(a_line_that_is_not_whole_is_cut_off),
        cmocka_unit_test(an_old_journal_is_not_written_over),
        cmocka_unit_test(without_a_journal_there_is_nothing_to_go_on_with),
        cmocka_unit_test(what_is_no_journal_is_refused_and_left_alone),
        cmocka_unit_test(runs_that_are_not_due_are_refused),
        cmocka_unit_test(another_sweep_is_told_by_what_differs),
        cmocka_unit_test(two_sweeps_do_not_share_one),
        cmocka_unit_test(folders_and_missing_ones_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
