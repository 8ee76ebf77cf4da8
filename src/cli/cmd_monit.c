/* `uvlab monit NAME`: a running server, looked at again and again. On a terminal the view is drawn
 * anew in its place; elsewhere one view follows the other. Main thread. */
#include "cli/command.h"

#include <string.h>

#include "base/mem.h"
#include "cli/screen.h"
#include "cli/server_facts.h"
#include "cli/server_table.h"
#include "measure/clock.h"

struct monit_command {
    uint64_t count, interval_ns;
};

static const struct param monit_params[] = {
    {PARAM_NUMBER_(struct monit_command, count, PARAM_TYPE_COUNT, "count", 'n', NULL, 1, 1000000000,
                   "end after so many views (default: go on until q or Ctrl-C)"),
     .flags = PARAM_OPTIONAL},
    PARAM_DURATION(struct monit_command, interval_ns, "interval", 0, "1s", 100000000, 3600000000000,
                   "time between two views"),
    PARAM_END,
};

/* What was seen last, to know what has changed since. */
struct monit {
    struct screen screen;
    struct server_facts before, now;
    uint64_t before_ns, now_ns;
    struct worker_rate *rates; /* of `now` */
};

static const struct worker_facts *same_before(const struct monit *m, const struct worker_facts *w)
{
    for (unsigned i = 0; i < m->before.worker_count; i++) {
        const struct worker_facts *b = &m->before.workers[i];
        if (b->worker == w->worker && b->pid == w->pid)
            return b;
    }
    return NULL;
}

static double per_second(uint64_t before, uint64_t now, uint64_t elapsed_ns)
{
    return now < before ? -1 : (double)(now - before) * 1e9 / (double)elapsed_ns;
}

static int find_rates(struct monit *m, struct err *e)
{
    uint64_t elapsed_ns = m->now_ns > m->before_ns ? m->now_ns - m->before_ns : 1;
    mem_free(m->rates);
    m->rates = mem_zeroed(m->now.worker_count, sizeof *m->rates);
    if (m->rates == NULL)
        return err_no_memory(e, "the rates");
    for (unsigned i = 0; i < m->now.worker_count; i++) {
        const struct worker_facts *w = &m->now.workers[i], *b = same_before(m, w);
        m->rates[i] = (struct worker_rate){-1, -1};
        if (b == NULL)
            continue;
        m->rates[i].requests_per_s = per_second(b->requests, w->requests, elapsed_ns);
        if (b->cpu_ns != SERVER_UNKNOWN && w->cpu_ns != SERVER_UNKNOWN)
            m->rates[i].cpu_share = per_second(b->cpu_ns, w->cpu_ns, elapsed_ns) / 1e9;
    }
    return 0;
}

/* Head (3 lines), the table's own head and sum, a line for those left out, an empty line and the
 * log share what the terminal has; without one there is room for everything. */
static void draw(struct monit *m, struct text *t)
{
    enum { OTHER_LINES = 7, LOG_LINES_LEAST = 4, PLAIN_LOG_LINES = 5 };
    unsigned rows = UINT32_MAX, log = PLAIN_LOG_LINES;
    if (m->screen.on) {
        unsigned room = m->screen.lines > OTHER_LINES + LOG_LINES_LEAST + 1
                            ? m->screen.lines - OTHER_LINES
                            : LOG_LINES_LEAST + 1;
        rows = m->now.worker_count < room - LOG_LINES_LEAST ? m->now.worker_count
                                                            : room - LOG_LINES_LEAST;
        log = room - rows;
    }
    server_table_head(&m->now, t);
    server_table_workers(&m->now, m->rates, rows, t);
    server_table_log(&m->now, log, t);
}

/* Looks once. */
static int look(struct monit *m, const char *name, bool first, struct err *e)
{
    struct text t = TEXT_EMPTY;
    int rc;
    server_facts_free(&m->before);
    m->before = m->now;
    m->before_ns = m->now_ns;
    rc = server_facts_ask(&m->now, name, e);
    m->now_ns = clock_read_monotonic();
    if (rc < 0 || find_rates(m, e) < 0)
        return -1;
    screen_measure(&m->screen);
    draw(m, &t);
    if (!m->screen.on && !first)
        rc = screen_show(&m->screen, "\n", 1, e);
    if (rc == 0 && !text_ok(&t))
        rc = err_no_memory(e, "the view");
    if (rc == 0)
        rc = screen_show(&m->screen, text_get(&t), t.length, e);
    text_free(&t);
    return rc;
}

static int watch(struct monit *m, const struct monit_command *o, const char *name, struct err *e)
{
    uint64_t due_ns = clock_read_monotonic();
    for (uint64_t i = 0; o->count == 0 || i < o->count; i++) {
        enum screen_event event;
        if (look(m, name, i == 0, e) < 0)
            return -1;
        if (i + 1 == o->count)
            break;
        due_ns += o->interval_ns;
        if (due_ns < m->now_ns) /* the server took long to answer: what was missed is not made up */
            due_ns = m->now_ns;
        do {
            event = screen_wait(&m->screen, due_ns);
            if (event == SCREEN_RESIZED && look(m, name, false, e) < 0)
                return -1;
        } while (event == SCREEN_RESIZED);
        if (event == SCREEN_QUIT)
            break;
    }
    return STATUS_OK;
}

static int monit_run(const void *options, const char *const *operands, struct err *e)
{
    const struct monit_command *o = options;
    const char *name = operands[0];
    struct monit m;
    int status;
    memset(&m, 0, sizeof m);
    if (name == NULL) {
        err_set(e, STATUS_USAGE, "needs a NAME; see 'uvlab servers'");
        return err_prefix(e, "monit");
    }
    status = server_facts_ask(&m.now, name, e); /* before the screen is taken */
    m.now_ns = clock_read_monotonic();
    if (status == 0)
        status = screen_begin(&m.screen, e);
    if (status == 0) {
        status = watch(&m, o, name, e);
        screen_end(&m.screen);
    }
    server_facts_free(&m.before);
    server_facts_free(&m.now);
    mem_free(m.rates);
    return status < 0 ? err_prefix(e, "monit") : status;
}

const struct command command_monit = {
    .name = "monit",
    .summary = "a live view of a server that runs under a name",
    .about = "Once a second, for each worker: requests per second, requests in flight, open "
             "connections, the longest lag of its loop, CPU, memory, restarts; and the last lines "
             "of the server's log. q or Ctrl-C ends it. Where standard output is no terminal, one "
             "view follows the other.",
    .operand = "NAME",
    .operands_most = 1,
    .operand_words = command_server_word,
    .params = monit_params,
    .options_size = sizeof(struct monit_command),
    .run = monit_run,
};
