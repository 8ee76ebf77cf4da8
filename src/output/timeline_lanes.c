/* The timeline with a row per thread: which calls each thread ran, one after the other, and when it
 * had nothing to do. The loop's own row shows where the callbacks came: one after another, on one
 * thread. Threads of the pool that ran nothing are shown too, as that is worth knowing.
 *
 * Main thread. The rows are allocated while the picture is drawn. */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "measure/pool.h"
#include "output/timeline.h"

enum { NOTE_BYTES = 64 };

struct lane_row {
    int lane;
    uint32_t calls;
    uint64_t busy_ns;
    struct canvas canvas;
};

/* The lanes that have a row: the pool's first threads, then the others, the loop last. */
struct lanes {
    struct lane_row *rows;
    uint32_t count;
    uint32_t pool;     /* rows of the pool's threads; rows[lane - 1] */
    uint32_t left_out; /* threads of the pool without a row */
};

static bool is_pool_lane(int lane)
{
    return lane > LANE_LOOP && lane < LANE_OS;
}

/* Which lanes there are: those of the pool's threads, and those that a call names. */
static int lanes_make(struct lanes *lanes, const struct timeline *t, struct err *e)
{
    uint32_t threads = t->run->pool_size, rows;
    bool os = false, unknown = false, pooled = false;
    struct span s;

    for (uint32_t i = 0; i < t->run->recorder.count; i++) {
        recorder_get(&t->run->recorder, i, &s);
        if (is_pool_lane(s.lane) && (uint32_t)s.lane > threads)
            threads = (uint32_t)s.lane;
        pooled |= is_pool_lane(s.lane);
        os |= s.lane == LANE_OS;
        unknown |= s.lane == LANE_UNKNOWN && s.started_ns != SPAN_UNKNOWN;
    }
    if (!pooled)
        threads = 0;
    lanes->pool = t->all_rows || threads <= TIMELINE_ROWS_MOST ? threads : TIMELINE_ROWS_MOST;
    lanes->left_out = threads - lanes->pool;
    rows = lanes->pool + os + unknown + 1;
    lanes->rows = mem_zeroed(rows, sizeof *lanes->rows);
    if (lanes->rows == NULL)
        return err_no_memory(e, "the rows of the timeline");
    while (lanes->count < lanes->pool) {
        lanes->rows[lanes->count].lane = (int)lanes->count + 1;
        lanes->count++;
    }
    if (os)
        lanes->rows[lanes->count++].lane = LANE_OS;
    if (unknown)
        lanes->rows[lanes->count++].lane = LANE_UNKNOWN;
    lanes->rows[lanes->count++].lane = LANE_LOOP;
    for (uint32_t i = 0; i < lanes->count; i++)
        canvas_clear(t, &lanes->rows[i].canvas);
    return 0;
}

static struct lane_row *lanes_find(const struct lanes *lanes, int lane)
{
    if (is_pool_lane(lane))
        return (uint32_t)lane <= lanes->pool ? &lanes->rows[lane - 1] : NULL;
    for (uint32_t i = lanes->pool; i < lanes->count; i++) {
        if (lanes->rows[i].lane == lane)
            return &lanes->rows[i];
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

int timeline_lanes(struct timeline *t, struct err *e)
{
    struct lanes lanes = {.count = 0};
    char name[SPAN_TEXT_BYTES], note[NOTE_BYTES];
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
    }
    timeline_axis(t);
    for (uint32_t i = 0; i < lanes.count; i++) {
        struct lane_row *row = &lanes.rows[i];
        if (i == lanes.pool && lanes.left_out > 0)
            timeline_left_out(t, lanes.left_out, "threads");
        lane_note(t, row, note);
        canvas_print(t, &row->canvas, span_lane_name(row->lane, name), note, INK_PLAIN);
    }
    timeline_legend(t);
    mem_free(lanes.rows);
    return 0;
}
