/* What a worker says of a request in its answer, for a client on the same host, which can put both
 * on one timeline: written by the server, read by the load generator.
 *
 *   Server-Timing: waited;dur=0.012, ran;dur=48.113, loop;dur=0.031
 *   Uvlab-Span: host=9f3a61c2, worker=1, pid=4711, received=N, answered=N, kind=pbkdf2, thread=2,
 *               submitted=N, started=N, finished=N, called_back=N
 *
 * each on one line. Server-Timing (W3C) has milliseconds: waited = started - submitted, ran =
 * finished - started, loop = called_back - finished; of a request for which nothing was done but
 * answering it, only ran = answered - received. Uvlab-Span has instants of CLOCK_MONOTONIC in
 * nanoseconds. What is unknown is left out of both. Pure, but for span_field_host(). */
#ifndef UVLAB_NET_SPAN_FIELD_H
#define UVLAB_NET_SPAN_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "measure/span.h" /* SPAN_UNKNOWN */

enum {
    SPAN_FIELD_BYTES = 512, /* that both lines take at most, with a NUL */
    SPAN_FIELD_WORKER_MOST = 9999,
    SPAN_FIELD_THREAD_MOST = 2047,
    SPAN_FIELD_KIND_BYTES = 24, /* of a kind, with its NUL */
};

struct span_field {
    uint32_t host;   /* span_field_host() of the writer; 0: unknown, comparable with nothing */
    unsigned worker; /* from 1 */
    unsigned thread; /* that did the work, as lane_of_worker() has it: of the pool, from 1; beyond
                        LANE_OWN_THREAD one with a loop of its own, beyond LANE_OWN_CHILD a
                        process; 0: the loop's */
    pid_t pid;       /* 0: unknown */
    char kind[SPAN_FIELD_KIND_BYTES]; /* of the work that was done for it; "": none */
    /* SPAN_UNKNOWN, or in this order: */
    uint64_t received_ns; /* first statement of the callback that brought the first byte */
    uint64_t submitted_ns, started_ns, finished_ns, called_back_ns; /* of the work */
    uint64_t answered_ns; /* just before the answer is handed to the kernel */
};

/* Nothing known. */
extern const struct span_field span_field_unknown;

/* Writes both header lines, each with CRLF. `bytes` is at least SPAN_FIELD_BYTES. Returns their
 * length; there is a NUL behind them. Allocates nothing and is meant to be cheap. */
size_t span_field_write(const struct span_field *f, char *buf, size_t bytes);

/* Reads the value of an Uvlab-Span field, which may be anything at all. True when it is one: pairs
 * in any order, blanks around them allowed, each of those above at most once and in its range,
 * `worker` among them, instants that do not contradict the order above. Keys that are not known
 * are skipped, as later versions may have more. When it is false, *f is span_field_unknown. */
bool span_field_parse(const char *value, size_t length, struct span_field *f);

/* Tells hosts (and time namespaces) apart: instants of a CLOCK_MONOTONIC can be compared where
 * this is equal and not 0. Made of the kernel's boot_id and /proc/self/ns/time; 0 where the
 * former cannot be read. Reads files: ask once, and before threads. */
uint32_t span_field_host(void);

#endif
