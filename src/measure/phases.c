/* What is known about libuv's loop, as constant data. Pure functions, any thread.
 *
 * Both orders are those of uv_run() in libuv's src/unix/core.c. Since 1.45.0 timers run at the end
 * of an iteration instead of at its beginning. The callbacks of the pending phase may be called a
 * second time in an iteration, directly after poll (up to eight rounds): what poll itself has put
 * off, such as the callback of a write that was made in a poll callback. */
#include "measure/phases.h"

enum { LIBUV_TIMERS_LAST = 1 << 16 | 45 << 8 }; /* 1.45.0 */

static const enum span_phase timers_first[PHASE_ORDER_LENGTH] = {
    PHASE_TIMERS, PHASE_PENDING, PHASE_IDLE, PHASE_PREPARE, PHASE_POLL, PHASE_CHECK, PHASE_CLOSING,
};

static const enum span_phase timers_last[PHASE_ORDER_LENGTH] = {
    PHASE_PENDING, PHASE_IDLE, PHASE_PREPARE, PHASE_POLL, PHASE_CHECK, PHASE_CLOSING, PHASE_TIMERS,
};

const enum span_phase *phases_of(unsigned libuv_version)
{
    return libuv_version >= LIBUV_TIMERS_LAST ? timers_last : timers_first;
}

bool phases_timers_on_entry(unsigned libuv_version)
{
    return libuv_version >= LIBUV_TIMERS_LAST;
}
