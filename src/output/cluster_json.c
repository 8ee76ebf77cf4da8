/* What `runs[].cluster` of a document says (docs/uvlab.result-1.schema.json). Main thread. */
#include "output/cluster_json.h"

#include "analysis/worker_split.h"
#include "measure/cluster_facts.h"
#include "output/json_text.h"

static cJSON *complete(cJSON *item, bool ok)
{
    if (ok)
        return item;
    cJSON_Delete(item);
    return NULL;
}

static cJSON *worker_item(uint32_t number, const struct worker_row *row)
{
    cJSON *object = cJSON_CreateObject();

    return complete(object, object != NULL && json_put(object, "worker", json_number(number)) &&
                                json_put(object, "requests", json_number(row->requests)) &&
                                json_put(object, "connections", json_number(row->connections)));
}

static cJSON *workers_item(const struct worker_split *split)
{
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (uint32_t i = 0; ok && i < split->count; i++)
        ok = json_put(array, NULL, worker_item(i + 1, &split->rows[i]));
    return complete(array, ok);
}

static cJSON *process_number(pid_t pid)
{
    return json_number(pid > 0 ? (uint64_t)pid : SPAN_UNKNOWN);
}

static cJSON *kill_item(const struct cluster_kill *k)
{
    cJSON *object = cJSON_CreateObject();

    return complete(object, object != NULL && json_put(object, "worker", json_number(k->worker)) &&
                                json_put(object, "pid", process_number(k->pid)) &&
                                json_put(object, "successor", process_number(k->successor)) &&
                                json_put(object, "killed_ns", json_number(k->killed_ns)) &&
                                json_put(object, "died_ns", json_number(k->died_ns)) &&
                                json_put(object, "serving_ns", json_number(k->serving_ns)) &&
                                json_put(object, "replaced_after_ns",
                                         json_number(cluster_kill_replaced_ns(k))) &&
                                json_put(object, "connections", json_number(k->connections)) &&
                                json_put(object, "in_flight", json_number(k->in_flight)));
}

static cJSON *kills_item(const struct cluster_facts *f)
{
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (uint32_t i = 0; ok && i < f->kill_count; i++)
        ok = json_put(array, NULL, kill_item(&f->killed[i]));
    return complete(array, ok);
}

static cJSON *lost_item(const struct worker_losses *losses)
{
    cJSON *object = cJSON_CreateObject();

    return complete(object, object != NULL &&
                                json_put(object, "inside", json_number(losses->inside)) &&
                                json_put(object, "unclear", json_number(losses->unclear)) &&
                                json_put(object, "elsewhere", json_number(losses->outside)));
}

static bool put_all(cJSON *object, const struct run *run, const struct worker_split *split,
                    const struct worker_losses *losses)
{
    const struct cluster_facts *f = run->cluster;

    return json_put(object, "threads", json_number(f->threads)) &&
           json_put(object, "cpu_ns", json_number(f->cpu_ns)) &&
           json_put(object, "workers", workers_item(split)) &&
           json_put(object, "nameless", json_number(split->nameless)) &&
           json_put(object, "killed", f->kills ? kills_item(f) : cJSON_CreateNull()) &&
           json_put(object, "missed", json_number(f->missed)) &&
           json_put(object, "lost", f->kills ? lost_item(losses) : cJSON_CreateNull());
}

cJSON *cluster_json(const struct run *run, bool tls)
{
    cJSON *object = cJSON_CreateObject();
    struct worker_losses losses;
    struct worker_split split;
    bool ok = object != NULL && worker_split_make(&split, run, run->cluster->workers);

    if (!ok)
        return complete(object, false);
    ok = worker_losses_find(&losses, run, tls) && put_all(object, run, &split, &losses);
    worker_split_free(&split);
    return complete(object, ok);
}
