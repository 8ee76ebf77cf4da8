/* threadpool: is it really single threaded?
 *
 * N jobs are put on libuv's pool of T threads in one turn of the loop, as five calls of
 * crypto.pbkdf2() in a row do it in Node.js. They start in waves of T, and what a call waits for is
 * a thread: the last wave's `waited` is the first wave's `ran`.
 *
 * The loop's thread submits and is called back; the jobs themselves are measure/jobs.c's. */
#include "threadpool.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "measure/jobs.h"
#include "measure/pool.h"
#include "measure/run.h"

enum {
    MIX_MOST = 64,     /* entries of --mix */
    BASELINE_RUNS = 3, /* of one job alone */
    JOBS_MOST = 1000000000,
};

/* clang-format off */
static const struct param params[] = {
    PARAM_COUNT(struct threadpool_options, jobs, "jobs", 'n', "5", 1, JOBS_MOST,
                "calls to submit, all in one turn of the loop"),
    POOL_PARAM_THREADS(struct threadpool_options, threads),
    PARAM_CHOICE(struct threadpool_options, work, "work", 'w', 0, "pbkdf2", work_names,
                 "what each call does"),
    PARAM_STRING(struct threadpool_options, mix, "mix", 0, PARAM_OPTIONAL, NULL, "KIND:N,...",
                 "calls of several kinds, in this order, instead of --work and --jobs; KIND alone is one "
 "call"),
    PARAM_FLAG(struct threadpool_options, baseline, "baseline", 0, 0,
               "also run one call alone, to show how calls stretch each other"),
    WORK_PARAMS(struct threadpool_options, parameters),
    PARAM_END,
};
/* clang-format on */

/* Calls of one kind, submitted one after another. */
struct series {
    const struct work *work;
    uint32_t count;
};

struct mix {
    struct series series[MIX_MOST];
    unsigned count;
    uint64_t jobs;
};

struct batch {
    struct work_context context;
    struct jobs *jobs;
};

struct state {
    unsigned batch_count;
    struct batch batches[MIX_MOST];
};

/* --- The plan. --- */

static int refuse_kind(const char *text, size_t length, struct err *e)
{
    const char *equals = memchr(text, '=', length);
    int shown = (int)(length > 40 ? 40 : length);

    if (equals != NULL && work_find(text, (size_t)(equals - text)) != NULL)
        return err_set(e, STATUS_USAGE, "--mix: no kind of work '%.*s' (write %.*s:%.*s)", shown,
                       text, (int)(equals - text), text, shown - (int)(equals - text) - 1,
                       equals + 1);
    return err_set(e, STATUS_USAGE, "--mix: no kind of work '%.*s' (see --work)", shown, text);
}

/* One "KIND" or "KIND:N" of --mix, `length` characters. */
static int parse_series(const char *text, size_t length, struct series *series, struct err *e)
{
    const char *colon = memchr(text, ':', length);
    size_t name_length = colon == NULL ? length : (size_t)(colon - text);
    char number[24] = "1";
    uint64_t count;

    series->work = work_find(text, name_length);
    if (series->work == NULL)
        return refuse_kind(text, name_length, e);
    if (colon != NULL) {
        size_t digits = length - name_length - 1;

        if (digits >= sizeof number)
            digits = sizeof number - 1;
        memcpy(number, colon + 1, digits);
        number[digits] = '\0';
    }
    if (units_parse_count(number, &count) != 0 || count < 1 || count > JOBS_MOST)
        return err_set(e, STATUS_USAGE, "--mix: %.*s: the number of calls must be from 1 to %d",
                       (int)(length > 60 ? 60 : length), text, JOBS_MOST);
    series->count = (uint32_t)count;
    return 0;
}

static int parse_mix(const char *text, struct mix *mix, struct err *e)
{
    for (;;) {
        size_t length = strcspn(text, ",");

        if (mix->count == MIX_MOST)
            return err_set(e, STATUS_USAGE, "--mix: more than %d entries", MIX_MOST);
        if (parse_series(text, length, &mix->series[mix->count], e) != 0)
            return -1;
        mix->jobs += mix->series[mix->count++].count;
        if (text[length] == '\0')
            break;
        text += length + 1;
    }
    if (mix->jobs > JOBS_MOST)
        return err_set(e, STATUS_USAGE, "--mix: more than %d calls", JOBS_MOST);
    return 0;
}

/* What a run consists of: the mix, or `jobs` calls of one kind. */
static int compose(const struct threadpool_options *o, uint64_t jobs, struct mix *mix,
                   struct err *e)
{
    *mix = (struct mix){0};
    if (o->mix != NULL)
        return parse_mix(o->mix, mix, e);
    mix->series[0] = (struct series){work_at(o->work), (uint32_t)jobs};
    mix->count = 1;
    mix->jobs = jobs;
    return 0;
}

static int refuse_with_mix(const struct param_set *set, const char *name, struct err *e)
{
    if (param_source_of(set, name) != PARAM_FROM_FLAG)
        return 0;
    return err_set(e, STATUS_USAGE, "--mix says what to run: leave out --%s", name);
}

/* Whether the option of that name is for this kind of work. */
static bool has_option(const struct work *work, const char *option)
{
    for (const char *const *name = work->options; name != NULL && *name != NULL; name++)
        if (strcmp(*name, option) == 0)
            return true;
    return false;
}

/* "pbkdf2", "spin and sleep": the kinds of work that have the option. Returns how many. */
static unsigned name_kinds(const char *option, char *buf, size_t bytes)
{
    unsigned kinds = 0;
    size_t used = 0;

    buf[0] = '\0';
    for (unsigned i = 0; work_at(i) != NULL; i++) {
        if (has_option(work_at(i), option) && used < bytes)
            used += (size_t)snprintf(buf + used, bytes - used, "%s%s", kinds++ > 0 ? " and " : "",
                                     work_at(i)->name);
    }
    return kinds;
}

/* An option that was given, and that none of the calls looks at, is a mistake. */
static int refuse_useless(const struct param_set *set, const struct mix *mix, struct err *e)
{
    const struct threadpool_options *o = set->values;
    char kinds[80];

    for (const struct param *p = set->table; p->name != NULL; p++) {
        bool useful = false;

        if (param_source_of(set, p->name) != PARAM_FROM_FLAG ||
            name_kinds(p->name, kinds, sizeof kinds) == 0)
            continue;
        for (unsigned i = 0; i < mix->count; i++)
            useful |= has_option(mix->series[i].work, p->name);
        if (!useful && o->mix != NULL)
            return err_set(e, STATUS_USAGE, "--%s is for %s, and --mix has none of that", p->name,
                           kinds);
        if (!useful)
            return err_set(e, STATUS_USAGE, "--%s is for %s, and --work is %s", p->name, kinds,
                           mix->series[0].work->name);
    }
    return 0;
}

/* Memory of a series: what each call keeps, and what those that run at once take beside it. */
static uint64_t series_bytes(const struct series *s, const struct threadpool_options *o)
{
    uint64_t threads = o->threads != 0 ? o->threads : POOL_DEFAULT;
    uint64_t at_once = s->count < threads ? s->count : threads, working = 0;

    if (s->work->working_bytes != NULL)
        working = at_once * s->work->working_bytes(&o->parameters);
    return s->count * jobs_bytes_each(s->work, &o->parameters) + working;
}

/* --rounds takes the place of --duration, unless somebody sleeps for so long. */
static int settle_rounds(struct param_set *set, const struct mix *mix, struct err *e)
{
    const struct threadpool_options *o = set->values;

    if (o->parameters.rounds == 0)
        return 0;
    for (unsigned i = 0; i < mix->count; i++)
        if (mix->series[i].work == work_at(WORK_SLEEP))
            return 0;
    if (param_source_of(set, "duration") == PARAM_FROM_FLAG)
        return err_set(e, STATUS_USAGE, "--rounds: --duration says how much to compute, too");
    param_supersede(set, "duration");
    return 0;
}

static int plan(struct param_set *set, struct plan *plan, struct err *e)
{
    struct threadpool_options *o = set->values;
    struct mix mix;
    uint64_t bytes = 0;

    if (o->mix != NULL &&
        (refuse_with_mix(set, "jobs", e) != 0 || refuse_with_mix(set, "work", e) != 0 ||
         (o->baseline && refuse_with_mix(set, "baseline", e) != 0)))
        return -1;
    if (compose(o, o->jobs, &mix, e) != 0 || refuse_useless(set, &mix, e) != 0 ||
        settle_rounds(set, &mix, e) != 0)
        return -1;
    for (unsigned i = 0; i < mix.count; i++)
        bytes += series_bytes(&mix.series[i], o);
    if (o->mix != NULL) {
        param_supersede(set, "work");
        o->jobs = mix.jobs;
    }
    plan->uses_pool = true;
    plan->threads = (uint32_t)o->threads;
    plan->passes[plan->pass_count++] =
        (struct pass){.role = PASS_MEASURED, .spans = (uint32_t)mix.jobs, .bytes = bytes};
    if (o->baseline)
        plan->passes[plan->pass_count++] = (struct pass){
            .role = PASS_BASELINE,
            .runs = BASELINE_RUNS,
            .spans = 1,
            .bytes = bytes,
            .override = "jobs",
            .override_value = 1,
        };
    return 0;
}

/* --- The run. --- */

static bool measures_cpu(const struct run *run, const struct work *work)
{
    if (run->cpu_choice == CPU_CHOICE_AUTO)
        return work->measures_cpu;
    return run->cpu_choice == CPU_CHOICE_ON;
}

static unsigned kind_row(const struct work *work)
{
    unsigned row = 0;

    while (work_at(row) != work)
        row++;
    return row;
}

/* The number that the first call of series `at` has in its name: calls of a kind are numbered
 * through, wherever they stand in the mix. */
static uint32_t first_ordinal(const struct mix *mix, unsigned at)
{
    uint32_t ordinal = 1;

    for (unsigned i = 0; i < at; i++)
        if (mix->series[i].work == mix->series[at].work)
            ordinal += mix->series[i].count;
    return ordinal;
}

static int prepare(struct run *run, struct err *e)
{
    const struct threadpool_options *o = run->options;
    uint64_t jobs = run->pass->role == PASS_BASELINE ? run->pass->override_value : o->jobs;
    struct state *state = mem_zeroed(1, sizeof *state);
    struct mix mix;

    if (state == NULL)
        return err_no_memory(e, "the jobs");
    run->state = state;
    if (compose(o, jobs, &mix, e) != 0)
        return -1;
    for (unsigned i = 0; i < mix.count; i++) {
        struct batch *b = &state->batches[i];
        const struct work *work = mix.series[i].work;

        if (work_context_init(&b->context, work, &o->parameters, e) != 0)
            return -1;
        state->batch_count++;
        b->jobs = jobs_new(run, &b->context, kind_row(work), mix.series[i].count,
                           first_ordinal(&mix, i), measures_cpu(run, work), e);
        if (b->jobs == NULL)
            return -1;
    }
    return 0;
}

static int start(struct run *run, struct err *e)
{
    struct state *state = run->state;

    (void)e;
    for (unsigned i = 0; i < state->batch_count; i++)
        jobs_submit(state->batches[i].jobs);
    return 0;
}

static void cancel(struct run *run)
{
    struct state *state = run->state;

    for (unsigned i = 0; i < state->batch_count; i++)
        jobs_cancel(state->batches[i].jobs);
}

static void cleanup(struct run *run)
{
    struct state *state = run->state;

    if (state == NULL)
        return;
    for (unsigned i = 0; i < state->batch_count; i++) {
        jobs_free(state->batches[i].jobs);
        work_context_free(&state->batches[i].context);
    }
    mem_free(state);
}

static const enum column columns[] = {
    COLUMN_CALL,     COLUMN_SUBMITTED,   COLUMN_WAITED, COLUMN_RAN,    COLUMN_CPU,
    COLUMN_RETURNED, COLUMN_CALLED_BACK, COLUMN_LANE,   COLUMN_STATUS, COLUMN_END,
};

static const char *const examples[] = {
    "uvlab threadpool",
    "uvlab threadpool --threads 2 --timeline",
    "uvlab threadpool --jobs 8 --threads 8 --baseline --runs 5",
    "uvlab threadpool --work dns --jobs 4",
    "uvlab threadpool --mix pbkdf2:4,file:1",
    "uvlab threadpool --work none --jobs 1e6 --format csv --output jobs.csv",
    NULL,
};

const struct experiment experiment_threadpool = {
    .name = "threadpool",
    .question = "Is it really single threaded? What does the pool's size do?",
    .about =
        "Puts N calls on libuv's pool of T threads, all in one turn of the loop, as five calls "
        "of crypto.pbkdf2() in a row do it in Node.js. As many run at once as there are "
        "threads; the others wait for one, however many CPUs there are.",
    .examples = examples,
    .params = params,
    .options_size = sizeof(struct threadpool_options),
    .kinds = work_span_kinds,
    .claims = threadpool_claims,
    .columns = columns,
    .plan = plan,
    .prepare = prepare,
    .start = start,
    .cancel = cancel,
    .cleanup = cleanup,
};
