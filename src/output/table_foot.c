/* The foot of the table: what the rows add up to, what to doubt, and what was shown; which calls
 * waited for which is in table_waits.c, what went wrong in table_failures.c. All about the measured
 * runs.
 *
 * Main thread; what is allocated is given back before the function returns. */
#include <inttypes.h>
#include <stdio.h>

#include "analysis/claims.h"
#include "analysis/summary.h"
#include "output/table.h"

enum { INDENT = TABLE_FACT_INDENT };
enum { PHRASE_BYTES = 400 };
/* What the measured runs come to, together: those that are whole, or else what there is. */
struct totals {
    const struct run *first; /* NULL: there is none */
    uint32_t runs;
    uint32_t left_out;           /* runs that were interrupted, beside whole ones */
    uint64_t calls, known;       /* of the calls: those that have a share */
    uint64_t elapsed_ns, cpu_ns; /* of the runs where both are known */
    uint64_t pool_cpu_ns;        /* SPAN_UNKNOWN when it is that in one of them */
    uint64_t waited_ns, ran_ns, returned_ns;
    uint32_t most_at_once;
    bool blurred; /* so many at least, where stamps may be early */
    uint64_t iterations, idle_ns, max_lag_ns;
};

static void totals_add(struct totals *all, const struct run *run)
{
    struct run_shares shares;

    if (all->first == NULL)
        all->first = run;
    all->runs++;
    if (run->elapsed_ns != SPAN_UNKNOWN && run->cpu_ns != SPAN_UNKNOWN) {
        all->elapsed_ns += run->elapsed_ns;
        all->cpu_ns += run->cpu_ns;
        if (run->pool_size == 0 || run->pool_cpu_ns == SPAN_UNKNOWN)
            all->pool_cpu_ns = SPAN_UNKNOWN;
        else if (all->pool_cpu_ns != SPAN_UNKNOWN)
            all->pool_cpu_ns += run->pool_cpu_ns;
    }
    summary_shares(run, &shares);
    all->calls += shares.calls;
    all->known += shares.known;
    all->waited_ns += shares.waited_ns;
    all->ran_ns += shares.ran_ns;
    all->returned_ns += shares.returned_ns;
    if (shares.most_at_once > all->most_at_once)
        all->most_at_once = shares.most_at_once;
    all->blurred |= shares.blurred;
    all->iterations += run->loop_facts.iterations;
    if (run->loop_facts.idle_ns == SPAN_UNKNOWN || all->idle_ns == SPAN_UNKNOWN)
        all->idle_ns = SPAN_UNKNOWN;
    else
        all->idle_ns += run->loop_facts.idle_ns;
    if (run->loop_facts.max_lag_ns > all->max_lag_ns)
        all->max_lag_ns = run->loop_facts.max_lag_ns;
}

void table_say_fact(const struct table *t, const char *name, const char *text)
{
    size_t at = INDENT;
    term_cell(&t->term, INK_STRONG, name, INDENT, ALIGN_LEFT);
    term_wrap(&t->term, INK_PLAIN, &at, INDENT, text);
    out_text(t->term.out, "\n");
}

enum { SHARES = 3, PERCENT_BYTES = 8 };

/* Whole percents: what is cut off goes to those that lose most by it, so that they add up to 100.
 * What is not nothing, but less than one, is "<1", and then nothing else is all: ">99". */
static void percents(const uint64_t parts[SHARES], char text[SHARES][PERCENT_BYTES])
{
    double exact[SHARES], sum = 0, shown = 0;
    unsigned percent[SHARES], all = 0, most;
    bool any_small = false;

    for (int i = 0; i < SHARES; i++)
        sum += (double)parts[i];
    for (int i = 0; i < SHARES; i++) {
        exact[i] = 100.0 * (double)parts[i] / sum;
        percent[i] = (unsigned)exact[i];
        any_small |= percent[i] == 0 && parts[i] > 0;
        shown += percent[i] > 0 ? exact[i] : 0;
        all += percent[i];
    }
    for (; all < (unsigned)(shown + 0.5); all++) {
        most = 0;
        for (unsigned i = 1; i < SHARES; i++) {
            if (exact[i] - percent[i] > exact[most] - percent[most] || percent[most] == 0)
                most = percent[i] > 0 ? i : most;
        }
        percent[most]++;
    }
    for (int i = 0; i < SHARES; i++) {
        if (percent[i] == 0 && parts[i] > 0)
            snprintf(text[i], PERCENT_BYTES, "<1");
        else if (percent[i] == 100 && any_small)
            snprintf(text[i], PERCENT_BYTES, ">99");
        else
            snprintf(text[i], PERCENT_BYTES, "%u", percent[i]);
    }
}

static int fact_elapsed(const struct table *t, const struct totals *all, struct err *e)
{
    char median[UNITS_TEXT_BYTES], phrase[PHRASE_BYTES], more[PHRASE_BYTES / 4] = "";
    struct stats stats;

    if (table_elapsed(t, all->first, &stats, e) != 0)
        return -1;
    if (stats.count == 0)
        stats.p50 = stats.min = stats.max = SPAN_UNKNOWN;
    if (all->left_out > 0)
        snprintf(more, sizeof more, " (%" PRIu32 " more %s interrupted)", all->left_out,
                 all->left_out == 1 ? "was" : "were");
    table_duration(t, median, stats.p50);
    if (all->runs == 1) {
        snprintf(phrase, sizeof phrase, "%s from the first submission to the last callback%s",
                 median, more);
    } else {
        char least[UNITS_TEXT_BYTES], most[UNITS_TEXT_BYTES];
        snprintf(phrase, sizeof phrase, "%s median of %" PRIu32 " runs, min %s, max %s%s", median,
                 all->runs, table_duration(t, least, stats.min), table_duration(t, most, stats.max),
                 more);
    }
    table_say_fact(t, "elapsed", phrase);
    return 0;
}

static const char *in_runs(const struct totals *all)
{
    if (all->runs == 1)
        return "";
    return all->left_out > 0 ? " in the whole runs" : " in all runs";
}

static void fact_cpu(const struct table *t, const struct totals *all)
{
    const struct host_facts *host = &t->result->host;
    char used[UNITS_TEXT_BYTES], phrase[PHRASE_BYTES], of[UNITS_TEXT_BYTES] = "";
    char pool[2 * UNITS_TEXT_BYTES] = "", of_pool[UNITS_TEXT_BYTES];
    bool known = host->cpus_allowed != HOST_UNKNOWN || host->cpu_quota >= 0;
    double busy;

    if (all->elapsed_ns == 0)
        return;
    busy = (double)all->cpu_ns / (double)all->elapsed_ns;
    if (host->cpu_quota >= 0 && host->cpu_quota < (double)host->cpus_allowed)
        snprintf(of, sizeof of, " of %.4g", host->cpu_quota);
    else if (known)
        snprintf(of, sizeof of, " of %" PRIu64, host_cpus_usable(host));
    if (all->pool_cpu_ns != SPAN_UNKNOWN)
        snprintf(pool, sizeof pool, " (pool %s)", table_duration(t, of_pool, all->pool_cpu_ns));
    snprintf(phrase, sizeof phrase, "%s%s = %.2f%s CPUs%s", table_duration(t, used, all->cpu_ns),
             in_runs(all), busy, of, pool);
    table_say_fact(t, "CPU", phrase);
}

/* Of few calls all instants may be known: they are then no picture of all. */
static void fact_shares(const struct table *t, const struct totals *all)
{
    const uint64_t parts[SHARES] = {all->waited_ns, all->ran_ns, all->returned_ns};
    char percent[SHARES][PERCENT_BYTES];
    char at_once[PHRASE_BYTES / 4] = "", phrase[PHRASE_BYTES];

    if (parts[0] + parts[1] + parts[2] == 0 || all->known < all->calls - all->known)
        return;
    percents(parts, percent);
    if (all->most_at_once == SUMMARY_NO_MEMORY)
        snprintf(at_once, sizeof at_once, "; not enough memory to tell how many ran at once");
    else if (all->most_at_once > (all->blurred ? 1 : 0))
        snprintf(at_once, sizeof at_once, "; at %s %" PRIu32 " ran at once",
                 all->blurred ? "least" : "most", all->most_at_once);
    snprintf(phrase, sizeof phrase,
             "%s %% waiting, %s %% running, %s %% returning (of their time, added up)%s",
             percent[0], percent[1], percent[2], at_once);
    table_say_fact(t, "calls", phrase);
}

static void fact_loop(const struct table *t, const struct totals *all)
{
    char number[UNITS_TEXT_BYTES], idle[UNITS_TEXT_BYTES], lag[UNITS_TEXT_BYTES];
    char phrase[PHRASE_BYTES];

    snprintf(phrase, sizeof phrase, "%s iteration%s%s, idle %s, longest hold-up %s",
             units_format_count(number, all->iterations), all->iterations == 1 ? "" : "s",
             in_runs(all), table_duration(t, idle, all->idle_ns),
             table_duration(t, lag, all->max_lag_ns));
    table_say_fact(t, "loop", phrase);
}

int table_facts(const struct table *t, struct err *e)
{
    const struct result *r = t->result;
    struct totals all = {.first = NULL};
    uint32_t whole = 0;

    for (uint32_t i = 0; i < r->run_count; i++)
        whole += table_role(&r->runs[i]) == PASS_MEASURED && !r->runs[i].interrupted;
    for (uint32_t i = 0; i < r->run_count; i++) {
        if (table_role(&r->runs[i]) != PASS_MEASURED)
            continue;
        if (whole > 0 && r->runs[i].interrupted)
            all.left_out++;
        else
            totals_add(&all, &r->runs[i]);
    }
    if (all.first == NULL)
        return 0;
    out_text(t->term.out, "\n");
    if (fact_elapsed(t, &all, e) != 0)
        return -1;
    if (all.runs + all.left_out == 1)
        table_waits(t, all.first);
    fact_shares(t, &all);
    fact_cpu(t, &all);
    fact_loop(t, &all);
    if (table_load(t, e) != 0 || table_cluster(t, e) != 0 || table_blocking(t, e) != 0)
        return -1;
    table_failures(t);
    return 0;
}

void table_warnings(const struct table *t)
{
    const struct result *r = t->result;

    if (r->warnings.count > 0)
        out_text(t->term.out, "\n");
    for (size_t i = 0; i < r->warnings.count; i++) {
        size_t at = 0;
        term_wrap(&t->term, INK_DOUBT, &at, 2, "warning:");
        term_wrap_word(&t->term, INK_PLAIN, &at, 2, r->warnings.items[i]);
        out_text(t->term.out, "\n");
    }
}

static enum ink verdict_ink(enum verdict v)
{
    return v == VERDICT_HOLDS ? INK_GOOD : v == VERDICT_FAILS ? INK_BAD : INK_FAINT;
}

void table_claims(const struct table *t)
{
    static const enum glyph marks[] = {[VERDICT_HOLDS] = GLYPH_HOLDS,
                                       [VERDICT_FAILS] = GLYPH_FAILS,
                                       [VERDICT_NOT_TESTED] = GLYPH_UNTESTED};
    const struct result *r = t->result;

    if (r->verdict_count > 0)
        out_text(t->term.out, "\n");
    for (size_t i = 0; i < r->verdict_count; i++) {
        const struct verdict_row *row = &r->verdicts[i];
        const char *evidence = text_get(&row->evidence);
        enum ink ink = verdict_ink(row->verdict);
        size_t at = 1;
        term_text(&t->term, ink, term_glyph(&t->term, marks[row->verdict]));
        term_wrap_word(&t->term, ink, &at, 0, claims_verdict_name(row->verdict));
        term_wrap(&t->term, ink, &at, 2, ":");
        term_wrap_word(&t->term, INK_PLAIN, &at, 2, row->claim->text);
        if (evidence[0] != '\0') {
            out_text(t->term.out, "\n");
            at = 2;
            term_spaces(&t->term, at);
            term_wrap(&t->term, INK_FAINT, &at, 2, evidence);
        }
        out_text(t->term.out, "\n");
    }
}
