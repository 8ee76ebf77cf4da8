/* A file to which lines are appended, and that is believed up to its last whole line.
 *
 * Whoever opens it locks it first, and looks afterwards whether it is still the file of that name:
 * a sweep that had it locked until now may just have removed it. A kill or a full disk can leave
 * the beginning of a line, which is cut off before anything is appended; a whole line that is no
 * run is an error, as somebody else has written there. Main thread. */
#include "sweep/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "sweep/folder.h"
#include "sweep/journal_head.h"
#include "sweep/journal_write.h"
#include "sweep/json_part.h"

enum { PIECE_BYTES = 64 * 1024, LINE_BYTES_MOST = 1 << 30, OPENED_MOST = 10 };

static const char suffix[] = ".journal";

static int no_journal(const struct journal *j, struct err *e)
{
    return err_set(e, STATUS_FAILED, "'%s' %s", j->path, journal_none);
}

/* --- Reading. --- */

struct reader {
    struct journal *j;
    struct sweep *s;
    struct run_context *context;
    bool seed_given, spans;
    uint32_t *rounds;  /* of each point, that were read so far */
    uint64_t line;     /* its number, from 1 */
    off_t whole_bytes; /* of all whole lines so far */
    struct text text;  /* the line that is being read */
};

/* What a line "is" and should not be gets its subject, and what to do. */
static int of_line(const struct reader *r, struct err *e)
{
    unsigned long long line = r->line;

    if (strncmp(e->text, "is ", 3) != 0)
        return err_prefix(e, "'%s': line %llu", r->j->path, line);
    return err_set(e, e->status, "line %llu of '%s' %s: remove the file to begin anew", line,
                   r->j->path, e->text);
}

/* {"parameters":{...},"environment":{...}}: 1 when the line is that, 0 when not. */
static int take_context(struct reader *r, const char *line, size_t length, struct err *e)
{
    static const char begins[] = "{\"parameters\":";
    bool short_of_memory = false;
    cJSON *object = strncmp(line, begins, sizeof begins - 1) == 0 && text_is_utf8(line, length)
                        ? json_part_parse(line, length, &short_of_memory)
                        : NULL;
    const cJSON *parameters = json_part_member(object, "parameters");
    const cJSON *environment = json_part_member(object, "environment");
    int rc = cJSON_IsObject(parameters) && cJSON_IsObject(environment);

    if (rc == 1 && r->context->parameters == NULL) {
        r->context->parameters = json_part_print(parameters);
        r->context->environment = json_part_print(environment);
        short_of_memory = r->context->parameters == NULL || r->context->environment == NULL;
    }
    if (short_of_memory)
        rc = err_no_memory(e, "a journal");
    cJSON_Delete(object);
    return rc;
}

/* A point's runs stand there round by round: none twice, none left out. */
static int take_run(struct reader *r, const char *line, size_t length, struct err *e)
{
    return run_document_take(r->s, r->rounds, line, length, e) == 0 ? 0 : of_line(r, e);
}

/* Without its line feed. */
static int take_line(struct reader *r, struct err *e)
{
    const char *line = text_get(&r->text);
    size_t length = r->text.length;
    int rc;

    r->line++;
    if (r->line == 1) {
        rc = journal_head_match(r->s, line, length, r->seed_given, r->spans, e);
        if (rc != 0 && strncmp(e->text, "is ", 3) == 0)
            err_set(e, e->status, "'%s' %s", r->j->path, e->text);
        return rc;
    }
    rc = take_context(r, line, length, e);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    return take_run(r, line, length, e);
}

static const char head_begins[] = "{\"schema\":\"" JOURNAL_SCHEMA "\"";

/* Whether a journal is all that the file is, and has a first line only: nothing would be lost. */
static bool is_without_runs(int fd)
{
    char piece[PIECE_BYTES];
    ssize_t n = pread(fd, piece, sizeof piece, 0);
    const char *end = n > 0 ? memchr(piece, '\n', (size_t)n) : NULL;

    return end == piece + n - 1 && (size_t)n > sizeof head_begins - 1 &&
           memcmp(piece, head_begins, sizeof head_begins - 1) == 0;
}

/* The first line, or as much as there is of it: a file with no whole line is a journal whose first
 * line was cut off, or no journal. */
static bool begins_as_head(const struct text *t)
{
    size_t most = sizeof head_begins - 1, length = t->length < most ? t->length : most;

    return strncmp(text_get(t), head_begins, length) == 0;
}

/* The bytes that were read, which may end lines and begin one. */
static int take_piece(struct reader *r, const char *piece, size_t bytes, struct err *e)
{
    while (bytes > 0) {
        const char *end = memchr(piece, '\n', bytes);
        size_t part = end != NULL ? (size_t)(end - piece) : bytes;

        if (r->text.length + part > LINE_BYTES_MOST)
            return no_journal(r->j, e);
        text_add_bytes(&r->text, piece, part);
        if (!text_ok(&r->text))
            return err_no_memory(e, "a journal");
        if (r->line == 0 && !begins_as_head(&r->text))
            return no_journal(r->j, e);
        if (end == NULL)
            return 0;
        r->whole_bytes += (off_t)(r->text.length + 1);
        if (take_line(r, e) != 0)
            return -1;
        r->text.length = 0;
        if (r->text.data != NULL)
            r->text.data[0] = '\0';
        piece = end + 1;
        bytes -= part + 1;
    }
    return 0;
}

static int read_all(struct reader *r, struct err *e)
{
    char piece[PIECE_BYTES];
    ssize_t n;

    while ((n = read(r->j->fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return journal_fail(r->j, "read", errno, e);
        if (take_piece(r, piece, (size_t)n, e) != 0)
            return -1;
    }
    return 0;
}

/* --- Opening. --- */

/* Whether the file that is open is (still) the one of that name. */
static bool is_current(const struct journal *j)
{
    struct stat open_one, named;

    return fstat(j->fd, &open_one) == 0 && stat(j->path, &named) == 0 &&
           open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

/* *made: it was not there, and nobody else has it. */
static int open_locked(struct journal *j, bool *made, struct err *e)
{
    const int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY;

    for (int i = 0; i < OPENED_MOST; i++) {
        j->fd = open(j->path, flags);
        *made = j->fd < 0 && errno == ENOENT;
        if (*made)
            j->fd = open(j->path, flags | O_CREAT | O_EXCL, 0666);
        if (j->fd < 0 && *made && errno == EEXIST)
            continue;
        if (j->fd < 0)
            return journal_fail(j, "open", errno, e);
        if (flock(j->fd, LOCK_EX | LOCK_NB) != 0) {
            *made = false; /* whoever was faster has it */
            if (errno == EWOULDBLOCK)
                return err_set(e, STATUS_FAILED, "'%s' is in use by another sweep", j->path);
            return journal_fail(j, "lock", errno, e);
        }
        if (is_current(j))
            return 0;
        close(j->fd);
        j->fd = -1;
    }
    return err_set(e, STATUS_FAILED, "'%s' comes and goes", j->path);
}

/* Reads what is there and leaves whole lines alone. */
static int read_journal(struct reader *r, bool resume, struct err *e)
{
    struct journal *j = r->j;
    struct stat is;

    if (fstat(j->fd, &is) != 0 || !S_ISREG(is.st_mode))
        return no_journal(j, e);
    if (!resume && is.st_size > 0 && !is_without_runs(j->fd))
        return err_set(e, STATUS_USAGE,
                       "'%s' is there from a sweep that did not end: go on with --resume, or "
                       "remove it to begin anew",
                       j->path);
    if (!resume)
        return ftruncate(j->fd, 0) == 0 ? 0 : journal_fail(j, "write", errno, e);
    if (read_all(r, e) != 0)
        return -1;
    if (r->text.length > 0 && ftruncate(j->fd, r->whole_bytes) != 0)
        return journal_fail(j, "write", errno, e);
    return 0;
}

/* The lines of what was read of a document, on disk. */
static int write_lines(struct journal *j, const struct reader *r, struct err *e)
{
    int rc;

    j->synced_later = true;
    rc = journal_write_head(j, r->s, r->spans, e);
    if (rc == 0 && r->context->parameters != NULL)
        rc = journal_add_context(j, r->context, e);
    for (size_t i = 0; rc == 0 && i < r->s->run_count; i++)
        rc = journal_add_run(j, &r->s->runs[i], e);
    return rc == 0 ? journal_sync(j, e) : rc;
}

/* The journal that the document had is made anew. It is written under another name, which only
 * whoever has locked the empty one may do, and takes its place when it is whole: a kill leaves the
 * empty one, or all of it. */
static int make_of_document(struct reader *r, const char *document, struct err *e)
{
    static const char tail[] = ".new";
    struct journal *j = r->j, made = JOURNAL_CLOSED;
    size_t bytes = strlen(j->path) + sizeof tail;
    int rc;

    if (resume_read(document, j->path, r->seed_given, r->spans, r->s, r->context, &j->found, e) !=
        0)
        return -1;
    made.path = mem_alloc(bytes);
    if (made.path == NULL)
        return err_no_memory(e, "the name of the journal");
    snprintf(made.path, bytes, "%s%s", j->path, tail);
    unlink(made.path); /* what a kill left; opening tells when that did not do */
    made.fd = open(made.path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    rc = 0;
    if (made.fd < 0 || flock(made.fd, LOCK_EX | LOCK_NB) != 0)
        rc = journal_fail(&made, "write", errno, e);
    if (rc == 0)
        rc = write_lines(&made, r, e);
    if (rc == 0 && rename(made.path, j->path) != 0)
        rc = journal_fail(&made, "rename", errno, e);
    if (rc == 0) {
        close(j->fd);
        j->fd = made.fd;
        j->of_document = true;
        folder_sync(j->path);
    } else if (made.fd >= 0) {
        unlink(made.path);
        close(made.fd);
    }
    mem_free(made.path);
    return rc;
}

static int open_and_read(struct reader *r, const char *document, bool resume, struct err *e)
{
    bool made = false;
    int rc = open_locked(r->j, &made, e);

    r->rounds = mem_zeroed(r->s->point_count, sizeof *r->rounds);
    if (rc == 0 && r->rounds == NULL)
        rc = err_no_memory(e, "a journal");
    if (rc == 0)
        rc = read_journal(r, resume, e);
    if (rc == 0 && r->line == 0)
        rc = resume && r->whole_bytes == 0 && r->text.length == 0
                 ? make_of_document(r, document, e)
                 : journal_write_head(r->j, r->s, r->spans, e);
    if (rc != 0 && made)
        journal_close(r->j, true);
    mem_free(r->rounds);
    text_free(&r->text);
    return rc;
}

int journal_open(struct journal *j, const char *document, bool resume, bool seed_given, bool spans,
                 struct sweep *s, struct run_context *context, struct err *e)
{
    struct reader r = {j, s, context, seed_given, spans, NULL, 0, 0, TEXT_EMPTY};
    size_t bytes = strlen(document) + sizeof suffix;

    *j = JOURNAL_CLOSED;
    j->path = mem_alloc(bytes);
    if (j->path == NULL)
        return err_no_memory(e, "the name of the journal");
    snprintf(j->path, bytes, "%s%s", document, suffix);
    if (open_and_read(&r, document, resume, e) == 0)
        return 0;
    journal_close(j, false);
    return -1;
}

void journal_close(struct journal *j, bool remove)
{
    if (remove && j->fd >= 0) {
        /* A loss of power must not take the journal and leave the old document. */
        folder_sync(j->path);
        unlink(j->path);
    }
    if (j->fd >= 0)
        close(j->fd);
    mem_free(j->path);
    *j = JOURNAL_CLOSED;
}
