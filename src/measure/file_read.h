/* Files read as fs.readFile() of Node.js 20 reads them: open, fstat, reads of at most 512 KiB until
 * the size that fstat gave is there (of at most 64 KiB until the end where it gave none), close;
 * each a trip of its own through the pool and back through the loop (Node's lib/fs.js and
 * lib/internal/fs/read/context.js). The whole is a span, and each step one that is a part of it. */
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

/* What is known of a file beforehand. */
struct file_facts {
    uint64_t size_bytes;
    uint32_t spans; /* that one read of it opens at most */
    uint64_t bytes; /* of memory that one read of it takes beyond its spans */
};

/* Looks at the file: it has to be a regular one that can be read. STATUS_FAILED. */
int file_facts_find(struct file_facts *facts, const char *path, enum file_api api, struct err *e);

/* Reads of a run, all of one file. */
struct file_reads;

/* Called in the callback of the last step (of a one-trip read: in its only one), after the instants
 * were taken: `whole` is the span of the read. Optional. */
typedef void (*file_read_cb)(void *context, uint32_t whole);

/* Prepares `count` reads of `path` (kept, not copied), numbered from 1 (a single one: unnumbered).
 * `kind_row` is where FILE_KIND_ROWS begin in the table of kinds. Where the recorder records
 * causes, each step is armed by the one before it. NULL after filling *e. Outside of what is
 * measured. */
struct file_reads *file_reads_new(struct run *run, const char *path, const struct file_facts *facts,
                                  enum file_api api, unsigned kind_row, uint32_t count,
                                  bool measure_cpu, file_read_cb done, void *context,
                                  struct err *e);
/* Submits the first step of each. Loop thread. */
void file_reads_submit(struct file_reads *f);
/* Cancels steps that wait in the pool's queue; those that run come back, and are the last. */
void file_reads_cancel(struct file_reads *f);
/* After the loop has ended; closes a descriptor that a cancelled read has left. NULL is allowed. */
void file_reads_free(struct file_reads *f);

#endif
