/* A file that the user names to be read by what is measured. */
#ifndef UVLAB_MEASURE_GIVEN_FILE_H
#define UVLAB_MEASURE_GIVEN_FILE_H

#include <stdint.h>

#include "base/err.h"

/* Whether the value of --file is a regular file that can be opened and read, and how large it is
 * (size_bytes may be NULL); 0, or -1 with *e filled: STATUS_USAGE for an empty name, STATUS_FAILED
 * for every other reason. A pipe without a writer does not block it. Any thread, outside of what is
 * measured. */
int given_file_check(const char *path, uint64_t *size_bytes, struct err *e);

#endif
