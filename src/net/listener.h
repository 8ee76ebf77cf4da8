/* Sockets that listen on loopback. Any thread. */
#ifndef UVLAB_NET_LISTENER_H
#define UVLAB_NET_LISTENER_H

#include "base/err.h"

enum { LISTENER_NONE = -1 };

/* The two ends of `localhost` under one port number. */
struct listener_pair {
    int ipv4, ipv6; /* descriptors; LISTENER_NONE: this host has no such address */
    unsigned port;
};

/* Listens on 127.0.0.1 and, where this host has it, ::1, on `port` or (0) on one that is free on
 * both. The backlog is the longest that the kernel gives; the descriptors do not block and are
 * closed on exec. Fails with STATUS_FAILED, and then has nothing open. */
int listener_open_loopback(struct listener_pair *pair, unsigned port, struct err *e);
void listener_close(struct listener_pair *pair);

#endif
