/* os-delegation: which calls never touch the pool?
 *
 * N HTTPS requests are asked for in one turn of the loop. The operating system carries them all at
 * once, and a single thread, the loop's, sees to every one of them; only the name of the server is
 * looked up on the pool. With --load-pool a full pool stands in the way of those lookups, and of
 * nothing else.
 *
 * The loop's thread does everything but hashes and lookups (net/fetch.h, measure/jobs.h); the
 * server is a process of its own (net/origin.h). */
#include "os_delegation.h"

#include "base/mem.h"
#include "measure/jobs.h"
#include "measure/pool.h"

enum { REQUESTS_MOST = 100000, HASHES_MOST = 100000, ROW_HASH = FETCH_KINDS };

/* clang-format off */
static const struct param params[] = {
    PARAM_COUNT(struct delegation_options, requests, "requests", 'n', "7", 1, REQUESTS_MOST,
                "requests to make, all in one turn of the loop"),
    PARAM_COUNT(struct delegation_options, load_pool, "load-pool", 0, "0", 0, HASHES_MOST,
                "hashes to queue on the pool before the requests"),
    POOL_PARAM_THREADS(struct delegation_options, threads),
    REQUESTS_PARAMS(struct delegation_options, http, "100ms"),
    WORK_HASH_PARAMS(struct delegation_options, hash),
    PARAM_END,
};
/* clang-format on */

static const struct span_kind *const kinds[] = {
    FETCH_KIND_ROWS,
    &work_table[WORK_PBKDF2].span,
    NULL,
};

struct state {
    struct work_context hash;
    struct jobs *hashes; /* NULL: none */
    struct fetch_batch *requests;
    uint32_t count;
};

static int plan(struct param_set *set, struct plan *plan, struct err *e)
{
    const struct delegation_options *o = set->values;
    const struct work *hash = work_at(WORK_PBKDF2);

    if (requests_check(set, &o->http, e) != 0)
        return -1;
    if (o->load_pool == 0 &&
        work_refuse_hash_options(set, "there are no hashes without --load-pool", e) != 0)
        return -1;
    plan->uses_pool = true;
    plan->threads = (uint32_t)o->threads;
    plan->descriptors = requests_descriptors(&o->http, o->requests);
    plan->passes[plan->pass_count++] = (struct pass){
        .role = PASS_MEASURED,
        .spans = (uint32_t)(o->requests * FETCH_SPANS_EACH + o->load_pool),
        .bytes = o->requests * fetch_bytes_each() + o->load_pool * jobs_bytes_each(hash, &o->hash),
        .kept_bytes = o->requests * fetch_kept_bytes_each(),
    };
    return 0;
}

static int delegation_open(struct result *r, struct err *e)
{
    const struct delegation_options *o = r->options.values;

    r->shared = requests_open(&o->http, o->requests, r, e);
    return r->shared == NULL ? -1 : 0;
}

static void delegation_close(struct result *r)
{
    requests_close(r->shared, r);
    r->shared = NULL;
}

/* Hashes come first, in the pool's queue as in the list of calls. */
static int prepare(struct run *run, struct err *e)
{
    const struct delegation_options *o = run->options;
    struct state *state = mem_zeroed(1, sizeof *state);

    if (state == NULL)
        return err_no_memory(e, "the requests");
    run->state = state;
    state->count = (uint32_t)o->requests;
    if (o->load_pool > 0) {
        if (work_context_init(&state->hash, work_at(WORK_PBKDF2), &o->hash, e) != 0)
            return -1;
        state->hashes = jobs_new(run, &state->hash, ROW_HASH, (uint32_t)o->load_pool, 1,
                                 run->cpu_choice != CPU_CHOICE_OFF, e);
        if (state->hashes == NULL)
            return -1;
    }
    state->requests = requests_batch(run->shared, run, 0, state->count, e);
    return state->requests == NULL ? -1 : 0;
}

static int start(struct run *run, struct err *e)
{
    struct state *state = run->state;

    (void)e;
    if (state->hashes != NULL)
        jobs_submit(state->hashes);
    fetch_batch_submit(state->requests, 0, state->count);
    return 0;
}

static void cancel(struct run *run)
{
    struct state *state = run->state;

    if (state->hashes != NULL)
        jobs_cancel(state->hashes);
    fetch_batch_cancel(state->requests);
}

static void cleanup(struct run *run)
{
    struct state *state = run->state;

    if (state == NULL)
        return;
    fetch_batch_free(state->requests);
    jobs_free(state->hashes);
    work_context_free(&state->hash);
    mem_free(state);
}

static const enum column columns[] = {
    COLUMN_CALL,     COLUMN_SUBMITTED,   COLUMN_WAITED, COLUMN_RAN,
    COLUMN_RETURNED, COLUMN_CALLED_BACK, COLUMN_LANE,   COLUMN_ANSWER,
    COLUMN_BYTES,    COLUMN_STATUS,      COLUMN_END,
};

static const char *const examples[] = {
    "uvlab os-delegation",
    "uvlab os-delegation --requests 7 --url https://example.com",
    "uvlab os-delegation --load-pool 8 --dns none",
    "uvlab os-delegation --load-pool 8 --dns pool --timeline",
    "uvlab os-delegation --requests 1000",
    "uvlab os-delegation --keep-alive --runs 5",
    NULL,
};

const struct experiment experiment_os_delegation = {
    .name = "os-delegation",
    .question = "Which calls never touch the pool?",
    .about =
        "Makes N HTTPS requests at once, by libcurl on the loop, to a server of uvlab's own or to "
        "a --url. The operating system carries them all at the same time; no thread of the pool "
        "is needed but for looking up the server's name, as Node.js does it. --load-pool queues "
        "hashes first, to show what a full pool holds up: lookups, and nothing else of a request.",
    .examples = examples,
    .params = params,
    .options_size = sizeof(struct delegation_options),
    .kinds = kinds,
    .claims = delegation_claims,
    .columns = columns,
    .records = RECORD_HTTP,
    .plan = plan,
    .open = delegation_open,
    .close = delegation_close,
    .prepare = prepare,
    .start = start,
    .cancel = cancel,
    .cleanup = cleanup,
};
