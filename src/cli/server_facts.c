/* The answer of a server, taken apart. It comes from a process of this user, but maybe of another
 * version, so whatever is missing is 0, unknown or "?", and texts are made printable. Main thread.
 */
#include "cli/server_facts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "net/control.h"

static uint64_t number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
    return value >= 0 && value < 9e18 ? (uint64_t)value : 0;
}

static uint64_t reported(const cJSON *object, const char *key)
{
    if (!cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(object, key)))
        return SERVER_UNKNOWN;
    return number(object, key);
}

static const char *text_of(const cJSON *object, const char *key)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsString(item))
        return "?";
    text_make_printable(item->valuestring);
    return item->valuestring;
}

static void take_worker(struct worker_facts *w, const cJSON *json)
{
    *w = (struct worker_facts){
        .worker = (unsigned)number(json, "worker"),
        .pid = number(json, "pid"),
        .state = text_of(json, "state"),
        .restarts = number(json, "restarts"),
        .uptime_ns = number(json, "uptime_ns"),
        .requests = number(json, "requests"),
        .in_flight = number(json, "in_flight"),
        .connections = number(json, "connections"),
        .pool_queued = number(json, "pool_queued"),
        .pool_running = number(json, "pool_running"),
        .loop_lag_ns = reported(json, "loop_lag_ns"),
        .cpu_ns = reported(json, "cpu_ns"),
        .memory_bytes = reported(json, "memory_bytes"),
    };
}

int server_facts_parse(struct server_facts *f, const char *answer, size_t length, struct err *e)
{
    const cJSON *workers, *item;
    memset(f, 0, sizeof *f);
    f->json = cJSON_ParseWithLength(answer, length);
    workers = cJSON_GetObjectItemCaseSensitive(f->json, "workers");
    if (!cJSON_IsArray(workers))
        return err_set(e, STATUS_FAILED, "the server's answer is not understood");
    f->name = text_of(f->json, "name");
    f->url = text_of(f->json, "url");
    f->state = text_of(f->json, "state");
    f->scheduling = text_of(f->json, "scheduling");
    f->pid = number(f->json, "pid");
    f->uptime_ns = number(f->json, "uptime_ns");
    f->grace_ns = number(f->json, "grace_ns");
    f->log = cJSON_GetObjectItemCaseSensitive(f->json, "log");
    f->workers = mem_zeroed((size_t)cJSON_GetArraySize(workers), sizeof *f->workers);
    if (f->workers == NULL)
        return err_no_memory(e, "the workers");
    for (item = workers->child; item != NULL; item = item->next)
        take_worker(&f->workers[f->worker_count++], item);
    return 0;
}

int server_facts_ask(struct server_facts *f, const char *name, struct err *e)
{
    struct text answer = TEXT_EMPTY;
    int rc;
    memset(f, 0, sizeof *f);
    rc = control_ask(name, CONTROL_SHOW, 0, &answer, e);
    if (rc == 0)
        rc = server_facts_parse(f, text_get(&answer), answer.length, e);
    text_free(&answer);
    return rc;
}

void server_facts_free(struct server_facts *f)
{
    cJSON_Delete(f->json);
    mem_free(f->workers);
    memset(f, 0, sizeof *f);
}

const char *server_log_text(const cJSON *line, char time[SERVER_TIME_BYTES])
{
    time_t at_s = (time_t)(number(line, "at_ms") / 1000);
    struct tm tm;
    if (localtime_r(&at_s, &tm) == NULL || strftime(time, SERVER_TIME_BYTES, "%H:%M:%S", &tm) == 0)
        snprintf(time, SERVER_TIME_BYTES, "?");
    return text_of(line, "text");
}
