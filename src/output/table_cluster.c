/* What the workers of a cluster had, in the foot of the table: a line for each of them, what all of
 * its processes used, and what became of those that were killed. Of all measured runs together.
 * Main thread; what is allocated is given back before the function returns. */
#include <inttypes.h>
#include <stdio.h>

#include "analysis/stats.h"
#include "analysis/worker_split.h"
#include "base/mem.h"
#include "measure/cluster_facts.h"
#include "output/table.h"

enum { PHRASE_BYTES = 400, NAME_BYTES = 32, ROWS_MOST = 16 };

/* All runs together. */
struct sums {
    struct worker_split split; /* rows are added up */
    uint32_t runs;
    uint64_t cpu_ns, elapsed_ns; /* of the runs where both are known */
    uint32_t kills, replaced;
    bool any_kills;
    uint64_t missed;
    uint64_t *replaced_ns; /* of those that were */
    struct worker_losses losses;
};

static bool counts(const struct run *run)
{
    return table_role(run) == PASS_MEASURED && run->cluster != NULL;
}

static uint32_t all_kills(const struct result *r)
{
    uint32_t kills = 0;

    for (uint32_t i = 0; i < r->run_count; i++)
        if (counts(&r->runs[i]))
            kills += r->runs[i].cluster->kill_count;
    return kills;
}

static uint32_t most_workers(const struct result *r)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < r->run_count; i++)
        if (counts(&r->runs[i]) && r->runs[i].cluster->workers > most)
            most = r->runs[i].cluster->workers;
    return most;
}

static bool add_split(struct sums *sums, const struct run *run)
{
    struct worker_split own;

    if (!worker_split_make(&own, run, sums->split.count))
        return false;
    for (uint32_t i = 0; i < sums->split.count; i++) {
        sums->split.rows[i].requests += own.rows[i].requests;
        sums->split.rows[i].connections += own.rows[i].connections;
    }
    sums->split.nameless += own.nameless;
    worker_split_free(&own);
    return true;
}

static bool add_kills(struct sums *sums, const struct run *run, bool tls)
{
    const struct cluster_facts *f = run->cluster;
    struct worker_losses losses;

    sums->any_kills |= f->kills;
    sums->missed += f->missed;
    sums->kills += f->kill_count;
    for (uint32_t i = 0; i < f->kill_count; i++) {
        uint64_t ns = cluster_kill_replaced_ns(&f->killed[i]);

        if (ns != SPAN_UNKNOWN)
            sums->replaced_ns[sums->replaced++] = ns;
    }
    if (!worker_losses_find(&losses, run, tls))
        return false;
    sums->losses.inside += losses.inside;
    sums->losses.unclear += losses.unclear;
    sums->losses.outside += losses.outside;
    return true;
}

static void sums_free(struct sums *sums)
{
    worker_split_free(&sums->split);
    mem_free(sums->replaced_ns);
}

/* False when memory is short. Free with sums_free() in any case. */
static bool sums_make(struct sums *sums, const struct result *r)
{
    bool tls = result_option(r, "tls", 0) != 0;

    *sums = (struct sums){.split.count = most_workers(r)};
    sums->split.rows = mem_zeroed((size_t)sums->split.count + 1, sizeof *sums->split.rows);
    sums->replaced_ns = mem_alloc(((size_t)all_kills(r) + 1) * sizeof *sums->replaced_ns);
    if (sums->split.rows == NULL || sums->replaced_ns == NULL)
        return false;
    for (uint32_t i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];

        if (!counts(run))
            continue;
        sums->runs++;
        if (run->cluster->cpu_ns != SPAN_UNKNOWN && run->elapsed_ns != SPAN_UNKNOWN) {
            sums->cpu_ns += run->cluster->cpu_ns;
            sums->elapsed_ns += run->elapsed_ns;
        }
        if (!add_split(sums, run) || !add_kills(sums, run, tls))
            return false;
    }
    return true;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void say_worker(const struct table *t, uint32_t i, const struct worker_row *row)
{
    char name[NAME_BYTES], phrase[PHRASE_BYTES], requests[UNITS_TEXT_BYTES],
        connections[UNITS_TEXT_BYTES];

    snprintf(name, sizeof name, "worker %" PRIu32, i + 1);
    if (row->connections > 0)
        snprintf(phrase, sizeof phrase, "%s request%s on %s connection%s",
                 units_format_count(requests, row->requests), plural(row->requests),
                 units_format_count(connections, row->connections), plural(row->connections));
    else
        snprintf(phrase, sizeof phrase, "%s request%s", units_format_count(requests, row->requests),
                 plural(row->requests));
    table_say_fact(t, name, phrase);
}

/* The name of a worker beyond 99 takes all columns of names. */
static void say_split(const struct table *t, const struct sums *sums)
{
    uint32_t shown = sums->split.count;
    char phrase[PHRASE_BYTES];

    if (shown > ROWS_MOST + 1 && !t->style->all_rows)
        shown = ROWS_MOST;
    for (uint32_t i = 0; i < shown; i++)
        say_worker(t, i, &sums->split.rows[i]);
    if (shown < sums->split.count) {
        snprintf(phrase, sizeof phrase, "%" PRIu32 " more workers (--all tells of them)",
                 sums->split.count - shown);
        table_say_fact(t, "", phrase);
    }
}

static void say_cpu(const struct table *t, const struct sums *sums)
{
    char used[UNITS_TEXT_BYTES], phrase[PHRASE_BYTES];

    if (sums->elapsed_ns == 0)
        return;
    snprintf(phrase, sizeof phrase, "CPU %s%s = %.2f CPUs, of all its processes",
             table_duration(t, used, sums->cpu_ns), sums->runs > 1 ? " in all runs" : "",
             (double)sums->cpu_ns / (double)sums->elapsed_ns);
    table_say_fact(t, "server", phrase);
}

static void say_lost(const struct table *t, const struct worker_losses *l)
{
    uint64_t all = l->inside + l->unclear + l->outside;
    char phrase[PHRASE_BYTES], unclear[PHRASE_BYTES / 4] = "", outside[PHRASE_BYTES / 4] = "";

    if (l->unclear > 0)
        snprintf(unclear, sizeof unclear, ", %" PRIu64 " on new connections while one was killed",
                 l->unclear);
    if (l->outside > 0)
        snprintf(outside, sizeof outside, ", %" PRIu64 " elsewhere", l->outside);
    if (all == 0)
        snprintf(phrase, sizeof phrase, "no request");
    else
        snprintf(phrase, sizeof phrase,
                 "%" PRIu64 " request%s: %" PRIu64 " inside a killed worker%s%s", all, plural(all),
                 l->inside, unclear, outside);
    table_say_fact(t, "lost", phrase);
}

static void say_kills(const struct table *t, const struct sums *sums)
{
    char half[UNITS_TEXT_BYTES], most[UNITS_TEXT_BYTES], phrase[PHRASE_BYTES];
    uint64_t *times = sums->replaced_ns;

    if (!sums->any_kills)
        return;
    snprintf(phrase, sizeof phrase, "%" PRIu32 " worker%s", sums->kills, plural(sums->kills));
    if (sums->replaced > 0) {
        stats_sort(times, sums->replaced, NULL);
        snprintf(phrase, sizeof phrase,
                 "%" PRIu32 " worker%s; %" PRIu32 " replaced and serving after %s (median), %s at "
                 "most",
                 sums->kills, plural(sums->kills), sums->replaced,
                 table_duration(t, half, stats_median(times, sums->replaced)),
                 table_duration(t, most, times[sums->replaced - 1]));
    }
    table_say_fact(t, "killed", phrase);
    if (sums->missed > 0) {
        snprintf(phrase, sizeof phrase, "%" PRIu64 " time%s no worker was there to be killed",
                 sums->missed, plural(sums->missed));
        table_say_fact(t, "", phrase);
    }
    say_lost(t, &sums->losses);
}

int table_cluster(const struct table *t, struct err *e)
{
    const struct result *r = t->result;
    struct sums sums;
    bool ok;

    if (most_workers(r) == 0)
        return 0;
    ok = sums_make(&sums, r);
    if (ok) {
        if (sums.split.nameless == 0 || r->runs[0].recorder.count > 0)
            say_split(t, &sums);
        say_cpu(t, &sums);
        say_kills(t, &sums);
    }
    sums_free(&sums);
    return ok ? 0 : err_no_memory(e, "what the workers had");
}
