/* Starting and ending the process of the embedded origin.
 *
 * The certificate and the listening sockets are made here, so that both are known and clients can
 * connect when origin_start() returns. A pair of sockets joins the two processes: by it the child
 * says that it serves or why not, and sees the end of this one; when that is by SIGKILL the kernel
 * kills the child, too. Nothing is executed anew: the program file may have been replaced, and a
 * child of a fork cannot be started without its parent. Main thread. */
#include "net/origin.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uv.h>

#include "base/mem.h"
#include "net/certificate.h"
#include "net/child.h"
#include "net/listener.h"
#include "net/origin_process.h"

enum { START_MS = 30000, STOP_MS = 3000, END_MS = 500, URL_BYTES = 48 };

struct origin {
    pid_t pid;   /* 0: none was started */
    int control; /* our end; -1: none */
    unsigned port;
    struct certificate certificate; /* empty without TLS */
    char by_name[URL_BYTES], by_address[URL_BYTES];
};

static int fail_errno(struct err *e, const char *what)
{
    return err_set(e, STATUS_FAILED, "cannot start the embedded server: %s: %s", what,
                   uv_strerror(uv_translate_sys_error(errno)));
}

static int hear_ready(const struct origin *o, struct err *e)
{
    int heard = child_hear(o->control, ORIGIN_READY, START_MS, "the embedded server", e);
    return heard > 0 ? err_prefix(e, "cannot start the embedded server") : heard;
}

static int fork_child(struct origin *o, struct origin_plan *plan, struct err *e)
{
    int ends[2];
    pid_t pid;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return fail_errno(e, "no pair of sockets");
    plan->parent = getpid();
    plan->control = ends[1];
    pid = child_fork();
    if (pid == 0) {
        close(ends[0]);
        origin_process_run(plan);
    }
    close(ends[1]);
    o->control = ends[0];
    if (pid < 0)
        return fail_errno(e, "no process");
    o->pid = pid;
    return hear_ready(o, e);
}

/* What the child serves with. The context is a copy after the fork; here it is not needed. */
static int start_child(struct origin *o, struct origin_plan *plan, bool plain, struct err *e)
{
    int rc;
    if (!plain && certificate_make(&o->certificate, e) < 0)
        return -1;
    if (!plain && (plan->tls = certificate_server_context(&o->certificate, e)) == NULL)
        return -1;
    rc = listener_open_loopback(&plan->listeners, 0, e);
    if (rc == 0) {
        o->port = plan->listeners.port;
        rc = fork_child(o, plan, e);
        listener_close(&plan->listeners);
    }
    SSL_CTX_free(plan->tls);
    return rc;
}

struct origin *origin_start(const struct origin_options *options, bool plain, uint64_t connections,
                            struct err *e)
{
    struct origin_plan plan = {.options = *options, .connections = connections};
    struct origin *o = mem_zeroed(1, sizeof *o);
    const char *scheme = plain ? "http" : "https";
    if (o == NULL) {
        err_no_memory(e, "the embedded server");
        return NULL;
    }
    o->control = -1;
    if (start_child(o, &plan, plain, e) < 0) {
        origin_stop(o);
        return NULL;
    }
    snprintf(o->by_name, sizeof o->by_name, "%s://localhost:%u/", scheme, o->port);
    snprintf(o->by_address, sizeof o->by_address, "%s://127.0.0.1:%u/", scheme, o->port);
    return o;
}

const char *origin_url(const struct origin *o, bool by_name)
{
    return by_name ? o->by_name : o->by_address;
}

const char *origin_certificate(const struct origin *o)
{
    return o->certificate.pem;
}

unsigned origin_port(const struct origin *o)
{
    return o->port;
}

pid_t origin_pid(const struct origin *o)
{
    return o->pid;
}

bool origin_is_alive(const struct origin *o, bool suspected)
{
    return child_is_alive(o->pid, o->control, suspected ? END_MS : 0);
}

/* The child's end of the pair is closed when it has ended: that is waited for, and then it is too
 * late for a SIGKILL to do harm. */
static void end_child(const struct origin *o)
{
    pid_t gone;
    shutdown(o->control, SHUT_WR);
    if (!child_wait(o->control, STOP_MS))
        kill(o->pid, SIGKILL);
    do {
        gone = waitpid(o->pid, NULL, 0);
    } while (gone < 0 && errno == EINTR);
}

void origin_stop(struct origin *o)
{
    if (o == NULL)
        return;
    if (o->pid > 0)
        end_child(o);
    if (o->control >= 0)
        close(o->control);
    certificate_free(&o->certificate);
    mem_free(o);
}
