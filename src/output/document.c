/* What documents say about the whole result: parameters, environment, warnings, claims. Parameters
 * derive from the rows of the option tables alone, so that a new option needs nothing here.
 * Functions of one read-only result; main thread. */
#include "output/document.h"

#include <stdio.h>
#include <string.h>

#include "analysis/claims.h"
#include "base/version.h"
#include "output/json_text.h"

const char *document_role(const struct run *run)
{
    static const char *const names[] = {
        [PASS_MEASURED] = "measured",
        [PASS_BASELINE] = "baseline",
        [PASS_TRIAL] = "trial",
        [PASS_WARMUP] = "warmup",
    };

    return names[run->pass->role];
}

const char *document_key(const struct param *p, char key[DOCUMENT_KEY_BYTES])
{
    return param_key(p, key);
}

/* Keeps what was built if all of it was, else frees it. */
static cJSON *complete(cJSON *item, bool ok)
{
    if (ok)
        return item;
    cJSON_Delete(item);
    return NULL;
}

/* The value that row `p` would have if its number were n. */
static cJSON *number_value(const struct param *p, uint64_t n)
{
    if (p->type == PARAM_TYPE_CHOICE)
        return json_text(p->choices[n]);
    if (p->type == PARAM_TYPE_FLAG)
        return cJSON_CreateBool(n != 0);
    return json_number(n);
}

static cJSON *list_value(const struct param *p, const struct param_list *list)
{
    char shown[DOCUMENT_SHOWN_BYTES];
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (unsigned i = 0; ok && i < list->count; i++)
        ok = json_put(array, NULL, json_text(param_shown(p, list->items[i], shown, sizeof shown)));
    return complete(array, ok);
}

static cJSON *value_of(const struct param_set *set, size_t row)
{
    const struct param *p = &set->table[row];
    const void *field = (const char *)set->values + p->offset;
    bool unset = set->source[row] == PARAM_FROM_DEFAULT && p->preset == NULL;

    if (set->source[row] == PARAM_SUPERSEDED)
        return cJSON_CreateNull();
    switch (p->type) {
    case PARAM_TYPE_FLAG:
        return cJSON_CreateBool(*(const bool *)field);
    case PARAM_TYPE_STRING:
        return json_text(*(const char *const *)field);
    case PARAM_TYPE_CHOICE:
        return unset ? cJSON_CreateNull() : number_value(p, *(const unsigned *)field);
    case PARAM_TYPE_LIST:
        return list_value(p, field);
    case PARAM_TYPE_COUNT:
    case PARAM_TYPE_DURATION:
    case PARAM_TYPE_SIZE:
    case PARAM_TYPE_PERCENT:
        break;
    }
    return unset ? cJSON_CreateNull() : number_value(p, *(const uint64_t *)field);
}

static bool put_parameters(cJSON *object, const struct param_set *set, uint32_t pool_size)
{
    char key[DOCUMENT_KEY_BYTES];

    for (size_t i = 0; set->table[i].name != NULL; i++) {
        const struct param *p = &set->table[i];
        bool is_pool_size = pool_size > 0 && strcmp(p->name, "threads") == 0;

        if (p->flags & PARAM_VIEW)
            continue;
        if (!json_put(object, document_key(p, key),
                      is_pool_size ? json_number(pool_size) : value_of(set, i)))
            return false;
    }
    return true;
}

cJSON *document_parameters(const struct result *r)
{
    cJSON *object = cJSON_CreateObject();

    return complete(object, object != NULL && put_parameters(object, &r->options, r->pool.size) &&
                                put_parameters(object, r->common, 0));
}

cJSON *document_override(const struct result *r, const struct run *run)
{
    const char *name = run->pass->override;
    cJSON *object = cJSON_CreateObject();
    char key[DOCUMENT_KEY_BYTES];
    const struct param *p;

    if (object == NULL || name == NULL)
        return object;
    p = param_find(r->experiment->params, name, strlen(name));
    if (p == NULL)
        return object;
    return complete(
        object, json_put(object, document_key(p, key), number_value(p, run->pass->override_value)));
}

/* A fact that could not be found out is an empty text there and a null here. */
static cJSON *fact(const char *text)
{
    return json_text(text == NULL || text[0] == '\0' ? NULL : text);
}

static bool put_machine(cJSON *o, const struct result *r)
{
    const struct host_facts *h = &r->host;

    return json_put(o, "cpu", fact(h->cpu)) &&
           json_put(o, "cpus_online", json_number(h->cpus_online)) &&
           json_put(o, "cpus_allowed", json_number(h->cpus_allowed)) &&
           json_put(o, "cpu_quota", json_measure(h->cpu_quota)) &&
           json_put(o, "memory_bytes", json_number(h->memory_bytes)) &&
           json_put(o, "kernel", fact(h->kernel)) &&
           json_put(o, "load_average", json_measure(h->load_average)) &&
           json_put(o, "others_cpu_ns", json_number(r->others_cpu_ns)) &&
           json_put(o, "stolen_ns", json_number(r->stolen_ns)) &&
           json_put(o, "watched_ns", json_number(r->watched_ns)) &&
           json_put(o, "clock", fact(r->clock));
}

static bool put_software(cJSON *o, const struct result *r)
{
    const struct host_facts *h = &r->host;
    bool has_pool = r->pool.size > 0;

    return json_put(o, "uvlab", json_text(UVLAB_VERSION)) && json_put(o, "libuv", fact(h->libuv)) &&
           json_put(o, "libuv_built", fact(h->libuv_built)) &&
           json_put(o, "openssl", fact(h->openssl)) && json_put(o, "libcurl", fact(r->libcurl)) &&
           json_put(o, "cjson", fact(h->cjson)) && json_put(o, "zlib", fact(h->zlib)) &&
           json_put(o, "pool_size", json_number(has_pool ? r->pool.size : SPAN_UNKNOWN)) &&
           json_put(o, "pool_size_source",
                    json_text(has_pool ? pool_size_source_name(r->pool.source) : NULL));
}

cJSON *document_environment(const struct result *r)
{
    cJSON *object = cJSON_CreateObject();

    return complete(object, object != NULL && put_machine(object, r) && put_software(object, r));
}

cJSON *document_warnings(const struct result *r)
{
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (size_t i = 0; ok && i < r->warnings.count; i++)
        ok = json_put(array, NULL, json_text(r->warnings.items[i]));
    return complete(array, ok);
}

static cJSON *claim_item(const struct verdict_row *row)
{
    cJSON *object = cJSON_CreateObject();

    return complete(object,
                    object != NULL && json_put(object, "id", json_text(row->claim->id)) &&
                        json_put(object, "claim", json_text(row->claim->text)) &&
                        json_put(object, "verdict", json_text(claims_verdict_name(row->verdict))) &&
                        json_put(object, "evidence", json_text(text_get(&row->evidence))));
}

cJSON *document_claims(const struct result *r)
{
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (size_t i = 0; ok && i < r->verdict_count; i++)
        ok = json_put(array, NULL, claim_item(&r->verdicts[i]));
    return complete(array, ok);
}
