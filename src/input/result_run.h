/* What is read of the runs of a file and of their spans, between the files of this folder:
 * result_file.c, result_run.c and sweep_file.c. */
#ifndef UVLAB_INPUT_RESULT_RUN_H
#define UVLAB_INPUT_RESULT_RUN_H

#include "input/result_file.h"

/* A text of the file as a word of letters, digits and a few signs, which begins with a small letter
 * or a digit: names of experiments and kinds. */
bool result_is_word(const cJSON *item);

/* Adds a doubt to the result; beyond RESULT_WARNINGS_MOST nothing. Fails when memory is short. */
int result_file_warn(struct result_file *f, struct err *e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A warning if a key comes twice in an object of the tree. */
int result_doubt_keys(struct result_file *f, const cJSON *tree, struct err *e);

/* Takes in run number `index` of the document, whose spans have been taken in before. */
int result_take_run(struct result_file *f, const cJSON *run, size_t index, struct err *e);
/* The figures that a run of a result and one of a sweep both have; `place` is what messages call
 * it, "runs[3]". */
int result_take_figures(struct result_file *f, const cJSON *run, const char *place, struct err *e);
/* Takes in a span of it. */
int result_take_span(struct result_file *f, const cJSON *span, size_t index, struct err *e);

#endif
