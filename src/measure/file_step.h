/* The steps of reading one file: which comes next, how it is asked of libuv, and what it came to;
 * without spans, which are file_read.c's. A struct file_step belongs to one thread at a time: the
 * loop's, or from the submission of a job until its callback the thread of the pool that runs it,
 * as the pool's lock hands it over. */
#ifndef UVLAB_MEASURE_FILE_STEP_H
#define UVLAB_MEASURE_FILE_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "measure/file_read.h"

struct file_step {
    uv_fs_t request;
    const char *path;
    enum file_kind doing; /* FILE_KIND_OPEN, ... */
    int fd;               /* or -1 */
    int status;           /* of the first step that failed, or why no more is read */
    bool head_only;
    bool ended;             /* all that is to be read has been */
    uint32_t reads;         /* begun so far */
    uint32_t reads_most;    /* that may be */
    uint64_t size_bytes;    /* by fstat; 0: it gave none */
    uint64_t content_bytes; /* read so far */
    uint64_t capacity_bytes;
    unsigned char *content; /* owned */
};

/* How many reads a file of that size takes, when each gives all it is asked for. Pure. */
static inline uint64_t file_step_pieces(uint64_t size_bytes)
{
    return (size_bytes + FILE_PIECE_BYTES - 1) / FILE_PIECE_BYTES;
}

/* Memory of one read of a file beyond its spans and its content (file_read.c, which knows). */
uint64_t file_read_own_bytes(void);

/* Begins with the open. Allocates memory for the content as large as `facts` say, and touches it.
 * -1: there was none. Give back with file_step_free(), which also closes what is still open. */
int file_step_init(struct file_step *s, const char *path, const struct file_facts *facts);
void file_step_free(struct file_step *s);

/* Asks libuv for s->doing: asynchronously with a loop and a callback, or at once on this thread
 * (NULL, NULL). Returns what libuv answers; s->request has the result. */
int file_step_request(struct file_step *s, uv_loop_t *loop, uv_fs_cb done);

/* After the request has been done: takes in its result and releases it. Returns the status of the
 * step, and keeps it in s->status where it is the first that failed. */
int file_step_take(struct file_step *s);
/* A step that was never done: refused by libuv, or cancelled. */
void file_step_failed(struct file_step *s, int status);

/* Sets s->doing to the step that follows; false: there is none. What was opened is closed also
 * after a failure. May allocate, when the file has grown or has no size. */
bool file_step_advance(struct file_step *s);

#endif
