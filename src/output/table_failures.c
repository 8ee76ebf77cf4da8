/* What went wrong, in the foot of the table: how many calls failed of each sort, and how many parts
 * of calls that succeeded all the same (a lookup, where the request then went to an address). A
 * part of a call that failed is not told again. What libcurl said is told of the first of its sort.
 *
 * Main thread; nothing is allocated. */
#include <stdio.h>

#include "output/table.h"

enum { SORTS_NAMED = 4, PHRASE_BYTES = 500 };

/* Failures with one status, of whole calls, or of parts of one kind. */
struct sort {
    int status;
    const struct span_kind *part; /* NULL: of calls */
    const char *said;             /* by libcurl, or NULL */
    uint64_t count;
};

struct failures {
    struct sort sorts[SORTS_NAMED];
    unsigned count;
    uint64_t other_calls, other_parts;
};

static void failures_add(struct failures *f, const struct span *s)
{
    const struct span_kind *part = s->parent == SPAN_NONE ? NULL : s->kind;
    unsigned k = 0;

    while (k < f->count && (f->sorts[k].status != s->status || f->sorts[k].part != part))
        k++;
    if (k == SORTS_NAMED) {
        f->other_calls += part == NULL;
        f->other_parts += part != NULL;
        return;
    }
    if (k == f->count)
        f->sorts[f->count++] = (struct sort){.status = s->status, .part = part};
    f->sorts[k].count++;
    if (f->sorts[k].said == NULL && s->http != NULL)
        f->sorts[k].said = s->http->error;
}

/* Whether a call did not succeed and is not told by another one that did not. */
static bool is_told(const struct run *run, const struct span *s)
{
    struct span whole;

    if (s->status == SPAN_OK)
        return false;
    if (s->parent == SPAN_NONE || s->parent == 0 || s->parent > run->recorder.count)
        return true;
    recorder_get(&run->recorder, s->parent - 1, &whole);
    return whole.status == SPAN_OK;
}

/* "3 calls: connect: no connection (Failed to connect to ...)", "2 parts (dns) of calls that
 * succeeded: EAI_AGAIN: temporary failure" */
static void say_sort(const struct table *t, const struct sort *sort)
{
    char number[UNITS_TEXT_BYTES], why[SPAN_TEXT_BYTES], phrase[PHRASE_BYTES];
    const char *s = sort->count == 1 ? "" : "s", *said = sort->said;
    int used;

    units_format_count(number, sort->count);
    if (sort->part == NULL)
        used = snprintf(phrase, sizeof phrase, "%s call%s: ", number, s);
    else
        used = snprintf(phrase, sizeof phrase, "%s part%s (%s) of %s that succeeded: ", number, s,
                        sort->part->label, sort->count == 1 ? "a call" : "calls");
    snprintf(phrase + used, sizeof phrase - (size_t)used, "%s%s%s%s",
             span_status_text(sort->status, why), said == NULL ? "" : " (",
             said == NULL ? "" : said, said == NULL ? "" : ")");
    table_say_fact(t, sort->status == SPAN_UNFINISHED ? "no end" : "failed", phrase);
}

static void say_others(const struct table *t, uint64_t count, const char *what)
{
    char number[UNITS_TEXT_BYTES], phrase[2 * UNITS_TEXT_BYTES];

    if (count == 0)
        return;
    snprintf(phrase, sizeof phrase, "%s more %s", units_format_count(number, count), what);
    table_say_fact(t, "failed", phrase);
}

void table_failures(const struct table *t)
{
    const struct result *r = t->result;
    struct failures f = {.count = 0};
    struct span s;

    for (uint32_t i = 0; i < r->run_count; i++) {
        for (uint32_t k = 0; k < r->runs[i].recorder.count; k++) {
            recorder_get(&r->runs[i].recorder, k, &s);
            if (is_told(&r->runs[i], &s))
                failures_add(&f, &s);
        }
    }
    for (unsigned k = 0; k < f.count; k++) {
        if (f.sorts[k].part == NULL)
            say_sort(t, &f.sorts[k]);
    }
    say_others(t, f.other_calls, "calls");
    for (unsigned k = 0; k < f.count; k++) {
        if (f.sorts[k].part != NULL)
            say_sort(t, &f.sorts[k]);
    }
    say_others(t, f.other_parts, "parts of calls that succeeded");
}
