/* The process of the embedded origin: what runs after the fork. */
#ifndef UVLAB_NET_ORIGIN_PROCESS_H
#define UVLAB_NET_ORIGIN_PROCESS_H

#include <sys/types.h>

#include <openssl/ssl.h>

#include "net/listener.h"
#include "net/origin.h"

/* What the new process needs of the old one. */
struct origin_plan {
    struct origin_options options;
    SSL_CTX *tls; /* NULL: without */
    struct listener_pair listeners;
    uint64_t connections;
    pid_t parent;
    int control; /* its end of a pair of sockets: "ready" goes out, and its end means to go */
};

/* What it says when it serves; otherwise it says a struct err and ends. */
enum { ORIGIN_READY = 'r' };

/* Serves until the other end of `control` is closed, or SIGTERM comes, and ends the process without
 * running what was registered to run at its end. Called in the child, with all signals blocked. */
_Noreturn void origin_process_run(const struct origin_plan *plan);

#endif
