/* A server of several processes for experiments: a primary (net/supervisor.h) in a child of this
 * process, and its workers. They are gone with this process, also when it is killed. */
#ifndef UVLAB_NET_SERVER_GROUP_H
#define UVLAB_NET_SERVER_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "net/supervisor.h"

struct server_group;

/* Starts the server and returns when all workers serve. The options are copied, their strings kept;
 * `name` has to be NULL. NULL after filling *e (STATUS_FAILED). Main thread, while the process has
 * no other: fork before the pool is used. */
struct server_group *server_group_start(const struct supervisor_options *o, struct err *e);

/* "http://localhost:PORT/"; valid until server_group_stop(). */
const char *server_group_url(const struct server_group *g);
unsigned server_group_port(const struct server_group *g);
/* How many workers there are: what `max` has become. */
unsigned server_group_workers(const struct server_group *g);
/* The certificate that is to be trusted, in PEM, NUL-terminated; NULL without TLS. */
const char *server_group_certificate(const struct server_group *g);
/* What the workers report, and what happened to them; shared memory, valid until
 * server_group_stop(). Any thread may read. */
struct server_board *server_group_board(const struct server_group *g);
const struct worker_events *server_group_events(const struct server_group *g);
/* The process that serves as worker number `worker` (from 1) now; 0: none does. Any thread. */
pid_t server_group_pid(const struct server_group *g, unsigned worker);
pid_t server_group_primary(const struct server_group *g);
/* Kills the process of that slot of a board by SIGKILL, and no other that has got its number
 * meanwhile (where the kernel has no pidfd_open(2), almost surely). Its number; 0: it has none, or
 * ends already. Any thread. */
pid_t server_group_kill(const struct worker_slot *slot);

/* Whether the primary is there still. Any thread. */
bool server_group_is_alive(const struct server_group *g);

/* Ends all its processes at once, and waits for that. NULL is allowed. Main thread. */
void server_group_stop(struct server_group *g);

#endif
