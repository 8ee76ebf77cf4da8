/* The timeline with a row per thread: which calls each thread ran, one after the other, and when it
 * had nothing to do. The loop's own row shows where the callbacks came: one after another, on one
 * thread; what it works on itself is drawn there, too. That threads of the pool ran nothing is
 * worth knowing, so a few of them have rows too; of many in a row a line tells.
 *
 * What the operating system works on needs no thread, so any number of calls are under way at once:
 * the lane `os` has as many rows as it takes for none to lie on another, up to a limit.
 *
 * Workers are other processes, which told of themselves: their loops and their threads have rows.
 *
 * Of a call in parts the threads ran the parts, so these are drawn on their rows and not the whole;
 * where the operating system works on all of them, the whole is drawn and not its parts.
 *
 * Main thread. The rows are allocated while the picture is drawn. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/units.h"
#include "measure/pool.h"
#include "output/table.h"
#include "output/timeline.h"
#include "output/worker_lanes.h"

enum { NOTE_BYTES = 64, IDLE_ROWS_MOST = 3 };
/* Rows of the lane `os`: more that look alike say no more. */
enum { OS_ROWS_MOST = 16 };

struct lane_row {
    int lane;
    int last;       /* of several threads that ran nothing and share this row; else its own */
    bool shared;    /* by calls that were under way at the same time, on a worker's loop */
    uint32_t calls; /* on the first row of the lane `os` all of it */
    uint64_t busy_ns;
    struct canvas canvas;
};

struct lanes {
    struct lane_row *rows;
    uint32_t count;
    uint32_t pool;            /* rows of the pool's threads: the first ones */
    uint32_t named;           /* these and, behind them, those of workers' threads */
    uint32_t left_out;        /* threads of the pool and of workers without a row */
    int threads;              /* of the pool, as far as is known */
    bool used[POOL_MOST + 1]; /* by lane: whether it ran a call */
    uint32_t os;              /* rows of the lane `os`, behind those */
    uint64_t *os_ends;        /* when the last call of each of them ended */
    uint32_t os_calls, os_left_out;
    struct worker_lanes workers;
    bool unknown;    /* something ran, and nobody knows where: a row behind those */
    uint8_t *wholes; /* which calls have parts */
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

/* Whether a call is drawn as a bar. */
static bool has_bar(const struct lanes *lanes, const struct run *run, const struct span *s)
{
    struct span whole;

    if (s->started_ns == SPAN_UNKNOWN)
        return false;
    if (s->lane == LANE_LOOP) /* a timer that is due does not occupy it */
        return lanes->wholes[s->id - 1] == 0 && span_ran_ns(s) != SPAN_UNKNOWN &&
               span_ran_ns(s) > 0;
    if (s->lane != LANE_OS)
        return lanes->wholes[s->id - 1] == 0;
    if (s->parent == SPAN_NONE || s->parent == 0 || s->parent > run->recorder.count)
        return true;
    recorder_get(&run->recorder, s->parent - 1, &whole);
    return whole.lane != LANE_OS;
}

/* The first row of the lane `os`, of `most`, whose last call had ended when this one started; it is
 * then the last one there. `most` when there is none. */
static uint32_t os_row(struct lanes *lanes, const struct timeline *t, const struct span *s,
                       uint32_t most)
{
    uint32_t row = 0;

    while (row < lanes->os && lanes->os_ends[row] > s->started_ns)
        row++;
    if (row == most)
        return most;
    if (row == lanes->os)
        lanes->os++;
    lanes->os_ends[row] = timeline_end_ns(t, s);
    return row;
}

/* What the calls say of the lanes that there are, and the rows that the lane `os` needs. Fails when
 * memory is short. */
static int look(struct lanes *lanes, const struct timeline *t, struct err *e)
{
    uint32_t count = t->run->recorder.count, most = t->all_rows ? count : OS_ROWS_MOST;
    bool pooled = false;
    struct span s;

    lanes->threads = t->run->pool_size < POOL_MOST ? (int)t->run->pool_size : POOL_MOST;
    lanes->wholes = table_wholes(t->run);
    if (!worker_lanes_find(&lanes->workers, t->run))
        return err_no_memory(e, "the rows of the timeline");
    lanes->os_ends = mem_zeroed((size_t)most + 1, sizeof *lanes->os_ends);
    if (lanes->wholes == NULL || lanes->os_ends == NULL)
        return err_no_memory(e, "the rows of the timeline");
    for (uint32_t i = 0; i < count; i++) {
        recorder_get(&t->run->recorder, i, &s);
        if (is_pool_lane(s.lane)) {
            pooled = lanes->used[s.lane] = true;
            lanes->threads = s.lane > lanes->threads ? s.lane : lanes->threads;
        }
        if (!has_bar(lanes, t->run, &s))
            continue;
        lanes->unknown |= s.lane == LANE_UNKNOWN;
        if (s.lane != LANE_OS)
            continue;
        lanes->os_calls++;
        lanes->os_left_out += os_row(lanes, t, &s, most) == most;
    }
    if (!pooled)
        lanes->threads = 0;
    return 0;
}

static void add_row(struct lanes *lanes, int lane)
{
    lanes->rows[lanes->count].lane = lanes->rows[lanes->count].last = lane;
    lanes->count++;
}

/* Which lanes there are: those of the pool's threads, and those that a call names. */
static int lanes_make(struct lanes *lanes, const struct timeline *t, struct err *e)
{
    uint32_t rows, worker_rows;

    rows = pool_rows(lanes, UINT32_MAX, t->all_rows);
    if (!t->all_rows &&
        rows > TIMELINE_ROWS_MOST + 1) /* the line that tells of it takes one, too */
        rows = TIMELINE_ROWS_MOST;
    worker_rows = lanes->workers.count;
    if (!t->all_rows && rows + worker_rows > TIMELINE_ROWS_MOST + 1)
        worker_rows = TIMELINE_ROWS_MOST - (rows < TIMELINE_ROWS_MOST ? rows : TIMELINE_ROWS_MOST);
    lanes->rows = mem_zeroed((size_t)rows + worker_rows + lanes->os + lanes->unknown + 1,
                             sizeof *lanes->rows);
    if (lanes->rows == NULL)
        return err_no_memory(e, "the rows of the timeline");
    lanes->pool = lanes->count = pool_rows(lanes, rows, t->all_rows);
    for (uint32_t i = 0; i < worker_rows; i++)
        add_row(lanes, lanes->workers.lanes[i]);
    lanes->named = lanes->count;
    lanes->left_out += lanes->workers.count - worker_rows;
    for (uint32_t i = 0; i < lanes->os; i++) {
        add_row(lanes, LANE_OS);
        lanes->os_ends[i] = 0;
    }
    if (lanes->unknown)
        add_row(lanes, LANE_UNKNOWN);
    add_row(lanes, LANE_LOOP);
    for (uint32_t i = 0; i < lanes->count; i++)
        canvas_clear(t, &lanes->rows[i].canvas);
    return 0;
}

static void lanes_free(struct lanes *lanes)
{
    mem_free(lanes->rows);
    mem_free(lanes->os_ends);
    mem_free(lanes->wholes);
    worker_lanes_free(&lanes->workers);
}

/* The row of a thread of the pool or of a worker; those rows ascend. NULL when it has none. */
static struct lane_row *thread_row(const struct lanes *lanes, int lane)
{
    uint32_t first = 0, end = lanes->named;

    while (first < end) {
        uint32_t middle = first + (end - first) / 2;

        if (lanes->rows[middle].lane == lane)
            return &lanes->rows[middle];
        if (lanes->rows[middle].lane < lane)
            first = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

/* The row that a call is drawn on; NULL when it is left out. */
static struct lane_row *row_of(struct lanes *lanes, const struct timeline *t, const struct span *s)
{
    uint32_t row;

    if (lane_is_thread(s->lane))
        return thread_row(lanes, s->lane);
    if (s->lane == LANE_LOOP)
        return &lanes->rows[lanes->count - 1];
    if (s->lane != LANE_OS)
        return &lanes->rows[lanes->count - 2]; /* where it ran is unknown: before the loop's */
    row = os_row(lanes, t, s, lanes->os);
    return row < lanes->os ? &lanes->rows[lanes->named + row] : NULL;
}

/* The bar of a call on its thread, with its name where that fits. Neighbours are drawn differently,
 * so that their border is seen. */
static void draw_work(struct timeline *t, struct lane_row *row, const struct span *s)
{
    uint32_t place = row->lane == LANE_LOOP ? s->ordinal : row->calls++;
    enum glyph glyph = place % 2 == 0 ? GLYPH_RUN : GLYPH_RUN_OTHER;
    enum ink ink = term_lane_ink(row->lane);
    size_t begin = timeline_bar_column(t, s->started_ns), end;
    uint64_t end_ns = timeline_end_ns(t, s);
    char name[SPAN_TEXT_BYTES];

    if (end_ns < s->started_ns)
        return;
    row->busy_ns += end_ns - s->started_ns;
    row->shared |= (s->kind->traits & SPAN_HTTP) != 0;
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

    if (lane_is_thread(row->lane) && !row->shared && row->calls > 0)
        snprintf(note, NOTE_BYTES, "%" PRIu32 " %s%s, %.0f %%", row->calls, noun,
                 row->calls == 1 ? "" : "s", busy);
    else
        snprintf(note, NOTE_BYTES, "%" PRIu32 " %s%s", row->calls, noun,
                 row->calls == 1 ? "" : "s");
}

/* What the names and the notes take, before there are any: the notes are as wide as the one that
 * would name all calls. */
static void divide(struct timeline *t, const struct lanes *lanes)
{
    uint32_t calls = t->run->recorder.count;
    size_t left = sizeof "pool 1024" - 1, wide;
    char widest[NOTE_BYTES], name[SPAN_TEXT_BYTES];
    int callbacks = snprintf(widest, sizeof widest, "%" PRIu32 " callbacks", calls);
    int shares = snprintf(widest, sizeof widest, "%" PRIu32 " calls, 100 %%", calls);
    for (uint32_t i = 0; i < lanes->workers.count; i++) {
        wide = term_columns(&t->term, span_lane_name(lanes->workers.lanes[i], name));
        left = wide > left ? wide : left;
    }
    timeline_divide(t, left, (size_t)(shares > callbacks ? shares : callbacks));
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

/* The lane `os` is named by its first row. */
static void print_rows(struct timeline *t, const struct lanes *lanes)
{
    char name[SPAN_TEXT_BYTES], note[NOTE_BYTES];

    for (uint32_t i = 0; i < lanes->count; i++) {
        struct lane_row *row = &lanes->rows[i];
        bool follows = row->lane == LANE_OS && i > lanes->named;

        if (i == lanes->named && lanes->left_out > 0)
            timeline_left_out(t, lanes->left_out, "thread", "threads");
        if (i == lanes->named + lanes->os && lanes->os_left_out > 0)
            timeline_left_out(t, lanes->os_left_out, "call", "calls");
        if (row->last > row->lane) {
            print_idle(t, row);
            continue;
        }
        lane_note(t, row, note);
        canvas_print(t, &row->canvas, follows ? "" : span_lane_name(row->lane, name),
                     follows ? "" : note, INK_PLAIN);
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

/* Returns how many calls ran on threads that are not known. */
static uint32_t draw(struct timeline *t, struct lanes *lanes)
{
    struct lane_row *rows = lanes->rows;
    uint32_t untold = 0;
    struct span s;

    assert(rows != NULL && lanes->count > 0); /* the loop's row is always there */
    for (uint32_t i = 0; i < t->run->recorder.count; i++) {
        struct lane_row *row;

        recorder_get(&t->run->recorder, i, &s);
        row = has_bar(lanes, t->run, &s) ? row_of(lanes, t, &s) : NULL;
        if (row != NULL)
            draw_work(t, row, &s);
        if (table_is_callback(&s))
            draw_callback(t, &rows[lanes->count - 1], &s);
        untold += lanes->wholes[i] == 0 && thread_untold(&s);
    }
    if (lanes->os > 0)
        rows[lanes->named].calls = lanes->os_calls;
    return untold;
}

int timeline_lanes(struct timeline *t, struct err *e)
{
    struct lanes lanes = {.count = 0};
    uint32_t untold;

    if (look(&lanes, t, e) != 0) {
        lanes_free(&lanes);
        return -1;
    }
    divide(t, &lanes);
    if (lanes_make(&lanes, t, e) != 0) {
        lanes_free(&lanes);
        return -1;
    }
    untold = draw(t, &lanes);
    timeline_axis(t);
    print_rows(t, &lanes);
    timeline_legend(t);
    if (untold > 0)
        print_untold(t, untold);
    lanes_free(&lanes);
    return 0;
}
