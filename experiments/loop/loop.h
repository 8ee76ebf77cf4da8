/* Inside of the experiment `loop`: what its files share. loop.c describes it, scenario.c says what
 * is armed when, arm.c wraps libuv's handles so that each callback is a span, claims.c judges.
 * Everything here runs on the loop's thread, but for the pool job's work. */
#ifndef UVLAB_EXPERIMENTS_LOOP_H
#define UVLAB_EXPERIMENTS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "analysis/claims.h"
#include "measure/file_read.h"
#include "measure/run.h"

struct loop_options {
    uint64_t timeout_ns, trials, busy_start_ns;
    uint64_t threads; /* 0: as the environment or libuv says */
    const char *file; /* NULL: uvlab's own program file */
};

/* Rows of the table of kinds. */
enum loop_kind {
    KIND_TIMEOUT,      /* setTimeout(0): 1 ms */
    KIND_NATIVE_TIMER, /* 0 ms, which Node.js has not */
    KIND_LATER_TIMER,  /* --timeout */
    KIND_IDLE,
    KIND_PREPARE,
    KIND_WRITE,
    KIND_DATA,
    KIND_FILE, /* and those of its parts */
    KIND_JOB = KIND_FILE + FILE_KINDS,
    KIND_IMMEDIATE,
    KIND_CLOSE,      /* of a socket */
    KIND_LAST_CLOSE, /* of the handle that was there from the beginning to the end */
    KIND_COUNT,
};

enum {
    TURNS = 3,           /* iterations in which the idle and the prepare handle are called back */
    TIMEOUT_ZERO_MS = 1, /* what Node.js makes of setTimeout(f, 0) */
    /* at most so many callbacks: timeouts, the other timers, idle and prepare, socket, file, pool
     * job, immediates, closes */
    SPANS_MEASURED = 3 + 2 + 2 * TURNS + 2 + 5 + 1 + 4 + 3,
    SPANS_TRIAL = 2,
    JOB_BYTES = 64,
};

/* --- arm.c: handles whose callbacks are spans --- */

/* The handles of a run. Those that were never initialised have the type UV_UNKNOWN_HANDLE, as their
 * memory is zeroed. */
enum handle_place {
    HANDLE_CHECK,     /* where immediates are called: there from the beginning to the end */
    HANDLE_IMMEDIATE, /* idle, active while an immediate waits, so that poll does not block */
    HANDLE_IDLE,
    HANDLE_PREPARE,
    HANDLE_WRITER, /* the ends of a pair of sockets */
    HANDLE_READER,
    HANDLE_TIMERS, /* and all places from here on */
    TIMERS_MOST = 5,
    HANDLE_COUNT = HANDLE_TIMERS + TIMERS_MOST,
};

enum { IMMEDIATES_MOST = 4 };

struct timer_facts {
    uint32_t span;
    uint64_t due_ms;           /* on libuv's clock: CLOCK_MONOTONIC in whole milliseconds */
    struct clock_anchor armed; /* where the two clocks were when it was armed */
};

struct scenario {
    struct run *run;
    const struct loop_options *options;
    bool over;      /* every handle has been closed, or is being closed */
    uint32_t alive; /* spans submitted and not called back, closes not counted */
    uint32_t ordinals[KIND_COUNT];
    union uv_any_handle handles[HANDLE_COUNT];
    uint32_t close_spans[HANDLE_COUNT];
    struct timer_facts timers[TIMERS_MOST];
    unsigned timer_count;
    uint32_t immediates[IMMEDIATES_MOST]; /* spans that wait for the check phase */
    unsigned immediate_count;
    uint32_t first_immediate, idle, prepare, data, write, job; /* spans */
    struct span_on_worker *job_on_worker;
    uv_write_t write_request;
    uv_work_t work;
    bool work_under_way;
    int sockets[2]; /* not yet handed over to libuv, or -1 */
    char received[16];
    unsigned char job_output[JOB_BYTES];
    /* Only its first piece: more would repeat that part. NULL in a trial. */
    struct file_reads *file;
};

/* Opens the span of a call that is asked for in the callback of `cause` (SPAN_NONE: by the main
 * program), and takes the instant `submitted`. Returns the span. */
uint32_t call_submitted(struct scenario *s, enum loop_kind kind, uint32_t cause);
/* First thing in the callback of `span`; `ticks` was read before anything else. */
void call_came_back(struct scenario *s, uint32_t span, uint64_t ticks, int status);

void arm_machinery(struct scenario *s); /* what immediates need; before any is armed */
void arm_timer(struct scenario *s, enum loop_kind kind, uint64_t timeout_ms, uint32_t cause);
uint32_t arm_immediate(struct scenario *s, uint32_t cause);
void arm_turns(struct scenario *s); /* the idle and the prepare handle */
void arm_close(struct scenario *s, enum loop_kind kind, enum handle_place place, uint32_t cause);
/* Closes what is open, without spans. */
void close_silently(struct scenario *s, enum handle_place first, enum handle_place last);

/* --- scenario.c: what calls of the others come to --- */

int scenario_prepare(struct run *run, struct err *e);
int scenario_start(struct run *run, struct err *e);
void scenario_cancel(struct run *run);
void scenario_cleanup(struct run *run);

/* Last thing in every callback: when nothing is alive any more, what is still open is closed. */
void scenario_settle(struct scenario *s, uint32_t cause);
void scenario_immediate_called(struct scenario *s, uint32_t span);

/* --- claims.c --- */

extern const struct claim loop_claims[];

#endif
