/* A worker of a server: what runs in the process after the fork. */
#ifndef UVLAB_NET_WORKER_PROCESS_H
#define UVLAB_NET_WORKER_PROCESS_H

#include <sys/types.h>

#include <openssl/ssl.h>

#include "net/board.h"
#include "net/listen_set.h"
#include "net/supervisor.h"

/* What it needs of the primary. */
struct worker_plan {
    const struct supervisor_options *options; /* workers and connections_most are decided */
    unsigned number;
    struct worker_slot *slot;
    struct server_board *board;
    SSL_CTX *tls;                    /* NULL: without */
    const struct listen_set *listen; /* that it accepts from; NULL: none */
    int channel;                     /* its end of the pair (net/handover.h) */
    int words;                       /* its standard error; -1: the primary's */
    pid_t parent;
};

/* How long a connection that rests is looked at when it cannot be handed on: a request may be on
 * its way already. */
#define WORKER_REST_NS UINT64_C(500000000)

/* Serves until it is told to end, and ends the process without running what was registered to run
 * at its end. Called in the child, with all signals blocked. */
_Noreturn void worker_process_run(const struct worker_plan *plan);

#endif
