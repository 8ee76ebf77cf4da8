/* Counters: threads with loops of their own. See counter.h.
 *
 * Functions of the section "on the counter's thread" run there, and may touch `on_thread`, their
 * handle and, through atomics, `shared`; all others run on the asking loop's thread. Messages are
 * handed over by the mailboxes, whose exchange orders what was written before. The structure is
 * freed when the thread was joined and the asking loop's handles are closed.
 *
 * A handle may only be sent to while it is open. The asking loop's are closed after the join. The
 * thread closes its own when it is told to end, and must wait until the call that told it so has
 * left uv_async_send(): that is what the lock is for, which nothing else takes. */
#include "measure/counter.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "measure/spin.h"

/* Posted calls, the newest first. */
struct mailbox {
    _Atomic(struct counter_call *) newest;
};

enum thread_state { THREAD_NONE, THREAD_STARTING, THREAD_ONLINE, THREAD_GONE };

struct counter {
    struct counter_options options;
    struct {
        uv_async_t handle; /* of the asking loop: the thread sends, this side is called */
        uv_timer_t again;  /* to join a thread that had not quite ended */
        unsigned open;     /* handles, of these two */
        uv_thread_t thread;
        bool has_thread; /* it was created, and is not joined yet */
        bool told_online, closing;
        uint64_t ended_ticks;
    } on_asker;
    _Alignas(64) struct {
        uv_loop_t loop;
        uv_async_t handle; /* of that loop */
        struct span_on_worker *start_seen, *end_seen;
        bool ended;
    } on_thread;
    _Alignas(64) struct {
        struct mailbox questions, answers;
        _Atomic int status; /* why the thread is of no use, or 0; written before `state` */
        _Atomic int state;  /* enum thread_state */
        atomic_bool ending; /* set by the asker */
        uv_mutex_t lock;
    } shared;
    struct span_on_worker start_spare, end_spare; /* where nobody wants to know */
};

/* --- Mailboxes: any number of senders, one reader. --- */

static void mailbox_post(struct mailbox *box, struct counter_call *call)
{
    struct counter_call *newest = atomic_load_explicit(&box->newest, memory_order_relaxed);

    do
        call->next = newest;
    while (!atomic_compare_exchange_weak(&box->newest, &newest, call));
}

/* All that lies in it, the oldest first. */
static struct counter_call *mailbox_take(struct mailbox *box)
{
    struct counter_call *from = atomic_exchange(&box->newest, NULL), *oldest = NULL;

    while (from != NULL) {
        struct counter_call *next = from->next;

        from->next = oldest;
        oldest = from;
        from = next;
    }
    return oldest;
}

/* --- Counting. --- */

/* The empty statement may have read and changed the number for all that the compiler knows, so
 * that no two increments can become one. */
static uint64_t count_on(uint64_t count, uint64_t target)
{
    while (count < target) {
        count++;
        __asm__ volatile("" : "+r"(count));
    }
    return count;
}

static bool is_set(const atomic_bool *flag)
{
    return flag != NULL && atomic_load_explicit(flag, memory_order_relaxed);
}

uint64_t counter_count(uint64_t target, const atomic_bool *stop, const atomic_bool *cancelled)
{
    uint64_t count = 0;

    while (count < target && !is_set(stop) && !is_set(cancelled))
        count = count_on(count, target - count > COUNTER_STRIDE ? count + COUNTER_STRIDE : target);
    return count;
}

/* --- On the counter's thread. --- */

/* The answer is another's as soon as it is posted: nothing may touch the call after that. */
static void answer(struct counter *c, struct counter_call *call)
{
    mailbox_post(&c->shared.answers, call);
    uv_async_send(&c->on_asker.handle);
}

static void work_on(struct counter *c, struct counter_call *call, uint64_t ticks)
{
    struct span_on_worker *seen = call->seen;
    uint64_t cpu_before;

    if (is_set(&c->shared.ending) || is_set(&call->cancelled)) { /* never begun */
        call->status = UV_ECANCELED;
        answer(c, call);
        return;
    }
    span_started(seen, ticks, c->options.lane);
    cpu_before = c->options.measure_cpu ? clock_thread_cpu_ns() : 0;
    call->counted = (call->computes ? spin_until : counter_count)(call->target, &c->shared.ending,
                                                                  &call->cancelled);
    call->status = call->counted == call->target ? SPAN_OK : UV_ECANCELED;
    span_finished(seen, clock_ticks(), call->status);
    if (c->options.measure_cpu)
        span_cpu(seen, clock_thread_cpu_ns() - cpu_before);
    answer(c, call);
}

static void end_thread(struct counter *c, uint64_t ticks)
{
    if (c->on_thread.ended)
        return;
    c->on_thread.ended = true;
    span_started(c->on_thread.end_seen, ticks, c->options.lane);
    uv_mutex_lock(&c->shared.lock); /* until counter_close() has left uv_async_send() */
    uv_mutex_unlock(&c->shared.lock);
    uv_close((uv_handle_t *)&c->on_thread.handle, NULL);
}

static void message_cb(uv_async_t *handle)
{
    uint64_t ticks = clock_ticks_after();
    struct counter *c = handle->data;
    struct counter_call *call = mailbox_take(&c->shared.questions);

    while (call != NULL) {
        struct counter_call *next = call->next;

        work_on(c, call, ticks);
        ticks = clock_ticks(); /* the next message's turn begins */
        call = next;
    }
    if (atomic_load(&c->shared.ending))
        end_thread(c, ticks);
}

static int make_ready(struct counter *c)
{
    int rc = uv_loop_init(&c->on_thread.loop);

    if (rc != 0)
        return rc;
    rc = uv_async_init(&c->on_thread.loop, &c->on_thread.handle, message_cb);
    if (rc != 0) {
        uv_loop_close(&c->on_thread.loop);
        return rc;
    }
    c->on_thread.handle.data = c;
    return 0;
}

static void tell_state(struct counter *c, enum thread_state state)
{
    atomic_store(&c->shared.state, (int)state);
    uv_async_send(&c->on_asker.handle);
}

static void thread_main(void *argument)
{
    uint64_t ticks = clock_ticks_after();
    struct counter *c = argument;
    int rc;

    span_started(c->on_thread.start_seen, ticks, c->options.lane);
    rc = make_ready(c);
    span_finished(c->on_thread.start_seen, clock_ticks(), rc);
    if (rc != 0) {
        atomic_store(&c->shared.status, rc);
        tell_state(c, THREAD_GONE);
        return;
    }
    tell_state(c, THREAD_ONLINE);
    uv_async_send(&c->on_thread.handle); /* for what was posted before there was a handle to wake */
    uv_run(&c->on_thread.loop, UV_RUN_DEFAULT);
    uv_loop_close(&c->on_thread.loop);
    span_finished(c->on_thread.end_seen, clock_ticks(), SPAN_OK);
    tell_state(c, THREAD_GONE);
}

/* --- On the asking loop's thread. --- */

static void closed_cb(uv_handle_t *handle)
{
    struct counter *c = handle->data;
    void (*closed)(void *, uint64_t) = c->options.closed;
    void *data = c->options.data;
    uint64_t ended_ticks = c->on_asker.ended_ticks;

    if (--c->on_asker.open > 0)
        return;
    uv_mutex_destroy(&c->shared.lock);
    mem_free(c);
    if (closed != NULL)
        closed(data, ended_ticks);
}

static void close_handles(struct counter *c)
{
    uv_close((uv_handle_t *)&c->on_asker.handle, closed_cb);
    uv_close((uv_handle_t *)&c->on_asker.again, closed_cb);
}

static void told_cb(uv_async_t *handle);

static void again_cb(uv_timer_t *timer)
{
    struct counter *c = timer->data;
    told_cb(&c->on_asker.handle);
}

/* The thread has said its last word, but may have lost its CPU before it returned: the loop, which
 * has more to do, does not wait for that. */
static void join(struct counter *c)
{
    enum { AGAIN_MS = 1 };

    if (pthread_tryjoin_np(c->on_asker.thread, NULL) == 0)
        c->on_asker.has_thread = false;
    else
        uv_timer_start(&c->on_asker.again, again_cb, AGAIN_MS, 0);
}

/* The messages that a thread left behind, and those that came after it, find nobody else. */
static void answer_for_thread(struct counter *c)
{
    struct counter_call *call = mailbox_take(&c->shared.questions);

    while (call != NULL) {
        struct counter_call *next = call->next;
        int status = atomic_load(&c->shared.status);

        call->status = status != 0 ? status : UV_ECANCELED;
        mailbox_post(&c->shared.answers, call);
        call = next;
    }
}

static void call_back(struct counter *c, uint64_t ticks)
{
    struct counter_call *call = mailbox_take(&c->shared.answers);

    while (call != NULL) {
        struct counter_call *next = call->next;

        call->called_back = ticks;
        call->answered(call); /* who may free it */
        ticks = clock_ticks();
        call = next;
    }
}

static void told_cb(uv_async_t *handle)
{
    uint64_t ticks = clock_ticks_after();
    struct counter *c = handle->data;
    enum thread_state state = (enum thread_state)atomic_load(&c->shared.state);

    if (!c->on_asker.told_online && c->on_asker.has_thread && state >= THREAD_ONLINE) {
        c->on_asker.told_online = true;
        if (c->options.online != NULL)
            c->options.online(c->options.data, atomic_load(&c->shared.status), ticks);
    }
    if (state == THREAD_GONE && c->on_asker.has_thread) {
        if (c->on_asker.ended_ticks == SPAN_UNKNOWN)
            c->on_asker.ended_ticks = ticks;
        join(c);
    }
    if (state == THREAD_GONE)
        answer_for_thread(c);
    call_back(c, ticks);
    if (c->on_asker.closing && !c->on_asker.has_thread && !uv_is_closing((uv_handle_t *)handle))
        close_handles(c);
}

struct counter *counter_new(uv_loop_t *loop, const struct counter_options *options, struct err *e)
{
    struct counter *c = mem_aligned_filled(1, sizeof *c, 0);
    int rc;

    if (c == NULL) {
        err_no_memory(e, "a worker thread");
        return NULL;
    }
    c->options = *options;
    c->on_thread.start_seen = options->start_seen != NULL ? options->start_seen : &c->start_spare;
    c->on_thread.end_seen = options->end_seen != NULL ? options->end_seen : &c->end_spare;
    c->on_asker.ended_ticks = SPAN_UNKNOWN;
    rc = uv_async_init(loop, &c->on_asker.handle, told_cb);
    if (rc != 0) {
        mem_free(c);
        err_set(e, STATUS_FAILED, "cannot have messages of a worker thread: %s", uv_strerror(rc));
        return NULL;
    }
    if (uv_mutex_init(&c->shared.lock) != 0)
        abort(); /* never fails on Linux */
    uv_timer_init(loop, &c->on_asker.again);
    c->on_asker.handle.data = c->on_asker.again.data = c;
    c->on_asker.open = 2;
    return c;
}

int counter_start(struct counter *c)
{
    uv_thread_options_t options = {UV_THREAD_HAS_STACK_SIZE, COUNTER_STACK_BYTES};
    sigset_t all, before;
    int rc;

    assert(atomic_load(&c->shared.state) == THREAD_NONE);
    atomic_store(&c->shared.state, THREAD_STARTING);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = uv_thread_create_ex(&c->on_asker.thread, &options, thread_main, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    c->on_asker.has_thread = rc == 0;
    if (rc != 0) {
        atomic_store(&c->shared.status, rc);
        atomic_store(&c->shared.state, THREAD_GONE);
    }
    return rc;
}

/* A message that finds no handle yet is found by the thread itself: either this sees that the
 * thread is online, or the thread, which looks after it has said so, sees the message. */
void counter_post(struct counter *c, struct counter_call *call)
{
    int state;

    call->submitted = clock_ticks();
    if (call->seen == NULL) {
        call->seen = &call->own;
        atomic_init(&call->own.started, SPAN_UNKNOWN);
        atomic_init(&call->own.finished, SPAN_UNKNOWN);
        atomic_init(&call->own.cpu_ns, SPAN_UNKNOWN);
        atomic_init(&call->own.lane, LANE_UNKNOWN);
        atomic_init(&call->own.status, SPAN_OK);
    }
    assert(!c->on_asker.closing);
    mailbox_post(&c->shared.questions, call);
    state = atomic_load(&c->shared.state);
    if (state == THREAD_ONLINE)
        uv_async_send(&c->on_thread.handle);
    else if (state == THREAD_GONE)
        uv_async_send(&c->on_asker.handle); /* to answer for it */
}

void counter_cancel(struct counter_call *call)
{
    atomic_store_explicit(&call->cancelled, true, memory_order_relaxed);
}

void counter_close(struct counter *c)
{
    if (c == NULL || c->on_asker.closing)
        return;
    c->on_asker.closing = true;
    if (atomic_load(&c->shared.state) == THREAD_NONE) { /* nor was anything posted */
        close_handles(c);
        return;
    }
    uv_mutex_lock(&c->shared.lock);
    atomic_store(&c->shared.ending, true);
    if (atomic_load(&c->shared.state) == THREAD_ONLINE)
        uv_async_send(&c->on_thread.handle);
    uv_mutex_unlock(&c->shared.lock);
    uv_async_send(&c->on_asker.handle);
}

uint64_t counter_bytes(void)
{
    /* A loop's own memory is small: its lists of handles and watchers. */
    return sizeof(struct counter) + COUNTER_STACK_BYTES + 16 * 1024;
}
