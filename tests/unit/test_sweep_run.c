/* Whole sweeps of programs that are shell scripts: what they do decides how the sweep ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sweep_lab.h"

#include "sweep/journal.h"
#include "sweep/sweep_run.h"

static const struct words no_words = {0};

static struct sweep_plan plan_of(const struct sweep_lab *lab)
{
    return (struct sweep_plan){
        .program = lab->program, .fixed = &no_words, .run_limit_ns = UINT64_C(60000000000)};
}

/* Runs it without a journal. */
static int run(struct sweep *s, const struct sweep_plan *plan, struct err *e)
{
    struct journal j;
    int rc;
    *e = (struct err){.text = ""};
    rc = sweep_run(s, plan, &j, e);
    journal_close(&j, false);
    return rc;
}

static unsigned runs_of(const struct sweep *s, uint32_t point)
{
    unsigned count = 0;
    for (size_t i = 0; i < s->run_count; i++)
        count += s->runs[i].point == point;
    return count;
}

static const char *error_of(const struct sweep *s, uint32_t point)
{
    for (size_t i = 0; i < s->run_count; i++)
        if (s->runs[i].point == point && s->runs[i].error != NULL)
            return s->runs[i].error;
    return NULL;
}

static void equal_runs_are_known_after_six(void **state)
{
    struct sweep_lab lab;
    struct sweep_plan plan;
    struct sweep s;
    struct err e;
    (void)state;
    sweep_lab_open(&lab);
    sweep_lab_program(&lab,
                      "ns=1000\ncase $* in *--threads=2*) ns=900 ;; esac\n" SWEEP_LAB_DOCUMENT);
    sweep_lab_sweep(&s, "1,2");
    plan = plan_of(&lab);
    if (run(&s, &plan, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(s.ended, SWEEP_ENDED_KNOWN);
    assert_int_equal(s.run_count, 12);
    assert_int_equal(s.by, SWEEP_BY_ELAPSED);
    assert_int_equal(s.cpus_allowed, 2);
    assert_true(s.cpu_quota == 0);
    assert_string_equal(s.parameters, "{\"jobs\":5}"); /* neither the axis nor the sweep's own */
    assert_false(s.interrupted);
    for (size_t i = 0; i < s.run_count; i++) {
        assert_null(s.runs[i].error);
        assert_int_equal(s.runs[i].round, i / 2);
        assert_int_equal(s.runs[i].elapsed_ns, s.runs[i].point == 0 ? 1000 : 900);
    }
    sweep_free(&s);
    sweep_lab_close(&lab);
}

static void points_fail_each_in_its_way(void **state)
{
    struct sweep_lab lab;
    struct sweep_plan plan;
    struct sweep s;
    struct err e;
    (void)state;
    sweep_lab_open(&lab);
    sweep_lab_program(&lab, "case $* in\n"
                            "*--threads=1*) kill -SEGV $$ ;;\n"
                            "*--threads=2*) echo rubbish; exit 0 ;;\n"
                            "*--threads=3*) echo 'uvlab: threadpool: no' >&2; exit 2 ;;\n"
                            "*--threads=4*) exec sleep 1000 ;;\n"
                            "esac\nns=7\n" SWEEP_LAB_DOCUMENT);
    plan = plan_of(&lab);
    plan.run_limit_ns = UINT64_C(3000000000); /* others end by themselves, also where all is slow */
    sweep_lab_sweep(&s, "1..5");
    s.runs_wanted = 3;
    if (run(&s, &plan, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(s.ended, SWEEP_ENDED_RUNS);
    assert_string_equal(error_of(&s, 0), "was killed by SIGSEGV");
    assert_string_equal(error_of(&s, 1), "wrote no result that can be read");
    assert_string_equal(error_of(&s, 2), "no");
    assert_string_equal(error_of(&s, 3), "took longer than 3.00 s");
    assert_null(error_of(&s, 4));
    assert_int_equal(runs_of(&s, 0), 2); /* nothing good is to be expected any more */
    assert_int_equal(runs_of(&s, 1), 2);
    assert_int_equal(runs_of(&s, 2), 1);
    assert_int_equal(runs_of(&s, 3), 2);
    assert_int_equal(runs_of(&s, 4), 3);
    sweep_free(&s);
    sweep_lab_close(&lab);
}

static void nothing_that_can_be_run_ends_a_sweep(void **state)
{
    struct sweep_lab lab;
    struct sweep_plan plan;
    struct sweep s;
    struct err e;
    (void)state;
    sweep_lab_open(&lab);
    plan = plan_of(&lab);
    sweep_lab_program(&lab, "exit 1");
    sweep_lab_sweep(&s, "1..3");
    assert_int_equal(run(&s, &plan, &e), 0);
    assert_int_equal(s.ended, SWEEP_ENDED_FAILURES);
    assert_int_equal(s.run_count, 6);
    assert_null(s.parameters);
    sweep_free(&s);
    /* The command line of all is wrong: so is the sweep's. */
    sweep_lab_program(&lab, "echo 'uvlab: threadpool: --jobs 0: no' >&2; exit 2");
    sweep_lab_sweep(&s, "1..3");
    assert_int_equal(run(&s, &plan, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_string_equal(e.text, "threadpool: --jobs 0: no");
    sweep_free(&s);
    plan.program = "/nowhere/at/all";
    sweep_lab_sweep(&s, "1");
    assert_int_equal(run(&s, &plan, &e), 0);
    assert_int_equal(s.ended, SWEEP_ENDED_FAILURES);
    assert_non_null(strstr(error_of(&s, 0), "cannot run '/nowhere/at/all'"));
    sweep_free(&s);
    sweep_lab_close(&lab);
}

static void time_ends_what_is_never_known(void **state)
{
    struct sweep_lab lab;
    struct sweep_plan plan;
    struct sweep s;
    struct err e;
    (void)state;
    sweep_lab_open(&lab);
    plan = plan_of(&lab);
    sweep_lab_program(&lab, "ns=$(date +%N | sed 's/^0*//')0\n" SWEEP_LAB_DOCUMENT);
    sweep_lab_sweep(&s, "1,2");
    s.precision_ppm = 1;
    s.time_limit_ns = 300000000;
    assert_int_equal(run(&s, &plan, &e), 0);
    assert_int_equal(s.ended, SWEEP_ENDED_TIME);
    assert_true(s.took_ns >= s.time_limit_ns);
    sweep_free(&s);
    sweep_lab_sweep(&s, "1,2");
    s.time_limit_ns = 0;
    assert_int_equal(run(&s, &plan, &e), 0);
    assert_int_equal(s.ended, SWEEP_ENDED_TIME);
    assert_int_equal(s.run_count, 1); /* else there was nothing to show */
    sweep_free(&s);
    sweep_lab_close(&lab);
}

static void keep_warning(void *context, const char *warning)
{
    const char **kept = context;
    assert_null(*kept);
    *kept = warning;
}

/* That is known after the first round, and said then, once. */
static void too_little_time_is_told(void **state)
{
    struct sweep_lab lab;
    struct sweep_plan plan;
    struct sweep s;
    struct err e;
    const char *warned = NULL;
    (void)state;
    sweep_lab_open(&lab);
    plan = plan_of(&lab);
    plan.warn = keep_warning;
    plan.context = &warned;
    sweep_lab_program(&lab, "ns=5\nsleep 0.1\n" SWEEP_LAB_DOCUMENT);
    sweep_lab_sweep(&s, "1,2");
    s.time_limit_ns = 1000000000;
    assert_int_equal(run(&s, &plan, &e), 0);
    assert_int_equal(s.warning_count, 1);
    assert_ptr_equal(warned, s.warnings[0]);
    assert_non_null(strstr(warned, "6 rounds, the least for an answer, would take about "));
    assert_non_null(strstr(warned, ", and --time-limit is 1"));
    sweep_free(&s);
    /* How many runs there are to be was said. */
    sweep_lab_sweep(&s, "1,2");
    s.time_limit_ns = 1000000000;
    s.runs_wanted = 1;
    assert_int_equal(run(&s, &plan, &e), 0);
    assert_int_equal(s.warning_count, 0);
    sweep_free(&s);
    sweep_lab_close(&lab);
}

/* Runs `rounds` rounds with a journal. */
static int run_on(struct sweep *s, const struct sweep_lab *lab, uint64_t rounds, struct err *e)
{
    struct sweep_plan plan = plan_of(lab);
    struct journal j;
    int rc;
    plan.document = lab->document;
    plan.resume = access(lab->journal, F_OK) == 0;
    sweep_lab_sweep(s, "1..3");
    s->runs_wanted = rounds;
    rc = sweep_run(s, &plan, &j, e);
    journal_close(&j, false);
    return rc;
}

/* Each sitting adds a round; what is there is not run again, which the program would tell. */
static void a_sweep_goes_on_where_it_was(void **state)
{
    struct sweep_lab lab;
    struct sweep s;
    struct err e;
    char *text;
    (void)state;
    sweep_lab_open(&lab);
    for (uint64_t rounds = 1; rounds <= 4; rounds++) {
        char script[1024];
        snprintf(script, sizeof script, "ns=%u\n%s", (unsigned)rounds * 100, SWEEP_LAB_DOCUMENT);
        sweep_lab_program(&lab, script);
        if (run_on(&s, &lab, rounds, &e) != 0)
            fail_msg("%s", e.text);
        assert_int_equal(s.run_count, 3 * rounds);
        for (size_t i = 0; i < s.run_count; i++) {
            assert_int_equal(s.runs[i].round, i / 3);
            assert_int_equal(s.runs[i].elapsed_ns, (i / 3 + 1) * 100);
        }
        sweep_free(&s);
    }
    /* In the middle of a round, and with half a line. */
    text = sweep_lab_read(lab.journal, NULL);
    sweep_lab_write(lab.journal, text, strlen(text) - 1);
    free(text);
    assert_int_equal(run_on(&s, &lab, 4, &e), 0);
    assert_int_equal(s.run_count, 12);
    for (uint32_t point = 0; point < 3; point++)
        assert_int_equal(runs_of(&s, point), 4);
    assert_int_equal(s.warning_count, 0);
    sweep_free(&s);
    sweep_lab_close(&lab);
}

static void another_machine_makes_a_warning(void **state)
{
    struct sweep_lab lab;
    struct sweep s;
    struct err e;
    char *text, *cpu;
    (void)state;
    sweep_lab_open(&lab);
    sweep_lab_program(&lab, "ns=5\n" SWEEP_LAB_DOCUMENT);
    assert_int_equal(run_on(&s, &lab, 1, &e), 0);
    sweep_free(&s);
    text = sweep_lab_read(lab.journal, NULL);
    cpu = strstr(text, "\"cpu\":\"x\"");
    assert_non_null(cpu);
    cpu[7] = 'y';
    sweep_lab_write(lab.journal, text, strlen(text));
    free(text);
    assert_int_equal(run_on(&s, &lab, 2, &e), 0);
    assert_int_equal(s.warning_count, 1);
    assert_string_equal(s.warnings[0], "earlier runs of this sweep had another machine: cpu was "
                                       "\"y\", and is \"x\"");
    sweep_free(&s);
    sweep_lab_close(&lab);
}

/* What every document tells of itself is told once, with how often it was so. */
static void a_busy_machine_makes_a_warning(void **state)
{
    struct sweep_lab lab;
    struct sweep s;
    struct err e;
    (void)state;
    sweep_lab_open(&lab);
    sweep_lab_program(&lab,
                      "ns=5\nbusy=100000000\ncase $* in *--threads=2*) busy=10000000 ;; esac\n{ "
                      "" SWEEP_LAB_DOCUMENT
                      "} | sed 's/\"cpus_allowed\":2/\"cpu_quota\":1.5,\"others_cpu_ns\":'$busy',"
                      "\"stolen_ns\":30000000,\"watched_ns\":250000000,&/'\n");
    assert_int_equal(run_on(&s, &lab, 2, &e), 0);
    sweep_free(&s);
    assert_int_equal(run_on(&s, &lab, 3, &e), 0); /* two rounds of them from the journal */
    assert_int_equal(s.run_count, 9);
    assert_int_equal(s.warning_count, 3);
    assert_true(s.cpu_quota == 1.5);
    assert_string_equal(s.warnings[0],
                        "a control group limits each run to 1.50 of the 2 CPUs: once "
                        "these are used, more threads or workers wait");
    assert_string_equal(s.warnings[1],
                        "the machine was busy in 6 of 9 runs: other processes used up to 0.4 CPUs; "
                        "figures scatter by that: measure again when it is quiet");
    assert_string_equal(s.warnings[2],
                        "the hypervisor took CPUs away in 9 of 9 runs, up to 0.12 of them; figures "
                        "scatter by that: measure again when its other guests are quiet");
    assert_non_null(strstr(s.runs[0].json, "\"machine\":{\"others_cpu_ns\":"));
    sweep_free(&s);
    sweep_lab_close(&lab);
}

static void what_runs_do_not_have_is_no_measure(void **state)
{
    struct sweep_lab lab;
    struct sweep_plan plan;
    struct sweep s;
    struct err e;
    (void)state;
    sweep_lab_open(&lab);
    plan = plan_of(&lab);
    sweep_lab_program(&lab, "ns=5\n" SWEEP_LAB_DOCUMENT);
    sweep_lab_sweep(&s, "1,2");
    s.by = SWEEP_BY_LATENCY;
    assert_int_equal(run(&s, &plan, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_non_null(strstr(e.text, "--by: threadpool makes no load"));
    sweep_free(&s);
    sweep_lab_close(&lab);
}

/* What fast requests wait for each other's work is what such a run is about; of the first point
 * none of them was answered. */
#define BLOCKING_PROGRAM                                                                           \
    "ns=5 p99=70\ncase $* in *--threads=1*) p99=null ;; esac\n{ " SWEEP_LAB_DOCUMENT "} | "        \
    "sed 's/\"spans\"/\"blocking\":{\"cpu_ns\":9,\"fast\":{\"count\":0,\"p50_ns\":7,"              \
    "\"p99_ns\":'$p99'}},&/'\n"

static void blocking_is_judged_by_its_fast_route(void **state)
{
    static const enum sweep_by asked[] = {SWEEP_BY_AUTO, SWEEP_BY_P99, SWEEP_BY_LATENCY,
                                          SWEEP_BY_ELAPSED};
    static const enum sweep_by got[] = {SWEEP_BY_P99, SWEEP_BY_P99, SWEEP_BY_LATENCY,
                                        SWEEP_BY_ELAPSED};
    struct sweep_lab lab;
    struct sweep_plan plan;
    struct sweep s;
    struct err e;
    (void)state;
    sweep_lab_open(&lab);
    plan = plan_of(&lab);
    sweep_lab_program(&lab, BLOCKING_PROGRAM);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        sweep_lab_sweep(&s, "1,2");
        s.by = asked[i];
        s.runs_wanted = 2;
        if (run(&s, &plan, &e) != 0)
            fail_msg("%s", e.text);
        assert_int_equal(s.by, got[i]);
        assert_int_equal(s.run_count, 4);
        for (size_t k = 0; k < s.run_count; k++) {
            uint64_t p99_ns = s.runs[k].point == 0 ? SWEEP_UNKNOWN : 70;
            assert_int_equal(s.runs[k].latency_p50_ns, 7);
            assert_true(s.runs[k].latency_p99_ns == p99_ns);
        }
        sweep_free(&s);
    }
    sweep_lab_sweep(&s, "1,2");
    s.by = SWEEP_BY_REQUEST;
    assert_int_equal(run(&s, &plan, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_non_null(strstr(e.text, "asks at a rate"));
    sweep_free(&s);
    sweep_lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_runs_are_known_after_six),
        cmocka_unit_test(points_fail_each_in_its_way),
        cmocka_unit_test(nothing_that_can_be_run_ends_a_sweep),
        cmocka_unit_test(time_ends_what_is_never_known),
        cmocka_unit_test(too_little_time_is_told),
        cmocka_unit_test(a_sweep_goes_on_where_it_was),
        cmocka_unit_test(another_machine_makes_a_warning),
        cmocka_unit_test(a_busy_machine_makes_a_warning),
        cmocka_unit_test(what_runs_do_not_have_is_no_measure),
        cmocka_unit_test(blocking_is_judged_by_its_fast_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
