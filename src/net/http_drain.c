/* Getting rid of connections without losing a request (RFC 9112, 9.6 says what a server can do when
 * it wants to end one).
 *
 * A connection that is given away goes on in another process as if nothing had happened: what the
 * client has sent and nobody has read stays in the socket, which the duplicate of its descriptor
 * keeps alive. It must have no state beyond that here: no byte of a request read, none of an answer
 * to be written, no TLS. Thread of the loop. */
#include "net/http_connection.h"

#include <assert.h>
#include <fcntl.h>
#include <stddef.h>

/* Nothing of a request or an answer is on this side. */
static bool is_at_rest(const struct http_connection *c)
{
    return c->state == CONNECTION_IDLE && !c->feeding && c->stash == NULL && c->writes == 0 &&
           !c->peer_done;
}

static bool can_be_given(const struct http_connection *c)
{
    return c->server->draining.give != NULL && c->ssl == NULL;
}

/* False without a descriptor for the duplicate: then it is treated as if it could not move. */
static bool give_away(struct http_connection *c)
{
    struct http_server *s = c->server;
    uv_os_fd_t fd;
    int copy = -1;
    if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return false;
    connection_close(c); /* takes our descriptor out of the loop; the socket stays */
    s->given++;
    s->draining.give(s->draining.context, copy);
    return true;
}

void drain_settle(struct http_connection *c)
{
    if (!c->server->drains || !is_at_rest(c))
        return;
    if (!can_be_given(c) || !give_away(c))
        connection_enter(c, CONNECTION_IDLE, LIMIT_GRACE);
}

/* Whether records that came together with the one that is looked at are still to be decrypted. */
static bool has_records(const struct http_connection *c)
{
    return c->ssl != NULL && c->feeding &&
           (c->server->wire.in_bytes > 0 || SSL_pending(c->ssl) > 0);
}

bool drain_is_last_answer(const struct http_connection *c)
{
    bool more = c->more || has_records(c) ||
                (c->stash != NULL && !c->feeding); /* what is fed may be the stash */
    return c->server->drains && !can_be_given(c) && !more;
}

static void tell_cb(uv_timer_t *timer)
{
    struct http_server *s = timer->data;
    if (s->connection_count > 0 || s->told_drained)
        return;
    s->told_drained = true;
    if (s->draining.drained != NULL)
        s->draining.drained(s->draining.context);
}

/* The timer that waits for better times to accept has nothing else to do any more. */
void drain_check(struct http_server *s)
{
    if (s->drains && !s->closing && s->connection_count == 0 && !s->told_drained)
        uv_timer_start(&s->accept_timer, tell_cb, 0, 0);
}

void http_server_drain(struct http_server *s, const struct http_draining *how)
{
    assert(!s->drains);
    if (s->closing)
        return;
    s->drains = true;
    s->draining = *how;
    server_stop_listening(s);
    deadline_set_grace(s, how->grace_ns, drain_settle);
    drain_check(s);
}
