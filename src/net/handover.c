/* Messages with descriptors between the primary and a worker. SOCK_SEQPACKET keeps their boundaries
 * and still tells when the other end has gone. A message is one byte, but for HANDOVER_FAILED,
 * which is followed by why. What comes from the other end is a copy of our own program, yet it may
 * have been broken by whatever it was killed for, so lengths are looked at. One thread. */
#include "net/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum { HEARD_AT_ONCE = 64 };

union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

int handover_pair(int ends[2], struct err *e)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0)
        return 0;
    return err_set(e, STATUS_FAILED, "no pair of sockets: %s",
                   uv_strerror(uv_translate_sys_error(errno)));
}

/* --- Sending. --- */

enum sent { SENT, SENT_LATER, SENT_NEVER };

static enum sent send_now(int socket, enum handover_kind kind, int fd)
{
    char byte = (char)kind;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union control control;
    ssize_t n;
    if (fd >= 0) {
        struct cmsghdr *c;
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    do {
        n = sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n == 1)
        return SENT;
    /* ETOOMANYREFS: more descriptors are under way than this user may have open. */
    if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS || errno == ENOMEM)
        return SENT_LATER;
    return SENT_NEVER;
}

/* Whoever hands a connection out keeps it until that is acknowledged. */
static void let_go(enum handover_kind kind, int fd)
{
    if (fd >= 0 && kind != HANDOVER_CONNECTION)
        close(fd);
}

static void forget_first(struct handover *h)
{
    let_go(h->queue[h->first].kind, h->queue[h->first].fd);
    h->first = (h->first + 1) % h->room;
    h->count--;
}

static void poll_cb(uv_poll_t *poll, int status, int events);

static void watch(struct handover *h)
{
    int events = (h->deaf ? 0 : UV_READABLE) | (h->count > 0 ? UV_WRITABLE : 0);
    if (!h->open)
        return;
    if (events == 0)
        uv_poll_stop(&h->poll);
    else
        uv_poll_start(&h->poll, events, poll_cb);
}

static void flush(struct handover *h)
{
    while (h->count > 0) {
        const struct handover_waiting *w = &h->queue[h->first];
        if (!h->deaf && send_now(h->fd, w->kind, w->fd) == SENT_LATER)
            break;
        forget_first(h);
    }
    watch(h);
}

static bool grow(struct handover *h)
{
    size_t room = h->room > 0 ? 2 * h->room : HANDOVER_ROOM;
    struct handover_waiting *larger = mem_alloc(room * sizeof *larger);
    if (larger == NULL)
        return false;
    for (size_t i = 0; i < h->count; i++) {
        size_t at = h->first + i;
        larger[i] = h->queue[at < h->room ? at : at - h->room];
    }
    if (h->queue != h->own_queue)
        mem_free(h->queue);
    h->queue = larger;
    h->room = room;
    h->first = 0;
    return true;
}

bool handover_send(struct handover *h, enum handover_kind kind, int fd)
{
    size_t kept = fd >= 0 ? HANDOVER_WORDS_MOST : 0;
    if (h->count == 0 && (h->deaf || send_now(h->fd, kind, fd) != SENT_LATER)) {
        let_go(kind, fd);
        return true;
    }
    if (h->count + kept >= h->room && !grow(h))
        return false;
    h->queue[(h->first + h->count) % h->room] = (struct handover_waiting){.kind = kind, .fd = fd};
    if (++h->count == 1)
        watch(h);
    return true;
}

void handover_say_failed(int fd, const struct err *e)
{
    struct err whole = {.status = e->status}; /* no byte of it unset */
    char said[1 + sizeof whole];
    memcpy(whole.text, e->text, strnlen(e->text, sizeof whole.text - 1));
    said[0] = (char)HANDOVER_FAILED;
    memcpy(said + 1, &whole, sizeof whole);
    if (send(fd, said, sizeof said, MSG_NOSIGNAL) < 0)
        return; /* whoever started us sees that we are gone */
}

/* --- Receiving. --- */

/* Takes the descriptors out of a received message: the first is kept, more than one is nonsense. */
static int take_descriptor(struct msghdr *message)
{
    int kept = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        int fd;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
            c->cmsg_len < CMSG_LEN(sizeof fd))
            continue;
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
        if (kept >= 0)
            close(fd);
        else
            kept = fd;
    }
    return kept;
}

/* One message. 1: there was one; 0: none now; -1: the other end has gone. */
static int receive(int socket, struct handover_message *m)
{
    char said[1 + sizeof m->e];
    struct iovec part = {.iov_base = said, .iov_len = sizeof said};
    union control control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t n;
    do {
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        return -1;
    m->kind = (enum handover_kind)said[0];
    m->fd = take_descriptor(&message);
    if (m->kind == HANDOVER_FAILED && n == (ssize_t)sizeof said) {
        memcpy(&m->e, said + 1, sizeof m->e);
        m->e.text[sizeof m->e.text - 1] = '\0';
    } else if (m->kind == HANDOVER_FAILED) {
        err_set(&m->e, STATUS_FAILED, "it did not say why");
    }
    return 1;
}

/* Hears a message, or that there will be none. False when there is nothing now. */
static bool hear(struct handover *h)
{
    struct handover_message m;
    int rc = h->open && !h->deaf ? receive(h->fd, &m) : 0;
    if (rc > 0) {
        h->heard(h, &m);
    } else if (rc < 0) {
        h->deaf = true;
        flush(h);
        h->heard(h, NULL);
    }
    return rc != 0;
}

void handover_hear_rest(struct handover *h)
{
    while (hear(h))
        ;
}

static void poll_cb(uv_poll_t *poll, int status, int events)
{
    struct handover *h = (struct handover *)poll;
    if (status == 0 && (events & UV_WRITABLE) != 0)
        flush(h);
    if (status == 0 && (events & UV_READABLE) == 0)
        return;
    for (int i = 0; i < HEARD_AT_ONCE && hear(h); i++)
        ; /* others on the loop get their turn, too */
}

/* --- Beginning and end. --- */

int handover_open(struct handover *h, uv_loop_t *loop, int fd,
                  void (*heard)(struct handover *h, struct handover_message *m), struct err *e)
{
    int rc;
    memset(h, 0, sizeof *h);
    rc = uv_poll_init(loop, &h->poll, fd);
    if (rc < 0) {
        close(fd);
        return err_set(e, STATUS_FAILED, "cannot watch a socket: %s", uv_strerror(rc));
    }
    h->fd = fd;
    h->heard = heard;
    h->queue = h->own_queue;
    h->room = HANDOVER_ROOM;
    h->open = true;
    watch(h);
    return 0;
}

static void closed_cb(uv_handle_t *handle)
{
    struct handover *h = (struct handover *)handle;
    while (h->count > 0)
        forget_first(h);
    if (h->queue != h->own_queue)
        mem_free(h->queue);
    h->queue = NULL;
    close(h->fd);
    if (h->closed != NULL)
        h->closed(h);
}

void handover_close(struct handover *h, void (*closed)(struct handover *h))
{
    if (!h->open)
        return;
    h->open = false;
    h->closed = closed;
    uv_close((uv_handle_t *)&h->poll, closed_cb);
}
