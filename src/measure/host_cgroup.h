/* What the control groups (v1, v2, or both at once) allow this process. Only host.c uses this. */
#ifndef UVLAB_MEASURE_HOST_CGROUP_H
#define UVLAB_MEASURE_HOST_CGROUP_H

#include <stdint.h>

/* CPUs' worth of time, the least of all levels; negative: no limit found. */
double host_cgroup_cpu_quota(void);

/* Memory that the levels still leave, the least of all; HOST_UNKNOWN when none has a limit. File
 * pages that were not used lately count as free, as the kernel drops them before it kills. */
uint64_t host_cgroup_memory_left_bytes(void);

#endif
