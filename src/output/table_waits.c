/* Which calls waited for which, in the foot of the table: for the threads of the pool, the longest
 * first. A call that another thread could have taken all the while waited for nobody: that one was
 * only slow to wake up. But lookups wait also where threads are free, for those that may run them.
 *
 * Main thread; nothing is allocated. */
#include <inttypes.h>
#include <stdio.h>

#include "analysis/lanes.h"
#include "output/table.h"

enum { INDENT = TABLE_FACT_INDENT, PHRASE_BYTES = 400 };
/* To find what a call waited for, all others are looked at: only in runs of at most so many. */
enum {
    CALLS_SEARCHED = 1000,
    WAITS_NAMED = 4,
};

/* Which calls others are parts of: these took their threads, and the call itself none. */
static void mark_wholes(const struct run *run, bool wholes[CALLS_SEARCHED])
{
    struct span s;

    for (uint32_t i = 0; i < CALLS_SEARCHED; i++)
        wholes[i] = false;
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (s.parent != SPAN_NONE && s.parent > 0 && s.parent <= CALLS_SEARCHED)
            wholes[s.parent - 1] = true;
    }
}

uint32_t table_waited_for(const struct run *run, uint32_t index)
{
    uint32_t count = run->recorder.count, found = SPAN_NONE;
    bool wholes[CALLS_SEARCHED];
    uint64_t latest_ns = 0;
    struct span s, other;

    if (count > CALLS_SEARCHED)
        return SPAN_NONE;
    recorder_get(&run->recorder, index, &s);
    if (s.lane <= LANE_LOOP || s.lane >= LANE_OS || span_waited_ns(&s) == SPAN_UNKNOWN)
        return SPAN_NONE;
    if ((s.kind->traits & SPAN_SLOW_IO) == 0 &&
        lanes_one_was_free(run, run->pool_size, s.submitted_ns, s.started_ns))
        return SPAN_NONE;
    mark_wholes(run, wholes);
    for (uint32_t i = 0; i < count && !wholes[index]; i++) {
        recorder_get(&run->recorder, i, &other);
        if (i == index || wholes[i] || other.lane != s.lane || other.finished_ns == SPAN_UNKNOWN ||
            other.finished_ns <= s.submitted_ns || other.finished_ns > s.started_ns)
            continue;
        if (found == SPAN_NONE || other.finished_ns >= latest_ns) {
            found = i;
            latest_ns = other.finished_ns;
        }
    }
    return found;
}

/* "hash 3"; of a part that has no number of its own also what it is a part of: "fstat of file 2".
 */
static char *call_name(const struct run *run, const struct span *s, char buf[2 * SPAN_TEXT_BYTES])
{
    char name[SPAN_TEXT_BYTES], of[SPAN_TEXT_BYTES];
    struct span whole;

    span_name(s, name);
    if (s->ordinal != 0 || s->parent == SPAN_NONE || s->parent == 0 ||
        s->parent > run->recorder.count) {
        snprintf(buf, 2 * SPAN_TEXT_BYTES, "%s", name);
        return buf;
    }
    recorder_get(&run->recorder, s->parent - 1, &whole);
    snprintf(buf, 2 * SPAN_TEXT_BYTES, "%s of %s", name, span_name(&whole, of));
    return buf;
}

/* One wait as words: the first of them says what is meant, the others are brief. */
static void say_wait(const struct table *t, size_t *at, const struct run *run, uint32_t index,
                     bool alone)
{
    char name[2 * SPAN_TEXT_BYTES], lane[SPAN_TEXT_BYTES], other[2 * SPAN_TEXT_BYTES];
    char waited[UNITS_TEXT_BYTES], phrase[2 * PHRASE_BYTES];
    struct span s, before;

    recorder_get(&run->recorder, index, &s);
    recorder_get(&run->recorder, table_waited_for(run, index), &before);
    table_duration(t, waited, span_waited_ns(&s));
    call_name(run, &s, name);
    call_name(run, &before, other);
    span_lane_name(s.lane, lane);
    if (alone)
        snprintf(phrase, sizeof phrase, "%s waited %s for a thread: %s took it after %s", name,
                 waited, lane, other);
    else
        snprintf(phrase, sizeof phrase, "%s (%s, %s after %s)", name, waited, lane, other);
    term_wrap_word(&t->term, INK_PLAIN, at, INDENT, phrase);
}

/* The waits of a run, and which of them were the longest, in that order; of those of the same
 * length the first. */
struct waits {
    uint32_t count, named;
    uint32_t index[WAITS_NAMED];
    uint64_t waited_ns[WAITS_NAMED];
    bool parts; /* some of them are parts of calls */
};

static void waits_add(struct waits *w, uint32_t index, uint64_t waited_ns)
{
    uint32_t at = w->named;

    w->count++;
    while (at > 0 && waited_ns > w->waited_ns[at - 1])
        at--;
    if (at == WAITS_NAMED)
        return;
    if (w->named < WAITS_NAMED)
        w->named++;
    for (uint32_t i = w->named - 1; i > at; i--) {
        w->index[i] = w->index[i - 1];
        w->waited_ns[i] = w->waited_ns[i - 1];
    }
    w->index[at] = index;
    w->waited_ns[at] = waited_ns;
}

static void waits_find(struct waits *w, const struct run *run)
{
    uint32_t count = run->recorder.count;
    struct span s;

    *w = (struct waits){.count = 0};
    for (uint32_t i = 0; i < count && count <= CALLS_SEARCHED; i++) {
        if (table_waited_for(run, i) == SPAN_NONE)
            continue;
        recorder_get(&run->recorder, i, &s);
        w->parts |= s.parent != SPAN_NONE;
        waits_add(w, i, span_waited_ns(&s));
    }
}

/* Which call waited for whom: those that ran on a thread only when an earlier one had left it. */
void table_waits(const struct table *t, const struct run *run)
{
    char phrase[PHRASE_BYTES];
    size_t at = INDENT;
    struct waits waits;

    waits_find(&waits, run);
    if (waits.count == 0)
        return;
    term_cell(&t->term, INK_STRONG, "queued", INDENT, ALIGN_LEFT);
    if (waits.count > 1) {
        snprintf(phrase, sizeof phrase,
                 "%" PRIu32 " calls%s waited for a thread that others held:", waits.count,
                 waits.parts ? " or parts of calls" : "");
        term_wrap(&t->term, INK_PLAIN, &at, INDENT, phrase);
    }
    for (uint32_t i = 0; i < waits.named; i++) {
        say_wait(t, &at, run, waits.index[i], waits.count == 1);
        if (i + 1 < waits.count)
            term_wrap(&t->term, INK_PLAIN, &at, INDENT, ",");
    }
    if (waits.named < waits.count) {
        snprintf(phrase, sizeof phrase, "and %" PRIu32 " more", waits.count - waits.named);
        term_wrap_word(&t->term, INK_PLAIN, &at, INDENT, phrase);
    }
    out_text(t->term.out, "\n");
}
