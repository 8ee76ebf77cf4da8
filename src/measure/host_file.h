/* Small text files of the kernel (/proc, /sys), line by line and without allocating: facts must be
 * found out when memory is short, too. Only the host_*.c files and clock.c use this. */
#ifndef UVLAB_MEASURE_HOST_FILE_H
#define UVLAB_MEASURE_HOST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_LINE_BYTES = 8192 };

struct host_lines {
    int fd;
    size_t start, end; /* of what was read and not yet handed out */
    bool cutting;      /* within a line whose beginning was handed out already */
    char data[HOST_LINE_BYTES];
};

/* Opens `path` (which starts with '/') below the root that host_set_root() named. False when it
 * cannot be read; nothing is to be closed then. */
bool host_lines_open(struct host_lines *l, const char *path);
/* The next line, without its newline; NULL at the end. Of a line longer than HOST_LINE_BYTES only
 * the beginning is returned. Valid until the next call. */
char *host_lines_next(struct host_lines *l);
void host_lines_close(struct host_lines *l);

/* The first line of a file. False when there is none or it does not fit. */
bool host_file_line(const char *path, char *line, size_t bytes);

/* Reads a number in decimal digits at *s, after blanks, and moves *s behind it. False, with *s and
 * *value untouched, when there is no digit or the number does not fit into 64 bits. */
bool host_number(const char **s, uint64_t *value);

/* Whether `line` is "KEY <blanks> number ...", where KEY ends in a blank or a colon ("MemTotal:");
 * the number is put into *value. */
bool host_line_number(const char *line, const char *key, uint64_t *value);

/* A file that holds one number and nothing else. HOST_UNKNOWN when it does not. */
uint64_t host_file_number(const char *path);

#endif
