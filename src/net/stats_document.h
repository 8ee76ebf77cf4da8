/* The figures of all workers as JSON, schema uvlab.stats/1: what /stats answers. */
#ifndef UVLAB_NET_STATS_DOCUMENT_H
#define UVLAB_NET_STATS_DOCUMENT_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "net/board.h"

/* {"schema": "uvlab.stats/1", "uptime_ns": N, "workers": [{"worker": 1, "pid": 4711,
 *  "state": "serving", "uptime_ns": N, "restarts": 0, "requests": 0, "in_flight": 0,
 *  "connections": 0, "accepted": 0, "given": 0, "pool_queued": 0, "pool_running": 0,
 *  "loop_lag_ns": N, "cpu_ns": N, "memory_bytes": N, "age_ns": N}, ...]}
 *
 * with an entry for each slot of the board that is or was in use: two of one number while one
 * replaces the other. What is not known yet is null. `age_ns`: how old the figures are that a
 * worker only writes from time to time (net/board.h). Instants are told as of `now_ns`,
 * CLOCK_MONOTONIC. The caller's, to be given to cJSON_Delete(); NULL when memory is short. Any
 * thread. */
cJSON *stats_document(const struct server_board *board, uint64_t now_ns);

#endif
