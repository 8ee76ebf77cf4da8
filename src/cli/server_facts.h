/* What a running server says of itself, taken out of its answer. Main thread. */
#ifndef UVLAB_CLI_SERVER_FACTS_H
#define UVLAB_CLI_SERVER_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "base/text.h"

#define SERVER_UNKNOWN UINT64_MAX

struct worker_facts {
    unsigned worker;
    uint64_t pid; /* 0: none */
    const char *state;
    uint64_t restarts, uptime_ns, requests, in_flight, connections, pool_queued, pool_running;
    uint64_t loop_lag_ns, cpu_ns, memory_bytes; /* SERVER_UNKNOWN: not reported yet */
};

struct server_facts {
    cJSON *json; /* owner of all texts */
    const char *name, *url, *state, *scheduling;
    uint64_t pid, uptime_ns, grace_ns;
    struct worker_facts *workers; /* in the order of their numbers; a replaced one is there twice */
    unsigned worker_count;
    const cJSON *log; /* objects with at_ms and text, the oldest first */
};

/* Asks the server of that name. Release with server_facts_free(), also after a failure. */
int server_facts_ask(struct server_facts *f, const char *name, struct err *e);
/* Takes an answer apart; whoever answered could be of another version. STATUS_FAILED. */
int server_facts_parse(struct server_facts *f, const char *answer, size_t length, struct err *e);
void server_facts_free(struct server_facts *f);

/* Texts of one line of the log: "14:05:09", and what it says. */
enum { SERVER_TIME_BYTES = 16 };
const char *server_log_text(const cJSON *line, char time[SERVER_TIME_BYTES]);

#endif
