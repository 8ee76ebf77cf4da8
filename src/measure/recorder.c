/* Memory of the recorder, and reading it after the run; the writing is inline, in recorder.h.
 *
 * Allocation fills every byte with 0xff, which maps the pages and makes every instant unknown
 * (SPAN_UNKNOWN), every lane unknown (-1) and every relation absent (SPAN_NONE) in one pass. */
#include "measure/recorder.h"

#include <assert.h>
#include <string.h>

#include <uv.h>

#include "base/mem.h"
#include "measure/phases.h"

_Thread_local char recorder_of_thread;

uint64_t recorder_bytes_per_span(unsigned extras)
{
    return sizeof(struct span_on_loop) + sizeof(struct span_on_worker) +
           ((extras & RECORD_CAUSES) != 0 ? sizeof(uint32_t) : 0) +
           ((extras & RECORD_HTTP) != 0 ? sizeof(struct span_http) : 0) +
           ((extras & RECORD_DUE) != 0 ? sizeof(uint64_t) : 0);
}

/* In the check phase the runner advances the count of iterations. */
static unsigned phases_after_check(void)
{
    const enum span_phase *order = phases_of(uv_version());
    unsigned late = 0;
    bool checked = false;

    for (int i = 0; i < PHASE_ORDER_LENGTH; i++) {
        if (checked)
            late |= 1u << order[i];
        checked |= order[i] == PHASE_CHECK;
    }
    return late;
}

int recorder_init(struct recorder *r, uint32_t capacity, const struct span_kind *const *kinds,
                  unsigned extras, struct err *e)
{
    *r = (struct recorder){.capacity = capacity, .kinds = kinds, .iteration = 1};
    r->loop_thread = recorder_thread();
    r->late_phases = phases_after_check();
    r->on_loop = mem_aligned_filled(capacity, sizeof *r->on_loop, 0xff);
    r->on_worker = mem_aligned_filled(capacity, sizeof *r->on_worker, 0xff);
    if ((extras & RECORD_CAUSES) != 0)
        r->armed_by = mem_aligned_filled(capacity, sizeof *r->armed_by, 0xff);
    if ((extras & RECORD_HTTP) != 0)
        r->http = mem_aligned_filled(capacity, sizeof *r->http, 0);
    if ((extras & RECORD_DUE) != 0)
        r->due = mem_aligned_filled(capacity, sizeof *r->due, 0xff);
    if (r->on_loop == NULL || r->on_worker == NULL ||
        ((extras & RECORD_DUE) != 0 && r->due == NULL) ||
        ((extras & RECORD_CAUSES) != 0 && r->armed_by == NULL) ||
        ((extras & RECORD_HTTP) != 0 && r->http == NULL)) {
        recorder_free(r);
        return err_no_memory(e, "the spans");
    }
    return 0;
}

void recorder_free(struct recorder *r)
{
    mem_free(r->on_loop);
    mem_free(r->on_worker);
    mem_free(r->armed_by);
    mem_free(r->http);
    mem_free(r->due);
    mem_free(r->kept);
    *r = (struct recorder){0};
}

void recorder_keep(struct recorder *r, void *memory)
{
    assert(r->kept == NULL);
    r->kept = memory;
}

uint32_t recorder_open(struct recorder *r, uint32_t count, unsigned kind, uint32_t first_ordinal)
{
    uint32_t first = r->count;

    assert(count <= r->capacity - r->count);
    assert(kind <= UINT8_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct span_on_loop *l = &r->on_loop[first + i];

        l->ordinal = first_ordinal == 0 ? 0 : first_ordinal + i;
        l->iteration = 0;
        l->status = SPAN_OK;
        l->kind = (uint8_t)kind;
        l->is_phase = 0;
        atomic_store_explicit(&r->on_worker[first + i].status, SPAN_OK, memory_order_relaxed);
    }
    r->count += count;
    return first;
}

/* Whether it was called back, or never will be because it is a phase, which is marked as such when
 * it is over. */
static bool has_ended(const struct span_on_loop *l)
{
    return l->called_back != SPAN_UNKNOWN || l->is_phase != 0;
}

int recorder_detach(struct recorder *r, struct err *e)
{
    struct span_on_worker *copy = mem_aligned_filled(r->count, sizeof *copy, 0xff);

    if (copy == NULL)
        return err_no_memory(e, "the spans of an interrupted run");
    for (uint32_t i = 0; i < r->count; i++) {
        struct span_on_worker *from = &r->on_worker[i], *to = &copy[i];
        bool ended = has_ended(&r->on_loop[i]);

        atomic_init(&to->started, atomic_load_explicit(&from->started, memory_order_relaxed));
        atomic_init(&to->lane, atomic_load_explicit(&from->lane, memory_order_relaxed));
        atomic_init(&to->status, SPAN_OK);
        if (ended) {
            atomic_init(&to->finished, atomic_load_explicit(&from->finished, memory_order_relaxed));
            atomic_init(&to->cpu_ns, atomic_load_explicit(&from->cpu_ns, memory_order_relaxed));
            atomic_init(&to->status, atomic_load_explicit(&from->status, memory_order_relaxed));
        }
    }
    r->on_worker = copy; /* the old array stays with the threads that still write to it */
    return 0;
}

static uint64_t instant_ns(const struct recorder *r, uint64_t ticks)
{
    return ticks == SPAN_UNKNOWN ? SPAN_UNKNOWN : clock_scale_ns(&r->scale, ticks);
}

void recorder_move(struct recorder *r, uint32_t to, uint32_t from, uint32_t count)
{
    assert(to <= from && from <= r->count && count <= r->count - from);
    memmove(r->on_loop + to, r->on_loop + from, count * sizeof *r->on_loop);
    for (uint32_t i = 0; i < count; i++) { /* not memmove(): they are atomics */
        struct span_on_worker *w = &r->on_worker[to + i], *v = &r->on_worker[from + i];

        atomic_store_explicit(&w->started, v->started, memory_order_relaxed);
        atomic_store_explicit(&w->finished, v->finished, memory_order_relaxed);
        atomic_store_explicit(&w->cpu_ns, v->cpu_ns, memory_order_relaxed);
        atomic_store_explicit(&w->lane, v->lane, memory_order_relaxed);
        atomic_store_explicit(&w->status, v->status, memory_order_relaxed);
    }
    if (r->armed_by != NULL)
        memmove(r->armed_by + to, r->armed_by + from, count * sizeof *r->armed_by);
    if (r->http != NULL)
        memmove(r->http + to, r->http + from, count * sizeof *r->http);
    if (r->due != NULL)
        memmove(r->due + to, r->due + from, count * sizeof *r->due);
}

/* What another process told, as CLOCK_MONOTONIC nanoseconds, since the run's origin. Before it is
 * 0, as for ticks. */
static uint64_t remote_ns(const struct recorder *r, uint64_t monotonic_ns)
{
    if (monotonic_ns == SPAN_UNKNOWN)
        return SPAN_UNKNOWN;
    return monotonic_ns > r->scale.origin_monotonic_ns ? monotonic_ns - r->scale.origin_monotonic_ns
                                                       : 0;
}

typedef uint64_t (*to_ns)(const struct recorder *r, uint64_t instant);

/* The four instants, each by the clock that it was taken from. */
static void get_instants(const struct recorder *r, uint32_t i, struct span *out)
{
    const struct span_on_loop *l = &r->on_loop[i];
    const struct span_on_worker *w = &r->on_worker[i];
    unsigned traits = out->kind->traits;
    to_ns own = (traits & SPAN_REMOTE_ALL) != 0 ? remote_ns : instant_ns;
    to_ns other = (traits & (SPAN_REMOTE | SPAN_REMOTE_ALL)) != 0 ? remote_ns : instant_ns;

    out->submitted_ns = own(r, l->submitted);
    out->started_ns = other(r, atomic_load_explicit(&w->started, memory_order_relaxed));
    out->finished_ns = other(r, atomic_load_explicit(&w->finished, memory_order_relaxed));
    out->called_back_ns = own(r, l->called_back);
    out->due_ns = r->due == NULL ? SPAN_UNKNOWN : instant_ns(r, r->due[i]);
}

/* What else is known of a request. */
static void get_http(const struct recorder *r, uint32_t i, struct span *out)
{
    const struct span_http *http = &r->http[i];

    out->http = http;
    if (http->sent != 0)
        out->sent_ns = instant_ns(r, http->sent);
    if (http->first_byte != 0)
        out->first_byte_ns = instant_ns(r, http->first_byte);
}

void recorder_get(const struct recorder *r, uint32_t i, struct span *out)
{
    const struct span_on_loop *l = &r->on_loop[i];
    const struct span_on_worker *w = &r->on_worker[i];
    uint32_t cause = r->armed_by == NULL ? SPAN_NONE : r->armed_by[i];

    assert(i < r->count);
    out->id = i + 1;
    out->parent = l->parent == SPAN_NONE ? SPAN_NONE : l->parent + 1;
    out->armed_by = cause == SPAN_NONE ? SPAN_NONE : cause + 1;
    out->ordinal = l->ordinal;
    out->kind = r->kinds[l->kind];
    out->iteration = l->iteration;
    if (l->iteration != 0 && (r->late_phases & 1u << out->kind->phase) != 0)
        out->iteration--;
    out->lane = atomic_load_explicit(&w->lane, memory_order_relaxed);
    get_instants(r, i, out);
    out->cpu_ns = atomic_load_explicit(&w->cpu_ns, memory_order_relaxed);
    out->http = NULL;
    out->sent_ns = out->first_byte_ns = SPAN_UNKNOWN;
    if (r->http != NULL && (out->kind->traits & SPAN_HTTP) != 0)
        get_http(r, i, out);
    out->status = l->status;
    if (!has_ended(l))
        out->status = SPAN_UNFINISHED;
    else if (l->status == SPAN_OK)
        out->status = atomic_load_explicit(&w->status, memory_order_relaxed);
}
