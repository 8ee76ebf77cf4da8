/* The inside of the supervisor, shared by its files:
 *
 *   supervisor.c          making it, running it, signals, the end
 *   supervisor_worker.c   starting a worker, and hearing it
 *   supervisor_loss.c     losing it, and the next one
 *   supervisor_roll.c     replacing all workers one by one
 *   supervisor_accept.c   accepting, and handing connections out
 *   supervisor_document.c what it says of itself
 *
 * All in the primary process, which has one thread. A worker number is a place; a place has room
 * for two processes, one that serves and one that is about to or has ceased to. Nothing is
 * allocated while it runs, but for connections that wait. */
#ifndef UVLAB_NET_SUPERVISOR_INNER_H
#define UVLAB_NET_SUPERVISOR_INNER_H

#include <openssl/ssl.h>
#include <uv.h>

#include "net/certificate.h"
#include "net/control.h"
#include "net/handover.h"
#include "net/listen_set.h"
#include "net/server_log.h"
#include "net/supervisor.h"
#include "net/worker_words.h"

enum { HANDED_MOST = HANDOVER_OWED_MOST, HOW_BYTES = 80, URL_BYTES = LISTEN_HOST_BYTES + 32 };

enum worker_role {
    ROLE_NONE,      /* no process, and its memory is free for the next one */
    ROLE_CURRENT,   /* serves, or is about to and there is no other */
    ROLE_SUCCESSOR, /* will take the place of the current one when it serves */
    ROLE_OLD,       /* has been replaced, and finishes what it has */
    ROLE_GONE,      /* ended; its channel is being closed */
};

struct worker {
    struct handover channel;
    struct worker_words words;
    struct place *place;
    struct worker_slot *slot;
    enum worker_role role;
    enum slot_state state;
    pid_t pid; /* 0: none */
    uint64_t forked_ns;
    bool told;       /* to end */
    bool late;       /* did not serve in time, and was killed */
    bool has_failed; /* it said why, in `failure` */
    struct err failure;
    /* Connections that were handed over and are not acknowledged: a ring. */
    int handed[HANDED_MOST];
    unsigned handed_first, handed_count;
    uint64_t handed_ns;  /* when the oldest of them became the oldest */
    uint64_t refused_ns; /* when it refused one the last time; 0: it never has */
};

/* A listening socket that the primary itself accepts from, now and then. */
struct source {
    uv_poll_t poll;
    struct supervisor *s;
    int fd;
    bool watched, exists;
};

struct place {
    struct supervisor *s;
    unsigned number;
    struct worker workers[BOARD_GENERATIONS];
    struct worker *current; /* NULL: none */
    uv_timer_t timer;       /* until the next one is started */
    uv_timer_t start_timer; /* until the one that was started last should serve */
    bool due;               /* a worker is to be started as soon as there is memory for it */
    bool wanted;            /* the same of a successor: its worker, who serves, is to be replaced */
    unsigned early_deaths;
    uint64_t restarts;
    uint64_t died_ns; /* the last one, for the log; 0: it has been told */
    pid_t died_pid;
    char died_how[HOW_BYTES];
    struct listen_set own;                        /* reuse-port: its sockets */
    struct source sources[LISTEN_ADDRESSES_MOST]; /* the same, while there is no worker */
};

enum supervisor_phase {
    PHASE_STARTING, /* not all have served yet */
    PHASE_SERVING,
    PHASE_ENDING,   /* the end has begun: who is in the middle of connecting is let in still */
    PHASE_EMPTYING, /* nobody is let in any more; what had been accepted is handed out still */
    PHASE_DRAINING, /* all workers were told to end */
    PHASE_KILLED,   /* all were killed */
};

struct supervisor {
    struct supervisor_options options; /* decided */
    struct listen_addresses addresses;
    struct listen_set listen; /* round-robin, shared */
    struct certificate certificate;
    SSL_CTX *tls;
    struct server_board *board;
    struct worker_events *events;
    struct control_place control_place;
    struct place *places;
    char url[URL_BYTES];
    struct server_log log;
    int64_t started_at_ms; /* the wall clock's, for people */

    /* While it runs. */
    uv_loop_t loop;
    const struct supervisor_hooks *hooks;
    enum supervisor_phase phase;
    unsigned served; /* places whose first worker has served */
    unsigned next;   /* place that the next connection goes to, from 0 */
    struct source sources[LISTEN_ADDRESSES_MOST];
    uv_poll_t signals, end;
    uv_timer_t grace, closing, accept_again;
    int signal_fd;
    bool end_watched;
    struct control *control;
    int *pending; /* connections that wait for a worker: a ring */
    size_t pending_first, pending_count, pending_room;
    bool crowded;     /* no worker takes more at the moment */
    bool exhausted;   /* the primary itself could not accept */
    unsigned rolling; /* number of the place that is being replaced; 0: none */
    bool roll_again, roll_waits;
    uv_timer_t roll_timer;
    bool has_error, interrupted;
    struct err error;
    uint64_t broken_off; /* requests under way, or that waited for a worker, that were */
};

/* --- supervisor.c --- */
void supervisor_say(struct supervisor *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same of what a worker wrote. */
void supervisor_hear(struct supervisor *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The first reason why it fails counts; ends everything at once. */
void supervisor_fail(struct supervisor *s, const struct err *e);
/* Begins the end: drains. */
void supervisor_end(struct supervisor *s);
/* Goes on with the end as far as it can; and leaves the loop when nothing is left. */
void supervisor_step(struct supervisor *s);
/* Kills all workers that are left. */
void supervisor_kill(struct supervisor *s);
static inline bool supervisor_is_ending(const struct supervisor *s)
{
    return s->phase >= PHASE_ENDING;
}

/* --- supervisor_worker.c --- */
/* Memory for another process of that place; NULL while there are two. */
struct worker *worker_free(struct place *p);
/* Forks the process of w, whose memory is free. -1 after filling *e. */
int worker_start(struct worker *w, enum worker_role role, struct err *e);
void worker_tell(struct worker *w, enum handover_kind kind);
void worker_set_state(struct worker *w, enum slot_state state);
void worker_note(const struct worker *w, enum worker_event_kind kind, uint64_t at_ns);

/* --- supervisor_loss.c --- */
/* Its memory is free when what it was heard by is closed. */
void worker_close(struct worker *w);
/* Takes leave of all workers that have ended. */
void workers_reap(struct supervisor *s);
/* The timers of a place have come. */
void place_timer_cb(uv_timer_t *timer);
void place_start_over_cb(uv_timer_t *timer);

/* --- supervisor_roll.c --- */
void roll_begin(struct supervisor *s);
/* Replaces one worker alone, as it asked for it: now, or when its predecessor has ended. */
void roll_one(struct place *p);
/* The successor of p's worker serves. */
void roll_succeeded(struct place *p, struct worker *successor);
/* The successor of p's worker has ended before it served; `why`, for the log. */
void roll_failed(struct place *p, pid_t pid, const char *why);
/* The worker of p that was to be replaced has died, and its successor is in its place. */
void roll_done(const struct place *p);
/* There is memory for another process of p. */
void roll_freed(struct place *p);
void roll_timer_cb(uv_timer_t *timer);

/* --- supervisor_accept.c --- */
/* Prepares to accept from fd, without doing so yet. */
int source_open(struct source *source, struct supervisor *s, int fd, struct err *e);
void source_watch(struct source *source, bool watch);
/* Stops watching all listening sockets that are the primary's at the moment, or goes on. */
void sources_update(struct supervisor *s);
/* Accepts everything that waits on all listening sockets. */
void accept_rest(struct supervisor *s);
void accept_again_cb(uv_timer_t *timer);
/* Puts a connection into the queue; it is the supervisor's. */
void pending_add(struct supervisor *s, int fd);
/* Hands connections out as far as workers take them. */
void pending_pump(struct supervisor *s);
void pending_drop(struct supervisor *s);
/* Hands a connection that `from` has given back to its successor, or to any. */
void worker_gave(struct worker *from, int fd);
/* The oldest connection that was handed to w is w's own. */
void worker_took(struct worker *w);
/* The oldest connection that was handed to w cannot be w's now: it goes to another, or to w later.
 */
void worker_refused(struct worker *w);
/* Takes back what w has not acknowledged. */
void worker_take_back(struct worker *w);

/* --- supervisor_document.c --- */
/* Answers a request over the control socket (net/control.h). */
void supervisor_answer(void *context, enum control_request request, struct text *answer);

#endif
