/* cluster: what do more processes buy?
 *
 * A server of W worker processes, each with a loop and a pool of its own, is put under load. Every
 * request is a span that tells which worker had it and what happened inside: how long it waited for
 * that worker's loop, and for a thread of its pool. One path: all connections ask for it. Several:
 * each has connections of its own, so that a path that blocks a worker and one that is fast can be
 * watched side by side.
 *
 * The servers are process trees (net/server_group.h), started before anything else; the load is
 * made on the run's loop (net/load.h). */
#include "cluster.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "measure/host.h"

enum { REQUESTS_PRESET = 6, URL_BYTES_MOST = 2048, KILL_MS_LEAST = 10 };
#define GRACE_NS UINT64_C(10000000000)
#define APART_NS UINT64_C(20000000) /* a path after the one before */

/* clang-format off */
static const struct param params[] = {
    CLUSTER_PARAMS(struct cluster_options, server),
    PARAM_LIST(struct cluster_options, paths, "path", 0, 0, "PATH",
               "what to ask for (default: /); several: each on connections of its own"),
    LOAD_PARAMS_LETTER(struct cluster_options, load, 0, "6", "concurrency", "6"),
    { .name = "kill-every", .type = PARAM_TYPE_DURATION, .flags = PARAM_OPTIONAL,
      .min = KILL_MS_LEAST * 1000000, .max = 86400000000000,
      .offset = PARAM_FIELD_(struct cluster_options, kill_every_ns, uint64_t),
      .help = "kill a worker (SIGKILL), the next one in turn, again and again after so long" },
    PARAM_END,
};
/* clang-format on */

static const struct span_kind *const kinds[] = {LOAD_KIND_ROWS, NULL};

unsigned cluster_path_count(const struct cluster_options *o)
{
    return o->paths.count > 0 ? o->paths.count : 1;
}

const char *cluster_path(const struct cluster_options *o, unsigned i)
{
    return o->paths.count > 0 ? o->paths.items[i] : "/";
}

bool cluster_path_computes(const char *path)
{
    static const char *const paths[] = {"/", "/spin", "/block", "/count"};
    size_t length = strcspn(path, "?#");

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (strlen(paths[i]) == length && memcmp(paths[i], path, length) == 0)
            return true;
    return false;
}

static int check_path(const char *path, struct err *e)
{
    char url[URL_BYTES_MOST];
    struct err why;

    if (path[0] != '/')
        return err_set(e, STATUS_USAGE, "--path %.80s: must begin with /", path);
    if ((size_t)snprintf(url, sizeof url, "http://127.0.0.1%s", path) >= sizeof url)
        return err_set(e, STATUS_USAGE, "--path %.40s...: is longer than 2,000 bytes", path);
    for (const char *c = path; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 127)
            return err_set(e, STATUS_USAGE,
                           "--path %.80s: blanks, control characters and those beyond ASCII have "
                           "to be written as %%20 and the like",
                           path);
    if (load_check_url(url, &why) != 0)
        return err_set(e, STATUS_USAGE, "--path %.80s: is no path of a URL", path);
    return 0;
}

/* Rows of the load that only make sense for a server of somebody else's. */
static int refuse_useless(const struct param_set *set, struct err *e)
{
    static const char *const names[] = {"cacert", "insecure", NULL};
    const char *given = param_given(set, names);

    if (given == NULL)
        return 0;
    return err_set(e, STATUS_USAGE,
                   "--%s: the server is uvlab's own, and so is the certificate that is trusted",
                   given);
}

static bool was_given(const struct param_set *set, const char *name)
{
    return param_source_of(set, name) != PARAM_FROM_DEFAULT;
}

/* As many requests and connections as paths, where several were given and nothing else was said. */
static int settle_numbers(struct param_set *set, struct cluster_options *o, struct err *e)
{
    uint64_t paths = cluster_path_count(o);

    if (!was_given(set, "concurrency"))
        o->load.connections = paths > 1 ? paths : REQUESTS_PRESET;
    if (!was_given(set, "requests"))
        o->load.requests =
            was_given(set, "concurrency") || paths > 1 ? o->load.connections : REQUESTS_PRESET;
    else if (!was_given(set, "concurrency") && o->load.requests < o->load.connections)
        o->load.connections = o->load.requests > paths ? o->load.requests : paths;
    if (o->load.connections < paths)
        return err_set(e, STATUS_USAGE,
                       "--concurrency %" PRIu64 ": %" PRIu64
                       " paths need as many, as they share no connection",
                       o->load.connections, paths);
    if (was_given(set, "requests") && o->load.requests < paths)
        return err_set(e, STATUS_USAGE, "--requests %" PRIu64 ": there are %" PRIu64 " paths",
                       o->load.requests, paths);
    return 0;
}

/* Paths are asked for one after the other, a moment apart, so that the worker that has the first is
 * busy with it when the second comes. That is a ramp of connections, and is told as one. */
static void settle_order(struct param_set *set, struct cluster_options *o)
{
    uint64_t ramp_ns = cluster_path_count(o) * APART_NS;
    const struct param *ramp = param_find(set->table, "ramp", strlen("ramp"));

    if (cluster_path_count(o) == 1 || was_given(set, "ramp") || o->load.rate != 0 ||
        (o->load.duration_ns != 0 && o->load.duration_ns <= ramp_ns))
        return;
    o->load.ramp_ns = ramp_ns;
    set->source[ramp - set->table] = PARAM_FROM_FLAG;
}

/* What was left open for the machine to say. */
static uint64_t settle_server(struct cluster_options *o)
{
    struct host_facts host;
    uint64_t cpus;

    host_gather(&host);
    cpus = host_cpus_usable(&host);
    if (o->server.workers == PARAM_WORD)
        o->server.workers = cpus < SERVE_WORKERS_MOST ? cpus : SERVE_WORKERS_MOST;
    if (o->server.threads == 0)
        o->server.threads = POOL_DEFAULT;
    o->server.host = "127.0.0.1";
    o->server.grace_ns = GRACE_NS; /* a terminal's SIGINT is for the servers, too */
    return cpus;
}

/* Whether the same with as many workers as CPUs would show something: a crowd that all computes. */
static bool wants_baseline(const struct cluster_options *o, uint64_t cpus)
{
    const struct load_options *l = &o->load;

    for (unsigned i = 0; i < cluster_path_count(o); i++)
        if (!cluster_path_computes(cluster_path(o, i)))
            return false;
    return o->server.workers > cpus && l->requests > cpus && l->connections > cpus &&
           l->duration_ns == 0 && l->rate == 0 && l->ramp_ns == 0 && !l->histogram &&
           o->kill_every_ns == 0;
}

static uint64_t kills_most(const struct cluster_options *o)
{
    return o->kill_every_ns == 0 ? 0 : CLUSTER_KILLS_MOST;
}

static int plan(struct param_set *set, struct plan *plan, struct err *e)
{
    struct cluster_options *o = set->values;
    struct pass pass = {.role = PASS_MEASURED};
    uint64_t cpus = settle_server(o);

    for (unsigned i = 0; i < o->paths.count; i++)
        if (check_path(o->paths.items[i], e) != 0)
            return -1;
    if (refuse_useless(set, e) != 0 || settle_numbers(set, o, e) != 0)
        return -1;
    settle_order(set, o);
    if (load_check(set, &o->load, e) != 0)
        return -1;
    o->load.once = o->kill_every_ns != 0;
    load_plan(&o->load, cluster_path_count(o), &pass);
    pass.kept_bytes += cluster_facts_bytes((uint32_t)kills_most(o));
    plan->descriptors = load_descriptors(&o->load);
    plan->passes[plan->pass_count++] = pass;
    if (!wants_baseline(o, cpus))
        return 0;
    pass.role = PASS_BASELINE;
    pass.runs = PASS_RUNS_AS_MEASURED;
    pass.override = "workers";
    pass.override_value = cpus;
    plan->passes[plan->pass_count++] = pass;
    return 0;
}

static const enum column columns[] = {
    COLUMN_CALL,        COLUMN_SUBMITTED, COLUMN_WAITED, COLUMN_RAN,    COLUMN_RETURNED,
    COLUMN_CALLED_BACK, COLUMN_LANE,      COLUMN_ANSWER, COLUMN_STATUS, COLUMN_END,
};

static const char *const examples[] = {
    "uvlab cluster --workers 1 --path '/block?ms=5000' -n 2 -c 2",
    "uvlab cluster --workers 1 --path '/block?ms=5000' --path /fast",
    "uvlab cluster --workers 4 --path '/block?ms=5000' --path /fast --timeline",
    "uvlab cluster --workers 2 --threads 1 --requests 6 --concurrency 6 --timeline",
    "uvlab cluster --workers 6 --threads 1 --requests 6 --concurrency 6 --runs 5",
    "uvlab cluster --workers 2 --path /fast -c 50 -n 500",
    "uvlab cluster --workers 2 --path /fast -c 50 --duration 10s --kill-every 1s",
    NULL,
};

const struct experiment experiment_cluster = {
    .name = "cluster",
    .question = "What do more processes buy?",
    .about =
        "Puts a server of W worker processes, each with a loop and a pool of T threads, under "
        "load. / computes a hash on the pool, /fast answers at once, /block?ms=N busy-waits on the "
        "loop; see 'uvlab help serve' for the others. Every request tells which worker had it, how "
        "long it waited for that worker's loop, and what was done for it there. With several "
        "--path each is asked for on connections of its own, in that order, 20 ms apart unless "
        "--ramp says otherwise. With more workers than "
        "CPUs and paths that compute, all runs are also made with as many workers as CPUs, for "
        "comparison. --kill-every kills workers meanwhile, and says what that cost.",
    .examples = examples,
    .params = params,
    .options_size = sizeof(struct cluster_options),
    .kinds = kinds,
    .claims = cluster_claims,
    .columns = columns,
    .records = LOAD_RECORDS,
    .plan = plan,
    .open = cluster_open,
    .close = cluster_close,
    .helpers_cpu_ns = cluster_cpu_ns,
    .prepare = cluster_prepare,
    .start = cluster_start,
    .cancel = cluster_cancel,
    .cleanup = cluster_cleanup,
};
