/* Going on with a sweep of which there is no journal, but its document. */
#ifndef UVLAB_SWEEP_RESUME_H
#define UVLAB_SWEEP_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "measure/sweep_facts.h"
#include "sweep/run_document.h"

/* What a document says besides what a journal has. */
struct resume_found {
    bool whole;       /* it was not interrupted */
    uint64_t took_ns; /* all its sittings; SWEEP_UNKNOWN */
};

/* Reads a document as a journal is read: it must be of a sweep like s, whose runs are added to s,
 * which takes seed and started_at from it; *context gets what it says of the machine. The file is
 * only read, in pieces, and may be anything. STATUS_USAGE where there is no document, or one of
 * another sweep; STATUS_FAILED where its runs are none, or memory is short. */
int resume_read(const char *document, const char *journal, bool seed_given, bool spans,
                struct sweep *s, struct run_context *context, struct resume_found *found,
                struct err *e);

/* Fills *e with STATUS_USAGE, which says what to ask for when there is to be more. Returns -1. */
int resume_refuse_whole(const char *document, struct err *e);

#endif
