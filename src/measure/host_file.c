/* Reading the kernel's text files, see host_file.h. What is in them is not trusted: in a container
 * anything may be mounted there. Main thread; the root that stands before every path is the only
 * state. */
#include "measure/host_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "measure/host.h"

static char root_folder[PATH_MAX]; /* "" is "/" */

void host_set_root(const char *root)
{
    snprintf(root_folder, sizeof root_folder, "%s", root == NULL ? "" : root);
}

bool host_lines_open(struct host_lines *l, const char *path)
{
    char whole[2 * PATH_MAX];
    int length = snprintf(whole, sizeof whole, "%s%s", root_folder, path);

    l->fd = -1;
    l->start = l->end = 0;
    l->cutting = false;
    if (length < 0 || (size_t)length >= sizeof whole)
        return false;
    l->fd = open(whole, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return l->fd >= 0;
}

/* Reads more behind what is there. False at the end of the file, on an error, and when the buffer
 * is full. */
static bool read_more(struct host_lines *l)
{
    ssize_t got;

    if (l->start > 0) {
        memmove(l->data, l->data + l->start, l->end - l->start);
        l->end -= l->start;
        l->start = 0;
    }
    /* One byte stays free for the NUL behind a last line that has no newline. */
    if (l->end == sizeof l->data - 1)
        return false;
    do
        got = read(l->fd, l->data + l->end, sizeof l->data - 1 - l->end);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return false;
    l->end += (size_t)got;
    return true;
}

/* The next line or, of one that is too long, the next piece; *whole tells whether its end was seen.
 */
static char *next_piece(struct host_lines *l, bool *whole)
{
    size_t searched = 0;
    char *line;

    *whole = true;
    for (;;) {
        char *newline = memchr(l->data + l->start + searched, '\n', l->end - l->start - searched);

        if (newline != NULL) {
            line = l->data + l->start;
            *newline = '\0';
            l->start = (size_t)(newline - l->data) + 1;
            return line;
        }
        searched = l->end - l->start;
        if (!read_more(l))
            break;
    }
    if (l->start == l->end)
        return NULL;
    *whole = l->end < sizeof l->data - 1;
    line = l->data + l->start;
    l->data[l->end] = '\0';
    l->start = l->end;
    return line;
}

char *host_lines_next(struct host_lines *l)
{
    for (;;) {
        bool behind_cut = l->cutting, whole;
        char *line = next_piece(l, &whole);

        if (line == NULL)
            return NULL;
        l->cutting = !whole;
        if (!behind_cut)
            return line;
    }
}

void host_lines_close(struct host_lines *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

bool host_file_line(const char *path, char *line, size_t bytes)
{
    struct host_lines lines;
    const char *first;
    bool fits;

    if (!host_lines_open(&lines, path))
        return false;
    first = host_lines_next(&lines);
    fits = first != NULL && strlen(first) < bytes;
    if (fits)
        memcpy(line, first, strlen(first) + 1);
    host_lines_close(&lines);
    return fits;
}

bool host_number(const char **s, uint64_t *value)
{
    const char *at = *s + strspn(*s, " \t");
    uint64_t number = 0;

    if (*at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
            return false;
    }
    *s = at;
    *value = number;
    return true;
}

bool host_line_number(const char *line, const char *key, uint64_t *value)
{
    size_t length = strlen(key);

    if (strncmp(line, key, length) != 0)
        return false;
    line += length;
    if (key[length - 1] != ':' && *line != ' ' && *line != '\t')
        return false;
    return host_number(&line, value);
}

uint64_t host_file_number(const char *path)
{
    char line[64];
    const char *at = line;
    uint64_t value;

    if (!host_file_line(path, line, sizeof line) || !host_number(&at, &value) || *at != '\0')
        return HOST_UNKNOWN;
    return value;
}
