/* What a worker writes to its standard error, line by line, at its primary: the last words of a
 * library that gives up, mostly. A pipe that never blocks the worker: what does not fit is lost.
 * Primary, one thread. */
#ifndef UVLAB_NET_WORKER_WORDS_H
#define UVLAB_NET_WORKER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include "base/err.h"

enum { WORDS_BYTES = 200 }; /* of a line; a longer one is several */

/* Embed it; its memory must stay until `closed`. */
struct worker_words {
    uv_poll_t poll;
    int fd;
    bool open;
    char text[WORDS_BYTES + 1]; /* of a line whose end has not come */
    size_t length;
    void (*line)(struct worker_words *w, const char *line);
    void (*closed)(struct worker_words *w);
};

/* Not open. `line` is called for each line, without its end; empty ones are left out. */
void words_init(struct worker_words *w, void (*line)(struct worker_words *w, const char *line));

/* Opens the pipe; the end that is to be written to is *writes, which the caller closes when the
 * worker has it. STATUS_FAILED, with nothing open. */
int words_open(struct worker_words *w, uv_loop_t *loop, int *writes, struct err *e);

/* Hears what is left, when the worker has ended; a line without an end, too. */
void words_hear_rest(struct worker_words *w);

/* Closes it and calls `closed`: at once when it is not open, else from the loop. */
void words_close(struct worker_words *w, void (*closed)(struct worker_words *w));

#endif
