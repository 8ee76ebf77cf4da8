/* Listening on what a host name stands for. The kernel picks a port that is free for the first
 * address; whether it is free for the others too is found out by trying, a bounded number of times.
 * Any thread. */
#include "net/listen_set.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

enum { TRIES = 32 };

/* --- Names. --- */

static void add_ipv4(struct listen_addresses *a, struct in_addr address)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&a->at[a->count++];
    in->sin_family = AF_INET;
    in->sin_addr = address;
}

static void add_ipv6(struct listen_addresses *a, const struct in6_addr *address, uint32_t scope)
{
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)&a->at[a->count++];
    in->sin6_family = AF_INET6;
    in->sin6_addr = *address;
    in->sin6_scope_id = scope;
}

static bool is_there(const struct listen_addresses *a, const struct sockaddr_storage *address)
{
    for (unsigned i = 0; i < a->count; i++)
        if (memcmp(&a->at[i], address, sizeof *address) == 0)
            return true;
    return false;
}

/* A name can stand for one address several times, or for more than there is room for. */
static void add_found(struct listen_addresses *a, const struct addrinfo *found)
{
    struct listen_addresses one = {.count = 0};
    if (found->ai_family == AF_INET) {
        add_ipv4(&one, ((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_addr);
    } else if (found->ai_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)found->ai_addr;
        add_ipv6(&one, &in->sin6_addr, in->sin6_scope_id);
    }
    if (one.count > 0 && a->count < LISTEN_ADDRESSES_MOST && !is_there(a, &one.at[0]))
        a->at[a->count++] = one.at[0];
}

static const char *why_unknown(int rc)
{
    if (rc == EAI_NONAME)
        return "there is no host of that name";
    return rc == EAI_SYSTEM ? uv_strerror(uv_translate_sys_error(errno)) : gai_strerror(rc);
}

int listen_resolve(struct listen_addresses *a, const char *host, struct err *e)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int rc;
    memset(a, 0, sizeof *a);
    if (host[0] == '\0' || strlen(host) >= sizeof a->host)
        return err_set(e, STATUS_FAILED, "cannot listen on '%.64s': not the name of a host", host);
    memcpy(a->host, host, strlen(host) + 1);
    if (strcmp(host, "localhost") == 0) {
        add_ipv4(a, (struct in_addr){.s_addr = htonl(INADDR_LOOPBACK)});
        add_ipv6(a, &in6addr_loopback, 0);
        a->needed = 1;
        return 0;
    }
    if (strcmp(host, "::") == 0) { /* as people know it: IPv4 has none that stands for both */
        add_ipv6(a, &in6addr_any, 0);
        add_ipv4(a, (struct in_addr){.s_addr = htonl(INADDR_ANY)});
        a->needed = 1;
        return 0;
    }
    rc = getaddrinfo(host, NULL, &hints, &found);
    if (rc != 0)
        return err_set(e, STATUS_FAILED, "cannot listen on '%s': %s", host, why_unknown(rc));
    for (const struct addrinfo *i = found; i != NULL; i = i->ai_next)
        add_found(a, i);
    freeaddrinfo(found);
    a->needed = a->count;
    if (a->count == 0)
        return err_set(e, STATUS_FAILED, "cannot listen on '%s': it has no address", host);
    return 0;
}

void listen_name(const struct listen_addresses *a, unsigned port, char *buf, size_t bytes)
{
    bool brackets = strchr(a->host, ':') != NULL;
    snprintf(buf, bytes, "%s%s%s:%u", brackets ? "[" : "", a->host, brackets ? "]" : "", port);
}

/* --- Sockets. --- */

/* A socket that listens, or -1 with errno. The backlog is cut to net.core.somaxconn by the kernel
 * (listen(2)). */
static int open_one(const struct sockaddr_storage *at, unsigned port, bool reuse_port)
{
    struct sockaddr_storage address = *at;
    bool ipv6 = at->ss_family == AF_INET6;
    socklen_t bytes = ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    int on = 1, error, fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (ipv6)
        ((struct sockaddr_in6 *)&address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&address)->sin_port = htons((uint16_t)port);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (!reuse_port || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
        (!ipv6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
        bind(fd, (const struct sockaddr *)&address, bytes) == 0 && listen(fd, INT_MAX) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static unsigned port_of(int fd)
{
    union {
        struct sockaddr_storage any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } address;
    socklen_t bytes = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(fd, (struct sockaddr *)&address.any, &bytes) < 0)
        return 0;
    return ntohs(address.any.ss_family == AF_INET6 ? address.ipv6.sin6_port
                                                   : address.ipv4.sin_port);
}

/* Whether the error says that the host has no such address at all. */
static bool is_absent(int error)
{
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT;
}

/* All addresses under one port number. Returns 0 or the error, with nothing open then. */
static int open_all(struct listen_set *set, const struct listen_addresses *a, unsigned port,
                    bool reuse_port)
{
    *set = (struct listen_set){.port = port};
    for (unsigned i = 0; i < a->count; i++) {
        int fd = open_one(&a->at[i], set->port, reuse_port);
        int error = errno;
        if (fd >= 0) {
            set->fds[set->count++] = fd;
            set->port = port_of(fd);
        } else if (i < a->needed || !is_absent(error)) {
            listen_close(set);
            return error;
        }
    }
    return 0;
}

/* What can be done about it, where that is known. */
static const char *advice(int error)
{
    if (error == EADDRINUSE)
        return "; another process listens there (--port 0 takes a free one)";
    if (error == EACCES)
        return "; ports this low need root, or the sysctl net.ipv4.ip_unprivileged_port_start";
    if (error == EMFILE)
        return " (ulimit -n)";
    return "";
}

int listen_open(struct listen_set *set, const struct listen_addresses *a, unsigned port,
                bool reuse_port, struct err *e)
{
    int error = EADDRINUSE;
    for (int i = 0; i < TRIES && error == EADDRINUSE; i++) {
        error = open_all(set, a, port, reuse_port);
        if (port != 0)
            break;
    }
    if (error == 0)
        return 0;
    return err_set(e, STATUS_FAILED, "cannot listen on port %u of %s: %s%s", port, a->host,
                   is_absent(error) ? "this machine has no such address"
                                    : uv_strerror(uv_translate_sys_error(error)),
                   advice(error));
}

/* A filter of packets (socket(7), SO_ATTACH_FILTER) sees those to a listening socket from their TCP
 * header on. It lets the third packet of a handshake through, as its client may have sent a request
 * by then. Accepted sockets inherit it, and to them nobody says SYN. */
bool listen_drop_new(const struct listen_set *set)
{
    enum { FLAGS_AT = 13, DROP = 0 };
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_AT),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, TH_SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, DROP),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    const struct sock_fprog filter = {.len = sizeof code / sizeof code[0], .filter = code};
    bool all = true;
    for (unsigned i = 0; i < set->count; i++)
        if (setsockopt(set->fds[i], SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0)
            all = false;
    return all;
}

void listen_close(struct listen_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        close(set->fds[i]);
    set->count = 0;
}
