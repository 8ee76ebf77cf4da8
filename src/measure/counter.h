/* A counter: a thread with a loop of its own that counts when a message tells it to, as a script in
 * a worker of Node's worker_threads would.
 *
 *     asking loop                                  the counter's thread and loop
 *     counter_start()    -- uv_thread_create() --> uv_loop_init(), uv_async_init()
 *     online()           <-------- message ------  uv_run()
 *     counter_post(call) --------- message ----->  counts to call->target
 *     call->answered()   <-------- message ------
 *     counter_close()    --------- message ----->  what it does is broken off; uv_loop_close()
 *     closed()           <-------- message ------  the thread ends
 *
 * A message is a structure of the sender's that is put into a mailbox (a lock-free list) and a
 * uv_async_send() to the other loop: nothing is allocated for it. Many messages may be under way;
 * a counter works on one after another, in the order in which they were posted.
 *
 * Every increment is executed: between two of them the compiler must assume that the number was
 * looked at. An increment costs an addition, a comparison and a jump, of which the latter two are
 * one instruction to most CPUs: about a cycle.
 *
 * All functions are for the thread of the asking loop, where all callbacks come, too. */
#ifndef UVLAB_MEASURE_COUNTER_H
#define UVLAB_MEASURE_COUNTER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"
#include "measure/recorder.h"

struct counter;

/* How many increments (or rounds) a counter makes between two looks at whether it is to stop: some
 * milliseconds. */
enum { COUNTER_STRIDE = 4 * 1024 * 1024 };

/* A message and its answer. It belongs to the caller, who zeroes it, fills in the first group and
 * leaves it alone until it was answered. */
struct counter_call {
    uint64_t target; /* what to count to */
    bool computes;   /* instead of counting: so many rounds of spin() (measure/spin.h) */
    void (*answered)(struct counter_call *call);
    void *data;
    /* Where the counter's thread writes when it started, finished, what CPU time it used, and its
     * lane: in a recorder, or NULL, which makes it `own`. */
    struct span_on_worker *seen;

    /* The answer: readable in answered() and from then on. */
    uint64_t counted;                /* or rounds; equals target, unless status says why not */
    int status;                      /* SPAN_OK; UV_ECANCELED; why the thread had no loop */
    uint64_t submitted, called_back; /* ticks: post()'s first statement, and its callback's */
    struct span_on_worker own;

    /* counter.c's own. */
    atomic_bool cancelled;
    struct counter_call *next;
};

struct counter_options {
    /* The thread's loop is there (status 0), or cannot be had (negative UV_E*), which leaves only
     * counter_close() to do; optional. `ticks`: this callback's first statement. */
    void (*online)(void *data, int status, uint64_t ticks);
    /* After counter_close(): the thread has ended, the handle is closed, and the counter is freed
     * already. `ended_ticks`: the first statement of the callback that told of the end, which came
     * before; SPAN_UNKNOWN when there never was a thread. Optional. */
    void (*closed)(void *data, uint64_t ended_ticks);
    void *data;       /* for both */
    int lane;         /* of everything that the thread does */
    bool measure_cpu; /* of each count: two readings of the thread's CPU clock */
    /* Where the thread writes of its own start (started: its first statement; finished: its loop
     * can be run) and end (started: it has seen that it is to end; finished: its loop is closed);
     * each may be NULL. They stay valid until closed(). */
    struct span_on_worker *start_seen, *end_seen;
};

/* Makes a counter, without its thread, that is asked from `loop`, which it keeps alive until it is
 * closed. Returns NULL after filling *e when memory or descriptors are short; *options is copied.
 */
struct counter *counter_new(uv_loop_t *loop, const struct counter_options *options, struct err *e);

/* Starts its thread, once. Its signals are blocked, and stay so. Returns 0 at once, and online()
 * tells the rest; or a negative UV_E* when there may be no more threads: then online() is not
 * called, what is posted is answered with that error, and the caller closes the counter. */
int counter_start(struct counter *c);

/* Sends a message. Allowed as soon as counter_start() was called, before the thread is online, and
 * until counter_close(). call->answered() is called exactly once, never from within this. */
void counter_post(struct counter *c, struct counter_call *call);

/* Has a call that is not yet answered end early: it is answered with UV_ECANCELED, within
 * COUNTER_STRIDE increments when it is counting, or with its result if that came first. */
void counter_cancel(struct counter_call *call);

/* Ends the thread and frees the counter. Calls that are not yet answered are so first, with
 * UV_ECANCELED unless they are done. The first call counts; NULL and further calls until closed()
 * are allowed. */
void counter_close(struct counter *c);

/* Counts to `target` on the calling thread, in the same way, and returns what it came to: less when
 * one of the two flags (either may be NULL) was set before. Any thread. */
uint64_t counter_count(uint64_t target, const atomic_bool *stop, const atomic_bool *cancelled);

/* Bytes of memory and file descriptors that a counter takes, its thread's loop included, for
 * judging beforehand whether they suffice. */
enum { COUNTER_STACK_BYTES = 256 * 1024, COUNTER_DESCRIPTORS = 8 };
uint64_t counter_bytes(void);

#endif
