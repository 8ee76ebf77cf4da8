/* What is written to: standard output, a device or pipe, or a file that appears under its name only
 * when it is whole. Used by out.c alone. */
#ifndef UVLAB_OUTPUT_TARGET_H
#define UVLAB_OUTPUT_TARGET_H

#include <stdbool.h>

struct target {
    int fd;        /* to write to; -1 when it is closed */
    bool borrowed; /* fd is the process's own standard output: not ours to close */
    char *place;   /* the file to be replaced, links followed; NULL: fd is written directly */
    char *half;    /* the file beside it that is being written; NULL: there is none (any more) */
};

/* Whether `path` means a file that is replaced, or one that will be new. Not so are standard output
 * (NULL), devices and pipes, and descriptors of this process ("/dev/stdout"), whatever those are.
 */
bool target_replaces(const char *path);

/* What `path` names once links are followed, whether or not that exists: a link to nowhere is a
 * wish for the file that it points to. New memory; NULL with errno set. */
char *target_place(const char *path);

/* Opens `path`, or standard output when it is NULL. On failure errno says why; target_release() is
 * due in any case. */
bool target_open(struct target *t, const char *path);

/* Everything was written: closes, and gives the file its name. Returns 0 or an errno. */
int target_commit(struct target *t);

/* Closes and frees what is left; a file that was not committed is removed. */
void target_release(struct target *t);

#endif
