/* Where results go. Everything is gathered in one buffer and written when that is full; the first
 * error is kept and told once, at out_close(), so that the views need not look after every line.
 * What is written to, and how a file takes its name, is target.c's business. Main thread. */
#include "output/out.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <uv.h>

#include "base/mem.h"
#include "base/units.h"
#include "output/target.h"

enum { BUFFER_BYTES = 1 << 16, NUMBER_BYTES = 20, COLUMNS_DEFAULT = 80, COLUMNS_MOST = 10000 };

struct out {
    struct target target;
    bool is_terminal; /* found out once, as the views ask often */
    int error;        /* errno of the first failure; 0: none so far */
    char *asked;      /* the path as the user wrote it, for messages; NULL: standard output */
    size_t used;
    char buffer[BUFFER_BYTES];
};

static int fail_to_write(struct err *e, const char *path, int error)
{
    char why[128];

    if (error == EISDIR) /* libuv's words are those of an operation, not of a name */
        snprintf(why, sizeof why, "is a directory");
    else
        uv_strerror_r(uv_translate_sys_error(error), why, sizeof why);
    if (path == NULL)
        return err_set(e, STATUS_FAILED, "cannot write standard output: %s", why);
    return err_set(e, STATUS_FAILED, "cannot write '%s': %s", path, why);
}

static void release(struct out *o)
{
    target_release(&o->target);
    mem_free(o->asked);
    mem_free(o);
}

static bool is_standard(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

bool out_is_file(const char *path)
{
    return !is_standard(path) && target_replaces(path);
}

char *out_place(const char *path, struct err *e)
{
    char *place = target_place(path);

    if (place == NULL)
        fail_to_write(e, path, errno);
    return place;
}

struct out *out_open(const char *path, struct err *e)
{
    bool standard = is_standard(path);
    struct out *o = mem_alloc(sizeof *o);

    if (o == NULL) {
        err_no_memory(e, "the output's buffer");
        return NULL;
    }
    memset(o, 0, offsetof(struct out, buffer));
    o->target.fd = -1;
    if (!standard) {
        o->asked = mem_copy_text(path);
        if (o->asked == NULL) {
            err_no_memory(e, "the name of the output");
            release(o);
            return NULL;
        }
    }
    if (!target_open(&o->target, o->asked)) {
        fail_to_write(e, o->asked, errno);
        release(o);
        return NULL;
    }
    o->is_terminal = isatty(o->target.fd) == 1;
    return o;
}

/* Writes all of it, waiting where the other end is slow and the descriptor does not block. */
static void write_through(struct out *o, const char *bytes, size_t length)
{
    while (length > 0 && o->error == 0) {
        ssize_t written = write(o->target.fd, bytes, length);

        if (written >= 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd ready = {.fd = o->target.fd, .events = POLLOUT};
            poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            o->error = errno;
        }
    }
}

static void flush(struct out *o)
{
    write_through(o, o->buffer, o->used);
    o->used = 0;
}

void out_bytes(struct out *o, const char *bytes, size_t length)
{
    if (length > BUFFER_BYTES - o->used) {
        flush(o);
        if (length >= BUFFER_BYTES) {
            write_through(o, bytes, length);
            return;
        }
    }
    memcpy(o->buffer + o->used, bytes, length);
    o->used += length;
}

void out_text(struct out *o, const char *s)
{
    out_bytes(o, s, strlen(s));
}

/* A line that is longer than the whole buffer is formatted into memory of its own. */
__attribute__((format(printf, 3, 0))) static void format_long(struct out *o, size_t length,
                                                              const char *format, va_list args)
{
    char *line = mem_alloc(length + 1);

    if (line == NULL) {
        if (o->error == 0)
            o->error = ENOMEM;
        return;
    }
    vsnprintf(line, length + 1, format, args);
    out_bytes(o, line, length);
    mem_free(line);
}

void out_format(struct out *o, const char *format, ...)
{
    va_list args;
    int length;

    for (int attempt = 0; attempt < 2; attempt++) {
        size_t room = BUFFER_BYTES - o->used;

        va_start(args, format);
        length = vsnprintf(o->buffer + o->used, room, format, args);
        va_end(args);
        if (length < 0) {
            o->error = o->error == 0 ? errno : o->error;
            return;
        }
        if ((size_t)length < room) {
            o->used += (size_t)length;
            return;
        }
        flush(o);
    }
    va_start(args, format);
    format_long(o, (size_t)length, format, args);
    va_end(args);
}

void out_number(struct out *o, uint64_t n)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233"
        "34353637383940414243444546474849505152535455565758596061626364656667"
        "6869707172737475767778798081828384858687888990919293949596979899";
    char digits[NUMBER_BYTES];
    char *first = digits + sizeof digits;

    while (n >= 100) {
        first -= 2;
        memcpy(first, pairs + 2 * (n % 100), 2);
        n /= 100;
    }
    if (n >= 10) {
        first -= 2;
        memcpy(first, pairs + 2 * n, 2);
    } else {
        *--first = (char)('0' + n);
    }
    out_bytes(o, first, (size_t)(digits + sizeof digits - first));
}

bool out_is_terminal(const struct out *o)
{
    return o->is_terminal;
}

unsigned out_columns(const struct out *o)
{
    const char *asked = getenv("COLUMNS");
    struct winsize size;
    uint64_t columns;

    if (asked != NULL && units_parse_count(asked, &columns) == 0 && columns > 0)
        return columns < COLUMNS_MOST ? (unsigned)columns : COLUMNS_MOST;
    if (o->is_terminal && ioctl(o->target.fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return COLUMNS_DEFAULT;
}

int out_close(struct out *o, struct err *e)
{
    int rc = 0;

    flush(o);
    if (o->error == 0)
        o->error = target_commit(&o->target);
    if (o->error != 0)
        rc = fail_to_write(e, o->asked, o->error);
    if (o->error == EPIPE)
        rc = OUT_NO_READER;
    release(o);
    return rc;
}

void out_abandon(struct out *o)
{
    if (o != NULL)
        release(o);
}
