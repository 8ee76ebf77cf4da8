/* Judging claims of results made by hand: verdicts over several runs, interrupted runs, evidence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/claims.h"
#include "tests/unit/made_result.h"

static const struct span_kind hash = {.kind = "pbkdf2", .label = "hash"};
static const struct span_kind *const kinds[] = {&hash, NULL};

/* A run's verdict is told by its elapsed time here: 0 holds, 1 fails, 2 is not tested. */
static enum verdict judge_elapsed(const struct result *r, const struct run *run,
                                  struct text *evidence)
{
    text_add(evidence, "run %d took %d", (int)(run - r->runs), (int)run->elapsed_ns);
    return (enum verdict)run->elapsed_ns;
}

static enum verdict judge_all(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_elapsed, evidence);
}

static int judged; /* how often the next one was asked */

static enum verdict judge_holds(const struct result *r, struct text *evidence)
{
    (void)r;
    judged++;
    text_add(evidence, "always so");
    return VERDICT_HOLDS;
}

static enum verdict judge_silently(const struct result *r, struct text *evidence)
{
    (void)r, (void)evidence;
    return VERDICT_NOT_TESTED;
}

static enum verdict judge_without_memory(const struct result *r, struct text *evidence)
{
    (void)r;
    text_add(evidence, "half a sent");
    evidence->failed = true;
    return VERDICT_HOLDS;
}

static enum verdict judge_run_without_memory(const struct result *r, const struct run *run,
                                             struct text *evidence)
{
    (void)run;
    return judge_without_memory(r, evidence);
}

static const struct claim claims[] = {
    {.id = "over-runs", .text = "the runs say so", .judge = judge_all},
    {.id = "always", .text = "it always holds", .judge = judge_holds},
    {.id = "silent", .text = "nothing is said", .judge = judge_silently},
    {.id = NULL},
};

static const struct experiment claimer = {.name = "claimer", .claims = claims};

/* A result with a run for each character: '0' to '2' by their verdict, 'i' interrupted, 'b' a
 * baseline. */
static void make(struct result *r, const char *runs)
{
    made_result(r, &claimer);
    for (; *runs != '\0'; runs++) {
        struct run *run = made_run(r, *runs == 'b' ? &made_baseline : &made_measured, 1, kinds);

        run->interrupted = *runs == 'i';
        run->elapsed_ns = *runs >= '0' && *runs <= '2' ? (uint64_t)(*runs - '0') : VERDICT_FAILS;
        r->interrupted |= run->interrupted;
    }
}

static void assert_over_runs(const char *runs, enum verdict wanted, const char *evidence)
{
    struct text said = TEXT_EMPTY;
    struct result r;

    make(&r, runs);
    assert_int_equal(claims_over_runs(&r, judge_elapsed, &said), wanted);
    assert_string_equal(text_get(&said), evidence);
    text_free(&said);
    result_free(&r);
}

static void test_verdict_over_one_run(void **state)
{
    (void)state;
    assert_over_runs("0", VERDICT_HOLDS, "run 0 took 0");
    assert_over_runs("1", VERDICT_FAILS, "run 0 took 1");
    assert_over_runs("2", VERDICT_NOT_TESTED, "run 0 took 2");
}

static void test_verdict_over_several_runs(void **state)
{
    (void)state;
    assert_over_runs("000", VERDICT_HOLDS, "run 0 took 0 (holds in 3 of 3 runs)");
    assert_over_runs("200", VERDICT_HOLDS, "run 1 took 0 (holds in 2 of 3 runs)");
    assert_over_runs("222", VERDICT_NOT_TESTED, "run 0 took 2");
    assert_over_runs("00101", VERDICT_FAILS, "run 3 of 5: run 2 took 1");
    assert_over_runs("21", VERDICT_FAILS, "run 2 of 2: run 1 took 1");
}

static void test_other_runs_are_not_judged(void **state)
{
    (void)state;
    assert_over_runs("b0", VERDICT_HOLDS, "run 1 took 0");
    assert_over_runs("0i", VERDICT_HOLDS, "run 0 took 0");
    assert_over_runs("b01i", VERDICT_FAILS, "run 2 of 2: run 2 took 1");
    assert_over_runs("b", VERDICT_NOT_TESTED, "there is no complete measured run");
    assert_over_runs("i", VERDICT_NOT_TESTED, "there is no complete measured run");
    assert_over_runs("", VERDICT_NOT_TESTED, "there is no complete measured run");
}

static void test_every_claim_gets_a_verdict(void **state)
{
    struct result r;
    struct err e;

    (void)state;
    make(&r, "00");
    assert_false(claims_any_failed(&r));
    assert_int_equal(claims_judge(&r, &e), 0);
    assert_int_equal(r.verdict_count, 3);
    assert_ptr_equal(r.verdicts[0].claim, &claims[0]);
    assert_int_equal(r.verdicts[0].verdict, VERDICT_HOLDS);
    assert_string_equal(text_get(&r.verdicts[0].evidence), "run 0 took 0 (holds in 2 of 2 runs)");
    assert_int_equal(r.verdicts[1].verdict, VERDICT_HOLDS);
    assert_string_equal(text_get(&r.verdicts[1].evidence), "always so");
    assert_int_equal(r.verdicts[2].verdict, VERDICT_NOT_TESTED);
    assert_string_equal(text_get(&r.verdicts[2].evidence), "");
    assert_false(claims_any_failed(&r));
    result_free(&r);
    assert_int_equal(r.verdict_count, 0);
}

static void test_a_failed_claim_is_seen(void **state)
{
    struct result r;
    struct err e;

    (void)state;
    make(&r, "01");
    assert_int_equal(claims_judge(&r, &e), 0);
    assert_int_equal(r.verdicts[0].verdict, VERDICT_FAILS);
    assert_true(claims_any_failed(&r));
    r.runs[1].elapsed_ns = VERDICT_HOLDS; /* judged again, the old verdicts are gone */
    assert_int_equal(claims_judge(&r, &e), 0);
    assert_int_equal(r.verdict_count, 3);
    assert_false(claims_any_failed(&r));
    result_free(&r);
}

static void test_nothing_is_judged_without_a_complete_run(void **state)
{
    static const char *const runs[] = {"i", "", "b", "bi"};
    struct result r;
    struct err e;

    (void)state;
    for (size_t k = 0; k < sizeof runs / sizeof runs[0]; k++) {
        make(&r, runs[k]);
        judged = 0;
        assert_int_equal(claims_judge(&r, &e), 0);
        assert_int_equal(judged, 0);
        assert_int_equal(r.verdict_count, 3);
        for (size_t i = 0; i < r.verdict_count; i++) {
            assert_int_equal(r.verdicts[i].verdict, VERDICT_NOT_TESTED);
            assert_true(r.verdicts[i].evidence.length > 0);
        }
        result_free(&r);
    }
}

static void test_an_experiment_without_claims(void **state)
{
    static const struct claim none[] = {{.id = NULL}};
    const struct experiment empty = {.name = "empty", .claims = none}, null = {.name = "null"};
    struct result r;
    struct err e;

    (void)state;
    make(&r, "0");
    r.experiment = &empty;
    assert_int_equal(claims_judge(&r, &e), 0);
    assert_int_equal(r.verdict_count, 0);
    r.experiment = &null;
    assert_int_equal(claims_judge(&r, &e), 0);
    assert_int_equal(r.verdict_count, 0);
    result_free(&r);
}

static void test_half_a_sentence_is_no_evidence(void **state)
{
    static const struct claim short_of_memory[] = {
        {.id = "always", .text = "it always holds", .judge = judge_holds},
        {.id = "oom", .text = "memory lasts", .judge = judge_without_memory},
        {.id = NULL},
    };
    const struct experiment poor = {.name = "poor", .claims = short_of_memory};
    struct text evidence = TEXT_EMPTY;
    struct result r;
    struct err e;

    (void)state;
    make(&r, "0");
    r.experiment = &poor;
    assert_int_equal(claims_judge(&r, &e), -1);
    assert_int_equal(e.status, STATUS_FAILED);
    assert_int_equal(r.verdict_count, 0);
    claims_over_runs(&r, judge_run_without_memory, &evidence);
    assert_false(text_ok(&evidence));
    text_free(&evidence);
    result_free(&r);
}

static void test_names_of_verdicts(void **state)
{
    (void)state;
    assert_string_equal(claims_verdict_name(VERDICT_HOLDS), "holds");
    assert_string_equal(claims_verdict_name(VERDICT_FAILS), "fails");
    assert_string_equal(claims_verdict_name(VERDICT_NOT_TESTED), "not tested here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_over_one_run),
        cmocka_unit_test(test_verdict_over_several_runs),
        cmocka_unit_test(test_other_runs_are_not_judged),
        cmocka_unit_test(test_every_claim_gets_a_verdict),
        cmocka_unit_test(test_a_failed_claim_is_seen),
        cmocka_unit_test(test_nothing_is_judged_without_a_complete_run),
        cmocka_unit_test(test_an_experiment_without_claims),
        cmocka_unit_test(test_half_a_sentence_is_no_evidence),
        cmocka_unit_test(test_names_of_verdicts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
