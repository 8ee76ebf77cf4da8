/* workers: when do worker threads help?
 *
 * R requests each ask for a count to N, one increment after another. A thread with a loop of its
 * own does it, as one of Node's worker_threads, and messages go there and come back; the loop that
 * asked stays free. With --where loop it is that loop that counts, and nothing else happens.
 *
 * The counts run on their threads (measure/counter.h) or on the loop (on_loop.c); all else runs on
 * the loop's thread. */
#include "workers.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "measure/host.h"

enum {
    REQUESTS_MOST = 1000000,
    TRIALS_MOST = 1000000,
    BASELINE_RUNS = 3, /* with as many workers as CPUs */
};
#define COUNT_MOST UINT64_C(1000000000000000)

static const char *const wheres[] = {"worker", "loop", NULL};

/* clang-format off */
static const struct param params[] = {
    PARAM_COUNT(struct workers_options, requests, "requests", 'n', "2", 1, REQUESTS_MOST,
                "requests, all in one turn of the loop, each to count once"),
    PARAM_COUNT(struct workers_options, count, "count", 0, "1e9", 1, COUNT_MOST,
                "what each counts to, one by one"),
    { .name = "workers", .letter = 'w', .type = PARAM_TYPE_COUNT, .flags = PARAM_OPTIONAL | PARAM_MEANS,
      .min = 1, .max = WORKERS_MOST, .offset = PARAM_FIELD_(struct workers_options, workers, uint64_t),
      .help = "worker threads at once (default: one for each request)" },
    PARAM_CHOICE(struct workers_options, where, "where", 0, 0, "worker", wheres,
                 "who counts: a worker thread, or the loop that was asked"),
    PARAM_FLAG(struct workers_options, reuse, "reuse", 0, 0,
               "keep threads for the next requests, instead of starting one for each"),
    PARAM_FLAG(struct workers_options, baseline, "baseline", 0, 0,
               "also count on the loop and, of more workers than CPUs, on as many as CPUs"),
    PARAM_COUNT(struct workers_options, trials, "trials", 0, "100", 0, TRIALS_MOST,
                "threads to start, send an empty message and end, to learn what each costs"),
    PARAM_END,
};
/* clang-format on */

static const struct span_kind kind_request = {
    "request", "request", PHASE_POLL, NULL, 0,
};
static const struct span_kind kind_count = {
    "count", "count", PHASE_POLL, "worker.postMessage", SPAN_CPU_BOUND,
};
static const struct span_kind kind_start = {
    "thread.start", "start", PHASE_POLL, "new Worker", 0,
};
static const struct span_kind kind_ping = {
    "message", "message", PHASE_POLL, "worker.postMessage", 0,
};
static const struct span_kind kind_end = {
    "thread.end", "end", PHASE_POLL, "worker.terminate", 0,
};

const struct span_kind *const workers_kinds[] = {
    [KIND_REQUEST] = &kind_request, [KIND_COUNT] = &kind_count, [KIND_START] = &kind_start,
    [KIND_PING] = &kind_ping,       [KIND_END] = &kind_end,     NULL,
};

struct state {
    struct crew *crew;       /* one of the two */
    struct on_loop *on_loop; /* is there */
};

/* --- The plan. --- */

static uint64_t override_of(const struct pass *pass, const char *name, uint64_t value)
{
    return pass->override != NULL && strcmp(pass->override, name) == 0 ? pass->override_value
                                                                       : value;
}

static void setting_of_pass(struct workers_setting *s, const struct workers_options *o,
                            const struct pass *pass)
{
    uint64_t workers = override_of(pass, "workers", o->workers);

    *s = (struct workers_setting){
        .where = (enum workers_where)override_of(pass, "where", o->where),
        .is_trial = pass->role == PASS_TRIAL,
        .reuse = o->reuse,
        .requests = (uint32_t)o->requests,
        .count = o->count,
    };
    if (s->is_trial) {
        s->where = WHERE_WORKER;
        s->reuse = false;
        s->requests = (uint32_t)o->trials;
        s->count = 0;
        workers = 1;
    }
    s->workers = workers < s->requests ? (uint32_t)workers : s->requests;
}

void workers_setting_of(struct workers_setting *s, const struct run *run)
{
    setting_of_pass(s, run->options, run->pass);
}

/* Fills in what a run of the pass takes, and adds it. */
static void plan_pass(struct plan *plan, const struct workers_options *o, struct pass pass)
{
    struct workers_setting s;
    uint64_t descriptors;

    setting_of_pass(&s, o, &pass);
    pass.spans = s.requests * (s.where == WHERE_WORKER ? 3 : 2);
    pass.bytes = s.where == WHERE_WORKER ? crew_bytes(&s) : on_loop_bytes(&s);
    pass.kept_bytes = s.is_trial ? 0 : s.requests * sizeof(uint64_t);
    descriptors = s.where == WHERE_WORKER ? s.workers * (uint64_t)COUNTER_DESCRIPTORS : 0;
    if (descriptors > plan->descriptors)
        plan->descriptors = descriptors;
    plan->passes[plan->pass_count++] = pass;
}

/* An option that nothing will look at is a mistake. */
static int refuse_useless(const struct param_set *set, struct err *e)
{
    static const char *const of_workers[] = {"workers", "reuse", "trials", NULL};
    const char *name = param_given(set, of_workers);

    return name == NULL ? 0
                        : err_set(e, STATUS_USAGE,
                                  "--%s is for worker threads, and --where loop has none", name);
}

static int plan(struct param_set *set, struct plan *plan, struct err *e)
{
    struct workers_options *o = set->values;
    struct host_facts host;
    uint64_t cpus;

    if (o->where == WHERE_LOOP) {
        if (refuse_useless(set, e) != 0)
            return -1;
        if (o->baseline)
            return err_set(e, STATUS_USAGE, "--baseline counts on the loop, and so does --where");
        param_supersede(set, "workers");
        o->trials = 0;
    }
    if (o->workers == 0)
        o->workers = o->requests < WORKERS_MOST ? o->requests : WORKERS_MOST;
    plan_pass(plan, o, (struct pass){.role = PASS_MEASURED});
    if (o->baseline) {
        host_gather(&host);
        cpus = host_cpus_usable(&host);
        plan_pass(plan, o,
                  (struct pass){.role = PASS_BASELINE,
                                .runs = 1,
                                .override = "where",
                                .override_value = WHERE_LOOP});
        if (o->workers > cpus && o->requests > cpus)
            plan_pass(plan, o,
                      (struct pass){.role = PASS_BASELINE,
                                    .runs = BASELINE_RUNS,
                                    .override = "workers",
                                    .override_value = cpus});
    }
    if (o->trials > 0)
        plan_pass(plan, o, (struct pass){.role = PASS_TRIAL, .runs = 1});
    return 0;
}

/* --- The run. --- */

const uint64_t *workers_counted(const struct run *run)
{
    return run->recorder.kept;
}

static int prepare(struct run *run, struct err *e)
{
    struct state *state = mem_zeroed(1, sizeof *state);
    struct workers_setting s;
    uint64_t *counted = NULL;

    if (state == NULL)
        return err_no_memory(e, "the requests");
    run->state = state;
    workers_setting_of(&s, run);
    if (!s.is_trial) {
        counted = mem_zeroed(s.requests, sizeof *counted);
        if (counted == NULL)
            return err_no_memory(e, "the counts");
        recorder_keep(&run->recorder, counted);
    }
    if (s.where == WHERE_LOOP)
        return on_loop_new(&state->on_loop, run, &s, counted, e);
    return crew_new(&state->crew, run, &s, counted, e);
}

static int start(struct run *run, struct err *e)
{
    struct state *state = run->state;

    (void)e;
    if (state->crew != NULL)
        crew_start(state->crew);
    else
        on_loop_start(state->on_loop);
    return 0;
}

static void cancel(struct run *run)
{
    struct state *state = run->state;

    if (state->crew != NULL)
        crew_cancel(state->crew);
}

static void cleanup(struct run *run)
{
    struct state *state = run->state;

    if (state == NULL)
        return;
    crew_free(state->crew);
    on_loop_free(state->on_loop);
    mem_free(state);
}

/* After the last run: what to doubt. */
static void warn(struct result *r)
{
    const struct workers_options *o = r->options.values;
    uint64_t cpus = host_cpus_usable(&r->host);
    uint64_t threads = o->workers < o->requests ? o->workers : o->requests;

    if (o->where == WHERE_WORKER && threads > cpus)
        result_warn(r, "%" PRIu64 " worker threads on %" PRIu64 " CPU%s: counts stretch each other",
                    threads, cpus, cpus == 1 ? "" : "s");
}

static const enum column columns[] = {
    COLUMN_CALL,     COLUMN_SUBMITTED,   COLUMN_WAITED, COLUMN_RAN,    COLUMN_CPU,
    COLUMN_RETURNED, COLUMN_CALLED_BACK, COLUMN_LANE,   COLUMN_STATUS, COLUMN_END,
};

static const char *const examples[] = {
    "uvlab workers --count 1e9 --requests 2",
    "uvlab workers --where loop",
    "uvlab workers --requests 6 --baseline --timeline",
    "uvlab workers --requests 100 --count 1e6 --workers 2 --reuse",
    "uvlab workers --count 1 --trials 10000",
    NULL,
};

const struct experiment experiment_workers = {
    .name = "workers",
    .question = "When do worker threads help?",
    .about =
        "Has each of R requests count to N, all increments executed, on a worker thread with a "
        "loop of its own and messages there and back, as new Worker() of Node's worker_threads "
        "gives one. The loop that asked stays free meanwhile; --where loop lets it count itself, "
        "and then it does nothing else. Threads are started for each request, or kept with "
        "--reuse; trials show what starting a thread, a message and ending a thread cost.",
    .examples = examples,
    .params = params,
    .options_size = sizeof(struct workers_options),
    .kinds = workers_kinds,
    .claims = workers_claims,
    .columns = columns,
    .plan = plan,
    .close = warn,
    .prepare = prepare,
    .start = start,
    .cancel = cancel,
    .cleanup = cleanup,
};
