/* What makes two sweeps the same is written down as JSON and compared as text, member by member, so
 * that a difference can be named. How long to go on, and how results are judged and shown, is not
 * part of it: that may change from one sitting to the next. Main thread. */
#include "sweep/journal_head.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/version.h"
#include "sweep/json_part.h"

enum { SHOWN_BYTES = 100, COMMAND_BYTES_MOST = 240 };

const char journal_none[] = "is no journal of a sweep: choose another --output, or remove it";

/* The members that are compared. What the command line says is told by the one to use; where that
 * would not help, by what the member is called. */
static const struct compared {
    const char *key, *called;
} compared[] = {
    {"uvlab", "another version of uvlab"},   {"experiment", NULL},  {"arguments", NULL},
    {"axes", "other values of its options"}, {"warmup_runs", NULL}, {"spans", NULL},
};

/* Bytes that are no valid UTF-8 are no matter: the line is compared with one that is made alike. */
static cJSON *arguments_of(const struct sweep *s)
{
    cJSON *array = cJSON_CreateArray();
    bool ok = array != NULL;

    for (size_t i = 0; ok && i < s->argument_count; i++)
        ok = json_part_put(array, NULL, cJSON_CreateString(s->arguments[i]));
    if (ok)
        return array;
    cJSON_Delete(array);
    return NULL;
}

static cJSON *axes_of(const struct sweep *s)
{
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    for (unsigned i = 0; ok && i < s->axis_count; i++) {
        cJSON *values = cJSON_CreateArray();

        ok = json_part_put(object, s->axes[i].param->name, values);
        for (uint32_t k = 0; ok && k < s->axes[i].count; k++)
            ok = json_part_put(values, NULL, cJSON_CreateString(s->axes[i].values[k].text));
    }
    if (ok)
        return object;
    cJSON_Delete(object);
    return NULL;
}

static cJSON *build(const struct sweep *s, bool spans)
{
    cJSON *o = cJSON_CreateObject();
    bool ok = o != NULL && json_part_put(o, "schema", cJSON_CreateString(JOURNAL_SCHEMA)) &&
              json_part_put(o, "uvlab", cJSON_CreateString(UVLAB_VERSION)) &&
              json_part_put(o, "experiment", cJSON_CreateString(s->experiment->name)) &&
              json_part_put(o, "arguments", arguments_of(s)) &&
              json_part_put(o, "axes", axes_of(s)) &&
              json_part_put(o, "warmup_runs", json_part_number(s->warmup)) &&
              json_part_put(o, "spans", cJSON_CreateBool(spans)) &&
              json_part_put(o, "seed", json_part_number(s->seed)) &&
              json_part_put(o, "started_at", cJSON_CreateString(s->started_at));

    if (ok)
        return o;
    cJSON_Delete(o);
    return NULL;
}

char *journal_head_make(const struct sweep *s, bool spans)
{
    cJSON *o = build(s, spans);
    char *line = o != NULL ? json_part_print(o) : NULL;

    cJSON_Delete(o);
    return line;
}

/* Cut to what a message bears. */
static const char *shown(const char *text, char buf[SHOWN_BYTES])
{
    size_t kept = text_cut(text, SHOWN_BYTES - sizeof "...");

    snprintf(buf, SHOWN_BYTES, "%.*s%s", (int)kept, text, text[kept] != '\0' ? "..." : "");
    return buf;
}

/* A word of a command line as a shell reads it. */
static void add_word(struct text *t, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./,:@%";
    if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
        text_add(t, " %s", word);
        return;
    }
    text_add(t, " '");
    for (; *word != '\0'; word++)
        text_add(t, *word == '\'' ? "'\\''" : "%c", *word);
    text_add(t, "'");
}

/* The command line of the sweep whose head that is, as far as the head decides; what is not there
 * is left out. */
static void add_command(struct text *t, const cJSON *head)
{
    const cJSON *arguments = cJSON_GetObjectItemCaseSensitive(head, "arguments"), *argument;
    const cJSON *experiment = cJSON_GetObjectItemCaseSensitive(head, "experiment");
    const cJSON *warmup = cJSON_GetObjectItemCaseSensitive(head, "warmup_runs");

    text_add(t, "uvlab sweep");
    if (cJSON_IsString(experiment))
        add_word(t, experiment->valuestring);
    cJSON_ArrayForEach(argument, arguments)
    {
        if (cJSON_IsString(argument))
            add_word(t, argument->valuestring);
    }
    if (cJSON_IsNumber(warmup) && warmup->valuedouble > 0)
        text_add(t, " --warmup %.0f", warmup->valuedouble);
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(head, "spans")))
        text_add(t, " --spans");
}

/* "is of another sweep: go on with uvlab sweep ... or remove it": STATUS_USAGE. */
static int refuse_another(const cJSON *head, struct err *e)
{
    struct text t = TEXT_EMPTY;
    size_t kept;

    add_command(&t, head);
    kept = text_cut(text_get(&t), COMMAND_BYTES_MOST);
    if (!text_ok(&t))
        err_no_memory(e, "a journal");
    else
        err_set(e, STATUS_USAGE,
                "is of another sweep: remove it to begin anew, or go on with that one by its "
                "options and --resume: %.*s%s",
                (int)kept, text_get(&t), text_get(&t)[kept] != '\0' ? "..." : "");
    text_free(&t);
    return -1;
}

static int compare_member(const struct compared *c, const cJSON *mine, const cJSON *its,
                          struct err *e)
{
    char *wanted = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(mine, c->key));
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(its, c->key);
    char *found = item != NULL ? cJSON_PrintUnformatted(item) : NULL;
    char a[SHOWN_BYTES], b[SHOWN_BYTES];
    int rc = 0;

    if (wanted == NULL || (item != NULL && found == NULL))
        rc = err_no_memory(e, "a journal");
    else if (found != NULL && strcmp(wanted, found) == 0)
        rc = 0;
    else if (c->called == NULL)
        rc = refuse_another(its, e);
    else
        rc = err_set(e, STATUS_USAGE, "is of a sweep with %s (%s, not %s): remove it to begin anew",
                     c->called, shown(found != NULL ? found : "unknown", a), shown(wanted, b));
    cJSON_free(wanted);
    cJSON_free(found);
    return rc;
}

/* The seed decides the order of all rounds, so the journal's is the one to go on with. */
static int take_over(struct sweep *s, const cJSON *its, bool seed_given, struct err *e)
{
    const cJSON *seed = cJSON_GetObjectItemCaseSensitive(its, "seed");
    const cJSON *started = cJSON_GetObjectItemCaseSensitive(its, "started_at");
    const double most = 9007199254740992.0;

    if (!cJSON_IsNumber(seed) || !(seed->valuedouble >= 0 && seed->valuedouble <= most) ||
        !cJSON_IsString(started) || strlen(started->valuestring) >= sizeof s->started_at)
        return err_set(e, STATUS_FAILED, "%s", journal_none);
    if (seed_given && s->seed != (uint64_t)seed->valuedouble)
        return err_set(e, STATUS_USAGE,
                       "is of a sweep with --seed %" PRIu64 ", not %" PRIu64
                       ": leave out --seed to go on, or remove it to begin anew",
                       (uint64_t)seed->valuedouble, s->seed);
    s->seed = (uint64_t)seed->valuedouble;
    snprintf(s->started_at, sizeof s->started_at, "%s", started->valuestring);
    text_make_printable(s->started_at);
    return 0;
}

int journal_head_match(struct sweep *s, const char *line, size_t length, bool seed_given,
                       bool spans, struct err *e)
{
    bool short_of_memory = false;
    cJSON *its = json_part_parse(line, length, &short_of_memory), *mine = build(s, spans);
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(its, "schema");
    int rc = 0;

    if (mine == NULL || short_of_memory)
        rc = err_no_memory(e, "a journal");
    else if (!cJSON_IsString(schema) || strcmp(schema->valuestring, JOURNAL_SCHEMA) != 0)
        rc = err_set(e, STATUS_FAILED, "%s", journal_none);
    for (size_t i = 0; rc == 0 && i < sizeof compared / sizeof compared[0]; i++)
        rc = compare_member(&compared[i], mine, its, e);
    if (rc == 0)
        rc = take_over(s, its, seed_given, e);
    cJSON_Delete(its);
    cJSON_Delete(mine);
    return rc;
}
