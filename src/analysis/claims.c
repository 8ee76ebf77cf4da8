/* Judging claims. A judge belongs to its experiment and knows what it shows; here is what all of
 * them share: when there is anything to judge, in which order, and what becomes of the evidence.
 *
 * Main thread, after the runs. The verdicts and their evidence belong to the result. */
#include "analysis/claims.h"

#include "base/mem.h"
#include "base/text.h"

/* An interrupted run has calls that never ran: what is missing there proves nothing. */
static bool run_can_be_judged(const struct run *run)
{
    return run->pass->role == PASS_MEASURED && !run->interrupted;
}

static uint32_t runs_to_judge(const struct result *r)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < r->run_count; i++)
        count += run_can_be_judged(&r->runs[i]);
    return count;
}

static void forget_verdicts(struct result *r)
{
    for (size_t i = 0; i < r->verdict_count; i++)
        text_free(&r->verdicts[i].evidence);
    mem_free(r->verdicts);
    r->verdicts = NULL;
    r->verdict_count = 0;
}

int claims_judge(struct result *r, struct err *e)
{
    const struct claim *claims = r->experiment->claims;
    bool judge = runs_to_judge(r) > 0;
    size_t count = 0;

    forget_verdicts(r);
    while (claims != NULL && claims[count].id != NULL)
        count++;
    if (count == 0)
        return 0;
    r->verdicts = mem_zeroed(count, sizeof *r->verdicts);
    if (r->verdicts == NULL)
        return err_no_memory(e, "the verdicts on the claims");
    for (size_t i = 0; i < count; i++) {
        struct verdict_row *row = &r->verdicts[r->verdict_count++];

        row->claim = &claims[i];
        row->verdict = VERDICT_NOT_TESTED;
        if (judge)
            row->verdict = claims[i].judge(r, &row->evidence);
        else
            text_add(&row->evidence, r->interrupted ? "no measured run is complete: interrupted"
                                                    : "there is no measured run");
        if (!text_ok(&row->evidence)) {
            forget_verdicts(r);
            return err_no_memory(e, "the evidence for a claim");
        }
    }
    return 0;
}

const char *claims_verdict_name(enum verdict v)
{
    switch (v) {
    case VERDICT_HOLDS:
        return "holds";
    case VERDICT_FAILS:
        return "fails";
    case VERDICT_NOT_TESTED:
        break;
    }
    return "not tested here";
}

bool claims_any_failed(const struct result *r)
{
    for (size_t i = 0; i < r->verdict_count; i++) {
        if (r->verdicts[i].verdict == VERDICT_FAILS)
            return true;
    }
    return false;
}

const char *claims_duration(char buf[UNITS_TEXT_BYTES], uint64_t ns)
{
    return units_format_duration(buf, ns, "\xc2\xb5");
}

enum verdict claims_not_tested(struct text *evidence, const char *why)
{
    text_add(evidence, "%s", why);
    return VERDICT_NOT_TESTED;
}

enum verdict claims_out_of_memory(struct text *evidence)
{
    return claims_not_tested(evidence, "there was not enough memory to look at all calls");
}

/* The evidence that will be shown if no run fails. */
struct findings {
    struct text held, untested; /* of the first run that came to that verdict */
    uint32_t held_count, untested_count;
};

static void keep_first(struct text *kept, struct text *evidence, uint32_t *count)
{
    if (*count == 0)
        *kept = *evidence;
    else
        text_free(evidence);
    ++*count;
}

/* Adds what was kept, and passes its failure on: half a sentence is no evidence. */
static void add_kept(struct text *evidence, const struct text *kept)
{
    text_add(evidence, "%s", text_get(kept));
    if (!text_ok(kept))
        evidence->failed = true;
}

static enum verdict conclude(const struct findings *f, uint32_t judged, struct text *evidence)
{
    if (f->held_count > 0) {
        add_kept(evidence, &f->held);
        if (judged > 1)
            text_add(evidence, " (holds in %u of %u runs)", (unsigned)f->held_count,
                     (unsigned)judged);
        return VERDICT_HOLDS;
    }
    if (f->untested_count > 0)
        add_kept(evidence, &f->untested);
    else
        text_add(evidence, "there is no complete measured run");
    return VERDICT_NOT_TESTED;
}

enum verdict claims_over_runs(const struct result *r, claims_run_judge judge_run,
                              struct text *evidence)
{
    struct findings found = {.held = TEXT_EMPTY, .untested = TEXT_EMPTY};
    enum verdict verdict = VERDICT_NOT_TESTED;
    uint32_t judged = 0, all = runs_to_judge(r);

    for (uint32_t i = 0; i < r->run_count && verdict != VERDICT_FAILS; i++) {
        struct text own = TEXT_EMPTY;

        if (!run_can_be_judged(&r->runs[i]))
            continue;
        judged++;
        verdict = judge_run(r, &r->runs[i], &own);
        if (verdict == VERDICT_HOLDS) {
            keep_first(&found.held, &own, &found.held_count);
        } else if (verdict == VERDICT_NOT_TESTED) {
            keep_first(&found.untested, &own, &found.untested_count);
        } else {
            if (all > 1)
                text_add(evidence, "run %u of %u: ", (unsigned)judged, (unsigned)all);
            add_kept(evidence, &own);
            text_free(&own);
        }
    }
    if (verdict != VERDICT_FAILS)
        verdict = conclude(&found, judged, evidence);
    text_free(&found.held);
    text_free(&found.untested);
    return verdict;
}
