/* The child of origin_start(): a server on a loop of its own.
 *
 * It is a copy of a process that was about to measure, and sheds what it inherited: descriptors
 * (someone waits for the end of a pipe that we would hold open), dispositions of signals (libuv's
 * handlers would write into pipes that are the parent's), the file limit. It ends by _exit(), as
 * what was registered with atexit() is the parent's business. Signals come by a signalfd: libuv's
 * own way uses descriptors that were among those inherited. One thread. */
#include "net/origin_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <uv.h>

#include "base/mem.h"
#include "net/delay.h"
#include "net/http_server.h"

/* A piece of the page, which is repeated as often as the page is long: lines of 64 bytes. */
enum { PIECE_BYTES = 64 * 1024, FILES_BESIDES = 64 };

/* Clients here are the experiments' own. They may let a connection rest between runs, and where ten
 * thousand of them begin at once, the handshakes of TLS wait for each other for longer than anybody
 * else would be given: it is their own --timeout that ends a request. */
static const uint64_t patience_ns = (uint64_t)3600 * 1000000000;

struct origin_process {
    uv_loop_t loop;
    uv_poll_t control, signals;
    struct delay_queue delayed;
    struct http_server *server;
    struct http_answer page;
    uint64_t delay_ns;
    char piece[PIECE_BYTES];
};

/* --- Serving. --- */

static void request_cb(void *context, struct http_request *r)
{
    struct origin_process *p = context;
    r->data = p;
    if (p->delay_ns == 0)
        http_request_answer(r, &p->page);
    else
        delay_add(&p->delayed, &r->delay, p->delay_ns);
}

static void due_cb(struct delay_queue *q, struct delay_entry *entry)
{
    struct origin_process *p = q->context;
    http_request_answer(
        (struct http_request *)((char *)entry - offsetof(struct http_request, delay)), &p->page);
}

static void over_cb(void *context, struct http_request *r, bool sent)
{
    struct origin_process *p = context;
    (void)sent;
    delay_remove(&p->delayed, &r->delay);
}

/* Nothing is ever said on `control`, so that it is readable only at its end. */
static void stop_cb(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    uv_stop(poll->loop);
}

/* --- Shedding what was inherited. --- */

static int fail_errno(struct err *e, const char *what)
{
    return err_set(e, STATUS_FAILED, "%s: %s", what, uv_strerror(uv_translate_sys_error(errno)));
}

/* prctl(2): the parent may have ended before we asked to be told. */
static void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(STATUS_FAILED);
}

static bool is_needed(const struct origin_plan *plan, int fd)
{
    return fd <= STDERR_FILENO || fd == plan->control || fd == plan->listeners.ipv4 ||
           fd == plan->listeners.ipv6;
}

/* Where /proc cannot be read, they stay open: they are gone with the parent in any case. */
static void close_inherited(const struct origin_plan *plan)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++)
        dup2(null >= 0 ? null : plan->control, fd);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        int fd = (int)strtol(entry->d_name, NULL, 10); /* "." and ".." are 0 */
        if (!is_needed(plan, fd) && fd != dirfd(folder))
            close(fd);
    }
    if (folder != NULL)
        closedir(folder);
}

/* Everything as in a new process, but for SIGINT and SIGHUP, which are meant for whoever started
 * us. SIGTERM is blocked, to be read. */
static int reset_signals(struct err *e)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t term;
    int fd;
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL); /* refused for SIGKILL and the like */
    action.sa_handler = SIG_IGN;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGPIPE, &action, NULL);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    fd = signalfd(-1, &term, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return fail_errno(e, "cannot watch for signals");
    sigprocmask(SIG_SETMASK, &term, NULL);
    return fd;
}

/* As far as it may: clients beyond that wait until others have gone. */
static void raise_file_limit(uint64_t connections)
{
    struct rlimit limit;
    uint64_t wanted = connections + FILES_BESIDES;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* --- Starting. --- */

static int watch(uv_loop_t *loop, uv_poll_t *poll, int fd, struct err *e)
{
    int rc = uv_poll_init(loop, poll, fd);
    if (rc == 0)
        rc = uv_poll_start(poll, UV_READABLE | UV_DISCONNECT, stop_cb);
    return rc == 0 ? 0 : err_set(e, STATUS_FAILED, "cannot watch a socket: %s", uv_strerror(rc));
}

static void make_page(struct origin_process *p, uint64_t size_bytes)
{
    static const char line[] = "What is measured here is the way, and not what lies at its end.\n";
    for (size_t i = 0; i < PIECE_BYTES; i++)
        p->piece[i] = line[i % (sizeof line - 1)];
    p->page = (struct http_answer){.status = 200,
                                   .type = "text/plain",
                                   .piece = p->piece,
                                   .piece_bytes = PIECE_BYTES,
                                   .body_bytes = size_bytes};
}

static int prepare(struct origin_process *p, const struct origin_plan *plan, struct err *e)
{
    struct http_server_options options = http_server_defaults;
    int signals, rc;
    close_inherited(plan);
    raise_file_limit(plan->connections);
    make_page(p, plan->options.size_bytes);
    p->delay_ns = plan->options.delay_ns;
    signals = reset_signals(e);
    if (signals < 0)
        return -1;
    rc = uv_loop_init(&p->loop);
    if (rc < 0)
        return err_set(e, STATUS_FAILED, "cannot make a loop: %s", uv_strerror(rc));
    if (watch(&p->loop, &p->control, plan->control, e) < 0 ||
        watch(&p->loop, &p->signals, signals, e) < 0 ||
        delay_queue_init(&p->delayed, &p->loop, due_cb, p, e) < 0)
        return -1;
    options.tls = plan->tls;
    options.idle_ns = options.handshake_ns = options.header_ns = options.drain_ns = patience_ns;
    options.handler = (struct http_handler){.request = request_cb, .over = over_cb, .context = p};
    p->server = http_server_new(&p->loop, &options, e);
    if (p->server == NULL || http_server_listen(p->server, plan->listeners.ipv4, e) < 0)
        return -1;
    if (plan->listeners.ipv6 != LISTENER_NONE)
        return http_server_listen(p->server, plan->listeners.ipv6, e);
    return 0;
}

/* The parent reads until the end, or until it has enough. */
static bool say(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = write(fd, at, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

void origin_process_run(const struct origin_plan *plan)
{
    static const char ready = ORIGIN_READY;
    struct err e;
    struct origin_process *p;
    die_with(plan->parent);
#ifdef UVLAB_TORTURE
    mem_fuse_init_child();
#endif
    p = mem_zeroed(1, sizeof *p);
    if (p == NULL)
        err_no_memory(&e, "the server");
    if (p == NULL || prepare(p, plan, &e) < 0) {
        say(plan->control, &e, sizeof e);
        _exit(STATUS_FAILED);
    }
    if (!say(plan->control, &ready, 1))
        _exit(STATUS_FAILED);
    uv_run(&p->loop, UV_RUN_DEFAULT);
#ifdef UVLAB_TORTURE
    mem_fuse_end_child();
#endif
    _exit(STATUS_OK);
}
