/* Listening on both loopback addresses. The kernel picks a port that is free for IPv4; whether it
 * is free for IPv6 too is found out by trying, a bounded number of times. Any thread. */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

enum { TRIES = 32 };

union address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

static socklen_t make_address(union address *a, int family, unsigned port)
{
    memset(a, 0, sizeof *a);
    if (family == AF_INET) {
        a->ipv4.sin_family = AF_INET;
        a->ipv4.sin_port = htons((uint16_t)port);
        a->ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof a->ipv4;
    }
    a->ipv6.sin6_family = AF_INET6;
    a->ipv6.sin6_port = htons((uint16_t)port);
    a->ipv6.sin6_addr = in6addr_loopback;
    return sizeof a->ipv6;
}

/* A socket that listens, or LISTENER_NONE with errno. The backlog is cut to net.core.somaxconn by
 * the kernel (listen(2)). */
static int open_one(int family, unsigned port)
{
    union address address;
    socklen_t bytes = make_address(&address, family, port);
    int on = 1, error, fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return LISTENER_NONE;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (family == AF_INET || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
        bind(fd, &address.any, bytes) == 0 && listen(fd, INT_MAX) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return LISTENER_NONE;
}

static unsigned port_of(int fd)
{
    union address address = {.ipv4 = {0}};
    socklen_t bytes = sizeof address;
    if (getsockname(fd, &address.any, &bytes) < 0)
        return 0;
    return ntohs(address.ipv4.sin_port);
}

/* Whether the error says that the host has no such address at all. */
static bool is_absent(int error)
{
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT;
}

int listener_open_loopback(struct listener_pair *pair, unsigned port, struct err *e)
{
    int error = EADDRINUSE;
    *pair = (struct listener_pair){.ipv4 = LISTENER_NONE, .ipv6 = LISTENER_NONE};
    for (int i = 0; i < TRIES && error == EADDRINUSE; i++) {
        pair->ipv4 = open_one(AF_INET, port);
        if (pair->ipv4 == LISTENER_NONE) {
            error = errno;
        } else {
            pair->port = port_of(pair->ipv4);
            pair->ipv6 = open_one(AF_INET6, pair->port);
            if (pair->ipv6 != LISTENER_NONE || is_absent(errno))
                return 0;
            error = errno;
            listener_close(pair);
        }
        if (port != 0)
            break;
    }
    return err_set(e, STATUS_FAILED, "cannot listen on port %u of localhost: %s", port,
                   uv_strerror(uv_translate_sys_error(error)));
}

void listener_close(struct listener_pair *pair)
{
    if (pair->ipv4 != LISTENER_NONE)
        close(pair->ipv4);
    if (pair->ipv6 != LISTENER_NONE)
        close(pair->ipv6);
    pair->ipv4 = pair->ipv6 = LISTENER_NONE;
}
