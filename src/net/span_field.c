/* Writing and reading the fields of an answer in which a worker tells what happened to a request.
 *
 * Writing is on the path of every answer, so that numbers are put down by hand and not by printf.
 * Reading believes nothing: a value is looked at pair by pair, within its length, and one that is
 * wrong makes the whole unknown, as half of a span would be drawn where it does not belong. */
#include "net/span_field.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/digits.h"

enum { NS_PER_US = 1000, US_PER_MS = 1000 };

const struct span_field span_field_unknown = {
    .received_ns = SPAN_UNKNOWN,
    .submitted_ns = SPAN_UNKNOWN,
    .started_ns = SPAN_UNKNOWN,
    .finished_ns = SPAN_UNKNOWN,
    .called_back_ns = SPAN_UNKNOWN,
    .answered_ns = SPAN_UNKNOWN,
};

/* --- Writing. --- */

static char *put_text(char *to, const char *text)
{
    size_t length = strlen(text);
    memcpy(to, text, length + 1); /* what follows takes the place of the NUL */
    return to + length;
}

static char *put_hex(char *to, uint32_t number)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        *to++ = "0123456789abcdef"[(number >> shift) & 15u];
    return to;
}

/* Milliseconds with three places, rounded to the nearest. */
static char *put_ms(char *to, uint64_t ns)
{
    uint64_t us = ns / NS_PER_US + (ns % NS_PER_US >= NS_PER_US / 2);
    to = digits_put(to, us / US_PER_MS);
    *to++ = '.';
    *to++ = (char)('0' + us / 100 % 10);
    *to++ = (char)('0' + us / 10 % 10);
    *to++ = (char)('0' + us % 10);
    return to;
}

static char *put_duration(char *to, const char *begin, const char *name, uint64_t from_ns,
                          uint64_t to_ns)
{
    if (from_ns == SPAN_UNKNOWN || to_ns == SPAN_UNKNOWN || to_ns < from_ns)
        return to;
    if (to != begin)
        to = put_text(to, ", ");
    to = put_text(to, name);
    return put_ms(to, to_ns - from_ns);
}

static char *put_timing(char *to, const struct span_field *f)
{
    char *values, *line = to;
    to = values = put_text(to, "Server-Timing: ");
    if (f->kind[0] == '\0') {
        to = put_duration(to, values, "ran;dur=", f->received_ns, f->answered_ns);
    } else {
        to = put_duration(to, values, "waited;dur=", f->submitted_ns, f->started_ns);
        to = put_duration(to, values, "ran;dur=", f->started_ns, f->finished_ns);
        to = put_duration(to, values, "loop;dur=", f->finished_ns, f->called_back_ns);
    }
    return to == values ? line : put_text(to, "\r\n");
}

static char *put_instant(char *to, const char *name, uint64_t ns)
{
    return ns == SPAN_UNKNOWN ? to : digits_put(put_text(to, name), ns);
}

size_t span_field_write(const struct span_field *f, char *buf, size_t bytes)
{
    char *to = put_timing(buf, f);
    assert(bytes >= SPAN_FIELD_BYTES);
    to = put_hex(put_text(to, "Uvlab-Span: host="), f->host);
    to = digits_put(put_text(to, ", worker="), f->worker);
    if (f->pid > 0)
        to = digits_put(put_text(to, ", pid="), (uint64_t)f->pid);
    to = put_instant(to, ", received=", f->received_ns);
    to = put_instant(to, ", answered=", f->answered_ns);
    if (f->kind[0] != '\0') {
        to = put_text(put_text(to, ", kind="), f->kind);
        to = digits_put(put_text(to, ", thread="), f->thread);
        to = put_instant(to, ", submitted=", f->submitted_ns);
        to = put_instant(to, ", started=", f->started_ns);
        to = put_instant(to, ", finished=", f->finished_ns);
        to = put_instant(to, ", called_back=", f->called_back_ns);
    }
    to = put_text(to, "\r\n");
    *to = '\0';
    assert((size_t)(to - buf) < bytes);
    return (size_t)(to - buf);
}

/* --- Reading. --- */

/* A part of the value, not terminated. */
struct piece {
    const char *at;
    size_t length;
};

enum key {
    KEY_HOST,
    KEY_WORKER,
    KEY_PID,
    KEY_RECEIVED,
    KEY_ANSWERED,
    KEY_KIND,
    KEY_THREAD,
    KEY_SUBMITTED,
    KEY_STARTED,
    KEY_FINISHED,
    KEY_CALLED_BACK,
    KEYS,
};

static const char *const key_names[KEYS] = {
    "host",   "worker",    "pid",     "received", "answered",    "kind",
    "thread", "submitted", "started", "finished", "called_back",
};

static bool piece_is(struct piece p, const char *text)
{
    return p.length == strlen(text) && memcmp(p.at, text, p.length) == 0;
}

static struct piece trimmed(struct piece p)
{
    while (p.length > 0 && (p.at[0] == ' ' || p.at[0] == '\t')) {
        p.at++;
        p.length--;
    }
    while (p.length > 0 && (p.at[p.length - 1] == ' ' || p.at[p.length - 1] == '\t'))
        p.length--;
    return p;
}

/* Takes what comes before the next `separator`, or all of it, off the front of *rest. */
static struct piece take(struct piece *rest, char separator)
{
    const char *end = rest->length > 0 ? memchr(rest->at, separator, rest->length) : NULL;
    struct piece p = {rest->at, end != NULL ? (size_t)(end - rest->at) : rest->length};
    size_t used = end != NULL ? p.length + 1 : p.length;
    rest->at += used;
    rest->length -= used;
    return p;
}

static bool read_number(struct piece p, uint64_t most, uint64_t *number)
{
    uint64_t n = 0;
    if (p.length == 0 || p.length > DIGITS_MOST)
        return false;
    for (size_t i = 0; i < p.length; i++) {
        uint64_t digit = (uint64_t)(p.at[i] - '0');
        if (p.at[i] < '0' || p.at[i] > '9' || n > (most - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *number = n;
    return true;
}

static bool read_hex(struct piece p, uint32_t *number)
{
    uint32_t n = 0;
    if (p.length != 8)
        return false;
    for (size_t i = 0; i < p.length; i++) {
        char c = p.at[i];
        if (c >= '0' && c <= '9')
            n = n << 4 | (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            n = n << 4 | (uint32_t)(c - 'a' + 10);
        else
            return false;
    }
    *number = n;
    return true;
}

/* Names as those of kinds are: "fs.readFile". */
static bool read_kind(struct piece p, char kind[SPAN_FIELD_KIND_BYTES])
{
    if (p.length == 0 || p.length >= SPAN_FIELD_KIND_BYTES)
        return false;
    for (size_t i = 0; i < p.length; i++) {
        char c = p.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '-' || c == '_'))
            return false;
    }
    memcpy(kind, p.at, p.length);
    kind[p.length] = '\0';
    return true;
}

static bool read_small(struct piece p, unsigned least, unsigned most, unsigned *number)
{
    uint64_t n;
    if (!read_number(p, most, &n) || n < least)
        return false;
    *number = (unsigned)n;
    return true;
}

static bool read_instant(struct piece p, uint64_t *ns)
{
    return read_number(p, SPAN_UNKNOWN - 1, ns);
}

static bool read_pair(enum key key, struct piece value, struct span_field *f)
{
    unsigned pid;
    switch (key) {
    case KEY_HOST:
        return read_hex(value, &f->host);
    case KEY_WORKER:
        return read_small(value, 1, SPAN_FIELD_WORKER_MOST, &f->worker);
    case KEY_PID:
        if (!read_small(value, 1, INT32_MAX, &pid))
            return false;
        f->pid = (pid_t)pid;
        return true;
    case KEY_KIND:
        return read_kind(value, f->kind);
    case KEY_THREAD:
        return read_small(value, 0, SPAN_FIELD_THREAD_MOST, &f->thread);
    case KEY_RECEIVED:
        return read_instant(value, &f->received_ns);
    case KEY_ANSWERED:
        return read_instant(value, &f->answered_ns);
    case KEY_SUBMITTED:
        return read_instant(value, &f->submitted_ns);
    case KEY_STARTED:
        return read_instant(value, &f->started_ns);
    case KEY_FINISHED:
        return read_instant(value, &f->finished_ns);
    case KEY_CALLED_BACK:
        return read_instant(value, &f->called_back_ns);
    case KEYS:
        break;
    }
    return false;
}

static bool is_in_order(const struct span_field *f)
{
    const uint64_t instants[] = {f->received_ns, f->submitted_ns,   f->started_ns,
                                 f->finished_ns, f->called_back_ns, f->answered_ns};
    uint64_t last_ns = 0;
    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
        if (instants[i] == SPAN_UNKNOWN)
            continue;
        if (instants[i] < last_ns)
            return false;
        last_ns = instants[i];
    }
    return true;
}

static bool read_all(struct piece rest, struct span_field *f)
{
    unsigned seen = 0;
    while (rest.length > 0) {
        struct piece value = trimmed(take(&rest, ','));
        struct piece name = take(&value, '=');
        unsigned key = 0;
        while (key < KEYS && !piece_is(name, key_names[key]))
            key++;
        if (key == KEYS)
            continue;
        if ((seen & 1u << key) != 0 || !read_pair((enum key)key, value, f))
            return false;
        seen |= 1u << key;
    }
    return (seen & 1u << KEY_WORKER) != 0 && is_in_order(f);
}

bool span_field_parse(const char *value, size_t length, struct span_field *f)
{
    *f = span_field_unknown;
    if (read_all((struct piece){value, length}, f))
        return true;
    *f = span_field_unknown;
    return false;
}

/* --- The host. --- */

/* FNV-1a, 32 bits. */
static uint32_t hash_more(uint32_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
    return hash;
}

uint32_t span_field_host(void)
{
    char text[128];
    uint32_t hash = 2166136261u;
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : -1;
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return 0;
    hash = hash_more(hash, text, (size_t)n);
    /* Kernels before 5.6 have no such namespaces, and so but one. */
    n = readlink("/proc/self/ns/time", text, sizeof text);
    if (n > 0)
        hash = hash_more(hash, text, (size_t)n);
    return hash != 0 ? hash : 1;
}
