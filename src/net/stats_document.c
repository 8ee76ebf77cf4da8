/* From the board to JSON. Numbers are written as their digits, as cJSON's own are doubles. */
#include "net/stats_document.h"

#include <stdbool.h>

#include "base/digits.h"
#include "measure/span.h"

static bool put(cJSON *object, const char *key, cJSON *item)
{
    if (item != NULL && cJSON_AddItemToObject(object, key, item))
        return true;
    cJSON_Delete(item);
    return false;
}

static bool put_number(cJSON *object, const char *key, uint64_t number)
{
    char digits[DIGITS_MOST + 1];
    if (number == SPAN_UNKNOWN)
        return put(object, key, cJSON_CreateNull());
    *digits_put(digits, number) = '\0';
    return put(object, key, cJSON_CreateRaw(digits));
}

static bool put_figure(cJSON *object, const char *key, const board_figure *figure)
{
    return put_number(object, key, board_get(figure));
}

/* What only is known once the worker has looked at itself. */
static uint64_t known(uint64_t value, uint64_t updated_ns)
{
    return updated_ns > 0 ? value : SPAN_UNKNOWN;
}

static uint64_t since(uint64_t then_ns, uint64_t now_ns)
{
    if (then_ns == 0)
        return SPAN_UNKNOWN;
    return now_ns > then_ns ? now_ns - then_ns : 0;
}

static bool fill(cJSON *o, unsigned worker, const struct worker_slot *s, uint64_t now_ns)
{
    uint64_t updated_ns = board_get(&s->own.updated_ns), pid = board_get(&s->primary.pid);
    uint64_t state = board_get(&s->primary.state);
    return put_number(o, "worker", worker) && put_number(o, "pid", pid > 0 ? pid : SPAN_UNKNOWN) &&
           put(o, "state",
               cJSON_CreateString(slot_state_names[state <= SLOT_WAITING ? state : 0])) &&
           put_number(o, "uptime_ns", since(board_get(&s->primary.started_ns), now_ns)) &&
           put_figure(o, "restarts", &s->primary.restarts) &&
           put_figure(o, "requests", &s->own.requests) &&
           put_figure(o, "in_flight", &s->own.in_flight) &&
           put_figure(o, "connections", &s->own.connections) &&
           put_figure(o, "accepted", &s->own.accepted) && put_figure(o, "given", &s->own.given) &&
           put_figure(o, "pool_queued", &s->own.pool_queued) &&
           put_figure(o, "pool_running", &s->own.pool_running) &&
           put_number(o, "loop_lag_ns", known(board_lag_ns(s, now_ns), updated_ns)) &&
           put_number(o, "cpu_ns", known(board_get(&s->own.cpu_ns), updated_ns)) &&
           put_number(o, "memory_bytes", known(board_get(&s->own.memory_bytes), updated_ns)) &&
           put_number(o, "age_ns", since(updated_ns, now_ns));
}

static bool put_worker(cJSON *workers, unsigned worker, const struct worker_slot *s,
                       uint64_t now_ns)
{
    cJSON *object = cJSON_CreateObject();
    if (object == NULL || !fill(object, worker, s, now_ns) ||
        !cJSON_AddItemToArray(workers, object)) {
        cJSON_Delete(object);
        return false;
    }
    return true;
}

static bool is_in_use(const struct worker_slot *s)
{
    return board_get(&s->primary.state) != SLOT_UNUSED || board_get(&s->own.updated_ns) > 0;
}

cJSON *stats_document(const struct server_board *board, uint64_t now_ns)
{
    cJSON *document = cJSON_CreateObject(), *workers = NULL;
    bool ok = document != NULL && put(document, "schema", cJSON_CreateString("uvlab.stats/1")) &&
              put_number(document, "uptime_ns", since(board->started_ns, now_ns));
    if (ok)
        workers = cJSON_AddArrayToObject(document, "workers");
    ok = ok && workers != NULL;
    for (unsigned i = 0; ok && i < board_slot_count(board); i++)
        if (is_in_use(&board->slots[i]))
            ok = put_worker(workers, board_worker_of(board, &board->slots[i]), &board->slots[i],
                            now_ns);
    if (ok)
        return document;
    cJSON_Delete(document);
    return NULL;
}
