/* load: how fast does a server answer, and how late?
 *
 * The load generator by itself, for any server that speaks HTTP/1.1: many requests over few
 * connections, each of them a span; what makes it is in net/load.h. A server of uvlab's own tells
 * in its answers what happened inside, and then a request's span shows how long it waited for the
 * worker's loop, and has the work as a part.
 *
 * The loop's thread does it all, and --load-threads more, each with a loop of its own. */
#include "load.h"

#include <string.h>

#include "base/mem.h"
#include "base/units.h"

enum { WEIGHT_MOST = 1000000 };

/* clang-format off */
static const struct param params[] = {
    PARAM_LIST(struct load_experiment_options, urls, "url", 0, 0, "URL", \
               "what to request, in turn (--url may be left out)"),
    PARAM_LIST(struct load_experiment_options, weights, "weight", 0, 0, "N", \
               "how often to request the first URL, the second, ... in proportion (default 1 each)"),
    LOAD_PARAMS(struct load_experiment_options, load, "200", "connections", "10"),
    PARAM_END,
};
/* clang-format on */

static const struct span_kind *const kinds[] = {LOAD_KIND_ROWS, NULL};

static int read_weights(const struct load_experiment_options *o, struct load_targets *t,
                        struct err *e)
{
    if (o->weights.count > o->urls.count)
        return err_set(e, STATUS_USAGE, "--weight: more of them than URLs");
    if (o->weights.count > 0 && o->weights.count < o->urls.count)
        return err_set(e, STATUS_USAGE, "--weight: every URL needs one, in the same order");
    for (unsigned i = 0; i < o->urls.count; i++) {
        t->weights[i] = 1;
        if (i < o->weights.count && (units_parse_count(o->weights.items[i], &t->weights[i]) != 0 ||
                                     t->weights[i] < 1 || t->weights[i] > WEIGHT_MOST))
            return err_set(e, STATUS_USAGE, "--weight %s: must be from 1 to %d",
                           o->weights.items[i], WEIGHT_MOST);
    }
    return 0;
}

static int read_targets(const struct load_experiment_options *o, struct load_targets *t,
                        struct err *e)
{
    *t = (struct load_targets){.count = o->urls.count};
    if (o->urls.count == 0)
        return err_set(e, STATUS_USAGE, "what is to be requested? (uvlab load URL)");
    for (unsigned i = 0; i < o->urls.count; i++) {
        t->urls[i] = o->urls.items[i];
        if (load_check_url(o->urls.items[i], e) != 0)
            return -1;
    }
    return read_weights(o, t, e);
}

static int plan(struct param_set *set, struct plan *plan, struct err *e)
{
    struct load_experiment_options *o = set->values;
    struct load_targets targets;

    if (read_targets(o, &targets, e) != 0 || load_check(set, &o->load, e) != 0)
        return -1;
    plan->descriptors = load_descriptors(&o->load);
    plan->passes[plan->pass_count++] = (struct pass){.role = PASS_MEASURED};
    load_plan(&o->load, targets.count, &plan->passes[0]);
    return 0;
}

static int load_experiment_open(struct result *r, struct err *e)
{
    const struct load_experiment_options *o = r->options.values;
    struct load_targets targets;

    if (read_targets(o, &targets, e) != 0)
        return -1;
    r->shared = load_open(&o->load, &targets, r, e);
    return r->shared == NULL ? -1 : 0;
}

static void load_experiment_close(struct result *r)
{
    load_close(r->shared, r);
    r->shared = NULL;
}

static int prepare(struct run *run, struct err *e)
{
    run->state = load_new(run, run->shared, 0, e);
    return run->state == NULL ? -1 : 0;
}

static int start(struct run *run, struct err *e)
{
    return load_start(run->state, e);
}

static void cancel(struct run *run)
{
    load_cancel(run->state);
}

static void cleanup(struct run *run)
{
    load_free(run->state);
}

static const enum column columns[] = {
    COLUMN_CALL,  COLUMN_DUE,         COLUMN_SUBMITTED, COLUMN_WAITED,     COLUMN_RAN,
    COLUMN_TOTAL, COLUMN_CALLED_BACK, COLUMN_LANE,      COLUMN_CONNECTION, COLUMN_ANSWER,
    COLUMN_BYTES, COLUMN_STATUS,      COLUMN_END,
};

static const char *const examples[] = {
    "uvlab load http://127.0.0.1:3000/fast",
    "uvlab load -n 10000 -c 50 http://127.0.0.1:3000/fast",
    "uvlab load -d 10s --rate 1000 http://127.0.0.1:3000/",
    "uvlab load -n 20 -c 2 http://127.0.0.1:3000/ http://127.0.0.1:3000/fast",
    "uvlab load -d 1h -c 100 --histogram https://server.example/",
    NULL,
};

const struct experiment experiment_load = {
    .name = "load",
    .question = "How fast does a server answer, and how late?",
    .about =
        "Makes HTTP requests, by URL in turn, over a number of connections, and keeps every one as "
        "a span. Without --rate each connection asks again when it is answered (a closed loop); "
        "with it requests are due at that rate, whether others are answered or not (an open loop), "
        "and latency counts from when one was due. A server of uvlab's own (uvlab serve) tells "
        "what happened inside its worker, which is then shown, too. A request that is answered "
        "with 400 or more has failed.",
    .examples = examples,
    .params = params,
    .operand = "url",
    .options_size = sizeof(struct load_experiment_options),
    .kinds = kinds,
    .claims = load_claims,
    .columns = columns,
    .records = LOAD_RECORDS,
    .plan = plan,
    .open = load_experiment_open,
    .close = load_experiment_close,
    .prepare = prepare,
    .start = start,
    .cancel = cancel,
    .cleanup = cleanup,
};
