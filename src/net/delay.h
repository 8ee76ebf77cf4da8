/* Things that are due later, to the microsecond: uv_timer has milliseconds, of a time that was read
 * at the start of the iteration, and so can be early by one. A queue has one timerfd, however many
 * wait; entries that are put off by the same delay come and go at no cost. Thread of the loop. */
#ifndef UVLAB_NET_DELAY_H
#define UVLAB_NET_DELAY_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"

/* Embedded in what waits; zeroed before it is used first. */
struct delay_entry {
    uint64_t due_ns; /* CLOCK_MONOTONIC */
    struct delay_entry *before, *after;
    bool waits;
};

struct delay_queue {
    uv_poll_t poll;
    int fd;
    struct delay_entry *first, *last; /* by due_ns, those of equal due_ns as they were added */
    void (*due)(struct delay_queue *q, struct delay_entry *entry);
    bool calling;  /* `due`: the timer is armed when that is over */
    void *context; /* of whoever made the queue */
    void (*closed)(struct delay_queue *q);
};

/* `due` is called for every entry, removed by then, when its time has come. STATUS_FAILED. */
int delay_queue_init(struct delay_queue *q, uv_loop_t *loop,
                     void (*due)(struct delay_queue *q, struct delay_entry *entry), void *context,
                     struct err *e);
/* `closed` may be NULL; the queue's memory must stay until the loop has closed the handle. Entries
 * that still wait are forgotten. */
void delay_queue_close(struct delay_queue *q, void (*closed)(struct delay_queue *q));

/* Puts `entry`, which does not wait, off until `delay_ns` from now. */
void delay_add(struct delay_queue *q, struct delay_entry *entry, uint64_t delay_ns);
/* The same until a moment of CLOCK_MONOTONIC. */
void delay_add_at(struct delay_queue *q, struct delay_entry *entry, uint64_t due_ns);
/* Takes it out, if it waits. */
void delay_remove(struct delay_queue *q, struct delay_entry *entry);

#endif
