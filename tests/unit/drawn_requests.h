/* Requests made by hand, for tests of how they are drawn: a lookup on the pool, and the parts that
 * the operating system worked on. */
#ifndef UVLAB_TESTS_DRAWN_REQUESTS_H
#define UVLAB_TESTS_DRAWN_REQUESTS_H

#include "output/table.h"
#include "tests/unit/drawn.h"

enum { REQUEST, LOOKUP, CONNECT, TLS, FIRST_BYTE, BODY, POOL_HASH, WHOLE_READ, STEP };
static const struct span_kind requested_rows[] = {
    {"http", "request", PHASE_POLL, "https.request", SPAN_HTTP},
    {"dns", "dns", PHASE_POLL, "dns.lookup", SPAN_POOLED | SPAN_SLOW_IO},
    {"connect", "connect", PHASE_POLL, NULL, 0},
    {"tls", "tls", PHASE_POLL, NULL, 0},
    {"first-byte", "first byte", PHASE_POLL, NULL, 0},
    {"body", "body", PHASE_POLL, NULL, 0},
    {"pbkdf2", "hash", PHASE_POLL, NULL, SPAN_POOLED | SPAN_CPU_BOUND},
    {"file", "file", PHASE_POLL, NULL, 0},
    {"fs.stat", "fstat", PHASE_POLL, NULL, SPAN_POOLED},
};
static const struct span_kind *const requested_kinds[] = {
    &requested_rows[REQUEST],    &requested_rows[LOOKUP],
    &requested_rows[CONNECT],    &requested_rows[TLS],
    &requested_rows[FIRST_BYTE], &requested_rows[BODY],
    &requested_rows[POOL_HASH],  &requested_rows[WHOLE_READ],
    &requested_rows[STEP],       NULL,
};

static const enum column requested_columns[] = {COLUMN_CALL,   COLUMN_SUBMITTED, COLUMN_WAITED,
                                                COLUMN_RAN,    COLUMN_RETURNED,  COLUMN_CALLED_BACK,
                                                COLUMN_LANE,   COLUMN_ANSWER,    COLUMN_BYTES,
                                                COLUMN_STATUS, COLUMN_END};
static const struct experiment requested_experiment = {.name = "requested",
                                                       .question = "Who went where?",
                                                       .columns = requested_columns,
                                                       .records = RECORD_HTTP};

static inline struct run *requested_run(struct result *r, uint32_t capacity)
{
    struct run *run = made_run_with(r, &made_measured, capacity, requested_kinds, RECORD_HTTP);

    run->pool_size = 4;
    run->elapsed_ns = 120 * MS;
    run->cpu_ns = 40 * MS;
    run->pool_cpu_ns = 500000;
    return run;
}

static inline void requested_part(struct run *run, uint32_t whole, struct made_span part)
{
    uint32_t i = made_span(run, part);

    recorder_parent(&run->recorder, i, whole);
    run->recorder.on_loop[i].ordinal = 0;
}

/* Adds a request number `ordinal` with all its parts, 6 spans, and returns its index: its lookup
 * waits until `from`, and its answer is there 100 ms later. */
static inline uint32_t requested(struct run *run, uint32_t ordinal, uint64_t from, int lane)
{
    struct recorder *spans = &run->recorder;
    uint64_t began = from + 2 * MS, ended = from + 100 * MS;
    uint32_t whole =
        made_span(run, (struct made_span){REQUEST, LANE_OS, 0, MS, began, ended, ended + MS});

    spans->on_loop[whole].ordinal = ordinal;
    *recorder_http(spans, whole) =
        (struct span_http){.received_bytes = 4096, .answer = 200, .version = 11};
    requested_part(run, whole,
                   (struct made_span){LOOKUP, lane, 0, MS, from, from + MS, from + 2 * MS});
    requested_part(run, whole,
                   (struct made_span){CONNECT, LANE_OS, 0, began, began, began + MS, ended + MS});
    requested_part(
        run, whole,
        (struct made_span){TLS, LANE_OS, 0, began + MS, began + MS, began + 9 * MS, ended + MS});
    requested_part(run, whole,
                   (struct made_span){FIRST_BYTE, LANE_OS, 0, began + 9 * MS, began + 9 * MS,
                                      ended - MS, ended + MS});
    requested_part(run, whole,
                   (struct made_span){BODY, LANE_OS, 0, ended - MS, ended - MS, ended, ended + MS});
    return whole;
}

#endif
