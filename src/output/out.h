/* Where a result goes: standard output or a file, through one buffer, with errors remembered.
 *
 * A regular file, or a new name, is written beside its name and renamed into place when it is
 * whole: whoever reads it sees the old file or the new one. Links are followed, so that what they
 * point to is replaced. Devices, pipes, sockets and terminals are opened and written. Not
 * thread-safe. */
#ifndef UVLAB_OUTPUT_OUT_H
#define UVLAB_OUTPUT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct out;

/* Opens `path`, or standard output when it is NULL or "-". Before measuring, so that what cannot be
 * written is known at once. Fails with STATUS_FAILED: "cannot write 'x/y.json': no such file or
 * directory". Returns NULL then. */
struct out *out_open(const char *path, struct err *e);

/* Whether that would replace a file or make a new one, beside which there can be others; false for
 * standard output, devices and pipes, and for "/dev/stdout" and the like, whatever they are. */
bool out_is_file(const char *path);

/* The file that would be replaced or made, links followed: two paths of one file have one, but for
 * links of folders. New memory, to be given back with mem_free(). NULL with STATUS_FAILED ("cannot
 * write ...") when links go round, or memory is short. Only where out_is_file(). */
char *out_place(const char *path, struct err *e);

/* Append to the buffer, writing it out when it is full. After a failed write they do nothing. */
void out_bytes(struct out *o, const char *bytes, size_t length);
void out_text(struct out *o, const char *s);
void out_format(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_number(struct out *o, uint64_t n); /* in decimal, many times faster than out_format */

/* Whether it ends on a terminal; its width in columns then (COLUMNS when that is set, else the
 * terminal's, else 80). */
bool out_is_terminal(const struct out *o);
unsigned out_columns(const struct out *o);

/* Writes what is left, makes the file take its name, and frees o. Fails with STATUS_FAILED when
 * anything could not be written since out_open(); the old file, if any, is then untouched.
 * A pipe whose reader has gone is a failure too (SIGPIPE is ignored by main), but one that not
 * every caller has to tell of: then the answer is OUT_NO_READER instead of -1. */
enum { OUT_NO_READER = -2 };
int out_close(struct out *o, struct err *e);

/* Gives up: the file keeps its old content, nothing new appears. Frees o; NULL is allowed. */
void out_abandon(struct out *o);

/* Removes the half-written file, if there is one. Async-signal-safe: for the handler of a second
 * SIGINT, which ends the process at once. */
void out_emergency(void);

#endif
