/* What a load shows whatever the server does: that none was lost, that connections were used again,
 * that an open loop is one. Judged by counts and order. Pure functions of the result. */
#include "load.h"

#include <inttypes.h>

/* --- Every request came to an end. --- */

static enum verdict judge_answered_run(const struct result *r, const struct run *run,
                                       struct text *evidence)
{
    const struct load_facts *f = run->load;
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];
    uint64_t failed;

    (void)r;
    if (f == NULL || f->submitted == 0)
        return claims_not_tested(evidence, "there was no request");
    failed = load_facts_failed(f) - f->errors[LOAD_ERROR_STATUS];
    text_add(evidence, "%s asked for, %s answered", units_format_count(a, f->submitted),
             units_format_count(b, f->answered));
    for (unsigned i = 0; i < LOAD_ERRORS; i++)
        if (f->errors[i] > 0)
            text_add(evidence, "; %s: %s", load_error_names[i],
                     units_format_count(a, f->errors[i]));
    return failed == 0 && f->answered == f->submitted ? VERDICT_HOLDS : VERDICT_FAILS;
}

static enum verdict judge_answered(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_answered_run, evidence);
}

/* --- Connections are used again. --- */

/* Each connection that breaks, or that the server closes (many servers do so after so many
 * requests), makes another one necessary; beyond those there are no more than were asked for. Where
 * others were necessary, how they were used says more about the server than about the client. */
static enum verdict judge_kept_run(const struct result *r, const struct run *run,
                                   struct text *evidence)
{
    const struct load_facts *f = run->load;
    const struct load_experiment_options *o = r->options.values;
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];

    if (!o->load.keep_alive)
        return claims_not_tested(evidence, "each request had a connection of its own "
                                           "(--no-keep-alive)");
    if (f == NULL || f->answered <= o->load.connections)
        return claims_not_tested(evidence, "there were no more requests than connections");
    text_add(evidence, "%s requests over %s connections, of %" PRIu64 " at a time",
             units_format_count(a, f->answered), units_format_count(b, f->connections),
             o->load.connections);
    if (f->connections <= o->load.connections)
        return VERDICT_HOLDS;
    text_add(evidence, ": the server (or an error) ended %s of them",
             units_format_count(a, f->ended));
    return f->connections - o->load.connections <= f->ended ? VERDICT_NOT_TESTED : VERDICT_FAILS;
}

static enum verdict judge_kept(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_kept_run, evidence);
}

/* --- An open loop does not wait for answers. --- */

/* A request that was asked for later than it was due, although a connection was free, would show
 * the client's own delay; what shows that it is no closed loop is the opposite: that a request was
 * asked for before one that was due earlier had been answered. Without any such, requests were
 * answered faster than they were due. Each server has a schedule and connections of its own, and
 * its spans behind those of the one before: where due times begin anew, another one begins. */
static enum verdict judge_open_run(const struct result *r, const struct run *run,
                                   struct text *evidence)
{
    const struct load_experiment_options *o = r->options.values;
    uint64_t latest_ns = 0, due_ns = 0, overtook = 0, waited = 0;
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];
    struct span s;

    if (o->load.rate == 0)
        return claims_not_tested(evidence, "requests were not due at a rate (--rate)");
    if (o->load.histogram || o->load.threads > 1)
        return claims_not_tested(evidence, "the order of the requests was not kept");
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (s.http == NULL || s.due_ns == SPAN_UNKNOWN || s.called_back_ns == SPAN_UNKNOWN)
            continue;
        if (s.due_ns < due_ns)
            latest_ns = 0;
        due_ns = s.due_ns;
        overtook += s.submitted_ns < latest_ns;
        waited += s.due_ns < latest_ns && s.submitted_ns >= latest_ns;
        latest_ns = s.called_back_ns > latest_ns ? s.called_back_ns : latest_ns;
    }
    text_add(evidence,
             "%s requests were asked for while one before them was unanswered, %s that "
             "were due meanwhile only after that",
             units_format_count(a, overtook), units_format_count(b, waited));
    if (overtook == 0 && waited == 0)
        return claims_not_tested(evidence, ": each was answered before the next was due");
    return overtook > 0 ? VERDICT_HOLDS : VERDICT_NOT_TESTED;
}

static enum verdict judge_open(const struct result *r, struct text *evidence)
{
    return claims_over_runs(r, judge_open_run, evidence);
}

const struct claim load_claims[] = {
    {"all-answered", "every request was answered", judge_answered},
    {"connections-kept", "connections were used again, and no more were made than asked for",
     judge_kept},
    {"due-without-answers", "requests were sent when due, not when others were answered",
     judge_open},
    {NULL, NULL, NULL},
};
