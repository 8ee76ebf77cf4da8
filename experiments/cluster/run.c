/* The servers, and a run against one of them. Each pass of the plan has a server of its own, as the
 * number of workers is what passes differ in; all of them are started before anything is measured,
 * and one that has nothing to do does nothing. Main thread, which is the loop's. */
#include "cluster.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "measure/host.h"
#include "net/group_cpu.h"

/* What the runs of a pass share. */
struct site {
    struct server_group *group;
    struct load_client *client;
    struct load_options load; /* with what is to be trusted */
};

struct shared {
    unsigned count;
    struct site sites[PASSES_MOST]; /* by pass */
    int trusted_fd;                 /* a file in memory with the certificate; -1 */
    char trusted[32];
};

struct state {
    struct load *load;
    struct killer killer;
    const struct site *site;
    bool kills;
    uint64_t cpu_before_ns;
};

/* --- The servers. --- */

/* OpenSSL reads what it is to trust from a file, so that it becomes one. */
static int trust(struct shared *s, const char *certificate, struct err *e)
{
    size_t length = strlen(certificate);

    s->trusted_fd = memfd_create("uvlab-trusted", MFD_CLOEXEC);
    if (s->trusted_fd < 0 || write(s->trusted_fd, certificate, length) != (ssize_t)length)
        return err_set(e, STATUS_FAILED, "cannot keep the server's certificate");
    snprintf(s->trusted, sizeof s->trusted, "/proc/self/fd/%d", s->trusted_fd);
    return 0;
}

/* The URLs of all paths on that server, in `urls`, which is to be freed. */
static bool make_urls(const struct cluster_options *o, const char *base, struct text *urls,
                      struct load_targets *targets)
{
    size_t base_length = strlen(base), offsets[LOAD_TARGETS_MOST];

    if (base_length > 0 && base[base_length - 1] == '/')
        base_length--;
    *targets =
        (struct load_targets){.count = cluster_path_count(o), .apart = cluster_path_count(o) > 1};
    for (unsigned i = 0; i < targets->count; i++) {
        offsets[i] = urls->length;
        text_add_bytes(urls, base, base_length);
        text_add(urls, "%s", cluster_path(o, i));
        text_add_bytes(urls, "", 1);
        targets->weights[i] = 1;
    }
    for (unsigned i = 0; text_ok(urls) && i < targets->count; i++)
        targets->urls[i] = urls->data + offsets[i];
    return text_ok(urls);
}

static int start_server(struct site *site, const struct pass *pass, const struct cluster_options *o,
                        struct err *e)
{
    struct supervisor_options server = o->server;

    if (pass->override != NULL)
        server.workers = pass->override_value;
    site->group = server_group_start(&server, e);
    return site->group == NULL ? -1 : 0;
}

static int aim(struct shared *s, struct site *site, struct result *r, struct err *e)
{
    const struct cluster_options *o = r->options.values;
    const char *certificate = server_group_certificate(site->group);
    struct text urls = TEXT_EMPTY;
    struct load_targets targets;

    site->load = o->load;
    if (certificate != NULL) {
        if (trust(s, certificate, e) != 0)
            return -1;
        site->load.cacert = s->trusted;
    }
    if (!make_urls(o, server_group_url(site->group), &urls, &targets))
        err_no_memory(e, "the URLs");
    else
        site->client = load_open(&site->load, &targets, r, e);
    text_free(&urls);
    if (s->trusted_fd >= 0) /* it has been read; each server has its own */
        close(s->trusted_fd);
    s->trusted_fd = -1;
    return site->client == NULL ? -1 : 0;
}

static void shared_free(struct shared *s, struct result *r)
{
    if (s->trusted_fd >= 0)
        close(s->trusted_fd);
    for (unsigned i = 0; i < s->count; i++) {
        load_close(s->sites[i].client, r);
        server_group_stop(s->sites[i].group);
    }
    mem_free(s);
}

static void warn_of_workers(struct result *r)
{
    const struct cluster_options *o = r->options.values;
    uint64_t cpus = host_cpus_usable(&r->host);
    bool any_computes = false;

    for (unsigned i = 0; i < cluster_path_count(o); i++)
        any_computes |= cluster_path_computes(cluster_path(o, i));
    if (any_computes && o->server.workers > cpus && o->load.connections > cpus)
        result_warn(r, "%u workers on %u CPU%s: requests that compute stretch each other",
                    (unsigned)o->server.workers, (unsigned)cpus, cpus == 1 ? "" : "s");
}

int cluster_open(struct result *r, struct err *e)
{
    struct shared *s = mem_zeroed(1, sizeof *s);

    if (s == NULL)
        return err_no_memory(e, "the servers");
    s->trusted_fd = -1;
    for (; s->count < r->plan.pass_count; s->count++)
        if (start_server(&s->sites[s->count], &r->plan.passes[s->count], r->options.values, e) != 0)
            goto failed;
    for (unsigned i = 0; i < s->count; i++)
        if (aim(s, &s->sites[i], r, e) != 0)
            goto failed;
    warn_of_workers(r);
    r->shared = s;
    return 0;
failed:
    shared_free(s, NULL);
    return -1;
}

void cluster_close(struct result *r)
{
    struct shared *s = r->shared;

    for (unsigned i = 0; i < s->count; i++)
        if (!r->interrupted && !server_group_is_alive(s->sites[i].group))
            result_warn(r, "the server ended by itself while it was needed");
    shared_free(s, r);
    r->shared = NULL;
}

uint64_t cluster_cpu_ns(const struct result *r)
{
    const struct shared *s = r->shared;
    uint64_t sum = 0;

    for (unsigned i = 0; i < s->count; i++) {
        uint64_t ns = group_cpu_ns(s->sites[i].group);

        if (ns == UINT64_MAX)
            return HOST_UNKNOWN;
        sum += ns;
    }
    return sum;
}

/* --- A run. --- */

/* The same pass may be there twice, as a warm-up. */
static const struct site *site_of(const struct run *run)
{
    const struct shared *s = run->shared;

    return &s->sites[run->pass->role == PASS_BASELINE ? 1 : 0];
}

int cluster_prepare(struct run *run, struct err *e)
{
    const struct cluster_options *o = run->options;
    struct state *state = mem_zeroed(1, sizeof *state);

    if (state == NULL)
        return err_no_memory(e, "a run");
    run->state = state;
    state->site = site_of(run);
    state->kills = o->kill_every_ns != 0;
    run->cluster = cluster_facts_new(state->kills ? CLUSTER_KILLS_MOST : 0);
    if (run->cluster == NULL)
        return err_no_memory(e, "what happens to workers");
    run->cluster->workers = server_group_workers(state->site->group);
    run->cluster->threads = (uint32_t)o->server.threads;
    run->cluster->kills = state->kills;
    killer_init(&state->killer, run->loop, state->site->group, run->cluster, o->kill_every_ns);
    state->load = load_new(run, state->site->client, 0, e);
    if (state->load == NULL)
        return -1;
    state->cpu_before_ns = group_cpu_ns(state->site->group);
    return 0;
}

int cluster_start(struct run *run, struct err *e)
{
    struct state *state = run->state;

    if (state->kills)
        killer_start(&state->killer);
    return load_start(state->load, e);
}

void cluster_cancel(struct run *run)
{
    struct state *state = run->state;

    killer_stop(&state->killer);
    load_cancel(state->load);
}

void cluster_cleanup(struct run *run)
{
    struct state *state = run->state;
    uint64_t cpu_ns;

    if (state == NULL)
        return;
    if (state->load != NULL) {
        cpu_ns = group_cpu_ns(state->site->group);
        if (cpu_ns != UINT64_MAX && state->cpu_before_ns != UINT64_MAX &&
            cpu_ns >= state->cpu_before_ns)
            run->cluster->cpu_ns = cpu_ns - state->cpu_before_ns;
        if (state->kills)
            killer_finish(&state->killer, run->recorder.scale.origin_monotonic_ns);
    }
    load_free(state->load);
    mem_free(state);
}
