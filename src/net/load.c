/* A run of a load: its threads with their shares of everything, from before the first request to
 * after the last one.
 *
 * Thread 0 is the run's own, on its loop; further ones have loops of their own and tell the run's
 * by uv_async that they are over. What they write (their counters, their parts of the recorder) is
 * read on the main thread after they have been joined; only the counters for progress are read
 * before, and are atomics. */
#include "net/load.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "net/load_inner.h"

enum { PROGRESS_MS = 1000 };

/* --- Spans. --- */

/* Each shard's spans follow each other; behind those of all requests are those of parts. */
static void place_spans(struct load *l, unsigned kind_row, uint32_t spans, uint32_t parts)
{
    struct recorder *r = &l->run->recorder;
    uint32_t next;

    l->first_span = next = recorder_open(r, spans, kind_row, 1);
    for (unsigned g = 0; g < l->client->group_count; g++)
        for (unsigned i = 0; i < l->thread_count; i++) {
            struct load_shard *s = &l->threads[i]->shards[g];

            s->first_span = next;
            next += s->span_count;
            for (uint32_t k = s->first_span; s->group->burst != 0 && k < next; k++)
                r->on_loop[k].kind = (uint8_t)l->client->burst_kind;
        }
    next = recorder_open(r, parts, kind_row + LOAD_KIND_OTHER, 0);
    for (unsigned g = 0; g < l->client->group_count; g++)
        for (unsigned i = 0; i < l->thread_count; i++) {
            l->threads[i]->shards[g].first_part = next;
            next += l->threads[i]->shards[g].part_room;
        }
}

/* --- Threads. --- */

static int make_memory(struct load_thread *t, struct err *e)
{
    const struct load_client *c = t->load->client;

    t->shards = mem_aligned_filled(c->group_count, sizeof *t->shards, 0);
    t->memos = mem_aligned_filled(c->target_count, sizeof *t->memos, 0);
    if (t->shards == NULL || t->memos == NULL)
        return err_no_memory(e, "the load");
    t->shard_count = c->group_count;
    for (unsigned g = 0; g < c->group_count; g++) {
        t->shards[g].thread = t;
        t->shards[g].group = &c->groups[g];
        t->shards[g].connection_count = (uint32_t)load_connections_of(t->load, t->number, g);
        t->connection_count += t->shards[g].connection_count;
    }
    t->burst_left = c->burst;
    t->connections = mem_aligned_filled(t->connection_count, sizeof *t->connections, 0);
    if (t->connections == NULL)
        return err_no_memory(e, "the connections");
    if (c->tls == NULL)
        return 0;
    t->wire = mem_alloc(sizeof *t->wire);
    return t->wire == NULL ? err_no_memory(e, "TLS") : tls_wire_init(t->wire, e);
}

/* Connections are numbered through groups: one of each thread in turn. */
static void number_connections(struct load *l)
{
    uint32_t number = 1;

    for (unsigned g = 0; g < l->client->group_count; g++) {
        uint32_t left = 0;

        for (unsigned i = 0; i < l->thread_count; i++)
            left += l->threads[i]->shards[g].connection_count;
        for (uint32_t k = 0; left > 0; k++)
            for (unsigned i = 0; i < l->thread_count; i++) {
                struct load_shard *s = &l->threads[i]->shards[g];

                if (k >= s->connection_count)
                    continue;
                s->connections[k].number = number++;
                left--;
            }
    }
}

static void hand_out_connections(struct load_thread *t)
{
    struct load_connection *next = t->connections;

    for (unsigned g = 0; g < t->shard_count; g++) {
        t->shards[g].connections = next;
        for (uint32_t i = 0; i < t->shards[g].connection_count; i++)
            next++->shard = &t->shards[g];
    }
}

static int make_thread(struct load *l, unsigned number, struct err *e)
{
    struct load_thread *t = mem_aligned_filled(1, sizeof *t, 0);
    int rc;

    if (t == NULL)
        return err_no_memory(e, "a thread of the load");
    l->threads[number] = t;
    t->load = l;
    t->number = number;
    t->loop = l->run->loop;
    histogram_clear(&t->since_due);
    histogram_clear(&t->total);
    histogram_clear(&t->late);
    if (make_memory(t, e) != 0)
        return -1;
    hand_out_connections(t);
    if (number > 0) {
        rc = uv_loop_init(&t->own);
        if (rc != 0)
            return err_set(e, STATUS_FAILED, "cannot make a loop: %s", uv_strerror(rc));
        t->loop = &t->own;
        t->has_loop = true;
    }
    return load_thread_init(t, e);
}

static void thread_main(void *context)
{
    struct load_thread *t = context;

    load_thread_begin(t);
    uv_run(t->loop, UV_RUN_DEFAULT);
    atomic_store(&t->ended, true);
    uv_async_send(&t->load->joining);
}

void load_thread_over(struct load *l)
{
    if (l->going > 0 && --l->going > 0)
        return;
    if (l->has_joining)
        uv_close((uv_handle_t *)&l->joining, NULL);
    if (l->has_progress)
        uv_close((uv_handle_t *)&l->progress, NULL);
    l->has_joining = l->has_progress = false;
}

static void joining_cb(uv_async_t *joining)
{
    struct load *l = joining->data;

    for (unsigned i = 1; i < l->thread_count; i++) {
        struct load_thread *t = l->threads[i];

        if (!t->started || t->joined || !atomic_load(&t->ended))
            continue;
        uv_thread_join(&t->id);
        t->joined = true;
        load_thread_over(l);
    }
}

/* --- Progress. --- */

static void progress_cb(uv_timer_t *timer)
{
    struct load *l = timer->data;
    char all[UNITS_TEXT_BYTES], rate[UNITS_TEXT_BYTES], bad[UNITS_TEXT_BYTES], text[80];
    uint64_t done = 0, failed = 0;

    for (unsigned i = 0; i < l->thread_count; i++) {
        done += atomic_load_explicit(&l->threads[i]->done, memory_order_relaxed);
        failed += atomic_load_explicit(&l->threads[i]->failed, memory_order_relaxed);
    }
    snprintf(text, sizeof text, "%s done, %s a second, %s error%s", units_format_count(all, done),
             units_format_count(rate, (done - l->said_done) * 1000 / PROGRESS_MS),
             units_format_count(bad, failed), failed == 1 ? "" : "s");
    l->said_done = done;
    l->run->progress.say(l->run->progress.context, text);
}

/* --- The run. --- */

static int make_handles(struct load *l, struct err *e)
{
    int rc = 0;

    if (l->thread_count > 1)
        rc = uv_async_init(l->run->loop, &l->joining, joining_cb);
    if (rc != 0)
        return err_set(e, STATUS_FAILED, "cannot watch a loop: %s", uv_strerror(rc));
    l->joining.data = l;
    l->has_joining = l->thread_count > 1;
    if (l->run->progress.say == NULL)
        return 0;
    uv_timer_init(l->run->loop, &l->progress);
    l->progress.data = l;
    l->has_progress = true;
    return 0;
}

struct load *load_new(struct run *run, struct load_client *client, unsigned kind_row, struct err *e)
{
    struct load *l = mem_zeroed(1, sizeof *l);
    uint64_t room = run->recorder.capacity - run->recorder.count;
    uint64_t spans = load_spans_of_requests(client->options, room);
    uint64_t parts = client->options->histogram ? 0 : room - spans;

    run->load = load_facts_new();
    if (l == NULL || run->load == NULL) {
        mem_free(l);
        err_no_memory(e, "the load");
        return NULL;
    }
    l->run = run;
    l->client = client;
    l->kind_row = kind_row;
    l->threads = mem_zeroed(client->options->threads, sizeof *l->threads);
    if (l->threads == NULL) {
        mem_free(l);
        err_no_memory(e, "the load");
        return NULL;
    }
    l->thread_count = (unsigned)client->options->threads;
    for (unsigned i = 0; i < l->thread_count; i++)
        if (make_thread(l, i, e) != 0) {
            load_free(l);
            return NULL;
        }
    if (make_handles(l, e) != 0) {
        load_free(l);
        return NULL;
    }
    number_connections(l);
    load_divide(l, spans, parts);
    place_spans(l, kind_row, (uint32_t)spans, (uint32_t)parts);
    l->ready = true;
    return l;
}

static void set_clocks(struct load *l)
{
    const struct load_options *o = l->client->options;
    struct clock_anchor now;
    struct clock_scale scale;

    clock_anchor_take(&now);
    clock_scale_make(&scale, &now, &now);
    for (unsigned i = 0; i < l->thread_count; i++) {
        struct load_thread *t = l->threads[i];

        t->ticks_per_ns = scale.ticks_per_ns;
        t->ns_mult = (uint64_t)(4294967296.0 / scale.ticks_per_ns);
        t->begin_ns = now.monotonic_ns;
        t->begin_ticks = now.ticks;
        t->end_ns = t->end_ticks = UINT64_MAX;
        if (o->duration_ns != 0) {
            t->end_ns = now.monotonic_ns + o->duration_ns;
            t->end_ticks = now.ticks + (uint64_t)((double)o->duration_ns * scale.ticks_per_ns);
        }
        t->timeout_ticks = (uint64_t)((double)o->timeout_ns * scale.ticks_per_ns);
    }
}

/* Signals are the main thread's. */
static int start_thread(struct load_thread *t)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    rc = uv_thread_create(&t->id, thread_main, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int load_start(struct load *l, struct err *e)
{
    set_clocks(l);
    l->going = 1;
    if (l->has_progress)
        uv_timer_start(&l->progress, progress_cb, PROGRESS_MS, PROGRESS_MS);
    for (unsigned i = 1; i < l->thread_count; i++) {
        int rc = start_thread(l->threads[i]);

        if (rc != 0)
            return err_set(e, STATUS_FAILED, "cannot make a thread: %s", uv_strerror(rc));
        l->threads[i]->started = true;
        l->going++;
    }
    load_thread_begin(l->threads[0]);
    return 0;
}

void load_cancel(struct load *l)
{
    if (l == NULL)
        return;
    for (unsigned i = 1; i < l->thread_count; i++)
        if (l->threads[i]->started && !l->threads[i]->joined)
            uv_async_send(&l->threads[i]->stop);
    load_thread_cancel(l->threads[0]);
}

static void close_cb(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Handles of thread 0 are the run's, which closes them before this. */
static void free_thread(struct load_thread *t)
{
    if (t == NULL)
        return;
    if (t->has_loop) {
        uv_walk(&t->own, close_cb, NULL);
        uv_run(&t->own, UV_RUN_DEFAULT);
        uv_loop_close(&t->own);
    }
    if (t->wire != NULL)
        tls_wire_free(t->wire);
    mem_free(t->wire);
    mem_free(t->connections);
    mem_free(t->memos);
    mem_free(t->shards);
    mem_free(t);
}

void load_free(struct load *l)
{
    if (l == NULL)
        return;
    load_conclude(l);
    for (unsigned i = 0; i < l->thread_count; i++)
        free_thread(l->threads[i]);
    mem_free(l->threads);
    mem_free(l);
}
