/* The environment that a result was measured in: facts are gathered outside of what is measured. */
#ifndef UVLAB_MEASURE_HOST_H
#define UVLAB_MEASURE_HOST_H

#include <stdbool.h>
#include <stdint.h>

enum { HOST_TEXT_BYTES = 128 };

/* Facts; a number that cannot be found out is HOST_UNKNOWN (cpu_quota: negative), a text "". */
#define HOST_UNKNOWN UINT64_MAX

struct host_facts {
    char cpu[HOST_TEXT_BYTES];    /* model name, from /proc/cpuinfo */
    uint64_t cpus_online;         /* sysconf(_SC_NPROCESSORS_ONLN) */
    uint64_t cpus_allowed;        /* by the affinity mask of this process */
    double cpu_quota;             /* CPUs' worth of time that the control groups allow; the least of
                                     all levels, v1 or v2; negative: no limit found */
    uint64_t memory_bytes;        /* MemTotal */
    char kernel[HOST_TEXT_BYTES]; /* "Linux 6.1.0-18-amd64 x86_64" */
    double load_average;          /* one minute, when gathered; negative: unknown */
    char libuv[32];               /* uv_version_string(), as linked at run time */
    char libuv_built[32];         /* the version whose headers uvlab was compiled with */
    char openssl[32];             /* OpenSSL_version(OPENSSL_VERSION_STRING): "3.0.19" */
    char cjson[32];
    char zlib[32];
};

/* Fills *h. Never fails: what cannot be read stays unknown (a root without /proc, say). */
void host_gather(struct host_facts *h);

/* CPUs that this process can really use: the least of affinity and quota (rounded up), at least 1.
 */
uint64_t host_cpus_usable(const struct host_facts *h);

/* Memory that can still be had without swapping or being killed: the least of MemAvailable, what
 * the control groups (v1 and v2, every level) leave, and RLIMIT_AS; HOST_UNKNOWN when none is
 * known. */
uint64_t host_memory_available_bytes(void);

/* Raises the soft limit of open files to `files` where it is lower, as far as the hard limit lets
 * it, and returns the limit that then holds (getrlimit(2), RLIMIT_NOFILE). Main thread. */
uint64_t host_raise_file_limit(uint64_t files);

/* Threads of this process now, from /proc/self/status; HOST_UNKNOWN without /proc. */
uint64_t host_thread_count(void);

/* CPU time that the whole machine has spent working (not idle, not waiting for I/O) since it was
 * started, and the part that a hypervisor took ("steal"), in nanoseconds, from /proc/stat.
 * Both HOST_UNKNOWN when it cannot be read. */
void host_machine_cpu(uint64_t *busy_ns, uint64_t *stolen_ns);

/* The same facts from other roots than "/", for tests with recorded files: `root` is put in front
 * of /proc and /sys paths. NULL: "/". Not thread-safe. */
void host_set_root(const char *root);

#endif
