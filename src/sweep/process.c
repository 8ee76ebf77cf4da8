/* A child and the two pipes on which it is heard.
 *
 * The parent sleeps in ppoll(2) until a pipe has something, a signal comes or a time is over;
 * nothing is polled, as a child that waits to be noticed would be counted as time of its point.
 * Signals that it looks at (SIGCHLD for the child's end; those of run_interrupted()) are blocked
 * but while it sleeps, so that none comes between looking and sleeping. A grandchild may hold the
 * pipes open: it is the end of the child that counts, and what the pipes hold then is the last that
 * is read. Main thread. */
#include "sweep/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include "base/units.h"
#include "measure/clock.h"
#include "measure/run.h"
#include "measure/wall.h"
#include "net/child.h"

enum { PIECE_BYTES = 64 * 1024, HEARD_BYTES = 8192, PIECES_MOST = 256, NS_PER_S = 1000000000 };

struct process {
    const struct process_plan *plan;
    struct process_outcome *out;
    pid_t pid;
    int output, errors;           /* ends of pipes to read from; -1: closed */
    uint64_t started_ns, told_ns; /* told_ns: when it got SIGTERM; 0: not yet */
    bool killed, ended;
    int status;              /* of waitpid(2) */
    char heard[HEARD_BYTES]; /* the end of what it said on standard error */
    size_t heard_bytes;
};

static void no_op(int number)
{
    (void)number;
}

/* --- In the child. --- */

/* As a program that a shell starts: only SIGHUP stays ignored where it is (nohup). */
static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL}, before;
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        if (number != SIGHUP ||
            (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN))
            sigaction(number, &action, NULL); /* refused for SIGKILL and the like */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* All descriptors of this process are closed by exec. `trouble` gets errno when that fails. */
static void become(const struct process_plan *plan, pid_t parent, int output, int errors,
                   int trouble)
{
    int null, error;
    child_die_with(parent);
    null = open("/dev/null", O_RDONLY);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(errors, STDERR_FILENO) >= 0) {
        if (null > STDERR_FILENO)
            close(null);
        reset_signals();
#ifdef UVLAB_TORTURE
        unsetenv("UVLAB_FAIL_ALLOC"); /* it is for this process */
#endif
        execv(plan->program, plan->arguments);
    }
    error = errno;
    child_say(trouble, &error, sizeof error);
    _exit(STATUS_FAILED);
}

/* --- Starting it. --- */

struct pipes {
    int output[2], errors[2], trouble[2];
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_pipes(struct pipes *p)
{
    for (unsigned i = 0; i < 2; i++) {
        close_end(&p->output[i]);
        close_end(&p->errors[i]);
        close_end(&p->trouble[i]);
    }
}

static int open_pipes(struct pipes *p, struct err *e)
{
    *p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (pipe2(p->output, O_CLOEXEC) == 0 && pipe2(p->errors, O_CLOEXEC) == 0 &&
        pipe2(p->trouble, O_CLOEXEC) == 0)
        return 0;
    err_set(e, STATUS_FAILED, "cannot make a pipe: %s", uv_strerror(uv_translate_sys_error(errno)));
    close_pipes(p);
    return -1;
}

/* Whether exec worked: the pipe is closed by it, or says why not. */
static int hear_trouble(int trouble)
{
    int error = 0;
    ssize_t n;
    do {
        n = read(trouble, &error, sizeof error);
    } while (n < 0 && errno == EINTR);
    return n == sizeof error ? error : 0;
}

/* 0 when there is a child, even if it could not become the program; its end will tell then. */
static int launch(struct process *p, struct err *e)
{
    pid_t parent = getpid();
    struct pipes pipes;
    if (open_pipes(&pipes, e) != 0)
        return -1;
    p->out->started_ms = wall_now_ms();
    p->started_ns = clock_read_monotonic();
    p->pid = child_fork();
    if (p->pid == 0)
        become(p->plan, parent, pipes.output[1], pipes.errors[1], pipes.trouble[1]);
    if (p->pid < 0) {
        err_set(e, STATUS_FAILED, "cannot make a process: %s",
                uv_strerror(uv_translate_sys_error(errno)));
        close_pipes(&pipes);
        return -1;
    }
    close_end(&pipes.trouble[1]);
    p->out->status = hear_trouble(pipes.trouble[0]);
    if (p->out->status != 0)
        p->out->end = PROCESS_NOT_STARTED;
    p->output = pipes.output[0];
    p->errors = pipes.errors[0];
    pipes.output[0] = pipes.errors[0] = -1;
    close_pipes(&pipes);
    fcntl(p->output, F_SETFL, O_NONBLOCK);
    fcntl(p->errors, F_SETFL, O_NONBLOCK);
    return 0;
}

/* --- Hearing it. --- */

static void kill_it(struct process *p, enum process_end why)
{
    if (p->out->end == PROCESS_EXITED)
        p->out->end = why;
    if (!p->killed && !p->ended) /* once it has ended, its number may be another's */
        kill(p->pid, SIGKILL);
    p->killed = true;
}

/* Reads what there is. False when there will be no more. */
static bool read_output(struct process *p)
{
    char piece[PIECE_BYTES];
    ssize_t n;
    while ((n = read(p->output, piece, sizeof piece)) > 0) {
        if (p->out->output.length + (size_t)n > p->plan->output_most) {
            kill_it(p, PROCESS_TALKATIVE);
            return false;
        }
        text_add_bytes(&p->out->output, piece, (size_t)n);
        if (!text_ok(&p->out->output)) {
            kill_it(p, PROCESS_TALKATIVE);
            return false;
        }
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Only the end is kept. As much as any pipe holds is read at once, and no more: whoever writes
 * without end is not to keep us from looking at the clock. */
static bool read_errors(struct process *p)
{
    char piece[HEARD_BYTES / 2];
    ssize_t n = 1;
    for (int i = 0; i < PIECES_MOST && (n = read(p->errors, piece, sizeof piece)) > 0; i++) {
        size_t bytes = (size_t)n, kept = p->heard_bytes;
        if (kept + bytes > sizeof p->heard) {
            size_t left_out = kept + bytes - sizeof p->heard;
            memmove(p->heard, p->heard + left_out, kept - left_out);
            kept -= left_out;
        }
        memcpy(p->heard + kept, piece, bytes);
        p->heard_bytes = kept + bytes;
    }
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void hear(struct process *p)
{
    if (p->output >= 0 && !read_output(p))
        close_end(&p->output);
    if (p->errors >= 0 && !read_errors(p))
        close_end(&p->errors);
}

static void look_for_end(struct process *p)
{
    pid_t pid = waitpid(p->pid, &p->status, WNOHANG);
    if (pid != p->pid)
        return;
    p->ended = true;
    p->out->took_ns = clock_read_monotonic() - p->started_ns;
}

/* --- Its time. --- */

static uint64_t add_time(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Sends what is due. Returns when to look again; UINT64_MAX: never. */
static uint64_t keep_time(struct process *p)
{
    uint64_t now_ns = clock_read_monotonic(), due_ns;
    bool interrupted = run_interrupted();
    if (p->killed)
        return UINT64_MAX;
    if (p->told_ns == 0) {
        due_ns = add_time(p->started_ns, p->plan->limit_ns);
        if (!interrupted && now_ns < due_ns)
            return due_ns;
        if (p->out->end == PROCESS_EXITED)
            p->out->end = interrupted ? PROCESS_INTERRUPTED : PROCESS_LATE;
        kill(p->pid, SIGTERM);
        p->told_ns = now_ns;
    }
    due_ns = add_time(p->told_ns, interrupted ? p->plan->break_grace_ns : p->plan->grace_ns);
    if (now_ns < due_ns)
        return due_ns;
    kill_it(p, PROCESS_LATE);
    return UINT64_MAX;
}

static void sleep_until(const struct process *p, uint64_t due_ns, const sigset_t *mask)
{
    struct pollfd fds[] = {{.fd = p->output, .events = POLLIN},
                           {.fd = p->errors, .events = POLLIN}};
    uint64_t now_ns = clock_read_monotonic();
    uint64_t left_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    struct timespec t = {(time_t)(left_ns / NS_PER_S), (long)(left_ns % NS_PER_S)};
    ppoll(fds, sizeof fds / sizeof fds[0], due_ns == UINT64_MAX ? NULL : &t, mask);
}

static void watch(struct process *p, const sigset_t *mask)
{
    for (;;) {
        uint64_t due_ns;
        look_for_end(p);
        hear(p);
        if (p->ended)
            return;
        due_ns = keep_time(p);
        sleep_until(p, due_ns, mask);
    }
}

/* --- The whole. --- */

/* The last line that has something in it. */
static void keep_said(struct process *p)
{
    size_t end = p->heard_bytes, begin;
    while (end > 0 && (p->heard[end - 1] == '\n' || p->heard[end - 1] == ' '))
        end--;
    begin = end;
    while (begin > 0 && p->heard[begin - 1] != '\n')
        begin--;
    snprintf(p->out->said, sizeof p->out->said, "%.*s", (int)(end - begin), p->heard + begin);
    p->out->said[text_cut(p->out->said, sizeof p->out->said - 1)] = '\0';
    text_make_printable(p->out->said);
}

static void settle(struct process *p)
{
    keep_said(p);
    if (p->out->end != PROCESS_EXITED)
        return;
    if (WIFSIGNALED(p->status)) {
        p->out->end = run_interrupted() ? PROCESS_INTERRUPTED : PROCESS_SIGNALLED;
        p->out->status = WTERMSIG(p->status);
    } else {
        p->out->status = WEXITSTATUS(p->status);
    }
}

int process_run(const struct process_plan *plan, struct process_outcome *out, struct err *e)
{
    struct sigaction child = {.sa_handler = no_op}, child_before;
    struct process p = {.plan = plan, .out = out, .output = -1, .errors = -1};
    static const int looked_at[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    sigset_t awaited, before, asleep;
    int rc;
    *out = (struct process_outcome){.end = PROCESS_EXITED, .output = TEXT_EMPTY};
    sigemptyset(&awaited);
    for (size_t i = 0; i < sizeof looked_at / sizeof looked_at[0]; i++)
        sigaddset(&awaited, looked_at[i]);
    sigaction(SIGCHLD, &child, &child_before);
    sigprocmask(SIG_BLOCK, &awaited, &before);
    asleep = before; /* whoever started us may have blocked them */
    for (size_t i = 0; i < sizeof looked_at / sizeof looked_at[0]; i++)
        sigdelset(&asleep, looked_at[i]);
    rc = launch(&p, e);
    if (rc == 0) {
        watch(&p, &asleep);
        settle(&p);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGCHLD, &child_before, NULL);
    close_end(&p.output);
    close_end(&p.errors);
    return rc == 0 && !text_ok(&out->output) ? err_no_memory(e, "what a run wrote") : rc;
}

char *process_describe(const struct process_plan *plan, const struct process_outcome *out,
                       char *buf, size_t bytes)
{
    char number[UNITS_TEXT_BYTES];
    const char *name;
    buf[0] = '\0';
    switch (out->end) {
    case PROCESS_EXITED:
        break;
    case PROCESS_SIGNALLED:
        name = sigabbrev_np(out->status);
        snprintf(buf, bytes, "was killed by SIG%s", name != NULL ? name : "?");
        break;
    case PROCESS_LATE:
        snprintf(buf, bytes, "took longer than %s",
                 units_format_duration(number, plan->limit_ns, "\xC2\xB5"));
        break;
    case PROCESS_TALKATIVE:
        snprintf(buf, bytes, "wrote more than %s", units_format_size(number, plan->output_most));
        break;
    case PROCESS_INTERRUPTED:
        snprintf(buf, bytes, "was interrupted");
        break;
    case PROCESS_NOT_STARTED:
        snprintf(buf, bytes, "cannot run '%s': %s", plan->program,
                 uv_strerror(uv_translate_sys_error(out->status)));
        break;
    }
    return buf;
}
