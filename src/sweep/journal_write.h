/* How lines get into a journal: what journal.h has of writing is there, too. For the journal
 * itself. Main thread. */
#ifndef UVLAB_SWEEP_JOURNAL_WRITE_H
#define UVLAB_SWEEP_JOURNAL_WRITE_H

#include "sweep/journal.h"

/* "cannot WHAT 'FILE.journal': ..." with the system's word for `error`, an errno; STATUS_FAILED,
 * -1. */
int journal_fail(const struct journal *j, const char *what, int error, struct err *e);

/* Writes the first line, of an empty file. On failure nothing is left of it. */
int journal_write_head(struct journal *j, const struct sweep *s, bool spans, struct err *e);

/* Brings to disk what was written with `synced_later`, and ends that. */
int journal_sync(struct journal *j, struct err *e);

#endif
