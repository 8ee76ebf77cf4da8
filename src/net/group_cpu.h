/* CPU time of a server of several processes. */
#ifndef UVLAB_NET_GROUP_CPU_H
#define UVLAB_NET_GROUP_CPU_H

#include <stdint.h>

#include "net/server_group.h"

/* CPU time so far of the primary, of its workers, and of those that have died and were reaped
 * (these to a hundredth of a second). UINT64_MAX when it cannot be known. Any thread. */
uint64_t group_cpu_ns(const struct server_group *g);

#endif
