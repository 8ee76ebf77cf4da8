/* What the primary process and a worker say to each other: short messages over a pair of sockets
 * that keeps their boundaries, some with a descriptor (SCM_RIGHTS, unix(7)). Sending never blocks
 * and never loses anything: what the socket does not take waits in a queue here. One end has one
 * thread. */
#ifndef UVLAB_NET_HANDOVER_H
#define UVLAB_NET_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"

enum {
    HANDOVER_OWED_MOST = 64, /* connections that may be handed out and not acknowledged */
    HANDOVER_WORDS_MOST = HANDOVER_OWED_MOST + 8, /* messages without a descriptor that may wait */
    HANDOVER_ROOM = 2 * HANDOVER_WORDS_MOST,
};

enum handover_kind {
    /* From the primary. */
    HANDOVER_CONNECTION = 1, /* a connection; its descriptor comes with it */
    HANDOVER_REPLACED,       /* a successor serves: give back what rests, answer the rest, end */
    HANDOVER_END,            /* nobody will serve: answer what is under way, and end */
    /* From a worker. */
    HANDOVER_SERVING, /* it serves now */
    HANDOVER_FAILED,  /* it cannot; the message is followed by a struct err */
    HANDOVER_TAKEN,   /* the oldest connection that was not acknowledged yet is its own now */
    HANDOVER_GIVEN,   /* a connection that it gives back; its descriptor comes with it */
    HANDOVER_REFUSED, /* the oldest one could not be taken (memory or descriptors ran out) */
    HANDOVER_LEAVING, /* it was told by others (SIGTERM) to end, and wants to be replaced */
};

struct handover_message {
    enum handover_kind kind;
    int fd;       /* that came with it, the receiver's own now; -1: none */
    struct err e; /* of HANDOVER_FAILED */
};

/* One end. Embed it; its memory must stay until `closed`. */
struct handover {
    uv_poll_t poll;
    int fd;
    /* A message has come; NULL: the other end has gone. Must not close the end from within, but
     * may send. */
    void (*heard)(struct handover *h, struct handover_message *m);
    void (*closed)(struct handover *h);
    struct handover_waiting {
        enum handover_kind kind;
        int fd;
    } * queue, own_queue[HANDOVER_ROOM]; /* a ring: its own, or a larger one */
    size_t first, count, room;
    bool open, deaf; /* deaf: the other end has gone */
};

/* Two ends; they do not block and are closed on exec. STATUS_FAILED. */
int handover_pair(int ends[2], struct err *e);

/* Listens to the end `fd`, which it owns from now on, also when it fails (STATUS_FAILED). */
int handover_open(struct handover *h, uv_loop_t *loop, int fd,
                  void (*heard)(struct handover *h, struct handover_message *m), struct err *e);

/* Sends a message. With HANDOVER_CONNECTION, `fd` stays the caller's, and open until it has been
 * acknowledged or the end is closed. Any other `fd` (-1: none) is closed when the kernel has it, or
 * when it is known that nobody will: it is no longer the caller's. False only when it could not be
 * queued for want of memory; then `fd` is still the caller's. That never happens to a message
 * without one, as long as no more than HANDOVER_WORDS_MOST of them wait: room for these is kept, as
 * acknowledgements go by their order, and none may be missing. */
bool handover_send(struct handover *h, enum handover_kind kind, int fd);

/* Whether everything was handed to the kernel. */
static inline bool handover_is_quiet(const struct handover *h)
{
    return h->count == 0;
}

/* Hears what is left, when the other end's process has gone. */
void handover_hear_rest(struct handover *h);

/* Closes the end and what waits in the queue; `closed` may be NULL. */
void handover_close(struct handover *h, void (*closed)(struct handover *h));

/* Says why a worker cannot serve, before there is a loop. */
void handover_say_failed(int fd, const struct err *e);

#endif
