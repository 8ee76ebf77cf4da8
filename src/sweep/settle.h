/* What a sweep only knows when the first document has come: what machine it is, and what points are
 * judged by. */
#ifndef UVLAB_SWEEP_SETTLE_H
#define UVLAB_SWEEP_SETTLE_H

#include "base/err.h"
#include "measure/sweep_facts.h"
#include "sweep/run_document.h"

/* Once there is a run that has not failed, s->by is AUTO no more: loads are judged by latency when
 * they have a rate, by the time of a request when they have a duration, blocking by the latency of
 * its fast route, everything else by how long it takes. STATUS_USAGE when runs do not have what was
 * asked for. */
int settle_by(struct sweep *s, const struct run_context *context, struct err *e);

/* Warns in s where the machine or parameters are not those of an earlier sitting. Fails when memory
 * is short. */
int settle_compare(struct sweep *s, const struct run_context *earlier,
                   const struct run_context *now, struct err *e);

/* Puts the context into s: parameters less those that its points differ in and those that the sweep
 * itself sets. Once all runs are there; warns in s of what else the machine did meanwhile. Fails
 * when memory is short. */
int settle_context(struct sweep *s, const struct run_context *context, struct err *e);

#endif
