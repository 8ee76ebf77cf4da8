/* What a span looks like in a trace: the events of its five instants. See trace.c for the picture
 * as a whole. Main thread; what it keeps between two instants is in the tracer. */
#include "output/trace_draw.h"

#include <stdio.h>

#include "measure/cluster_facts.h"
#include "output/json_text.h"
#include "output/view.h"
#include "output/worker_lanes.h"

enum {
    MARK_NS = 1000,
    THREADS_PER_RUN = 10000,   /* more than there are lanes; what is round is easy to read */
    LANES_PER_RUN = 100000000, /* the same with those of workers */
};
_Static_assert((int)LANES_PER_RUN > LANE_WORKER + 10000 * (int)LANES_OF_WORKER, "for all workers");
_Static_assert((int)THREADS_PER_RUN > (int)LANE_OS, "a number for every lane");

static const char *const slice_names[SLICES] = {"waited", "ran", "returned", "pending"};

/* --- Events: opened with what all have, closed by trace_end(). --- */

static void out_microseconds(struct out *o, uint64_t ns)
{
    unsigned rest = (unsigned)(ns % 1000);
    const char digits[] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10),
                           (char)('0' + rest % 10)};

    out_number(o, ns / 1000);
    out_bytes(o, digits, sizeof digits);
}

/* A lane's number as a thread. The loop's is that of its process, which makes it the main thread;
 * those of the others differ between runs too, as the threads of one machine do. */
static uint64_t thread_of(uint32_t run, int lane)
{
    uint64_t process = (uint64_t)run + 1;

    if (lane >= LANE_WORKER)
        return process * LANES_PER_RUN + (unsigned)lane;
    return lane > LANE_LOOP ? process * THREADS_PER_RUN + (unsigned)lane : process;
}

void trace_open(struct tracer *t, const char *phase, uint32_t run, int lane)
{
    out_text(t->out, t->any ? ",\n{\"ph\":\"" : "\n{\"ph\":\"");
    out_text(t->out, phase);
    out_text(t->out, "\",\"pid\":");
    out_number(t->out, run + 1);
    out_text(t->out, ",\"tid\":");
    out_number(t->out, thread_of(run, lane));
    t->any = true;
}

void trace_open_timed(struct tracer *t, const char *phase, uint32_t run, int lane, uint64_t at_ns)
{
    trace_open(t, phase, run, lane);
    out_text(t->out, ",\"ts\":");
    out_microseconds(t->out, at_ns);
}

void trace_end(struct tracer *t)
{
    out_text(t->out, "}");
}

/* The name, of a verb and the span's own, and the category. */
static void put_name(struct tracer *t, const struct span *s, const char *verb)
{
    char text[2 * SPAN_TEXT_BYTES], name[SPAN_TEXT_BYTES];

    snprintf(text, sizeof text, "%s%s", verb, span_name(s, name));
    out_text(t->out, ",\"name\":");
    json_out_string(t->out, text);
    out_text(t->out, ",\"cat\":");
    json_out_string(t->out, s->kind->kind);
}

static void put_call(struct tracer *t, const struct span *s)
{
    out_text(t->out, ",\"args\":{");
    view_span_members(s, t->out);
    out_text(t->out, "}");
}

/* Ids are unique in the file: 24 bits of run, 32 of span, 2 of slice. */
static void put_id(struct tracer *t, const struct trace_event *event, enum trace_slice slice)
{
    uint64_t id = (uint64_t)event->run << 34 | ((uint64_t)event->span + 1) << 2 | (uint64_t)slice;

    out_format(t->out, ",\"id\":\"0x%llx\"", (unsigned long long)id);
}

/* Whether the slice has a row to begin in or, if it ends, was begun. Every slice takes a row that
 * is free; when there are none left it is not drawn. */
static bool has_row(struct tracer *t, const struct trace_event *event, enum trace_slice slice,
                    bool begins)
{
    struct trace_rows *rows = &t->rows[event->run];
    uint8_t *drawn = &rows->drawn[event->span], bit = (uint8_t)(1U << slice);

    if (!begins) {
        rows->taken[slice] -= (*drawn & bit) != 0;
        return (*drawn & bit) != 0;
    }
    if (rows->taken[slice] == ROWS_MOST) {
        t->left_out++;
        return false;
    }
    rows->taken[slice]++;
    *drawn |= bit;
    return true;
}

/* Begin ("b") or end ("e") of a slice that may overlap others. Viewers put those of one name into
 * one group of rows, so the name is that of the kind, and the call is in the arguments. */
static void out_async(struct tracer *t, const struct trace_event *event, const struct span *s,
                      const char *phase, enum trace_slice slice)
{
    char name[2 * SPAN_TEXT_BYTES], call[SPAN_TEXT_BYTES];
    int lane = slice == SLICE_RAN && s->lane >= LANE_OS ? s->lane : LANE_LOOP;

    if (!has_row(t, event, slice, phase[0] == 'b'))
        return;
    trace_open_timed(t, phase, event->run, lane, event->at_ns);
    put_id(t, event, slice);
    snprintf(name, sizeof name, "%s %s", s->kind->label, slice_names[slice]);
    out_text(t->out, ",\"name\":");
    json_out_string(t->out, name);
    out_text(t->out, ",\"cat\":");
    json_out_string(t->out, s->kind->kind);
    if (phase[0] == 'b') {
        out_text(t->out, ",\"args\":{\"call\":");
        json_out_string(t->out, span_name(s, call));
        if (s->http != NULL && slice == SLICE_RAN)
            view_http_member(s, t->out);
        out_text(t->out, "}");
    }
    trace_end(t);
}

/* The start ("s") or the end ("f") of an arrow, inside of the slice that is there at that moment.
 */
static void out_flow(struct tracer *t, const struct trace_event *event, const char *phase, int lane,
                     enum trace_slice slice)
{
    trace_open_timed(t, phase, event->run, lane, event->at_ns);
    put_id(t, event, slice);
    out_text(t->out, slice == SLICE_WAITED ? ",\"name\":\"to its start\",\"cat\":\"flow\""
                                           : ",\"name\":\"to its callback\",\"cat\":\"flow\"");
    if (phase[0] == 'f')
        out_text(t->out, ",\"bp\":\"e\"");
    trace_end(t);
}

/* --- The instants of a span. --- */

/* A call that a thread of the pool or of a worker ran itself; a worker has any number of requests
 * and timers under way. One that has parts did not occupy a thread all the time. */
static bool on_thread(const struct trace_event *event, const struct span *s)
{
    return s->started_ns != SPAN_UNKNOWN && lane_is_thread(s->lane) &&
           (s->kind->traits & (SPAN_HTTP | SPAN_RESTS)) == 0 && !event->has_parts;
}

/* What ran elsewhere is drawn when it took any time (a timer that is due does not). */
static bool ran_elsewhere(const struct trace_event *event, const struct span *s)
{
    uint64_t ran_ns = span_ran_ns(s);

    return !on_thread(event, s) && ran_ns != SPAN_UNKNOWN && ran_ns > 0;
}

/* It ends before the next one begins: where they touch, viewers that compute with floating-point
 * microseconds let one overlap the other, and an arrow may then hold on to the wrong one. */
static void out_mark(struct tracer *t, size_t i, const struct span *s, const char *verb)
{
    const struct trace_event *event = &t->events.list[i];

    trace_open_timed(t, "X", event->run, LANE_LOOP, event->at_ns);
    out_text(t->out, ",\"dur\":");
    out_microseconds(t->out, trace_events_gap(&t->events, i, MARK_NS + 1) - 1);
    put_name(t, s, verb);
}

/* What another process did as a part of a call: of its own loop nothing is drawn. */
static bool is_remote(const struct span *s)
{
    return (s->kind->traits & SPAN_REMOTE_ALL) != 0;
}

static void draw_submitted(struct tracer *t, size_t i, const struct span *s)
{
    const struct trace_event *event = &t->events.list[i];
    bool waits = s->started_ns == SPAN_UNKNOWN || span_waited_ns(s) != SPAN_UNKNOWN;
    bool pending =
        s->started_ns == SPAN_UNKNOWN && (span_total_ns(s) != SPAN_UNKNOWN || span_is_phase(s));

    out_mark(t, i, s, "submit ");
    trace_end(t);
    if (waits)
        out_async(t, event, s, "b", pending ? SLICE_PENDING : SLICE_WAITED);
    if (on_thread(event, s) && span_waited_ns(s) != SPAN_UNKNOWN)
        out_flow(t, event, "s", LANE_LOOP, SLICE_WAITED);
}

/* One that never finished is begun ("B") and left open. */
static void draw_started(struct tracer *t, const struct trace_event *event, const struct span *s)
{
    uint64_t ran_ns = span_ran_ns(s);

    if (span_waited_ns(s) != SPAN_UNKNOWN)
        out_async(t, event, s, "e", SLICE_WAITED);
    if (on_thread(event, s)) {
        trace_open_timed(t, ran_ns == SPAN_UNKNOWN ? "B" : "X", event->run, s->lane, event->at_ns);
        if (ran_ns != SPAN_UNKNOWN) {
            out_text(t->out, ",\"dur\":");
            out_microseconds(t->out, ran_ns);
        }
        put_name(t, s, "");
        put_call(t, s);
        trace_end(t);
        if (span_waited_ns(s) != SPAN_UNKNOWN && !is_remote(s))
            out_flow(t, event, "f", s->lane, SLICE_WAITED);
    } else if (ran_elsewhere(event, s)) {
        out_async(t, event, s, "b", SLICE_RAN);
    }
}

/* Whether an arrow leads from where it ran to its callback. */
static bool has_return_flow(const struct trace_event *event, const struct span *s)
{
    uint64_t ran_ns = span_ran_ns(s);

    return !is_remote(s) && on_thread(event, s) && ran_ns != SPAN_UNKNOWN && ran_ns > 0 &&
           span_returned_ns(s) != SPAN_UNKNOWN;
}

static void draw_finished(struct tracer *t, const struct trace_event *event, const struct span *s)
{
    if (ran_elsewhere(event, s))
        out_async(t, event, s, "e", SLICE_RAN);
    if (s->started_ns == SPAN_UNKNOWN && span_is_phase(s))
        out_async(t, event, s, "e", SLICE_PENDING);
    if (is_remote(s))
        return;
    if ((s->called_back_ns == SPAN_UNKNOWN && !span_is_phase(s)) ||
        span_returned_ns(s) != SPAN_UNKNOWN)
        out_async(t, event, s, "b", SLICE_RETURNED);
}

static void draw_called_back(struct tracer *t, size_t i, const struct span *s)
{
    const struct trace_event *event = &t->events.list[i];

    if (span_returned_ns(s) != SPAN_UNKNOWN)
        out_async(t, event, s, "e", SLICE_RETURNED);
    if (s->started_ns == SPAN_UNKNOWN) {
        if (span_total_ns(s) != SPAN_UNKNOWN)
            out_async(t, event, s, "e", SLICE_PENDING);
        trace_open_timed(t, "i", event->run, LANE_LOOP, event->at_ns);
        put_name(t, s, "");
        out_text(t->out, ",\"s\":\"t\"");
    } else {
        out_mark(t, i, s, "call back ");
    }
    if (!on_thread(event, s)) /* else it is where it ran */
        put_call(t, s);
    trace_end(t);
    if (has_return_flow(event, s))
        out_flow(t, event, "f", LANE_LOOP, SLICE_RETURNED);
}

void trace_draw(struct tracer *t, size_t i, const struct span *s)
{
    const struct trace_event *event = &t->events.list[i];

    if (is_remote(s) && event->instant != TRACE_STARTED && event->instant != TRACE_FINISHED)
        return;
    switch ((enum trace_instant)event->instant) {
    case TRACE_SUBMITTED:
        draw_submitted(t, i, s);
        break;
    case TRACE_STARTED:
        draw_started(t, event, s);
        break;
    case TRACE_FINISHING:
        if (has_return_flow(event, s))
            out_flow(t, event, "s", s->lane, SLICE_RETURNED);
        break;
    case TRACE_FINISHED:
        draw_finished(t, event, s);
        break;
    case TRACE_CALLED_BACK:
        draw_called_back(t, i, s);
        break;
    case TRACE_INSTANTS:
    case TRACE_KILLED: /* no instants of a span */
        break;
    }
}

static void put_member(struct tracer *t, const char *name, uint64_t value)
{
    out_format(t->out, ",\"%s\":", name);
    if (value == SPAN_UNKNOWN)
        out_text(t->out, "null");
    else
        out_number(t->out, value);
}

/* Through all tracks of its run, as requests of others may be under way there, too. */
void trace_draw_kill(struct tracer *t, const struct trace_event *event)
{
    const struct cluster_kill *k = &t->result->runs[event->run].cluster->killed[event->span];

    trace_open_timed(t, "i", event->run, lane_of_worker(k->worker, 0), event->at_ns);
    out_format(
        t->out,
        ",\"name\":\"worker %u killed\",\"cat\":\"kill\",\"s\":\"p\",\"args\":{\"worker\":%u",
        (unsigned)k->worker, (unsigned)k->worker);
    put_member(t, "pid", (uint64_t)k->pid);
    put_member(t, "connections", k->connections);
    put_member(t, "in_flight", k->in_flight);
    put_member(t, "died_ns", k->died_ns);
    put_member(t, "serving_ns", k->serving_ns);
    put_member(t, "successor", k->successor == 0 ? SPAN_UNKNOWN : (uint64_t)k->successor);
    out_text(t->out, "}");
    trace_end(t);
}
