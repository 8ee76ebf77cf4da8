/* The views of a sweep: what each writes of sweeps that are whole, cut short, failed or hostile,
 * within the width that it has, as JSON that keeps to its schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "output/sweep_view.h"
#include "tests/unit/made_sweep.h"

enum { TABLE, JSON, NDJSON, CSV, TRACE };

static char folder[] = P_tmpdir "/uvlab-sweep.XXXXXX";
static char root[4096]; /* of the project; "" when it is not there */

static struct sweep s;
static char *text; /* of the view that was looked at last */

static struct view_style style;

static int make(void **state)
{
    (void)state;
    style = (struct view_style){.columns = 80, .unicode = true};
    made_sweep(&s);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    free(text);
    text = NULL;
    sweep_free(&s);
    return 0;
}

static const char *view(unsigned format)
{
    struct err e = {.text = ""};
    struct out *o = out_open("view", &e);
    FILE *f;
    long bytes;

    assert_non_null(o);
    assert_int_equal(view_sweep(&s, format, &style, o, &e), 0);
    assert_int_equal(out_close(o, &e), 0);
    f = fopen("view", "r");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    bytes = ftell(f);
    rewind(f);
    free(text);
    text = calloc(1, (size_t)bytes + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)bytes, f), bytes);
    fclose(f);
    if (getenv("SHOW") != NULL)
        printf("%s", text);
    return text;
}

/* Eight jobs of 100 ms on 2 CPUs, by 1, 2, 4 and 8 threads. */
static void make_spin(uint32_t rounds)
{
    const struct made_point likes[] = {
        {801, 799, 350, 100, 0.03, 8, 0, 0.01, NULL, 0},
        {401, 799, 150, 100, 0.03, 8, 0, 0.01, NULL, 0},
        {403, 800, 50, 200, 0.03, 8, 0, 0.01, NULL, 0},
        {402, 801, 0.05, 400, 0.03, 8, 0, 0.01, NULL, 0},
    };
    static const char *const arguments[] = {"--threads", "1,2,4,8", "--jobs",
                                            "8",         "--work",  "spin"};

    made_axis(&s, MADE_THREADS, "1;2;4;8");
    s.arguments = arguments;
    s.argument_count = sizeof arguments / sizeof arguments[0];
    made_rounds(&s, rounds, likes);
    s.ended = SWEEP_ENDED_KNOWN;
    s.parameters = mem_copy_text("{\"jobs\":8,\"work\":\"spin\"}");
    assert_non_null(s.parameters);
}

/* Everything that could do harm where it is printed, and some that is merely long. */
#define HOSTILE                                                                                    \
    "a\"b\nc\td\x1b[31me\\f\xc3\xa9\xff\x7f\xc2\x9b"                                               \
    "1m,\xe2\x82"

static void make_hostile(void)
{
    const struct made_point likes[] = {
        {.elapsed_ms = 10, .waited_ms = 1, .ran_ms = 2, .calls = 3, .noise = 0.3},
        {.elapsed_ms = 10, .error = HOSTILE},
    };
    static const char *const arguments[] = {"--file", HOSTILE};
    struct err e;

    made_axis(&s, MADE_FILE,
              HOSTILE ";/a/very/long/name/of/a/file/that/does/not/fit/anywhere/really");
    s.arguments = arguments;
    s.argument_count = 2;
    made_rounds(&s, 9, likes);
    s.runs[0].elapsed_ns *= 20;
    s.environment = mem_copy_text("{\"cpu\":\"\\u001b[2Jmodel\\u0007\"}");
    assert_non_null(s.environment);
    assert_int_equal(sweep_warn(&s, &e, "doubtful: %s", HOSTILE), 0);
    s.interrupted = true;
    s.ended = SWEEP_ENDED_SIGNAL;
}

static void make_groups(void)
{
    struct made_point likes[24];

    made_axis(&s, MADE_WORK, "sleep;spin");
    made_axis(&s, MADE_THREADS, "1;2;4");
    made_axis(&s, MADE_WORKERS, "1;2");
    made_axis(&s, MADE_PAUSE, "1.5ms;20us");
    for (uint32_t i = 0; i < 24; i++)
        likes[i] = (struct made_point){.elapsed_ms = 100 + i % 5,
                                       .cpu_ms = 30,
                                       .waited_ms = 1 + i,
                                       .ran_ms = 30,
                                       .returned_ms = 0.5,
                                       .calls = 9,
                                       .noise = 0.02};
    likes[7].error = "cannot listen on 'localhost:3000': address already in use, and more of it";
    made_rounds(&s, 7, likes);
}

static void make_load(void)
{
    const struct made_point likes[] = {
        {.elapsed_ms = 1000, .cpu_ms = 900, .ran_ms = 0.1, .answered = 1000000, .noise = 0.01},
        {.elapsed_ms = 1000, .cpu_ms = 900, .ran_ms = 0.4, .answered = 4000000, .noise = 0.01},
    };

    made_axis(&s, MADE_CONNECTIONS, "1;100000");
    s.by = SWEEP_BY_REQUEST;
    made_rounds(&s, 7, likes);
}

static void make_empty(void)
{
    made_axis(&s, MADE_THREADS, "1;2;4");
    s.interrupted = true;
    s.ended = SWEEP_ENDED_SIGNAL;
}

static void make_spin_of_7(void)
{
    make_spin(7);
}

static void make_spin_of_3(void)
{
    make_spin(3);
}

static void make_one_point(void)
{
    const struct made_point like = {.elapsed_ms = 3};

    made_rounds(&s, 1, &like); /* no axis at all */
}

static void (*const makers[])(void) = {make_spin_of_7, make_spin_of_3, make_hostile,  make_groups,
                                       make_load,      make_empty,     make_one_point};
enum { MAKERS = sizeof makers / sizeof makers[0] };

static void begin(size_t maker)
{
    sweep_free(&s);
    made_sweep(&s);
    makers[maker]();
}

static void assert_has(const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' in: %s", part, text);
}

/* --- The table --- */

static void test_table(void **state)
{
    (void)state;
    make_spin(9);
    s.runs[9].elapsed_ns *= 4;
    view(TABLE);
    assert_has("made --threads 1,2,4,8 --jobs 8 --work spin\n");
    assert_has("36 runs of 4 points in 1.00 s, until every median was known to 2 %; 2 CPUs\n");
    assert_has("  threads  runs  elapsed     95 %   to best   waited      ran  returned  CPUs\n");
    assert_has("\n✓       2     9   401 ms  398-404  ");
    assert_has("  best   149 ms  99.6 ms   29.9 µs  1.99\n");
    assert_has(
        "\n  to best: median ratio, round by round; = as good; CPUs: uvlab's; ✓ the answer\n");
    assert_has("\noutliers, far from the other runs of their point, and part of its figures:\n"
               "  threads 2: 1.59 s in round 3\n");
    assert_has("  ░ waited  █ ran  ─ returned  of a call, on average; medians of the runs\n");
    assert_has("\nanswer: --threads 2\n  · --threads 2 takes 401 ms (95 %: ");
    assert_has("CPUs are the limit");
}

/* The longest bar is as wide as there is room, and as its parts say. */
static void test_bars(void **state)
{
    static const char row[] = "\n        1  ";
    const char *bar, *end;
    size_t waits, runs = 0;

    (void)state;
    make_spin(7);
    style.unicode = false;
    view(TABLE);
    bar = strstr(strstr(text, row) + 1, row); /* the second such row */
    assert_non_null(bar);
    bar += sizeof row - 1;
    waits = strspn(bar, ".");
    runs = strspn(bar + waits, "#");
    end = bar + waits + runs;
    assert_true(waits + runs > 50);
    assert_in_range(waits * 100 / (waits + runs), 76, 79); /* 350 of 450 ms */
    assert_int_equal(strncmp(end, " 449 ms\n", 8), 0);
}

static void test_table_of_what_failed(void **state)
{
    const struct made_point likes[] = {{.error = "it broke"}, {.elapsed_ms = 10, .noise = 0.01}};

    (void)state;
    made_axis(&s, MADE_THREADS, "1;2");
    made_rounds(&s, 2, likes);
    s.ended = SWEEP_ENDED_FAILURES;
    view(TABLE);
    assert_has("        1  failed (2 runs): it broke\n");
    assert_has("\n  to best: median ratio, round by round; ? not known\n");
    assert_has("answer: none\n");
    assert_has("--threads 2 takes 9.99 ms\n");
    assert_has("until every point had failed");
}

/* What leads is told where nothing can be recommended. */
static void test_table_of_what_is_not_told(void **state)
{
    (void)state;
    make_spin(3);
    view(TABLE);
    assert_has("\nanswer: none; --threads 2 has the lowest median\n");
    assert_has("too few runs for an answer: 3 of each, and 6 are needed ");
    assert_has("; ? not known; CPUs: uvlab's\n");
    assert_null(strstr(text, "= as good"));
    assert_null(strstr(text, "✓"));
}

static void test_table_of_nothing(void **state)
{
    (void)state;
    make_empty();
    view(TABLE);
    assert_has("0 runs of 3 points");
    assert_has("        4  not run yet\n");
    assert_has("answer: none\n  · nothing has run yet\n");
    assert_has("interrupted: these are the runs until then\n");
}

static void test_groups_stand_apart(void **state)
{
    (void)state;
    make_groups();
    view(TABLE);
    assert_has("\n\n--work sleep --pause 1.5ms\n  threads  workers  ");
    assert_has("\n\n--work spin --pause 20us\n  threads  workers  ");
    assert_has("failed (7 runs): cannot listen on");
}

/* Whether a line of the text takes more columns than that. */
static void assert_narrow(size_t columns)
{
    for (char *line = text, *end; *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        if (text_columns(line) > columns)
            fail_msg("wider than %zu: %s", columns, line);
        *end = '\n';
    }
}

static void test_widths(void **state)
{
    static const unsigned widths[] = {60, 72, 80, 100, 200};

    (void)state;
    for (size_t maker = 0; maker < MAKERS; maker++) {
        if (makers[maker] == make_hostile)
            continue; /* words are not broken, however long */
        begin(maker);
        for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
            style.columns = widths[i];
            view(TABLE);
            assert_narrow(widths[i]);
        }
    }
    begin(0);
    style.columns = 40;
    view(TABLE);
    assert_narrow(40);
    assert_has("elapsed");
}

/* What was not written by uvlab cannot drive the terminal. */
static void test_hostile_texts(void **state)
{
    (void)state;
    make_hostile();
    for (int i = 0; i < 4; i++) {
        style.unicode = i % 2 != 0;
        style.colour = i / 2 != 0;
        view(TABLE);
        for (const char *c = text; *c != '\0'; c++) {
            unsigned char byte = (unsigned char)*c;

            if (byte == 0x1b && style.colour && strspn(c + 1, "[0123456789;m") > 1)
                continue; /* our own; theirs would have its letters */
            assert_true(byte == '\n' || (byte >= 0x20 && byte != 0x7f));
            assert_true(byte < 0x80 || style.unicode);
        }
        assert_null(strstr(text, "\x1b[31me"));
        assert_null(strstr(text, "\x1b[2J"));
        assert_null(strstr(text, "\xc2\x9b"));
    }
    assert_has("doubtful: ");
}

/* --- Views for programs --- */

static bool is_valid(const char *format)
{
    char command[3 * sizeof root];

    snprintf(command, sizeof command, "%s/tests/validate-json %s/docs/uvlab.sweep-1.schema.json %s",
             root, root, format);
    return system(command) == 0;
}

static void test_json_keeps_to_its_schema(void **state)
{
    (void)state;
    if (root[0] == '\0')
        skip();
    for (size_t maker = 0; maker < MAKERS; maker++) {
        begin(maker);
        if (makers[maker] == make_hostile) { /* the schema of environments wants more of it */
            mem_free(s.environment);
            s.environment = NULL;
        }
        view(JSON);
        if (!is_valid("view"))
            fail_msg("sweep %zu: %s", maker, text);
    }
}

static const cJSON *at(const cJSON *item, const char *key)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(item, key);

    if (member == NULL)
        fail_msg("no member '%s' in: %s", key, text);
    return member;
}

static void test_json(void **state)
{
    cJSON *document;
    const cJSON *point, *answer;

    (void)state;
    make_spin(7);
    document = cJSON_Parse(view(JSON));
    assert_non_null(document);
    assert_int_equal(cJSON_GetArraySize(at(document, "runs")), 28);
    assert_int_equal(cJSON_GetArraySize(at(document, "points")), 4);
    assert_int_equal(at(at(document, "parameters"), "jobs")->valueint, 8);
    assert_int_equal(at(at(document, "recommended"), "threads")->valueint, 2);
    assert_int_equal(at(at(document, "axes")->child, "default")->valueint, 4);
    assert_true(cJSON_IsNull(at(document, "runs_wanted")));
    assert_true(cJSON_IsNull(at(document, "time_limit_ns")));
    assert_string_equal(at(document, "by")->valuestring, "elapsed_ns");
    assert_string_equal(at(document, "ended_by")->valuestring, "known");
    point = at(document, "points")->child;
    assert_string_equal(at(point, "verdict")->valuestring, "worse");
    assert_true(at(at(point, "relative"), "low")->valuedouble > 1.9);
    assert_true(cJSON_IsNull(at(point, "requests_per_s")));
    answer = at(document, "answers")->child;
    assert_int_equal(cJSON_GetArraySize(at(answer, "where")), 0);
    assert_int_equal(cJSON_GetArraySize(at(answer, "equal")), 2);
    assert_int_equal(at(at(at(answer, "default"), "parameters"), "threads")->valueint, 4);
    cJSON_Delete(document);
}

/* A run of the document is as its maker made it, byte for byte. */
static void test_runs_are_verbatim(void **state)
{
    (void)state;
    make_spin(2);
    mem_free(s.runs[3].json);
    s.runs[3].json = mem_copy_text("{\"point\":3,\"spans\":[18446744073709551614,  1.50]}");
    assert_non_null(s.runs[3].json);
    view(JSON);
    assert_has("    {\"point\":3,\"spans\":[18446744073709551614,  1.50]},\n");
    view(NDJSON);
    assert_has("{\"experiment\":\"made\",\"parameters\":{\"threads\":8},\"point\":3,"
               "\"spans\":[18446744073709551614,  1.50]}\n");
}

static void test_ndjson(void **state)
{
    int lines = 0;

    (void)state;
    make_hostile();
    view(NDJSON);
    for (char *line = text, *end; *line != '\0'; line = end + 1, lines++) {
        cJSON *item;

        end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        item = cJSON_ParseWithOpts(line, NULL, true);
        assert_non_null(item);
        assert_true(cJSON_IsString(at(at(item, "parameters"), "file")));
        assert_true(cJSON_IsNumber(at(item, "round")));
        cJSON_Delete(item);
    }
    assert_int_equal(lines, 18);
}

static void test_csv(void **state)
{
    const struct made_point likes[] = {
        {.elapsed_ms = 2, .cpu_ms = 1, .waited_ms = 0.5, .ran_ms = 1, .calls = 3},
        {.error = "a \"b\", c"},
    };

    (void)state;
    made_axis(&s, MADE_PAUSE, "1.5ms");
    made_axis(&s, MADE_FILE, "plain;with \"quotes\", and more");
    made_rounds(&s, 1, likes);
    assert_string_equal(
        view(CSV),
        "pause_ns,file,point,round,process_ns,elapsed_ns,cpu_ns,answered,latency_p50_ns,"
        "latency_p99_ns,calls,total_ns,waited_ns,ran_ns,returned_ns,error\n"
        "1500000,plain,0,0,900000000,2000000,1000000,,,,3,1500000,500000,1000000,,\n"
        "1500000,\"with \"\"quotes\"\", and more\",1,0,900000000,,,,,,,,,,,\"a \"\"b\"\", c\"\n");
}

/* A process per point; its slices lie where the runs lay and do not overlap. */
static void test_trace(void **state)
{
    int names = 0, slices = 0;
    double end[4] = {0};
    cJSON *trace;
    const cJSON *event;

    (void)state;
    make_spin(3);
    s.runs[4].process_ns = 1000000000000; /* longer than it can have been */
    trace = cJSON_ParseWithOpts(view(TRACE), NULL, true);
    assert_non_null(trace);
    cJSON_ArrayForEach(event, at(trace, "traceEvents"))
    {
        int pid = at(event, "pid")->valueint;

        assert_in_range(pid, 1, 4);
        names += strcmp(at(event, "name")->valuestring, "process_name") == 0;
        if (strcmp(at(event, "ph")->valuestring, "X") != 0)
            continue;
        slices++;
        assert_true(at(event, "ts")->valuedouble >= end[pid - 1]);
        end[pid - 1] = at(event, "ts")->valuedouble + at(event, "dur")->valuedouble;
        assert_true(at(at(event, "args"), "elapsed_ns")->valuedouble > 1e8);
    }
    assert_int_equal(names, 4);
    assert_int_equal(slices, 12);
    assert_has("\"process_name\",\"args\":{\"name\":\"threads 8\"}");
    assert_has("\"ts\":0,\"dur\":900000.000,\"name\":\"round 1\"");
    cJSON_Delete(trace);
}

static void test_trace_of_every_sweep_is_json(void **state)
{
    (void)state;
    for (size_t maker = 0; maker < MAKERS; maker++) {
        cJSON *trace;

        begin(maker);
        trace = cJSON_ParseWithOpts(view(TRACE), NULL, true);
        assert_non_null(trace);
        cJSON_Delete(trace);
    }
}

/* --- Memory that runs out --- */

#ifdef UVLAB_TORTURE
static void test_no_memory(void **state)
{
    (void)state;
    for (unsigned format = TABLE; format <= TRACE; format++) {
        for (unsigned long nth = 1, rc = 1; rc != 0; nth++) {
            struct err e = {.text = ""};
            struct out *o;

            begin(nth % 2 == 0 ? 0 : 2);
            o = out_open("view", &e);
            assert_non_null(o);
            mem_fuse_arm(nth);
            rc = view_sweep(&s, format, &style, o, &e) != 0;
            mem_fuse_arm(0);
            if (rc != 0)
                assert_non_null(strstr(e.text, "memory"));
            out_abandon(o);
            if (rc == 0 && nth % 2 != 0)
                rc = 1; /* the other sweep takes more */
            assert_true(nth < 100000);
        }
    }
}
#endif

/* The folder of the project, seen from build/VARIANT/tests/unit/PROGRAM; "" when it is not there.
 */
static void find_root(void)
{
    char program[sizeof root], schema[2 * sizeof root];
    ssize_t bytes = readlink("/proc/self/exe", program, sizeof program - 1);

    if (bytes < 0)
        return;
    program[bytes] = '\0';
    for (int up = 0; up < 5; up++) {
        char *slash = strrchr(program, '/');

        if (slash == NULL)
            return;
        *slash = '\0';
    }
    snprintf(schema, sizeof schema, "%s/docs/uvlab.sweep-1.schema.json", program);
    if (access(schema, R_OK) == 0)
        strcpy(root, program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table, make, unmake),
        cmocka_unit_test_setup_teardown(test_bars, make, unmake),
        cmocka_unit_test_setup_teardown(test_table_of_what_failed, make, unmake),
        cmocka_unit_test_setup_teardown(test_table_of_what_is_not_told, make, unmake),
        cmocka_unit_test_setup_teardown(test_table_of_nothing, make, unmake),
        cmocka_unit_test_setup_teardown(test_groups_stand_apart, make, unmake),
        cmocka_unit_test_setup_teardown(test_widths, make, unmake),
        cmocka_unit_test_setup_teardown(test_hostile_texts, make, unmake),
        cmocka_unit_test_setup_teardown(test_json_keeps_to_its_schema, make, unmake),
        cmocka_unit_test_setup_teardown(test_json, make, unmake),
        cmocka_unit_test_setup_teardown(test_runs_are_verbatim, make, unmake),
        cmocka_unit_test_setup_teardown(test_ndjson, make, unmake),
        cmocka_unit_test_setup_teardown(test_csv, make, unmake),
        cmocka_unit_test_setup_teardown(test_trace, make, unmake),
        cmocka_unit_test_setup_teardown(test_trace_of_every_sweep_is_json, make, unmake),
#ifdef UVLAB_TORTURE
        cmocka_unit_test_setup_teardown(test_no_memory, make, unmake),
#endif
    };
    int failed;

    mem_adopt_cjson();
    find_root();
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink("view");
    if (chdir("/") != 0 || rmdir(folder) != 0)
        return 1;
    return failed;
}
