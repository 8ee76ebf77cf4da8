/* The span: one asynchronous call and its four instants.
 *
 *     submitted ------ waited ------ started ---- ran ---- finished -- returned -- called_back
 *     the loop asks     (queued)     a thread              the work     (the loop   its callback
 *     for it                         takes it              ends          is late)   begins
 *
 * This is the form in which everything that looks at results (claims, statistics, views) sees it:
 * by value, in nanoseconds since the start of its run. How spans are recorded is recorder.h's
 * business. What each instant means for each kind of call is in docs/spans.md. */
#ifndef UVLAB_MEASURE_SPAN_H
#define UVLAB_MEASURE_SPAN_H

#include <stdbool.h>
#include <stdint.h>

/* An instant or a duration that could not be observed: shown as "-", written as null. Never 0. */
#define SPAN_UNKNOWN UINT64_MAX
/* No span: the parent of a span at the top, the cause of one that the main program submitted. */
#define SPAN_NONE UINT32_MAX

/* The lane that a call ran on. Pool threads are 1 to 1024. What ran in a worker process has a lane
 * of lane_of_worker(): thread 0 is its loop's, those up to 1024 are those of its pool; behind them
 * are threads with loops of their own, and then processes that it started. */
enum {
    LANE_UNKNOWN = -1,
    LANE_LOOP = 0,
    LANE_OS = 4096,
    LANE_WORKER = 65536,
    LANES_OF_WORKER = 2048,
    LANE_OWN_THREAD = 1024, /* behind it, of a worker's: its own thread 1, 2, ... */
    LANE_OWN_CHILD = 1536,  /* its child 1, 2, ... */
};

static inline int lane_of_worker(unsigned worker, unsigned thread)
{
    return LANE_WORKER + (int)(worker * LANES_OF_WORKER + thread);
}

/* Of a lane of a worker: which of its threads or children, or 0. */
static inline unsigned lane_thread(int lane)
{
    return (unsigned)(lane - LANE_WORKER) % LANES_OF_WORKER;
}

/* Whether it is a single thread's, but for the loop's: of the pool, or of a worker. */
static inline bool lane_is_thread(int lane)
{
    return (lane > LANE_LOOP && lane < LANE_OS) || lane >= LANE_WORKER;
}

/* Why a call failed, where neither libuv nor the system has an error number for it; every other
 * status is 0 (ok) or a negative UV_E*. */
enum span_status {
    SPAN_OK = 0,
    SPAN_FAILED_CRYPTO = -6001,      /* OpenSSL refused or failed */
    SPAN_FAILED_COMPRESSION = -6002, /* zlib failed */
    SPAN_FAILED_SHORT_READ = -6003,  /* a file ended before its size, as fstat told it */
    SPAN_UNFINISHED = -6004,         /* it was not called back before the run was given up */
    SPAN_FAILED_GREW = -6005,        /* a file turned out larger than it was planned for */
    /* Of a request of the load generator, the kinds of errors that it counts: */
    SPAN_FAILED_CONNECT = -6011,   /* no connection, or no TLS on it */
    SPAN_FAILED_RESET = -6012,     /* the connection ended before the answer did */
    SPAN_FAILED_TIMEOUT = -6013,   /* not answered in time */
    SPAN_FAILED_MALFORMED = -6014, /* the answer is not HTTP */
    SPAN_FAILED_STATUS = -6015,    /* it was answered with 400 or more */
    /* libcurl's: -7000 less its CURLcode (1 to 99), which says of what sort the failure was. */
    SPAN_FAILED_CURL = -7000,
    SPAN_FAILED_CURL_LAST = -7099,
};

/* The phases of libuv's loop, in no order: which order the linked libuv has is loop_phases()'s to
 * say (measure/phases.h). */
enum span_phase {
    PHASE_NONE, /* the main program, before the loop runs */
    PHASE_TIMERS,
    PHASE_PENDING,
    PHASE_IDLE,
    PHASE_PREPARE,
    PHASE_POLL,
    PHASE_CHECK,
    PHASE_CLOSING,
};

/* What a span can be. An experiment (or a kind of work) has a constant table of these; a span names
 * its row. Its fields are in the order in which a row reads. */
struct span_kind {         // NOLINT(clang-analyzer-optin.performance.Padding)
    const char *kind;      /* for programs: "pbkdf2", "fs.open", "timer" */
    const char *label;     /* for people: "hash"; its number is put behind it: "hash 3" */
    enum span_phase phase; /* in which its callback is called; PHASE_NONE: not known */
    const char *node_name; /* what does the same in Node.js, or NULL */
    unsigned traits;       /* enum span_trait */
};

enum span_trait {
    SPAN_POOLED = 1,    /* runs on the thread pool */
    SPAN_SLOW_IO = 2,   /* of libuv's slow-I/O class, which at most half of the threads may run */
    SPAN_CPU_BOUND = 4, /* needs a CPU for as long as it runs */
    SPAN_BLURRED = 8,   /* so short that `started` is read without a fence: CLOCK_BLUR_NS */
    SPAN_HTTP = 16,     /* an HTTP request: struct span_http tells more of it */
    /* What another process of this host told of it: its instants are recorded as nanoseconds of
     * CLOCK_MONOTONIC and not as ticks. */
    SPAN_REMOTE = 32,     /* `started` and `finished` */
    SPAN_REMOTE_ALL = 64, /* all four */
    SPAN_RESTS = 128,     /* occupies nothing while it runs, as a timer that is awaited */
};

/* What an HTTP request came to, beyond its instants. */
struct span_http {
    uint64_t received_bytes; /* of the answer's body */
    const char *error;       /* what libcurl (or the load generator) said of the failure, or NULL */
    uint64_t sent;           /* ticks, as the recorder has them: see span.sent_ns; 0: unknown */
    uint64_t first_byte;     /* the same: span.first_byte_ns */
    uint32_t connection;     /* that it went over, numbered from 1; 0: unknown */
    uint16_t answer;         /* status code; 0: there was no answer */
    uint8_t version;         /* 10, 11, 20, 30; 0: unknown */
    bool reused;             /* it went over a connection that was there already */
};

struct span {
    uint32_t id;        /* 1-based position in its run */
    uint32_t parent;    /* id of the call that this one is a part of, or SPAN_NONE */
    uint32_t armed_by;  /* id of the call in whose callback it was submitted, or SPAN_NONE: the main
                           program, or not recorded */
    uint32_t ordinal;   /* the number in its name; 0: the label alone is the name */
    uint32_t iteration; /* of the loop, from 1, in which it was called back; 0: unknown, or
                           (timers, libuv 1.45 and later) before the first */
    int lane;
    int status; /* SPAN_OK, a negative UV_E*, or enum span_status */
    const struct span_kind *kind;
    uint64_t submitted_ns, started_ns, finished_ns, called_back_ns;
    uint64_t cpu_ns;              /* CPU time of its thread while it ran */
    uint64_t due_ns;              /* of an open loop: when it was to be submitted */
    uint64_t sent_ns;             /* of a request: handed to the kernel, the first time */
    uint64_t first_byte_ns;       /* of a request: the first byte of the answer was seen */
    const struct span_http *http; /* of a request; NULL for other calls */
};

/* The three numbers, and their sum; SPAN_UNKNOWN when one of their ends is. Pure. */
uint64_t span_waited_ns(const struct span *s);   /* started - submitted */
uint64_t span_ran_ns(const struct span *s);      /* finished - started */
uint64_t span_returned_ns(const struct span *s); /* called_back - finished */
uint64_t span_total_ns(const struct span *s);    /* called_back - submitted */
/* Of an open loop: how late it was submitted, and what it took from when it was due. */
uint64_t span_late_ns(const struct span *s);
uint64_t span_since_due_ns(const struct span *s);

/* Whether it is a phase of its parent that is over: complete, with no callback to come. Pure. */
bool span_is_phase(const struct span *s);

/* Room for any text that these write, with its NUL; both return buf. */
enum { SPAN_TEXT_BYTES = 96 };
char *span_name(const struct span *s, char buf[SPAN_TEXT_BYTES]); /* "hash 3" */
/* Of a lane of a worker that is not its loop's: "pool 2", "thread 1", "child 1". Returns buf. */
enum { SPAN_LANE_BYTES = 32 };
char *span_lane_within(int lane, char buf[SPAN_LANE_BYTES]);
/* "pool 2", "loop", "os", "worker 1", "worker 1 pool 2", "-" */
char *span_lane_name(int lane, char buf[SPAN_TEXT_BYTES]);
/* "ok", or what went wrong: "ENOENT: no such file or directory". A constant or in buf. */
const char *span_status_text(int status, char buf[SPAN_TEXT_BYTES]);
const char *span_phase_name(enum span_phase phase);          /* "timers", ...; "" for PHASE_NONE */
const char *span_http_version(const struct span_http *http); /* "1.1", "2"; NULL: unknown */

#endif
