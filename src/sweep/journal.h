/* The journal of a sweep: what has been measured is on disk at once, so that a sweep that ended in
 * any way, the power included, goes on where it was.
 *
 * FILE.journal beside the FILE that the document will be. Its first line says what must be the same
 * for a sweep to go on; every other is a run, as the document will have it, but for one that says
 * what machine it was. A line is written by one write(2) and is on disk before the next run begins.
 * The file is locked (flock(2)) while a sweep is at it. */
#ifndef UVLAB_SWEEP_JOURNAL_H
#define UVLAB_SWEEP_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "measure/sweep_facts.h"
#include "sweep/resume.h"
#include "sweep/run_document.h"

struct journal {
    int fd;
    char *path;                /* as messages call it */
    bool of_document;          /* it was made of a document, and has not grown by itself */
    struct resume_found found; /* what that says, then */
    bool synced_later;         /* lines need not be on disk one by one: journal_write.h */
};

#define JOURNAL_CLOSED ((struct journal){.fd = -1})

/* Opens the journal of the document `document` and locks it. Without `resume` it must be new, or
 * have no run in it; with it there must be one that has, or a document, of which it is made anew.
 * Where there is one, it must be of a sweep like s (experiment, arguments, axes, warm-up, version;
 * with `seed_given` its seed): its runs are added to s, which takes seed and started_at from it,
 * and *context gets what it says of the machine. A last line that is not whole is cut off.
 * Otherwise s->seed and s->started_at go into a first line. On failure nothing is left open:
 * STATUS_FAILED, or STATUS_USAGE where it is the user's to decide. */
int journal_open(struct journal *j, const char *document, bool resume, bool seed_given, bool spans,
                 struct sweep *s, struct run_context *context, struct err *e);

/* Appends a run, or what the machine is; it is on disk when this returns 0. A line that could not
 * be written whole is taken back. STATUS_FAILED. */
int journal_add_run(struct journal *j, const struct sweep_run *run, struct err *e);
int journal_add_context(struct journal *j, const struct run_context *context, struct err *e);

/* Closes it; with `remove` its file is gone: the document has everything. */
void journal_close(struct journal *j, bool remove);

#endif
