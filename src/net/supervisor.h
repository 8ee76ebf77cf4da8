/* A server of several processes: a primary that accepts nothing by itself unless it hands
 * connections out, and workers, each with a loop, a pool and an app (net/app.h) of its own. The
 * primary starts them, replaces those that die, replaces all of them one by one on SIGHUP, and ends
 * them; it owns the listening sockets, so that none of this turns a client away. They are gone with
 * it, also when it is killed.
 *
 * Two ways to use it: supervisor_run() makes this process the primary, until it is told to end
 * (`uvlab serve`); net/server_group.h does that in a child, for experiments. */
#ifndef UVLAB_NET_SUPERVISOR_H
#define UVLAB_NET_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/param.h"
#include "measure/pool.h"
#include "measure/work.h"
#include "net/board.h"
#include "net/worker_event.h"

/* How connections reach the workers. */
enum scheduling {
    SCHEDULING_ROUND_ROBIN, /* the primary accepts, and hands them out in turn */
    SCHEDULING_SHARED,      /* all workers accept from one listening socket */
    SCHEDULING_REUSE_PORT,  /* a listening socket for each worker; the kernel spreads */
};
extern const char *const scheduling_names[];

enum { SERVE_WORKERS_MOST = 1024, SERVE_NAME_BYTES = 65 };

struct supervisor_options {
    const char *host;
    uint64_t port;             /* 0: a free one */
    uint64_t workers;          /* PARAM_WORD: as many as there are CPUs allowed */
    uint64_t threads;          /* of each worker's pool; 0: as the environment or libuv says */
    unsigned scheduling;       /* enum scheduling */
    bool tls;                  /* with a certificate that is made for the occasion */
    uint64_t connections_most; /* of each worker; 0: as many as its limit of files allows */
    uint64_t grace_ns;         /* for requests under way, when the server ends */
    uint64_t start_ns;         /* for a worker to come to serve; 0: as long as it takes */
    const char *file;          /* that /file reads; NULL: the program's own */
    struct work_options hash;  /* of `/` */
    const char *name;          /* under which it can be asked and ended; NULL: it cannot */
};

/* The rows of what a cluster is, and those of a server that is used from outside. `s` is a struct
 * supervisor_options within the structure T. */
/* clang-format off */
#define CLUSTER_PARAMS(T, s) \
    { PARAM_NUMBER_(T, s.workers, PARAM_TYPE_COUNT, "workers", 'w', "1", 1, SERVE_WORKERS_MOST, \
                    "worker processes; max: as many as there are CPUs allowed by affinity and " \
                    "quota"), .flags = PARAM_MEANS, .word = "max", .metavar = "N|max" }, \
    POOL_PARAM_THREADS(T, s.threads), \
    PARAM_CHOICE(T, s.scheduling, "scheduling", 0, 0, "round-robin", scheduling_names, \
                 "how connections reach workers: the primary hands them out in turn, all accept " \
                 "from one socket, or each has a socket and the kernel spreads"), \
    PARAM_FLAG(T, s.tls, "tls", 0, 0, "speak HTTPS"), \
    WORK_HASH_PARAMS(T, s.hash)
#define SERVE_PARAMS(T, s) \
    PARAM_COUNT(T, s.port, "port", 'p', "3000", 0, 65535, "where to listen; 0: a free port"), \
    PARAM_STRING(T, s.host, "host", 0, 0, "localhost", "HOST", \
                 "address or name to listen on; :: for every address, 0.0.0.0 for those of IPv4"), \
    CLUSTER_PARAMS(T, s), \
    { PARAM_NUMBER_(T, s.connections_most, PARAM_TYPE_COUNT, "max-connections", 0, NULL, 1, \
                    10000000, "connections that a worker has open at once; others wait (default: " \
                    "as many as its limit of open files allows)"), .flags = PARAM_OPTIONAL }, \
    PARAM_DURATION(T, s.grace_ns, "grace", 0, "10s", 0, 3600000000000, \
                   "time for requests under way when the server ends; what is left is broken off"), \
    PARAM_DURATION(T, s.start_ns, "listen-timeout", 0, "30s", 1000000, 3600000000000, \
                   "time for a worker to come to serve; one that takes longer is killed, and " \
                   "replaced as one that died"), \
    PARAM_STRING(T, s.file, "file", 0, PARAM_OPTIONAL | PARAM_PATH, NULL, "FILE", \
                 "what /file reads (default: uvlab's own program file)"), \
    PARAM_STRING(T, s.name, "name", 0, PARAM_OPTIONAL, NULL, "NAME", \
                 "be known to 'uvlab servers', show, monit and delete under this name")
/* clang-format on */

struct supervisor;

/* Decides what the options leave open, and opens what can fail: listening sockets, a certificate,
 * the control socket, shared memory. The options' strings are kept. STATUS_FAILED, or STATUS_USAGE
 * for what cannot be meant (a name that is none). Main thread, while the process has no other. */
struct supervisor *supervisor_new(const struct supervisor_options *o, struct err *e);
/* Closes all that, in this process. NULL is allowed. */
void supervisor_free(struct supervisor *s);

/* "http://localhost:3000/"; valid until supervisor_free(). */
const char *supervisor_url(const struct supervisor *s);
unsigned supervisor_port(const struct supervisor *s);
/* The certificate that is to be trusted, in PEM, NUL-terminated; NULL without TLS. */
const char *supervisor_certificate(const struct supervisor *s);
struct server_board *supervisor_board(const struct supervisor *s);
struct worker_events *supervisor_events(const struct supervisor *s);

struct supervisor_hooks {
    /* All workers serve, for the first time. Not 0: end, as *e says. */
    int (*serving)(void *context, struct err *e);
    /* Something happened: one line, printable, without a line feed. NULL: nobody listens. */
    void (*log)(void *context, const char *line);
    /* The same of a line that a worker of a server with a name wrote to its standard error. NULL:
     * such lines go where this process writes them. */
    void (*said)(void *context, const char *line);
    void *context;
    int end_fd; /* at its end, or when it is readable, the server ends at once; -1: none */
};

/* Starts the workers and looks after them until SIGTERM or SIGINT (drains, then ends) or end_fd.
 * Blocks these signals, SIGHUP and SIGCHLD, and sets their dispositions to the default. Returns
 * STATUS_OK when everything under way was answered, STATUS_INTERRUPTED after a second signal, -1
 * after filling *e: a worker could not be started at first, or requests were broken off. No worker
 * is left in any case. Once; main thread, while the process has no other. */
int supervisor_run(struct supervisor *s, const struct supervisor_hooks *hooks, struct err *e);

#endif
