/* Lines out of a pipe. The writing end is the worker's alone, but processes that it started may
 * have it still when it has ended. One thread. */
#include "net/worker_words.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 4096, READS_MOST = 64 };

void words_init(struct worker_words *w, void (*line)(struct worker_words *w, const char *line))
{
    memset(w, 0, sizeof *w);
    w->line = line;
}

static void end_line(struct worker_words *w)
{
    if (w->length == 0)
        return;
    w->text[w->length] = '\0';
    w->length = 0;
    w->line(w, w->text);
}

static void take(struct worker_words *w, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n' || w->length == WORDS_BYTES)
            end_line(w);
        if (bytes[i] == '\0')
            w->text[w->length++] = '?';
        else if (bytes[i] != '\n')
            w->text[w->length++] = bytes[i];
    }
}

/* False when there is nothing now; at the end it is watched no longer. */
static bool hear(struct worker_words *w)
{
    char bytes[READ_BYTES];
    ssize_t n = read(w->fd, bytes, sizeof bytes);
    if (n > 0)
        take(w, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        uv_poll_stop(&w->poll);
    return n > 0;
}

static void poll_cb(uv_poll_t *poll, int status, int events)
{
    struct worker_words *w = (struct worker_words *)poll;
    (void)status;
    (void)events;
    hear(w);
}

int words_open(struct worker_words *w, uv_loop_t *loop, int *writes, struct err *e)
{
    int ends[2], rc;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return err_set(e, STATUS_FAILED, "no pipe: %s", uv_strerror(uv_translate_sys_error(errno)));
    rc = uv_poll_init(loop, &w->poll, ends[0]);
    if (rc < 0) {
        close(ends[0]);
        close(ends[1]);
        return err_set(e, STATUS_FAILED, "cannot watch a pipe: %s", uv_strerror(rc));
    }
    w->fd = ends[0];
    w->open = true;
    uv_poll_start(&w->poll, UV_READABLE, poll_cb);
    *writes = ends[1];
    return 0;
}

/* Others may go on writing: only so much is the worker's own. */
void words_hear_rest(struct worker_words *w)
{
    for (int i = 0; i < READS_MOST && w->open && hear(w); i++)
        ;
    end_line(w);
}

static void closed_cb(uv_handle_t *handle)
{
    struct worker_words *w = (struct worker_words *)handle;
    close(w->fd);
    w->closed(w);
}

void words_close(struct worker_words *w, void (*closed)(struct worker_words *w))
{
    w->closed = closed;
    if (!w->open) {
        closed(w);
        return;
    }
    w->open = false;
    uv_close((uv_handle_t *)&w->poll, closed_cb);
}
