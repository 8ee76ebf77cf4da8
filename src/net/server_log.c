/* A ring of lines. One thread. */
#include "net/server_log.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

const char *server_log_add(struct server_log *log, int64_t at_ms, const char *format, va_list args)
{
    struct server_log_line *line = &log->lines[log->count++ % SERVER_LOG_LINES];
    line->at_ms = at_ms;
    if (vsnprintf(line->text, sizeof line->text, format, args) < 0)
        line->text[0] = '\0';
    line->text[text_cut(line->text, sizeof line->text - 1)] = '\0';
    text_make_printable(line->text);
    return line->text;
}

const struct server_log_line *server_log_line(const struct server_log *log, uint64_t i)
{
    uint64_t first = log->count > SERVER_LOG_LINES ? log->count - SERVER_LOG_LINES : 0;
    if (i >= log->count - first)
        return NULL;
    return &log->lines[(first + i) % SERVER_LOG_LINES];
}
