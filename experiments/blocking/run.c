/* The server, and a run against it. All passes have the same server, which has nothing left to do
 * when a run has ended, and differ in what they ask it for. Main thread, which is the loop's. */
#include "blocking.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "measure/host.h"
#include "net/group_cpu.h"

enum { NS_PER_MS = 1000000, URL_BYTES = 128, WORKER = 1 };
#define GRACE_NS UINT64_C(10000000000)

/* What all runs share. */
struct shared {
    struct server_group *group;
    struct load_client *clients[BLOCKING_PLACES];
};

struct state {
    struct load *load;
    uint64_t cpu_before_ns;
};

static const char *const paths[BLOCKING_PLACES] = {
    [BLOCKING_LOOP] = "block",
    [BLOCKING_POOL] = "spin",
    [BLOCKING_WORKER] = "thread",
    [BLOCKING_PROCESS] = "process",
};

enum blocking_where blocking_where_of(const struct pass *pass, const struct blocking_options *o)
{
    return pass->override != NULL ? (enum blocking_where)pass->override_value
                                  : (enum blocking_where)o->where;
}

/* --- The server. --- */

static int start_server(struct shared *s, const struct blocking_options *o, struct err *e)
{
    const struct supervisor_options server = {
        .host = "127.0.0.1",
        .workers = 1,
        .threads = o->threads,
        .scheduling = SCHEDULING_SHARED, /* nobody else's loop is on the way */
        .grace_ns = GRACE_NS,            /* a terminal's SIGINT is for the server, too */
        .hash = {.iterations = 1, .keylen = 1},
    };

    s->group = server_group_start(&server, e);
    return s->group == NULL ? -1 : 0;
}

/* What is asked for where the work is done there: the slow requests first. */
static int aim(struct shared *s, enum blocking_where where, struct result *r, struct err *e)
{
    const struct blocking_options *o = r->options.values;
    char slow[URL_BYTES], fast[URL_BYTES];
    struct load_targets targets = {
        .count = 2,
        .urls = {slow, fast},
        .weights = {1, 1},
        .apart = true,
        .burst = o->requests,
        .burst_after_ns = BLOCKING_MARGIN_NS,
        .rest_ns = BLOCKING_MARGIN_NS,
        .burst_kind = BLOCKING_KIND_SLOW,
    };
    unsigned port = server_group_port(s->group);

    snprintf(slow, sizeof slow, "http://127.0.0.1:%u/%s?ms=%" PRIu64, port, paths[where],
             o->work_ns / NS_PER_MS);
    snprintf(fast, sizeof fast, "http://127.0.0.1:%u/fast", port);
    s->clients[where] = load_open(&o->load, &targets, r, e);
    return s->clients[where] == NULL ? -1 : 0;
}

static void shared_free(struct shared *s, struct result *r)
{
    for (unsigned i = 0; i < BLOCKING_PLACES; i++)
        load_close(s->clients[i], r);
    server_group_stop(s->group);
    mem_free(s);
}

static void warn_of_cpus(struct result *r)
{
    const struct blocking_options *o = r->options.values;
    uint64_t cpus = host_cpus_usable(&r->host);

    if (o->requests >= cpus)
        result_warn(r,
                    "%u slow request%s, a loop and what asks it on %u CPU%s: where the work is not "
                    "done on the loop they stretch each other",
                    (unsigned)o->requests, o->requests == 1 ? "" : "s", (unsigned)cpus,
                    cpus == 1 ? "" : "s");
}

int blocking_open(struct result *r, struct err *e)
{
    struct shared *s = mem_zeroed(1, sizeof *s);

    if (s == NULL)
        return err_no_memory(e, "the server");
    if (start_server(s, r->options.values, e) != 0)
        goto failed;
    for (unsigned where = 0; where < BLOCKING_PLACES; where++)
        if (aim(s, (enum blocking_where)where, r, e) != 0)
            goto failed;
    warn_of_cpus(r);
    r->shared = s;
    return 0;
failed:
    shared_free(s, NULL);
    return -1;
}

void blocking_close(struct result *r)
{
    struct shared *s = r->shared;

    if (!r->interrupted && !server_group_is_alive(s->group))
        result_warn(r, "the server ended by itself while it was needed");
    shared_free(s, r);
    r->shared = NULL;
}

uint64_t blocking_cpu_ns(const struct result *r)
{
    const struct shared *s = r->shared;
    uint64_t ns = group_cpu_ns(s->group);

    return ns == UINT64_MAX ? HOST_UNKNOWN : ns;
}

/* --- A run. --- */

/* The worker's slots: the other is used when it is replaced. */
static void watch_lag(const struct shared *s)
{
    for (unsigned i = 0; i < BOARD_GENERATIONS; i++)
        board_watch_lag(board_slot(server_group_board(s->group), WORKER, i));
}

static uint64_t watched_lag_ns(const struct shared *s)
{
    uint64_t longest_ns = SPAN_UNKNOWN;

    for (unsigned i = 0; i < BOARD_GENERATIONS; i++) {
        uint64_t ns = board_watched_lag_ns(board_slot(server_group_board(s->group), WORKER, i));

        if (ns != UINT64_MAX && (longest_ns == SPAN_UNKNOWN || ns > longest_ns))
            longest_ns = ns;
    }
    return longest_ns;
}

int blocking_prepare(struct run *run, struct err *e)
{
    const struct blocking_options *o = run->options;
    const struct shared *s = run->shared;
    struct state *state = mem_zeroed(1, sizeof *state);

    run->state = state;
    run->blocking = mem_zeroed(1, sizeof *run->blocking);
    if (state == NULL || run->blocking == NULL)
        return err_no_memory(e, "a run");
    *run->blocking = (struct blocking_facts){.where = blocking_where_of(run->pass, o),
                                             .threads = (uint32_t)o->threads,
                                             .requests = (uint32_t)o->requests,
                                             .work_ns = o->work_ns,
                                             .loop_lag_ns = SPAN_UNKNOWN,
                                             .cpu_ns = SPAN_UNKNOWN};
    state->load = load_new(run, s->clients[run->blocking->where], 0, e);
    if (state->load == NULL)
        return -1;
    watch_lag(s);
    state->cpu_before_ns = group_cpu_ns(s->group);
    return 0;
}

int blocking_start(struct run *run, struct err *e)
{
    struct state *state = run->state;

    return load_start(state->load, e);
}

void blocking_cancel(struct run *run)
{
    struct state *state = run->state;

    load_cancel(state->load);
}

/* What a load of one sort comes to is not told: slow requests and probes are none. */
static void drop_load_facts(struct run *run)
{
    mem_free(run->load);
    run->load = NULL;
}

void blocking_cleanup(struct run *run)
{
    const struct shared *s = run->shared;
    struct state *state = run->state;
    uint64_t cpu_ns;

    if (state == NULL)
        return;
    if (state->load != NULL) {
        cpu_ns = group_cpu_ns(s->group);
        if (cpu_ns != UINT64_MAX && state->cpu_before_ns != UINT64_MAX &&
            cpu_ns >= state->cpu_before_ns)
            run->blocking->cpu_ns = cpu_ns - state->cpu_before_ns;
        run->blocking->loop_lag_ns = watched_lag_ns(s);
    }
    load_free(state->load);
    drop_load_facts(run);
    mem_free(state);
}
