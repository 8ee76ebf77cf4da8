/* Messages are made here and printed elsewhere. Whatever goes into one (a file name, a word from
 * the command line) may hold anything, so the finished message is made printable in one place,
 * here, and no caller has to think of it. Any thread; a `struct err` belongs to whoever declared
 * it. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Formats into buf; what does not fit is cut between two characters and ends in "...". */
static void format_cut(char *buf, size_t bytes, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void format_cut(char *buf, size_t bytes, const char *format, va_list args)
{
    static const char dots[] = "...";
    int length = vsnprintf(buf, bytes, format, args);
    if (length < 0)
        snprintf(buf, bytes, "an error whose message could not be written");
    else if ((size_t)length >= bytes)
        memcpy(buf + text_cut(buf, bytes - sizeof dots), dots, sizeof dots);
    text_make_printable(buf);
}

int err_set(struct err *e, enum exit_status status, const char *format, ...)
{
    /* The arguments may point into e->text, so the new message is made beside the old one. */
    char text[sizeof e->text];
    va_list args;
    va_start(args, format);
    format_cut(text, sizeof text, format, args);
    va_end(args);
    memcpy(e->text, text, strlen(text) + 1);
    e->status = status;
    return -1;
}

int err_no_memory(struct err *e, const char *what)
{
    return err_set(e, STATUS_FAILED, "not enough memory for %s", what);
}

int err_prefix(struct err *e, const char *format, ...)
{
    /* Half of the room at most: the message itself says more than what stands in front of it. */
    char prefix[sizeof e->text / 2];
    va_list args;
    va_start(args, format);
    format_cut(prefix, sizeof prefix, format, args);
    va_end(args);
    return err_set(e, e->status, "%s: %s", prefix, e->text);
}
