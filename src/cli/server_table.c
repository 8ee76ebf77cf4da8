/* A running server as text. Pure, but for the time zone of the log. */
#include "cli/server_table.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"

enum { COLUMNS = 79, CELL_BYTES = 32 };

static const char *cell_duration(char cell[CELL_BYTES], uint64_t ns)
{
    snprintf(cell, CELL_BYTES, "-");
    return ns != SERVER_UNKNOWN ? units_format_duration(cell, ns, "u") : cell;
}

static const char *cell_size(char cell[CELL_BYTES], uint64_t bytes)
{
    snprintf(cell, CELL_BYTES, "-");
    return bytes != SERVER_UNKNOWN ? units_format_size(cell, bytes) : cell;
}

void server_table_head(const struct server_facts *f, struct text *t)
{
    char up[UNITS_TEXT_BYTES];
    text_add(t, "%s  %s\n", f->name, f->url);
    text_add(t, "%s for %s, pid %" PRIu64 ", %s\n\n", f->state,
             units_format_duration(up, f->uptime_ns, "u"), f->pid, f->scheduling);
}

/* The columns of a row that are about work. */
static void add_figures(const struct worker_facts *w, const struct worker_rate *rate,
                        struct text *t)
{
    char requests[CELL_BYTES] = "-", cpu[CELL_BYTES] = "-", memory[CELL_BYTES], lag[CELL_BYTES];
    if (rate == NULL) {
        snprintf(requests, sizeof requests, "%" PRIu64, w->requests);
        cell_duration(cpu, w->cpu_ns);
    } else {
        if (rate->requests_per_s >= 0)
            snprintf(requests, sizeof requests, "%.0f", rate->requests_per_s);
        if (rate->cpu_share >= 0)
            snprintf(cpu, sizeof cpu, "%.0f %%", 100 * rate->cpu_share);
    }
    text_add(t, " %9s %6" PRIu64 " %5" PRIu64 " %7s %7s %8s %8" PRIu64 "\n", requests, w->in_flight,
             w->connections, cell_duration(lag, w->loop_lag_ns), cpu,
             cell_size(memory, w->memory_bytes), w->restarts);
}

static void add_row(const struct worker_facts *w, const struct worker_rate *rate, struct text *t)
{
    char pid[CELL_BYTES] = "-";
    if (w->pid != 0)
        snprintf(pid, sizeof pid, "%" PRIu64, w->pid);
    text_add(t, "%3u %7s  %-8.8s", w->worker, pid, w->state);
    add_figures(w, rate, t);
}

/* Of what is known; unknown as long as nothing is. */
static void add_reported(uint64_t *sum, uint64_t value)
{
    if (value != SERVER_UNKNOWN)
        *sum = *sum != SERVER_UNKNOWN ? *sum + value : value;
}

static struct worker_facts sum_of(const struct server_facts *f)
{
    struct worker_facts all = {
        .loop_lag_ns = SERVER_UNKNOWN, .cpu_ns = SERVER_UNKNOWN, .memory_bytes = SERVER_UNKNOWN};
    for (unsigned i = 0; i < f->worker_count; i++) {
        const struct worker_facts *w = &f->workers[i];
        all.requests += w->requests;
        all.in_flight += w->in_flight;
        all.connections += w->connections;
        add_reported(&all.cpu_ns, w->cpu_ns);
        add_reported(&all.memory_bytes, w->memory_bytes);
        if (w->loop_lag_ns != SERVER_UNKNOWN &&
            (all.loop_lag_ns == SERVER_UNKNOWN || w->loop_lag_ns > all.loop_lag_ns))
            all.loop_lag_ns = w->loop_lag_ns;
        if (i == 0 || w->worker != f->workers[i - 1].worker) /* both of a place say the same */
            all.restarts += w->restarts;
    }
    return all;
}

static struct worker_rate sum_of_rates(const struct worker_rate *rates, unsigned count)
{
    struct worker_rate all = {0, 0};
    for (unsigned i = 0; i < count; i++) {
        if (rates[i].requests_per_s > 0)
            all.requests_per_s += rates[i].requests_per_s;
        if (rates[i].cpu_share > 0)
            all.cpu_share += rates[i].cpu_share;
    }
    return all;
}

void server_table_workers(const struct server_facts *f, const struct worker_rate *rates,
                          unsigned rows_most, struct text *t)
{
    struct worker_facts all = sum_of(f);
    struct worker_rate rate = {0, 0};
    if (rates != NULL)
        rate = sum_of_rates(rates, f->worker_count);
    text_add(t, "%3s %7s  %-8s %9s %6s %5s %7s %7s %8s %8s\n", "#", "pid", "state",
             rates != NULL ? "req/s" : "requests", "flight", "conns", "lag", "CPU", "memory",
             "restarts");
    for (unsigned i = 0; i < f->worker_count && i < rows_most; i++)
        add_row(&f->workers[i], rates != NULL ? &rates[i] : NULL, t);
    if (f->worker_count > rows_most)
        text_add(t, "     and %u more\n", f->worker_count - rows_most);
    text_add(t, "%3s %7s  %-8s", "all", "", "");
    add_figures(&all, rates != NULL ? &rate : NULL, t);
}

void server_table_log(const struct server_facts *f, unsigned lines_most, struct text *t)
{
    unsigned count = (unsigned)cJSON_GetArraySize(f->log), i = 0;
    if (count > 0 && lines_most > 0)
        text_add(t, "\n");
    for (const cJSON *line = count > 0 ? f->log->child : NULL; line != NULL; line = line->next) {
        char time[SERVER_TIME_BYTES];
        const char *what = server_log_text(line, time);
        if (count - i++ <= lines_most)
            text_add(t, "%s  %s\n", time, what);
    }
}
