/* What a load came to, in the foot of the table: how much, how fast, how late, what went wrong. One
 * block for each measured run. Main thread. */
#include <inttypes.h>
#include <stdio.h>

#include "analysis/load_summary.h"
#include "output/table.h"

enum { PHRASE_BYTES = 400, PER_SECOND_BYTES = UNITS_TEXT_BYTES + 8, RUNS_TOLD = 5 };

/* "12,345", "98.7", "0.25" */
static const char *per_second(char buf[PER_SECOND_BYTES], double rate)
{
    char count[UNITS_TEXT_BYTES];

    if (rate >= 999.5)
        snprintf(buf, PER_SECOND_BYTES, "%s", units_format_count(count, (uint64_t)(rate + 0.5)));
    else
        snprintf(buf, PER_SECOND_BYTES, "%.3g", rate);
    return buf;
}

static void say_amount(const struct table *t, const struct load_facts *f,
                       const struct load_summary *s)
{
    char asked[UNITS_TEXT_BYTES], answered[UNITS_TEXT_BYTES], made[UNITS_TEXT_BYTES],
        received[UNITS_TEXT_BYTES], sent[UNITS_TEXT_BYTES], rate[PER_SECOND_BYTES],
        phrase[PHRASE_BYTES];
    int used;

    units_format_count(asked, f->submitted);
    units_format_count(answered, f->answered);
    used = snprintf(phrase, sizeof phrase, "%s requests/s: %s asked for, %s answered",
                    per_second(rate, s->requests_per_s), asked, answered);
    if (f->cancelled > 0)
        used += snprintf(phrase + used, sizeof phrase - (size_t)used, ", %" PRIu64 " cancelled",
                         f->cancelled);
    used += snprintf(
        phrase + used, sizeof phrase - (size_t)used, "; %s connection%s, %s sent, %s received",
        units_format_count(made, f->connections), f->connections == 1 ? "" : "s",
        units_format_size(sent, f->sent_bytes), units_format_size(received, f->received_bytes));
    if (f->threads > 1)
        snprintf(phrase + used, sizeof phrase - (size_t)used, "; by %u threads", f->threads);
    table_say_fact(t, "load", phrase);
}

static void say_percentiles(const struct table *t, const char *name,
                            const struct load_percentiles *p, const char *what)
{
    char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], c[UNITS_TEXT_BYTES], d[UNITS_TEXT_BYTES],
        m[UNITS_TEXT_BYTES], phrase[PHRASE_BYTES];

    if (p->count == 0)
        return;
    snprintf(phrase, sizeof phrase, "p50 %s, p90 %s, p99 %s, p99.9 %s, max %s%s",
             table_duration(t, a, p->p50), table_duration(t, b, p->p90),
             table_duration(t, c, p->p99), table_duration(t, d, p->p999),
             table_duration(t, m, p->max), what);
    table_say_fact(t, name, phrase);
}

static void say_rate(const struct table *t, const struct load_facts *f,
                     const struct load_summary *s)
{
    char wanted[PER_SECOND_BYTES], got[PER_SECOND_BYTES], due[PER_SECOND_BYTES],
        unsent[UNITS_TEXT_BYTES], phrase[PHRASE_BYTES];
    int used;

    if (f->rate_wanted <= 0)
        return;
    used = snprintf(phrase, sizeof phrase, "%s/s wanted", per_second(wanted, f->rate_wanted));
    if (s->rate_got > 0 && f->rate_due > 0)
        used +=
            snprintf(phrase + used, sizeof phrase - (size_t)used,
                     ", %s/s due, %s/s asked for (%+.2f %%)", per_second(due, f->rate_due),
                     per_second(got, s->rate_got), 100 * (s->rate_got - f->rate_due) / f->rate_due);
    if (f->unsent > 0)
        snprintf(phrase + used, sizeof phrase - (size_t)used,
                 "; %s more were due, and no connection was free for them",
                 units_format_count(unsent, f->unsent));
    table_say_fact(t, "rate", phrase);
}

static void say_errors(const struct table *t, const struct load_facts *f)
{
    char count[UNITS_TEXT_BYTES], phrase[PHRASE_BYTES] = "";
    int used = 0;

    for (unsigned i = 0; i < LOAD_ERRORS; i++) {
        if (f->errors[i] == 0)
            continue;
        used +=
            snprintf(phrase + used, sizeof phrase - (size_t)used, "%s%s %s", used > 0 ? ", " : "",
                     load_error_names[i], units_format_count(count, f->errors[i]));
    }
    if (used > 0)
        table_say_fact(t, "errors", phrase);
}

static int say_load(const struct table *t, const struct run *run, struct err *e)
{
    const struct load_facts *f = run->load;
    struct load_summary s;

    if (load_summary_make(&s, run, e) != 0)
        return -1;
    say_amount(t, f, &s);
    say_rate(t, f, &s);
    say_percentiles(t, "latency", &s.latency,
                    f->rate_wanted > 0 ? " (from when a request was due)" : "");
    say_percentiles(t, "", &s.uncorrected, " (uncorrected: from when it was asked for)");
    say_percentiles(t, "lateness", &s.late, " (of asking for a request that was due)");
    say_errors(t, f);
    return 0;
}

int table_load(const struct table *t, struct err *e)
{
    const struct result *r = t->result;
    unsigned told = 0;

    for (uint32_t i = 0; i < r->run_count; i++) {
        if (r->runs[i].load == NULL || table_role(&r->runs[i]) != PASS_MEASURED)
            continue;
        if (told++ == RUNS_TOLD && !t->style->all_rows) {
            table_say_fact(t, "", "(--all tells of more runs)");
            break;
        }
        if (say_load(t, &r->runs[i], e) != 0)
            return -1;
    }
    return 0;
}
