/* Files read as fs.readFile() of Node.js 20 reads them: open, fstat, reads, close; each a trip of
 * its own through the pool and back through the loop (Node's lib/fs.js and
 * lib/internal/fs/read/context.js). The whole is a span, and each step one that is a part of it.
 *
 * A regular file is read in pieces of at most 512 KiB until the size that fstat gave is there, or a
 * read of no bytes says that it has shrunk. Whatever has no size (an empty file, one of /proc, no
 * regular file at all) is read in pieces of 64 KiB until a read gives none. More than 2 GiB - 1 are
 * refused. */
#ifndef UVLAB_MEASURE_FILE_READ_H
#define UVLAB_MEASURE_FILE_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/run.h"

/* How the steps get to the pool. */
enum file_api {
    /* Jobs that call libuv's synchronous uv_fs_*(): the same queue and the same order as its
     * asynchronous ones, and the instants on the thread are seen. */
    FILE_API_JOBS,
    FILE_API_UV,       /* asynchronous uv_fs_*(): when they start is unknown */
    FILE_API_ONE_TRIP, /* all steps in one job, as the newest Node.js does for small files */
};
extern const char *const file_api_names[]; /* NULL-terminated, for the option table */

enum {
    FILE_PIECE_BYTES = 512 * 1024,        /* that one read asks for at most */
    FILE_UNSIZED_PIECE_BYTES = 64 * 1024, /* and where fstat gave no size */
    FILE_BYTES_MOST = INT32_MAX,          /* of a whole file */
};

/* The rows that an experiment puts into its table of kinds, next to each other. */
enum file_kind {
    FILE_KIND_WHOLE,
    FILE_KIND_OPEN,
    FILE_KIND_FSTAT,
    FILE_KIND_READ,
    FILE_KIND_CLOSE,
    FILE_KINDS,
};
extern const struct span_kind file_span_kinds[FILE_KINDS];
#define FILE_KIND_ROWS                                                                             \
    &file_span_kinds[FILE_KIND_WHOLE], &file_span_kinds[FILE_KIND_OPEN],                           \
        &file_span_kinds[FILE_KIND_FSTAT], &file_span_kinds[FILE_KIND_READ],                       \
        &file_span_kinds[FILE_KIND_CLOSE]

/* What is known of a file beforehand, and what one read of it may therefore take. */
struct file_facts {
    uint64_t size_bytes; /* 0: it has none */
    uint32_t reads;      /* steps that read, at most: a few more than its size needs, for a file
                            that changes until it is read */
    uint32_t spans;      /* that one read of it opens at most */
    uint64_t bytes;      /* of memory that one read of it takes beyond its spans */
    bool head_only;      /* of the file no more than its first piece is read */
};

/* Looks at the file (given_file_check(); one of more than FILE_BYTES_MOST is refused as well) and
 * fills *facts for reads of it by `api`. STATUS_FAILED. */
int file_facts_find(struct file_facts *facts, const char *path, enum file_api api, struct err *e);

/* The same for a file of that size (at most FILE_BYTES_MOST) which is still to be made. Pure. */
void file_facts_of_size(struct file_facts *facts, uint64_t size_bytes, enum file_api api);

/* The facts for reading the first piece only, of any file of any size: open, fstat, one read,
 * close. Pure. */
void file_facts_head(struct file_facts *facts, enum file_api api);

/* Reads of a run, all of one file. */
struct file_reads;

/* Prepares `count` reads of `path` (kept, not copied), numbered from 1 (a single one: unnumbered),
 * and opens their spans, which follow each other. The steps have the number of their read; those
 * that read a single file in several pieces are numbered among themselves. `facts` are of the same
 * api; the memory for the content is theirs, and already touched. `kind_row` is where
 * FILE_KIND_ROWS begin in the table of kinds. Where the recorder records causes, each step is armed
 * by the one before it. With `measure_cpu` each step reads its thread's CPU clock twice (not with
 * FILE_API_UV, which cannot). NULL after filling *e. Outside of what is measured. */
struct file_reads *file_reads_new(struct run *run, const char *path, const struct file_facts *facts,
                                  enum file_api api, unsigned kind_row, uint32_t count,
                                  bool measure_cpu, struct err *e);

/* Called in the callback of the last step (of a one-trip read: in its only one), after the instants
 * were taken, whether the read succeeded, failed or was cancelled: `whole` is the span of the read.
 * Where libuv refuses the first step, that is within file_reads_submit(). */
typedef void (*file_read_cb)(void *context, uint32_t whole);
/* Has `done` called for each read, with `context`. Before they are submitted. */
void file_reads_tell(struct file_reads *f, file_read_cb done, void *context);

/* Submits the first step of each. Loop thread.
 *
 * The status of a read is that of its first step that failed; what is open is closed all the same.
 * A file that has grown since `facts` is read as large as fstat says, where the spans suffice (else
 * the status is SPAN_FAILED_GREW), memory does (else UV_ENOMEM), and it has no more than
 * FILE_BYTES_MOST (else UV_EFBIG). */
void file_reads_submit(struct file_reads *f);

/* Cancels steps that wait in the pool's queue; those that run come back, and are the last. A read
 * that is left incomplete has the status UV_ECANCELED. Loop thread. */
void file_reads_cancel(struct file_reads *f);

/* After the loop has ended; closes a descriptor that a cancelled read has left. NULL is allowed. */
void file_reads_free(struct file_reads *f);

/* The span (its index) of read number i, from 0. Loop thread, or after the run. */
uint32_t file_reads_whole(const struct file_reads *f, uint32_t i);

/* What read number i has read so far, and how much; valid until file_reads_free(). After its
 * callback. */
const unsigned char *file_reads_content(const struct file_reads *f, uint32_t i, uint64_t *bytes);

#endif
