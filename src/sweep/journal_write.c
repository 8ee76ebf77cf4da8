/* What has been written and is not on disk may be lost, with a run that took minutes. Hence every
 * line is synchronised when it is written, but for those that are elsewhere, too. Main thread. */
#include "sweep/journal_write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "base/mem.h"
#include "base/text.h"
#include "sweep/folder.h"
#include "sweep/journal_head.h"

int journal_fail(const struct journal *j, const char *what, int error, struct err *e)
{
    return err_set(e, STATUS_FAILED, "cannot %s '%s': %s", what, j->path,
                   uv_strerror(uv_translate_sys_error(error)));
}

/* Some file systems cannot, and say so. */
static bool is_on_disk(int fd)
{
    return fdatasync(fd) == 0 || errno == EINVAL;
}

/* All of it, by one write; what was written of it otherwise is taken back. */
static int append_bytes(struct journal *j, const char *bytes, size_t length, struct err *e)
{
    off_t before = lseek(j->fd, 0, SEEK_END);
    ssize_t written;
    int error;

    do {
        written = write(j->fd, bytes, length);
    } while (written < 0 && errno == EINTR);
    error = written < 0 ? errno : ENOSPC;
    if (written >= 0 && (size_t)written == length) {
        if (j->synced_later || is_on_disk(j->fd))
            return 0;
        error = errno;
    }
    if (before >= 0 && ftruncate(j->fd, before) != 0)
        error = errno; /* what is left is cut off when it is read */
    return journal_fail(j, "write", error, e);
}

/* `line` gets its line feed, and is freed. */
static int append(struct journal *j, struct text *line, struct err *e)
{
    int rc;

    text_add_bytes(line, "\n", 1);
    rc = text_ok(line) ? append_bytes(j, line->data, line->length, e)
                       : err_no_memory(e, "a journal");
    text_free(line);
    return rc;
}

int journal_add_run(struct journal *j, const struct sweep_run *run, struct err *e)
{
    struct text t = TEXT_EMPTY;

    text_add_bytes(&t, run->json, strlen(run->json));
    return append(j, &t, e);
}

int journal_add_context(struct journal *j, const struct run_context *context, struct err *e)
{
    struct text t = TEXT_EMPTY;

    text_add(&t, "{\"parameters\":%s,\"environment\":%s}", context->parameters,
             context->environment);
    return append(j, &t, e);
}

int journal_write_head(struct journal *j, const struct sweep *s, bool spans, struct err *e)
{
    char *line = journal_head_make(s, spans);
    struct text t = TEXT_EMPTY;
    int rc;

    if (line == NULL)
        return err_no_memory(e, "a journal");
    text_add_bytes(&t, line, strlen(line));
    mem_free(line);
    rc = append(j, &t, e);
    if (rc == 0)
        folder_sync(j->path);
    return rc;
}

int journal_sync(struct journal *j, struct err *e)
{
    j->synced_later = false;
    return is_on_disk(j->fd) ? 0 : journal_fail(j, "write", errno, e);
}
