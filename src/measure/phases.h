/* The order in which the linked libuv goes through its phases: it changed in 1.45.0, when timers
 * moved from before poll to the end of an iteration (libuv pull request 3927). */
#ifndef UVLAB_MEASURE_PHASES_H
#define UVLAB_MEASURE_PHASES_H

#include <stdbool.h>

#include "measure/span.h"

enum { PHASE_ORDER_LENGTH = 7 };

/* The phases of one iteration in the order of the given libuv version (uv_version(): 0x012c02 for
 * 1.44.2). Pure; the array is constant. */
const enum span_phase *phases_of(unsigned libuv_version);

/* Whether that version runs due timers once more, on entering uv_run(UV_RUN_DEFAULT), before its
 * first iteration (since 1.45). Pure. */
bool phases_timers_on_entry(unsigned libuv_version);

#endif
