/* The whole screen of a terminal: the alternate one, so that what stood there is there again
 * afterwards, without a cursor, and with keys that come at once. A view is written in one piece, so
 * that it does not flicker. The sequences are those of every terminal since the VT220 (and xterm's
 * 1049). Main thread. */
#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <uv.h>

#include "base/text.h"
#include "measure/clock.h"

enum { NS_PER_MS = 1000000, LINES = 24, COLUMNS = 80 };

static int write_all(const char *bytes, size_t length, struct err *e)
{
    while (length > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(e, STATUS_FAILED, "cannot write standard output: %s",
                           uv_strerror(uv_translate_sys_error(errno)));
        bytes += n;
        length -= (size_t)n;
    }
    return 0;
}

static bool can_be_drawn_on(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

/* Keys come one by one and are not shown; Ctrl-C still is a signal, and nothing suspends us while
 * the terminal is not as it was. */
static void take_keys(struct screen *s)
{
    struct termios now;
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &s->as) < 0)
        return;
    now = s->as;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    now.c_cc[VMIN] = 0;
    now.c_cc[VTIME] = 0;
    now.c_cc[VSUSP] = _POSIX_VDISABLE;
    s->keys = tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
}

int screen_begin(struct screen *s, struct err *e)
{
    static const char take[] = "\033[?1049h\033[?25l";
    sigset_t awaited;
    memset(s, 0, sizeof *s);
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGHUP);
    sigaddset(&awaited, SIGWINCH);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    s->signals = signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->signals < 0)
        return err_set(e, STATUS_FAILED, "cannot watch for signals: %s",
                       uv_strerror(uv_translate_sys_error(errno)));
    s->on = can_be_drawn_on();
    if (!s->on)
        return 0;
    take_keys(s);
    return write_all(take, sizeof take - 1, e);
}

void screen_end(struct screen *s)
{
    static const char leave[] = "\033[?25h\033[?1049l";
    struct err unheard;
    if (s->on)
        write_all(leave, sizeof leave - 1, &unheard);
    if (s->keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &s->as);
    close(s->signals);
}

void screen_measure(struct screen *s)
{
    struct winsize size;
    s->lines = LINES;
    s->columns = COLUMNS;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        s->lines = size.ws_row;
        s->columns = size.ws_col;
    }
}

/* Home, every line followed by "erase to its end", then everything below. The last line has no line
 * feed, which would scroll. */
static void add_view(const struct screen *s, const char *text, size_t length, struct text *t)
{
    unsigned line = 0;
    text_add(t, "\033[H");
    for (size_t at = 0; at < length && line < s->lines; line++) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t bytes = end != NULL ? (size_t)(end - text) - at : length - at;
        size_t shown = bytes;
        if (shown > s->columns) /* more bytes than columns: text here is ASCII, or nearly so */
            shown = text_cut(text + at, s->columns);
        text_add(t, "%s", line > 0 ? "\r\n" : "");
        text_add_bytes(t, text + at, shown);
        text_add(t, "\033[K");
        at += bytes + 1;
    }
    text_add(t, "\033[J");
}

int screen_show(const struct screen *s, const char *text, size_t length, struct err *e)
{
    struct text t = TEXT_EMPTY;
    int rc;
    if (!s->on)
        return write_all(text, length, e);
    add_view(s, text, length, &t);
    rc = text_ok(&t) ? write_all(text_get(&t), t.length, e) : err_no_memory(e, "the view");
    text_free(&t);
    return rc;
}

/* What has come by signal. */
static enum screen_event hear_signals(const struct screen *s)
{
    struct signalfd_siginfo info;
    enum screen_event event = SCREEN_DUE;
    while (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGWINCH)
            return SCREEN_QUIT;
        if (s->on)
            event = SCREEN_RESIZED;
    }
    return event;
}

enum screen_event screen_wait(const struct screen *s, uint64_t until_ns)
{
    struct pollfd p[] = {{.fd = s->signals, .events = POLLIN},
                         {.fd = s->keys ? STDIN_FILENO : -1, .events = POLLIN}};
    for (;;) {
        uint64_t now_ns = clock_read_monotonic();
        uint64_t ms = now_ns < until_ns ? (until_ns - now_ns) / NS_PER_MS + 1 : 0;
        enum screen_event event;
        char key;
        if (ms == 0)
            return SCREEN_DUE;
        poll(p, 2, (int)ms);
        event = hear_signals(s);
        if (event != SCREEN_DUE)
            return event;
        if (p[1].revents != 0) {
            ssize_t n = read(STDIN_FILENO, &key, 1);
            if (n == 1 && (key == 'q' || key == 'Q'))
                return SCREEN_QUIT;
            if (n <= 0 && (p[1].revents & (POLLHUP | POLLERR)) != 0)
                return SCREEN_QUIT; /* the terminal has gone */
        }
    }
}
