/* What to say to who wants to go on with a sweep of which there is no journal. */
#ifndef UVLAB_SWEEP_RESUME_H
#define UVLAB_SWEEP_RESUME_H

#include "base/err.h"

/* Fills *e with STATUS_USAGE: the document is there and whole, or there is nothing to go on with.
 * It is only read; what cannot be read counts as none. STATUS_FAILED when memory is short. Returns
 * -1. */
int resume_refuse(const char *document, const char *journal, struct err *e);

#endif
