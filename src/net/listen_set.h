/* The sockets on which a server listens: one for each address that its host name stands for, all
 * under one port number. Any thread. */
#ifndef UVLAB_NET_LISTEN_SET_H
#define UVLAB_NET_LISTEN_SET_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

enum { LISTEN_ADDRESSES_MOST = 4, LISTEN_HOST_BYTES = 128 };

/* What a host name stands for. */
struct listen_addresses {
    char host[LISTEN_HOST_BYTES];                      /* as it was written, for messages */
    struct sockaddr_storage at[LISTEN_ADDRESSES_MOST]; /* ports are 0 */
    unsigned count;
    unsigned needed; /* the first so many must be there; the host may lack the others */
};

struct listen_set {
    int fds[LISTEN_ADDRESSES_MOST]; /* they do not block, and are closed on exec */
    unsigned count;
    unsigned port;
};

/* "localhost" is 127.0.0.1 and, where this host has it, ::1, without asking anybody; "::" is every
 * address, of IPv6 and of IPv4; any other address is itself; everything else is looked up, which
 * may take as long as it takes. Fails with STATUS_FAILED. */
int listen_resolve(struct listen_addresses *a, const char *host, struct err *e);

/* Listens on all of the addresses, on `port` or (0) on one that is free on all of them, with the
 * longest backlog that the kernel gives. `reuse_port`: other sockets of this user may listen there
 * too, if they all say so (SO_REUSEPORT, socket(7)); otherwise a port in use is an error. Fails
 * with STATUS_FAILED, and then has nothing open. */
int listen_open(struct listen_set *set, const struct listen_addresses *a, unsigned port,
                bool reuse_port, struct err *e);
void listen_close(struct listen_set *set);

/* From now on the kernel drops every wish to connect, without an answer, whoever else has the
 * sockets; who is in the middle of connecting gets through. So a queue of theirs that is empty, a
 * while later, stays empty, and closing them resets nobody. Connections that are accepted are as
 * others. False where the kernel cannot, and then some sockets may take new ones still. */
bool listen_drop_new(const struct listen_set *set);

/* "localhost:3000", "[::1]:3000": host and port as a URL has them. */
void listen_name(const struct listen_addresses *a, unsigned port, char *buf, size_t bytes);

#endif
