/* The doubts that a session adds to its result. */
#ifndef UVLAB_MEASURE_SESSION_WARNINGS_H
#define UVLAB_MEASURE_SESSION_WARNINGS_H

#include "measure/session.h"

/* Warns of the machine, the setting, the clock and the first run. After the last run; r is complete
 * otherwise. Fails when memory is short. */
int session_warn(struct result *r, const struct session_options *options, struct err *e);

#endif
