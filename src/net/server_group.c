/* Starting and ending a server in a child process. Sockets, certificate and shared memory are made
 * here, so that they are known; a pair of sockets joins this process and the primary: by it the
 * primary says that all workers serve or why not, and sees the end of this one. Main thread. */
#include "net/server_group.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uv.h>

#include "base/mem.h"
#include "net/child.h"
#include "net/supervisor_inner.h"

enum { START_MS = 120000, STOP_MS = 5000, READY = 'r' };

struct server_group {
    struct supervisor *s; /* its sockets are the primary's; here they are closed */
    pid_t pid;            /* 0: none was started */
    int control;          /* our end; -1: none */
};

/* --- The primary. --- */

static int serving_cb(void *context, struct err *e)
{
    static const char ready = READY;
    const int *control = context;
    (void)e;
    child_say(*control, &ready, 1); /* if nobody hears it, the end is seen next */
    return 0;
}

static void keep_sockets(const struct listen_set *set, int *kept, size_t *count)
{
    for (unsigned i = 0; i < set->count; i++)
        kept[(*count)++] = set->fds[i];
}

/* Sheds everything but what the server was made of. */
static int shed(const struct supervisor *s, int control)
{
    size_t most = 1 + (s->options.workers + 1) * LISTEN_ADDRESSES_MOST, count = 1;
    int *kept = mem_alloc(most * sizeof *kept);
    if (kept == NULL)
        return -1;
    kept[0] = control;
    keep_sockets(&s->listen, kept, &count);
    for (unsigned i = 0; i < s->options.workers; i++)
        keep_sockets(&s->places[i].own, kept, &count);
    child_close_inherited(kept, count);
    mem_free(kept);
    return 0;
}

static _Noreturn void run_primary(struct supervisor *s, int control, pid_t parent)
{
    const struct supervisor_hooks hooks = {
        .serving = serving_cb, .context = &control, .end_fd = control};
    struct err e;
    child_die_with(parent);
    if (shed(s, control) < 0)
        err_no_memory(&e, "the primary");
    else if (supervisor_run(s, &hooks, &e) >= 0)
        _exit(STATUS_OK);
    child_say(control, &e, sizeof e);
    _exit(STATUS_FAILED);
}

/* --- Starting. --- */

static int start_primary(struct server_group *g, struct err *e)
{
    pid_t parent = getpid(), pid;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return err_set(e, STATUS_FAILED, "no pair of sockets: %s",
                       uv_strerror(uv_translate_sys_error(errno)));
    pid = child_fork();
    if (pid == 0) {
        close(ends[0]);
        run_primary(g->s, ends[1], parent);
    }
    close(ends[1]);
    g->control = ends[0];
    if (pid < 0)
        return err_set(e, STATUS_FAILED, "no process: %s",
                       uv_strerror(uv_translate_sys_error(errno)));
    g->pid = pid;
    return child_hear(g->control, READY, START_MS, "the server", e) == 0 ? 0 : -1;
}

struct server_group *server_group_start(const struct supervisor_options *o, struct err *e)
{
    struct server_group *g = mem_zeroed(1, sizeof *g);
    if (g == NULL) {
        err_no_memory(e, "the server");
        return NULL;
    }
    g->control = -1;
    g->s = supervisor_new(o, e);
    if (g->s == NULL || start_primary(g, e) < 0) {
        err_prefix(e, "cannot start the server");
        server_group_stop(g);
        return NULL;
    }
    /* Its port stays known. */
    listen_close(&g->s->listen);
    for (unsigned i = 0; i < g->s->options.workers; i++)
        listen_close(&g->s->places[i].own);
    return g;
}

/* --- What is known of it. --- */

const char *server_group_url(const struct server_group *g)
{
    return supervisor_url(g->s);
}

unsigned server_group_port(const struct server_group *g)
{
    return supervisor_port(g->s);
}

unsigned server_group_workers(const struct server_group *g)
{
    return (unsigned)g->s->options.workers;
}

const char *server_group_certificate(const struct server_group *g)
{
    return supervisor_certificate(g->s);
}

struct server_board *server_group_board(const struct server_group *g)
{
    return g->s->board;
}

const struct worker_events *server_group_events(const struct server_group *g)
{
    return g->s->events;
}

pid_t server_group_pid(const struct server_group *g, unsigned worker)
{
    for (unsigned i = 0; i < BOARD_GENERATIONS; i++) {
        const struct worker_slot *slot = board_slot(g->s->board, worker, i);
        if (board_get(&slot->primary.state) == SLOT_SERVING)
            return (pid_t)board_get(&slot->primary.pid);
    }
    return 0;
}

/* A descriptor of the process; -1 with ENOSYS where that is unknown or forbidden. */
static int hold(pid_t pid)
{
#ifdef SYS_pidfd_open
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0 && errno != ESRCH)
        errno = ENOSYS;
    return fd;
#else
    (void)pid;
    errno = ENOSYS;
    return -1;
#endif
}

static int kill_held(int fd)
{
#ifdef SYS_pidfd_send_signal
    return (int)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
#else
    (void)fd;
    return -1;
#endif
}

/* The primary takes the number from the board before the process's status, which sets it free: so
 * if it is still there when the process is held by a descriptor, that is of the right one. */
pid_t server_group_kill(const struct worker_slot *slot)
{
    pid_t pid = (pid_t)board_get(&slot->primary.pid);
    int fd, rc = -1;
    if (pid <= 0)
        return 0;
    fd = hold(pid);
    if (fd < 0 && errno != ENOSYS)
        return 0;
    if ((pid_t)board_get(&slot->primary.pid) == pid)
        rc = fd < 0 ? kill(pid, SIGKILL) : kill_held(fd);
    if (fd >= 0)
        close(fd);
    return rc == 0 ? pid : 0;
}

pid_t server_group_primary(const struct server_group *g)
{
    return g->pid;
}

bool server_group_is_alive(const struct server_group *g)
{
    return child_is_alive(g->pid, g->control, 0);
}

/* The primary's end of the pair is closed when it has ended: that is waited for, and then it is too
 * late for a SIGKILL to do harm. Its workers would go with it in any case. */
static void end_primary(const struct server_group *g)
{
    char rest[256];
    pid_t gone;
    shutdown(g->control, SHUT_WR);
    for (;;) { /* an error that nobody asked for may come first */
        ssize_t n;
        if (!child_wait(g->control, STOP_MS)) {
            kill(g->pid, SIGKILL);
            break;
        }
        n = read(g->control, rest, sizeof rest);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
    }
    do {
        gone = waitpid(g->pid, NULL, 0);
    } while (gone < 0 && errno == EINTR);
}

void server_group_stop(struct server_group *g)
{
    if (g == NULL)
        return;
    if (g->pid > 0)
        end_primary(g);
    if (g->control >= 0)
        close(g->control);
    supervisor_free(g->s);
    mem_free(g);
}
