/* The timeline with a row per thread: which calls each thread ran, one after the other, and when it
 * had nothing to do. The loop's own row shows where the callbacks came: one after another, on one
 * thread. That threads of the pool ran nothing is worth knowing, so a few of them have rows too; of
 * many in a row a line tells.
 *
 * Main thread. The rows are allocated while the picture is drawn. */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/units.h"
#include "measure/pool.h"
#include "output/timeline.h"

enum { NOTE_BYTES = 64, IDLE_ROWS_MOST = 3 };

struct lane_row {
    int lane;
    int last; /* of several threads that ran nothing and share this row; else its own */
    uint32_t calls;
    uint64_t busy_ns;
    struct canvas canvas;
};

/* The lanes that have a row: the pool's first threads, then the others, the loop last. */
struct lanes {
    struct lane_row *rows;
    uint32_t count;
    uint32_t pool;            /* rows of the pool's threads: the first ones */
    uint32_t left_out;        /* threads of the pool without a row */
    int threads;              /* of the pool, as far as is known */
    bool used[POOL_MOST + 1]; /* by lane: whether it ran a call */
};

static bool is_pool_lane(int lane)
{
    return lane > LANE_LOOP && lane <= POOL_MOST;
}

/* The last of the threads that share a row with this one. */
static int last_of_row(const struct lanes *lanes, int lane, bool all_rows)
{
    int last = lane;

    while (!lanes->used[lane] && last < lanes->threads && !lanes->used[last + 1])
        last++;
    return all_rows || last - lane < IDLE_ROWS_MOST ? lane : last;
}

/* The rows of the pool's threads; without an array they are only counted. */
static uint32_t pool_rows(struct lanes *lanes, uint32_t most, bool all_rows)
{
    uint32_t count = 0;
    int lane = 1;

    while (lane <= lanes->threads && count < most) {
        int last = last_of_row(lanes, lane, all_rows);

        if (lanes->rows != NULL) {
            lanes->rows[count].lane = lane;
            lanes->rows[count].last = last;
        }
        count++;
        lane = last + 1;
    }
    lanes->left_out = (uint32_t)(lanes->threads + 1 - lane);
    return count;
}

static void add_row(struct lanes *lanes, int lane)
{
    lanes->rows[lanes->count].lane = lanes->rows[lanes->count].last = lane;
    lanes->count++;
}

/* Which lanes there are: those of the pool's threads, and those that a call names. */
static int lanes_make(struct lanes *lanes, const struct timeline *t, struct err *e)
{
    uint32_t rows;
    bool os = false, unknown = false, pooled = false;
    struct span s;

    lanes->threads = t->run->pool_size < POOL_MOST ? (int)t->run->pool_size : POOL_MOST;
    for (uint32_t i = 0; i < t->run->recorder.count; i++) {
        recorder_get(&t->run->recorder, i, &s);
        if (is_pool_lane(s.lane)) {
            pooled = lanes->used[s.lane] = true;
            lanes->threads = s.lane > lanes->threads ? s.lane : lanes->threads;
        }
        os |= s.lane == LANE_OS;
        unknown |= s.lane == LANE_UNKNOWN && s.started_ns != SPAN_UNKNOWN;
    }
    if (!pooled)
        lanes->threads = 0;
    rows = pool_rows(lanes, UINT32_MAX, t->all_rows);
    if (!t->all_rows &&
        rows > TIMELINE_ROWS_MOST + 1) /* the line that tells of it takes one, too */
        rows = TIMELINE_ROWS_MOST;
    lanes->rows = mem_zeroed(rows + os + unknown + 1, sizeof *lanes->rows);
    if (lanes->rows == NULL)
        return err_no_memory(e, "the rows of the timeline");
    lanes->pool = lanes->count = pool_rows(lanes, rows, t->all_rows);
    if (os)
        add_row(lanes, LANE_OS);
    if (unknown)
        add_row(lanes, LANE_UNKNOWN);
    add_row(lanes, LANE_LOOP);
    for (uint32_t i = 0; i < lanes->count; i++)
        canvas_clear(t, &lanes->rows[i].canvas);
    return 0;
}

static struct lane_row *lanes_find(const struct lanes *lanes, int lane)
{
    uint32_t first = is_pool_lane(lane) ? 0 : lanes->pool;
    uint32_t end = is_pool_lane(lane) ? lanes->pool : lanes->count;

    while (first < end) { /* rows of the pool ascend, the few others do not */
        uint32_t middle = is_pool_lane(lane) ? first + (end - first) / 2 : first;

        if (lanes->rows[middle].lane == lane)
            return &lanes->rows[middle];
        if (!is_pool_lane(lane) || lanes->rows[middle].lane < lane)
            first = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

/* The bar of a call on its thread, with its name where that fits. Neighbours are drawn differently,
 * so that their border is seen. */
static void draw_work(struct timeline *t, struct lane_row *row, const struct span *s)
{
    enum glyph glyph = row->calls % 2 == 0 ? GLYPH_RUN : GLYPH_RUN_OTHER;
    enum ink ink = term_lane_ink(row->lane);
    size_t begin = timeline_bar_column(t, s->started_ns), end;
    uint64_t end_ns = timeline_end_ns(t, s);
    char name[SPAN_TEXT_BYTES];

    row->calls++;
    if (end_ns < s->started_ns)
        return;
    row->busy_ns += end_ns - s->started_ns;
    end = canvas_bar(t, &row->canvas, s->started_ns, end_ns, glyph, ink);
    canvas_name(t, &row->canvas, begin, end, span_name(s, name), ink);
    if (s->finished_ns == SPAN_UNKNOWN && s->called_back_ns == SPAN_UNKNOWN)
        canvas_open(t, &row->canvas, end);
}

static void draw_callback(struct timeline *t, struct lane_row *loop, const struct span *s)
{
    size_t column = timeline_column(t, s->called_back_ns);
    bool ok = s->status == SPAN_OK;
    loop->calls++;
    canvas_fill(t, &loop->canvas, column, column + 1, ok ? GLYPH_BACK : GLYPH_FAILED,
                ok ? INK_STRONG : INK_BAD);
}

/* "2 calls, 98 %": what the thread did, and which part of the time it was busy. */
static void lane_note(const struct timeline *t, const struct lane_row *row, char note[NOTE_BYTES])
{
    const char *noun = row->lane == LANE_LOOP ? "callback" : "call";
    double busy = 100.0 * (double)row->busy_ns / (double)t->end_ns;

    if (is_pool_lane(row->lane) && row->calls > 0)
        snprintf(note, NOTE_BYTES, "%" PRIu32 " %s%s, %.0f %%", row->calls, noun,
                 row->calls == 1 ? "" : "s", busy);
    else
        snprintf(note, NOTE_BYTES, "%" PRIu32 " %s%s", row->calls, noun,
                 row->calls == 1 ? "" : "s");
}

/* What the names and the notes take, before there are any: the notes are as wide as the one that
 * would name all calls. */
static void divide(struct timeline *t)
{
    uint32_t calls = t->run->recorder.count;
    char widest[NOTE_BYTES];
    int callbacks = snprintf(widest, sizeof widest, "%" PRIu32 " callbacks", calls);
    int shares = snprintf(widest, sizeof widest, "%" PRIu32 " calls, 100 %%", calls);
    timeline_divide(t, sizeof "pool 1024" - 1, (size_t)(shares > callbacks ? shares : callbacks));
}

/* A line for threads that ran nothing. */
static void print_idle(const struct timeline *t, const struct lane_row *row)
{
    char line[NOTE_BYTES];

    snprintf(line, sizeof line, "... pool %d to %d: 0 calls (--all draws them)", row->lane,
             row->last);
    term_text(&t->term, INK_FAINT, line);
    out_text(t->term.out, "\n");
}

static void print_rows(struct timeline *t, const struct lanes *lanes)
{
    char name[SPAN_TEXT_BYTES], note[NOTE_BYTES];

    for (uint32_t i = 0; i < lanes->count; i++) {
        struct lane_row *row = &lanes->rows[i];
        if (i == lanes->pool && lanes->left_out > 0)
            timeline_left_out(t, lanes->left_out, "thread");
        if (row->last > row->lane) {
            print_idle(t, row);
            continue;
        }
        lane_note(t, row, note);
        canvas_print(t, &row->canvas, span_lane_name(row->lane, name), note, INK_PLAIN);
    }
}

/* Calls that did run on a thread of the pool, but of which libuv does not tell on which. */
static bool thread_untold(const struct span *s)
{
    return (s->kind->traits & SPAN_POOLED) != 0 && s->lane == LANE_UNKNOWN &&
           s->started_ns == SPAN_UNKNOWN && s->called_back_ns != SPAN_UNKNOWN &&
           s->status != UV_ECANCELED;
}

static void print_untold(const struct timeline *t, uint32_t calls)
{
    char number[UNITS_TEXT_BYTES], line[UNITS_TEXT_BYTES + NOTE_BYTES];
    size_t at = 0;

    snprintf(line, sizeof line, "(%s call%s ran on threads of the pool that libuv does not tell)",
             units_format_count(number, calls), calls == 1 ? "" : "s");
    term_wrap(&t->term, INK_FAINT, &at, 1, line);
    out_text(t->term.out, "\n");
}

int timeline_lanes(struct timeline *t, struct err *e)
{
    struct lanes lanes = {.count = 0};
    uint32_t untold = 0;
    struct span s;

    divide(t);
    if (lanes_make(&lanes, t, e) != 0)
        return -1;
    for (uint32_t i = 0; i < t->run->recorder.count; i++) {
        struct lane_row *row;
        recorder_get(&t->run->recorder, i, &s);
        row = lanes_find(&lanes, s.lane);
        if (row != NULL && row->lane != LANE_LOOP && s.started_ns != SPAN_UNKNOWN)
            draw_work(t, row, &s);
        if (s.called_back_ns != SPAN_UNKNOWN)
            draw_callback(t, lanes_find(&lanes, LANE_LOOP), &s);
        untold += thread_untold(&s);
    }
    timeline_axis(t);
    print_rows(t, &lanes);
    timeline_legend(t);
    if (untold > 0)
        print_untold(t, untold);
    mem_free(lanes.rows);
    return 0;
}
