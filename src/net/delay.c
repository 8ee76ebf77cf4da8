/* A list in the order of due times and a timerfd that is armed for its head (timerfd_create(2)). A
 * new entry is sorted in from the end, where entries with the same delay belong. Thread of the
 * loop; the entries belong to others. */
#include "net/delay.h"

#include <errno.h>
#include <stddef.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "measure/clock.h"

enum { NS_PER_S = 1000000000 };

/* Arms the timer for the head, or disarms it; either makes it unreadable until it is due. */
static void arm(struct delay_queue *q)
{
    struct itimerspec at = {{0, 0}, {0, 0}};
    if (q->first != NULL) {
        at.it_value.tv_sec = (time_t)(q->first->due_ns / NS_PER_S);
        at.it_value.tv_nsec = (long)(q->first->due_ns % NS_PER_S);
    }
    timerfd_settime(q->fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void unlink_entry(struct delay_queue *q, struct delay_entry *entry)
{
    if (entry->before != NULL)
        entry->before->after = entry->after;
    else
        q->first = entry->after;
    if (entry->after != NULL)
        entry->after->before = entry->before;
    else
        q->last = entry->before;
    entry->before = entry->after = NULL;
    entry->waits = false;
}

static void timer_cb(uv_poll_t *poll, int status, int events)
{
    uint64_t now_ns = clock_read_monotonic();
    struct delay_queue *q = poll->data;
    (void)status;
    (void)events;
    q->calling = true;
    while (q->first != NULL && q->first->due_ns <= now_ns && !uv_is_closing((uv_handle_t *)poll)) {
        struct delay_entry *entry = q->first;
        unlink_entry(q, entry);
        q->due(q, entry);
    }
    q->calling = false;
    if (!uv_is_closing((uv_handle_t *)poll))
        arm(q);
}

int delay_queue_init(struct delay_queue *q, uv_loop_t *loop,
                     void (*due)(struct delay_queue *q, struct delay_entry *entry), void *context,
                     struct err *e)
{
    int rc;
    *q = (struct delay_queue){.due = due, .context = context};
    q->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (q->fd < 0)
        return err_set(e, STATUS_FAILED, "cannot make a timer: %s",
                       uv_strerror(uv_translate_sys_error(errno)));
    rc = uv_poll_init(loop, &q->poll, q->fd);
    if (rc < 0) {
        close(q->fd);
        return err_set(e, STATUS_FAILED, "cannot watch a timer: %s", uv_strerror(rc));
    }
    q->poll.data = q;
    uv_poll_start(&q->poll, UV_READABLE, timer_cb); /* fails for handles that are closing only */
    return 0;
}

static void closed_cb(uv_handle_t *poll)
{
    struct delay_queue *q = poll->data;
    close(q->fd);
    if (q->closed != NULL)
        q->closed(q);
}

void delay_queue_close(struct delay_queue *q, void (*closed)(struct delay_queue *q))
{
    q->closed = closed;
    uv_close((uv_handle_t *)&q->poll, closed_cb);
}

void delay_add(struct delay_queue *q, struct delay_entry *entry, uint64_t delay_ns)
{
    delay_add_at(q, entry, clock_read_monotonic() + delay_ns);
}

void delay_add_at(struct delay_queue *q, struct delay_entry *entry, uint64_t due_ns)
{
    struct delay_entry *before = q->last;
    entry->due_ns = due_ns;
    while (before != NULL && before->due_ns > entry->due_ns)
        before = before->before;
    entry->before = before;
    entry->after = before != NULL ? before->after : q->first;
    if (entry->after != NULL)
        entry->after->before = entry;
    else
        q->last = entry;
    if (before != NULL)
        before->after = entry;
    else
        q->first = entry;
    entry->waits = true;
    if (q->first == entry && !q->calling)
        arm(q);
}

/* The timer may then fire for an entry that is gone, which does no harm. */
void delay_remove(struct delay_queue *q, struct delay_entry *entry)
{
    if (entry->waits)
        unlink_entry(q, entry);
}
