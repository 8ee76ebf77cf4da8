/* Replacing workers that are well, one by one: the successor is started first, and the old one told
 * to give back what rests and to finish what it has only when the successor serves. So there is a
 * worker for everything at any moment, and no request is lost. The next place follows when the old
 * worker has ended, or after the time of grace, so that one endless request does not hold up the
 * others. A successor that does not come to serve, or not in time, ends the roll: the others would
 * do no better.
 * Primary, one thread. */
#include "net/supervisor_inner.h"

#include "measure/clock.h"

enum { NS_PER_MS = 1000000 };

static bool has(const struct place *p, enum worker_role role)
{
    for (unsigned i = 0; i < BOARD_GENERATIONS; i++)
        if (p->workers[i].role == role)
            return true;
    return false;
}

/* Whether p is about to be replaced now; if not, it goes on as it is, for a while at least. */
static bool replace(struct place *p)
{
    struct worker *free = worker_free(p);
    struct err e;
    p->wanted = false;
    if (p->current == NULL || p->current->state != SLOT_SERVING)
        return false; /* it is new anyway, or will be */
    if (has(p, ROLE_SUCCESSOR))
        return true;
    if (free == NULL) {
        p->wanted = true;
        if (has(p, ROLE_OLD))
            supervisor_say(p->s,
                           "worker %u still has a predecessor that answers, and is replaced later",
                           p->number);
        return false;
    }
    if (worker_start(free, ROLE_SUCCESSOR, &e) == 0)
        return true;
    supervisor_say(p->s, "worker %u is not replaced: %s", p->number, e.text);
    return false;
}

static void go_on(struct supervisor *s)
{
    s->roll_waits = false;
    uv_timer_stop(&s->roll_timer);
    while (!supervisor_is_ending(s) && ++s->rolling <= s->options.workers)
        if (replace(&s->places[s->rolling - 1]))
            return;
    s->rolling = 0;
    if (!supervisor_is_ending(s))
        supervisor_say(s, "SIGHUP: all workers have had their turn");
    if (s->roll_again) {
        s->roll_again = false;
        go_on(s);
    }
}

void roll_begin(struct supervisor *s)
{
    if (supervisor_is_ending(s) || s->phase == PHASE_STARTING)
        return;
    s->roll_again = s->rolling != 0;
    if (s->rolling == 0)
        go_on(s);
}

void roll_one(struct place *p)
{
    if (!supervisor_is_ending(p->s))
        replace(p);
}

void roll_succeeded(struct place *p, struct worker *successor)
{
    struct worker *old = p->current;
    struct supervisor *s = p->s;
    p->current = successor;
    successor->role = ROLE_CURRENT;
    old->role = ROLE_OLD;
    worker_note(old, WORKER_REPLACED, clock_read_monotonic());
    supervisor_say(s, "worker %u (pid %d) is replaced by pid %d", p->number, (int)old->pid,
                   (int)successor->pid);
    worker_tell(old, HANDOVER_REPLACED);
    if (s->rolling == p->number) {
        s->roll_waits = true;
        uv_timer_start(&s->roll_timer, roll_timer_cb, s->options.grace_ns / NS_PER_MS, 0);
    }
}

void roll_failed(struct place *p, pid_t pid, const char *why)
{
    struct supervisor *s = p->s;
    if (supervisor_is_ending(s))
        return;
    supervisor_say(s, "worker %u goes on, as its successor (pid %d) does not serve: %s", p->number,
                   (int)pid, why);
    if (s->rolling == p->number) {
        s->rolling = 0;
        s->roll_again = false;
    }
}

void roll_done(const struct place *p)
{
    if (p->s->rolling == p->number)
        go_on(p->s);
}

void roll_freed(struct place *p)
{
    struct supervisor *s = p->s;
    if (p->wanted)
        replace(p);
    if (s->roll_waits && s->rolling == p->number && !has(p, ROLE_OLD))
        go_on(s);
}

void roll_timer_cb(uv_timer_t *timer)
{
    struct supervisor *s = timer->data;
    if (s->rolling != 0 && s->roll_waits)
        go_on(s);
}
