/* A sweep that comes in from a file, schema uvlab.sweep/1: a result for each of its points, of the
 * runs that count. It is read by result_file_read(), and belongs to the result_file that holds what
 * is said of the sweep as a whole. As there, what is used was checked. Main thread. */
#ifndef UVLAB_INPUT_SWEEP_FILE_H
#define UVLAB_INPUT_SWEEP_FILE_H

#include "input/result_file.h"

enum { SWEEP_LABEL_BYTES = 160 };

struct sweep_point {
    /* Name, experiment and what else is said of the whole are the sweep's; parameters and
     * environment refer to the sweep's, and do not hold the values of the axes. May have no run. */
    struct result_file result;
    cJSON *values;                 /* of the axes, by key: whole numbers and printable texts */
    char label[SWEEP_LABEL_BYTES]; /* "threads 4, duration 2ms"; printable, and may be cut */
};

struct sweep_file {
    struct sweep_point *points; /* as they are numbered in the document; at least one */
    size_t point_count, point_capacity;
    cJSON *recommended; /* values as those of a point; NULL: the sweep recommends none as a whole */
    char recommended_label[SWEEP_LABEL_BYTES];
    bool several_answers; /* one for each kind of work, and therefore none as a whole */
};

/* For result_file.c: takes in run number `index`, and what is beside the runs, once *f has what is
 * said of the whole. */
int sweep_take_run(struct result_file *f, const cJSON *run, size_t index, struct err *e);
int sweep_take_document(struct result_file *f, cJSON *document, struct err *e);
void sweep_file_free(struct sweep_file *s); /* NULL is allowed */

#endif
