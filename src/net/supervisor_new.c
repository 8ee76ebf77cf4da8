/* What a server is made of before it runs: decided options, listening sockets, a certificate,
 * shared memory, a name. What cannot succeed is refused here. Main thread. */
#include "net/supervisor_inner.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "measure/host.h"
#include "measure/spin.h"
#include "net/child.h"

enum {
    FILES_WANTED = 1 << 20, /* where nobody says how many connections there will be */
    FILES_A_WORKER = 4,     /* of the primary: a channel and its words, and those of a successor */
};

const char *const scheduling_names[] = {[SCHEDULING_ROUND_ROBIN] = "round-robin",
                                        [SCHEDULING_SHARED] = "shared",
                                        [SCHEDULING_REUSE_PORT] = "reuse-port",
                                        NULL};

/* --- What the options leave open. --- */

/* Of the primary and of a worker, which inherits the limit. */
static uint64_t files_of_primary(const struct supervisor *s)
{
    uint64_t each = FILES_A_WORKER;
    if (s->options.scheduling == SCHEDULING_REUSE_PORT)
        each += s->addresses.count;
    return s->options.workers * each + CHILD_FILES_BESIDES;
}

/* The primary holds connections, too: those that a replaced worker gives back, which may be all
 * that it has. One whose descriptor the primary has no room for is lost (unix(7)). */
static uint64_t connections_within(uint64_t limit, uint64_t files_beside)
{
    return limit > files_beside + CHILD_FILES_BESIDES ? limit - files_beside : CHILD_FILES_BESIDES;
}

static int decide_files(struct supervisor *s, struct err *e)
{
    struct supervisor_options *o = &s->options;
    uint64_t wanted =
        o->connections_most > 0 ? o->connections_most + CHILD_FILES_BESIDES : FILES_WANTED;
    uint64_t limit, needed = files_of_primary(s);
    limit = host_raise_file_limit(o->connections_most > 0 ? o->connections_most + needed : wanted);
    if (limit < needed)
        return err_set(e, STATUS_FAILED,
                       "--workers %" PRIu64 ": would need %" PRIu64 " open files, and the limit is "
                       "%" PRIu64 " (ulimit -Hn)",
                       o->workers, needed, limit);
    if (o->connections_most > 0 && limit < wanted)
        return err_set(e, STATUS_FAILED,
                       "--max-connections %" PRIu64 ": a worker would need %" PRIu64
                       " open files, and the limit is %" PRIu64 " (ulimit -Hn)",
                       o->connections_most, wanted, limit);
    if (o->connections_most == 0)
        o->connections_most = connections_within(limit, needed);
    return 0;
}

static void decide_workers(struct supervisor_options *o)
{
    struct host_facts host;
    if (o->workers != PARAM_WORD)
        return;
    host_gather(&host);
    o->workers = host_cpus_usable(&host);
    if (o->workers > SERVE_WORKERS_MOST)
        o->workers = SERVE_WORKERS_MOST;
}

/* --- Opening. --- */

static int open_sockets(struct supervisor *s, struct err *e)
{
    unsigned port = (unsigned)s->options.port;
    if (s->options.scheduling != SCHEDULING_REUSE_PORT)
        return listen_open(&s->listen, &s->addresses, port, false, e);
    for (unsigned i = 0; i < s->options.workers; i++) {
        if (listen_open(&s->places[i].own, &s->addresses, port, true, e) < 0)
            return -1;
        port = s->places[i].own.port;
    }
    return 0;
}

static int open_certificate(struct supervisor *s, struct err *e)
{
    if (!s->options.tls)
        return 0;
    if (certificate_make(&s->certificate, e) < 0)
        return -1;
    s->tls = certificate_server_context(&s->certificate, e);
    return s->tls != NULL ? 0 : -1;
}

/* What every worker would do by itself when it starts, and need not when it is a copy of a process
 * that has done it: so a dead one is replaced in a fraction of the time. */
static int prepare_workers(const struct supervisor *s, struct err *e)
{
    struct work_context hash;
    if (spin_calibrate(e) < 0 ||
        work_context_init(&hash, work_at(WORK_PBKDF2), &s->options.hash, e) < 0)
        return -1;
    work_context_free(&hash);
    return 0;
}

static int open_memory(struct supervisor *s, struct err *e)
{
    s->places = mem_zeroed(s->options.workers, sizeof *s->places);
    if (s->places == NULL)
        return err_no_memory(e, "the workers");
    s->board = board_new((unsigned)s->options.workers, e);
    if (s->board == NULL)
        return -1;
    for (unsigned i = 0; i < s->options.workers; i++) {
        struct place *p = &s->places[i];
        p->s = s;
        p->number = i + 1;
        for (unsigned j = 0; j < BOARD_GENERATIONS; j++) {
            p->workers[j].place = p;
            p->workers[j].slot = board_slot(s->board, p->number, j);
        }
    }
    s->events = worker_events_new(e);
    return s->events != NULL ? 0 : -1;
}

static int open_all(struct supervisor *s, struct err *e)
{
    char place[LISTEN_HOST_BYTES + 16];
    struct timespec now;
    decide_workers(&s->options);
    if (s->options.name != NULL && control_place_take(&s->control_place, s->options.name, e) < 0)
        return -1;
    if (listen_resolve(&s->addresses, s->options.host, e) < 0 || decide_files(s, e) < 0 ||
        open_memory(s, e) < 0 || open_sockets(s, e) < 0 || open_certificate(s, e) < 0 ||
        prepare_workers(s, e) < 0)
        return -1;
    listen_name(&s->addresses, supervisor_port(s), place, sizeof place);
    snprintf(s->url, sizeof s->url, "%s://%s/", s->options.tls ? "https" : "http", place);
    clock_gettime(CLOCK_REALTIME, &now);
    s->started_at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return 0;
}

struct supervisor *supervisor_new(const struct supervisor_options *o, struct err *e)
{
    struct supervisor *s = mem_zeroed(1, sizeof *s);
    if (s == NULL) {
        err_no_memory(e, "the server");
        return NULL;
    }
    s->options = *o;
    if (open_all(s, e) == 0)
        return s;
    supervisor_free(s);
    return NULL;
}

void supervisor_free(struct supervisor *s)
{
    if (s == NULL)
        return;
    control_place_leave(&s->control_place);
    listen_close(&s->listen);
    for (unsigned i = 0; s->places != NULL && i < s->options.workers; i++)
        listen_close(&s->places[i].own);
    SSL_CTX_free(s->tls);
    certificate_free(&s->certificate);
    worker_events_free(s->events);
    board_free(s->board);
    mem_free(s->places);
    mem_free(s->pending);
    mem_free(s);
}

/* --- What is known of it. --- */

const char *supervisor_url(const struct supervisor *s)
{
    return s->url;
}

unsigned supervisor_port(const struct supervisor *s)
{
    return s->options.scheduling == SCHEDULING_REUSE_PORT ? s->places[0].own.port : s->listen.port;
}

const char *supervisor_certificate(const struct supervisor *s)
{
    return s->certificate.pem;
}

struct server_board *supervisor_board(const struct supervisor *s)
{
    return s->board;
}

struct worker_events *supervisor_events(const struct supervisor *s)
{
    return s->events;
}
