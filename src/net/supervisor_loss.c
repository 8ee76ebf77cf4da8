/* The end of a worker, as the primary sees it: what it had is taken back, and another follows in
 * the same place, at once or after a pause. Its memory is free when the loop has closed what it was
 * heard by, which is when the next one is started. Primary, one thread. */
#include "net/supervisor_inner.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/units.h"
#include "measure/clock.h"
#include "net/worker_pause.h"

enum { NS_PER_MS = 1000000 };

/* "was killed by SIGKILL", "ended with status 3". */
static void describe_death(const struct worker *w, int status, char how[HOW_BYTES])
{
    if (w->late) {
        char time[UNITS_TEXT_BYTES];
        units_format_duration(time, w->place->s->options.start_ns, "u");
        snprintf(how, HOW_BYTES, "was killed, as it did not serve within %s", time);
    } else if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        snprintf(how, HOW_BYTES, "was killed by SIG%s", name != NULL ? name : "?");
    } else {
        snprintf(how, HOW_BYTES, "ended with status %d", WEXITSTATUS(status));
    }
}

static void hold_back(struct place *p, uint64_t pause_ns)
{
    p->due = true;
    uv_timer_start(&p->timer, place_timer_cb, pause_ns / NS_PER_MS, 0);
    if (pause_ns > 0)
        sources_update(p->s);
}

static void say_held_back(struct place *p, const char *what, uint64_t pause_ns)
{
    char pause[UNITS_TEXT_BYTES];
    units_format_duration(pause, pause_ns, "u");
    supervisor_say(p->s, "worker %u %s, and soon after its start %u times in a row; next in %s",
                   p->number, what, p->early_deaths, pause);
}

/* The place starts anew, now or later. */
static void start_next(struct place *p)
{
    struct worker *w = worker_free(p);
    struct err e;
    p->due = w == NULL; /* a predecessor is in the way; when it has gone, this is called again */
    if (w == NULL)
        return;
    if (worker_start(w, ROLE_CURRENT, &e) == 0) {
        sources_update(p->s);
        return;
    }
    p->early_deaths = worker_pause_count(p->early_deaths, 0);
    supervisor_say(p->s, "%s; trying again", e.text);
    hold_back(p, worker_pause_ns(p->early_deaths) + (uint64_t)NS_PER_MS);
}

void place_timer_cb(uv_timer_t *timer)
{
    struct place *p = timer->data;
    if (!supervisor_is_ending(p->s) && p->due && p->current == NULL)
        start_next(p);
}

/* It may have said that it serves, and not have been heard. */
void place_start_over_cb(uv_timer_t *timer)
{
    struct place *p = timer->data;
    for (unsigned i = 0; i < BOARD_GENERATIONS; i++) {
        struct worker *w = &p->workers[i];
        if (w->pid > 0 && w->state == SLOT_STARTING)
            handover_hear_rest(&w->channel);
        if (w->pid > 0 && w->state == SLOT_STARTING)
            w->late = kill(w->pid, SIGKILL) == 0;
    }
}

static void channel_closed_cb(struct handover *h)
{
    struct worker *w = (struct worker *)((char *)h - offsetof(struct worker, channel));
    struct place *p = w->place;
    w->role = ROLE_NONE;
    if (supervisor_is_ending(p->s))
        supervisor_step(p->s);
    else if (p->due && p->current == NULL && !uv_is_active((const uv_handle_t *)&p->timer))
        start_next(p);
    if (!supervisor_is_ending(p->s))
        roll_freed(p);
}

static void words_closed_cb(struct worker_words *words)
{
    struct worker *w = (struct worker *)((char *)words - offsetof(struct worker, words));
    handover_close(&w->channel, channel_closed_cb);
}

void worker_close(struct worker *w)
{
    w->role = ROLE_GONE;
    words_close(&w->words, words_closed_cb);
}

/* The one that served has died: a successor that is about to serve takes its place; otherwise the
 * place starts anew. */
static void current_died(struct worker *w, pid_t pid, uint64_t now_ns)
{
    struct place *p = w->place;
    uint64_t pause_ns;
    p->current = NULL;
    for (unsigned i = 0; i < BOARD_GENERATIONS; i++) {
        if (p->workers[i].role == ROLE_SUCCESSOR) {
            p->current = &p->workers[i];
            p->current->role = ROLE_CURRENT;
            worker_set_state(w, SLOT_UNUSED); /* nobody waits there */
            roll_done(p);
        }
    }
    p->restarts++;
    p->early_deaths = worker_pause_count(p->early_deaths, now_ns - w->forked_ns);
    for (unsigned i = 0; i < BOARD_GENERATIONS; i++)
        board_put(&p->workers[i].slot->primary.restarts, p->restarts);
    if (p->died_ns == 0)
        p->died_ns = now_ns;
    p->died_pid = pid;
    if (p->current != NULL)
        return;
    pause_ns = worker_pause_ns(p->early_deaths);
    if (pause_ns == 0) {
        p->due = true; /* when its channel is closed */
    } else {
        say_held_back(p, w->has_failed ? w->failure.text : p->died_how, pause_ns);
        hold_back(p, pause_ns);
    }
}

static void died_at_start(const struct worker *w, const char *how)
{
    struct err e = w->failure;
    if (!w->has_failed)
        err_set(&e, STATUS_FAILED, "it %s", how);
    if (strncmp(e.text, "--", 2) != 0) /* what was wrong with an option is wrong for all */
        err_prefix(&e, "cannot start worker %u of %u", w->place->number,
                   (unsigned)w->place->s->options.workers);
    supervisor_fail(w->place->s, &e);
}

static void died(struct worker *w, int status)
{
    struct place *p = w->place;
    struct supervisor *s = p->s;
    enum worker_role role;
    uint64_t now_ns = clock_read_monotonic();
    pid_t pid = w->pid;
    char how[HOW_BYTES];
    bool in_order = w->told && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    describe_death(w, status, how);
    words_hear_rest(&w->words);
    handover_hear_rest(&w->channel);
    role = w->role;
    worker_note(w, in_order ? WORKER_LEFT : WORKER_DIED, now_ns);
    w->pid = 0; /* it may be another's now, and must not be killed with the others */
    if (!in_order && s->phase == PHASE_DRAINING)
        s->broken_off += board_get(&w->slot->own.in_flight);
    w->role = ROLE_GONE;
    worker_set_state(w,
                     role == ROLE_CURRENT && !supervisor_is_ending(s) ? SLOT_WAITING : SLOT_UNUSED);
    worker_take_back(w);
    if (role == ROLE_CURRENT) {
        memcpy(p->died_how, how, sizeof p->died_how);
        if (s->phase == PHASE_STARTING)
            died_at_start(w, how);
        if (supervisor_is_ending(s))
            p->current = NULL;
        else
            current_died(w, pid, now_ns);
    } else if (!in_order && s->phase != PHASE_KILLED) {
        supervisor_say(s, "worker %u (pid %d), which was %s, %s", p->number, (int)pid,
                       role == ROLE_OLD ? "replaced already" : "to be the next", how);
    }
    if (role == ROLE_SUCCESSOR)
        roll_failed(p, pid, w->has_failed ? w->failure.text : how);
    worker_close(w);
    pending_pump(s);
}

/* Takes the status of one that has ended. After that its number may be another process's, so it
 * goes from the board before, by which others kill (server_group_kill()). */
static bool reap(const struct worker *w, int *status)
{
    siginfo_t info = {.si_pid = 0};
    if (w->pid <= 0 || waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0)
        return false;
    board_put(&w->slot->primary.pid, 0);
    return waitpid(w->pid, status, WNOHANG) == w->pid;
}

void workers_reap(struct supervisor *s)
{
    for (unsigned i = 0; i < s->options.workers; i++) {
        for (unsigned j = 0; j < BOARD_GENERATIONS; j++) {
            struct worker *w = &s->places[i].workers[j];
            int status;
            if (reap(w, &status))
                died(w, status);
        }
    }
}
