/* A run of a sweep as one line of JSON: made of what a process left, or read from a journal. */
#ifndef UVLAB_SWEEP_RUN_DOCUMENT_H
#define UVLAB_SWEEP_RUN_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "measure/sweep_facts.h"
#include "sweep/process.h"

/* What a document says besides its run: JSON objects as texts; NULL where there was none. */
struct run_context {
    char *parameters, *environment;
};
void run_context_free(struct run_context *c);

/* Takes both from a document, of a run or of a sweep, which is left as it is; where they are not
 * there, *context remains empty, as it must be before. Fails when memory is short; it is then
 * empty. */
int run_context_take(struct run_context *context, const cJSON *document, struct err *e);

/* Fills *run, whose point and round are set, from how a process ended: figures, error and its line
 * of JSON, with the spans where they are wanted. A process that failed or wrote rubbish makes a run
 * with an error. *context gets what the document says, if there was one. Fails when memory is
 * short; nothing is left in *run then. */
int run_document_make(struct sweep_run *run, const struct sweep *s, const struct process_plan *plan,
                      const struct process_outcome *out, bool spans, struct run_context *context,
                      struct err *e);

/* Fills *run from its line, behind which there is a NUL, and which is copied. Fails when that is no
 * run (STATUS_FAILED: "is no run of a sweep"), with nothing left in *run. Any bytes are safe. */
int run_document_read(struct sweep_run *run, const char *line, size_t length, struct err *e);

/* Adds the run of such a line to s, where it is the next one of its point; rounds[point] is how
 * many there were of it. "is no run of a sweep", "is no run that is due". */
int run_document_take(struct sweep *s, uint32_t *rounds, const char *line, size_t length,
                      struct err *e);

#endif
