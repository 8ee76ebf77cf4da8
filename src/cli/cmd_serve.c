/* `uvlab serve`: the server for use, by whatever client. This process becomes its primary. Main
 * thread, the only one. */
#include "cli/command.h"

#include <stdio.h>

#include "net/supervisor.h"
#include "output/out.h"

struct serve_command {
    struct supervisor_options serve;
    const char *certificate;
    bool quiet;
};

static const struct param serve_params[] = {
    SERVE_PARAMS(struct serve_command, serve),
    PARAM_STRING(struct serve_command, certificate, "certificate", 0, PARAM_OPTIONAL | PARAM_PATH,
                 NULL, "FILE",
                 "--tls: write the certificate that is to be trusted to FILE, in PEM"),
    PARAM_FLAG(struct serve_command, quiet, "quiet", 'q', 0,
               "no log on standard error, only errors"),
    PARAM_END,
};

/* What the hooks need. */
struct serving {
    struct supervisor *s;
    struct out *certificate; /* NULL: none, or it is written */
    bool quiet;
};

static int serving_cb(void *context, struct err *e)
{
    struct serving *v = context;
    struct out *certificate = v->certificate;
    struct text t = TEXT_EMPTY;
    v->certificate = NULL;
    if (certificate != NULL) {
        out_text(certificate, supervisor_certificate(v->s));
        if (out_close(certificate, e) < 0)
            return -1;
    }
    text_add(&t, "%s\n", supervisor_url(v->s));
    return command_print(&t, e);
}

static void log_cb(void *context, const char *line)
{
    const struct serving *v = context;
    if (!v->quiet)
        fprintf(stderr, "uvlab: serve: %s\n", line);
}

/* Nobody writes there for nothing, so it is shown in any case. */
static void said_cb(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "uvlab: serve: %s\n", line);
}

static int serve(const struct serve_command *o, struct out *certificate, struct err *e)
{
    struct serving v = {.certificate = certificate, .quiet = o->quiet};
    const struct supervisor_hooks hooks = {
        .serving = serving_cb, .log = log_cb, .said = said_cb, .context = &v, .end_fd = -1};
    int status = -1;
    v.s = supervisor_new(&o->serve, e);
    if (v.s != NULL)
        status = supervisor_run(v.s, &hooks, e);
    supervisor_free(v.s);
    out_abandon(v.certificate);
    return status < 0 ? err_prefix(e, "serve") : status;
}

static int serve_run(const void *options, const char *const *operands, struct err *e)
{
    const struct serve_command *o = options;
    struct out *certificate = NULL;
    (void)operands;
    if (!o->serve.tls && o->certificate != NULL)
        return err_set(e, STATUS_USAGE, "serve: --certificate: there is none without --tls");
    if (o->certificate != NULL && (certificate = out_open(o->certificate, e)) == NULL)
        return -1;
    return serve(o, certificate, e);
}

const struct command command_serve = {
    .name = "serve",
    .summary = "an HTTP(S) server of several worker processes, until it is interrupted",
    .about =
        "Prints its URL on standard output when it serves. Routes: / (a pbkdf2 on the pool), "
        "/fast, /block?ms=5000 (busy-waits on the loop), /sleep?ms=1000 (a timer), /spin?ms=100 "
        "(computes on the pool), /file (reads a file), /count?n=1e9, /thread?ms= (worker threads), "
        "/process?ms= (a process), /stats (figures of all workers, JSON). A worker that dies is "
        "replaced. SIGHUP replaces all workers one by one without losing a request; SIGTERM and "
        "SIGINT answer what is under way and end, a second one ends at once.",
    .params = serve_params,
    .options_size = sizeof(struct serve_command),
    .run = serve_run,
};
