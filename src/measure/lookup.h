/* Name lookups on the pool whose beginning and end are seen.
 *
 * libuv does not tell when a uv_getaddrinfo() request starts. But an executable that defines
 * getaddrinfo() itself is what libuv's call resolves to: it takes the instants and calls the C
 * library's. The service of a request, a number, tells which span it is. */
#ifndef UVLAB_MEASURE_LOOKUP_H
#define UVLAB_MEASURE_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "measure/recorder.h"

/* From now on lookups that pool threads make are recorded in `r` (NULL: no longer). One run at a
 * time. Main thread, while no lookup is on its way. */
void lookup_record_in(struct recorder *r, bool measure_cpu);

/* Submits a lookup of `host` as span number `span`; otherwise as uv_getaddrinfo(), with the hints
 * that Node.js's dns.lookup() uses (any family, stream sockets). Loop thread. Returns 0 or what
 * libuv answered. */
int lookup_submit(uv_loop_t *loop, uv_getaddrinfo_t *request, uint32_t span, const char *host,
                  uv_getaddrinfo_cb done);

#endif
