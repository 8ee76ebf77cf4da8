/* The last lines of a server's log, kept for those who ask. Owned by the primary. */
#ifndef UVLAB_NET_SERVER_LOG_H
#define UVLAB_NET_SERVER_LOG_H

#include <stdarg.h>
#include <stdint.h>

enum { SERVER_LOG_LINES = 64, SERVER_LOG_BYTES = 240 };

struct server_log {
    struct server_log_line {
        int64_t at_ms;               /* of the wall clock: milliseconds since 1970 */
        char text[SERVER_LOG_BYTES]; /* printable, NUL-terminated */
    } lines[SERVER_LOG_LINES];       /* a ring */
    uint64_t count;                  /* so far */
};

/* Adds a line, cut if need be, and returns it; valid until the next one. */
const char *server_log_add(struct server_log *log, int64_t at_ms, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Line number i (from 0) of those that are kept, the oldest first; NULL when there is none. */
const struct server_log_line *server_log_line(const struct server_log *log, uint64_t i);

#endif
