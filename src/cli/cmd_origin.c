/* `uvlab origin`: the embedded server alone, for other clients that are compared with uvlab. It is
 * the same process that experiments start; this one waits for a reason to end it. Main thread. */
#include "cli/command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <uv.h>

#include "net/origin.h"
#include "output/out.h"

enum { CONNECTIONS = 10000 }; /* that it has files for, where the limit allows */

struct origin_command {
    struct origin_options origin;
    bool plain, until_eof;
    const char *certificate;
};

static const struct param origin_params[] = {
    ORIGIN_PARAMS(struct origin_command, origin, "100ms"),
    PARAM_FLAG(struct origin_command, plain, "plain", 0, 0, "speak HTTP, not HTTPS"),
    PARAM_STRING(struct origin_command, certificate, "certificate", 0, PARAM_OPTIONAL | PARAM_PATH,
                 NULL, "FILE", "write the certificate that is to be trusted to FILE, in PEM"),
    PARAM_FLAG(struct origin_command, until_eof, "until-eof", 0, 0,
               "end when standard input does, too"),
    PARAM_END,
};

static int write_certificate(struct out *o, const struct origin *origin, struct err *e)
{
    if (o == NULL)
        return 0;
    out_text(o, origin_certificate(origin));
    return out_close(o, e);
}

static int print_url(const struct origin *origin, struct err *e)
{
    struct text t = TEXT_EMPTY;
    text_add(&t, "%s\n", origin_url(origin, true));
    return command_print(&t, e);
}

/* Whether standard input, readable, is at its end. What is written to it is of no interest. */
static bool has_ended(int fd)
{
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);
    return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

/* Waits for SIGINT, SIGTERM, the end of the input, or of the server, which is an error. */
static int wait_for_end(const struct origin *origin, int signals, bool until_eof, struct err *e)
{
    struct pollfd p[] = {{.fd = signals, .events = POLLIN},
                         {.fd = until_eof ? STDIN_FILENO : -1, .events = POLLIN}};
    for (;;) {
        struct signalfd_siginfo info;
        if (poll(p, 2, -1) < 0)
            continue;
        if (p[1].revents != 0 && has_ended(STDIN_FILENO))
            return STATUS_OK;
        if (p[0].revents == 0 || read(signals, &info, sizeof info) != (ssize_t)sizeof info)
            continue;
        if (info.ssi_signo != SIGCHLD)
            return STATUS_OK;
        if (!origin_is_alive(origin, false))
            return err_set(e, STATUS_FAILED, "origin: the server has ended by itself");
    }
}

static int serve(const struct origin_command *o, int signals, struct out *certificate,
                 struct err *e)
{
    struct origin *origin = origin_start(&o->origin, o->plain, CONNECTIONS, e);
    int status = -1;
    if (origin == NULL)
        out_abandon(certificate);
    else if (write_certificate(certificate, origin, e) == 0 && print_url(origin, e) == STATUS_OK)
        status = wait_for_end(origin, signals, o->until_eof, e);
    origin_stop(origin);
    return status;
}

static int origin_run(const void *options, const char *const *operands, struct err *e)
{
    const struct origin_command *o = options;
    struct out *certificate = NULL;
    sigset_t awaited;
    int signals, status = -1;
    (void)operands;
    if (o->plain && o->certificate != NULL)
        return err_set(e, STATUS_USAGE,
                       "origin: --certificate: there is none with --plain, which is without TLS");
    if (o->certificate != NULL && (certificate = out_open(o->certificate, e)) == NULL)
        return -1;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGCHLD);
    sigprocmask(SIG_BLOCK, &awaited, NULL); /* the server sets its own */
    signals = signalfd(-1, &awaited, SFD_CLOEXEC);
    if (signals >= 0) {
        status = serve(o, signals, certificate, e);
        close(signals);
    } else {
        err_set(e, STATUS_FAILED, "origin: cannot watch for signals: %s",
                uv_strerror(uv_translate_sys_error(errno)));
        out_abandon(certificate);
    }
    return status;
}

const struct command command_origin = {
    .name = "origin",
    .summary = "the embedded HTTPS server alone, until it is interrupted",
    .about =
        "Prints the URL at which it serves on standard output when it does. Its certificate is "
        "a new one each time, for localhost: give it to clients with --certificate, for example "
        "curl --cacert FILE.",
    .params = origin_params,
    .options_size = sizeof(struct origin_command),
    .run = origin_run,
};
