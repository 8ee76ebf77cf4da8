/* What a server says of itself over its control socket: one JSON document, from the board and the
 * log. Everything in it that is text is printable already. Primary, one thread. */
#include "net/supervisor_inner.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/version.h"
#include "measure/clock.h"

static void add_string(struct text *t, const char *s)
{
    text_add(t, "\"");
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            text_add(t, "\\");
        text_add_bytes(t, s, 1);
    }
    text_add(t, "\"");
}

static void add_figure(struct text *t, const char *key, uint64_t value)
{
    text_add(t, ", \"%s\": %" PRIu64, key, value);
}

/* What a worker reports of itself now and then: null before the first time, and without one. */
static void add_reported(struct text *t, const char *key, const struct worker *w, uint64_t value)
{
    if (w->pid > 0 && board_get(&w->slot->own.updated_ns) != 0)
        add_figure(t, key, value);
    else
        text_add(t, ", \"%s\": null", key);
}

static void add_worker(struct text *t, const struct worker *w, uint64_t now_ns)
{
    struct worker_slot *slot = w->slot;
    text_add(t, "{\"worker\": %u, \"pid\": ", w->place->number);
    text_add(t, w->pid > 0 ? "%d" : "null", (int)w->pid);
    text_add(t, ", \"state\": \"%s\"", slot_state_names[w->state]);
    add_figure(t, "restarts", w->place->restarts);
    add_figure(t, "uptime_ns", w->pid > 0 ? now_ns - w->forked_ns : 0);
    add_figure(t, "requests", board_get(&slot->own.requests));
    add_figure(t, "in_flight", board_get(&slot->own.in_flight));
    add_figure(t, "connections", board_get(&slot->own.connections));
    add_figure(t, "accepted", board_get(&slot->own.accepted));
    add_figure(t, "given", board_get(&slot->own.given));
    add_figure(t, "pool_queued", board_get(&slot->own.pool_queued));
    add_figure(t, "pool_running", board_get(&slot->own.pool_running));
    add_reported(t, "loop_lag_ns", w, board_lag_ns(slot, now_ns));
    add_reported(t, "cpu_ns", w, board_get(&slot->own.cpu_ns));
    add_reported(t, "memory_bytes", w, board_get(&slot->own.memory_bytes));
    text_add(t, "}");
}

static void add_workers(const struct supervisor *s, struct text *t)
{
    uint64_t now_ns = clock_read_monotonic();
    const char *separator = "";
    text_add(t, ", \"workers\": [");
    for (unsigned i = 0; i < s->options.workers; i++) {
        for (unsigned j = 0; j < BOARD_GENERATIONS; j++) {
            const struct worker *w = &s->places[i].workers[j];
            if (w->state == SLOT_UNUSED)
                continue;
            text_add(t, "%s", separator);
            add_worker(t, w, now_ns);
            separator = ", ";
        }
    }
    text_add(t, "]");
}

static void add_log(const struct supervisor *s, struct text *t)
{
    const struct server_log_line *line;
    text_add(t, ", \"log\": [");
    for (uint64_t i = 0; (line = server_log_line(&s->log, i)) != NULL; i++) {
        text_add(t, "%s{\"at_ms\": %" PRId64 ", \"text\": ", i == 0 ? "" : ", ", line->at_ms);
        add_string(t, line->text);
        text_add(t, "}");
    }
    text_add(t, "]");
}

static const char *const phase_names[] = {
    [PHASE_STARTING] = "starting", [PHASE_SERVING] = "serving", [PHASE_ENDING] = "ending",
    [PHASE_EMPTYING] = "ending",   [PHASE_DRAINING] = "ending", [PHASE_KILLED] = "ending"};

void supervisor_answer(void *context, enum control_request request, struct text *answer)
{
    struct supervisor *s = context;
    if (request == CONTROL_END && !supervisor_is_ending(s)) {
        supervisor_say(s, "told to end over the control socket");
        supervisor_end(s);
    }
    text_add(answer, "{\"schema\": \"uvlab.server/1\", \"name\": \"%s\", \"uvlab\": \"%s\"",
             s->options.name, UVLAB_VERSION);
    text_add(answer, ", \"pid\": %d, \"url\": ", (int)getpid());
    add_string(answer, s->url);
    text_add(answer, ", \"state\": \"%s\", \"scheduling\": \"%s\"", phase_names[s->phase],
             scheduling_names[s->options.scheduling]);
    add_figure(answer, "grace_ns", s->options.grace_ns);
    text_add(answer, ", \"started_at_ms\": %" PRId64, s->started_at_ms);
    add_figure(answer, "uptime_ns", clock_read_monotonic() - s->board->started_ns);
    add_workers(s, answer);
    add_log(s, answer);
    text_add(answer, "}\n");
}
