/* The kinds of work that can be put on the pool. A kind is one row of the table in work.c: what it
 * is called, what it needs beforehand, and the function that does it once. */
#ifndef UVLAB_MEASURE_WORK_H
#define UVLAB_MEASURE_WORK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/param.h"
#include "measure/span.h"

/* What the kinds of work can be told; an experiment that offers work has this in its options and
 * WORK_PARAMS in its table; one that only hashes has WORK_HASH_PARAMS. */
struct work_options {
    uint64_t iterations, keylen; /* pbkdf2 */
    unsigned digest;             /* pbkdf2: index into work_digests */
    uint64_t scrypt_cost, scrypt_block_size, scrypt_parallelization;
    uint64_t duration_ns; /* spin, sleep */
    uint64_t rounds;      /* spin; 0: as many as duration_ns takes here and now */
    uint64_t size_bytes;  /* random, zlib */
    const char *file;     /* file */
    const char *host;     /* dns */
};

/* Refuses every option of hashes (WORK_HASH_PARAMS) that was given, as there will be none for the
 * reason `why`. STATUS_USAGE. */
int work_refuse_hash_options(const struct param_set *set, const char *why, struct err *e);

extern const char *const work_digests[];
extern const char *const work_names[]; /* NULL-terminated, in the order of the table */

/* clang-format off */
#define WORK_HASH_PARAMS(T, w) \
    PARAM_COUNT(T, w.iterations, "iterations", 0, "100000", 1, 2147483647, \
                "pbkdf2: rounds of the hash"), \
    PARAM_SIZE(T, w.keylen, "keylen", 0, "512", 1, 1 << 20, "pbkdf2: bytes of key to derive"), \
    PARAM_CHOICE(T, w.digest, "digest", 0, 0, "sha512", work_digests, "pbkdf2: hash to use")
#define WORK_PARAMS(T, w) \
    WORK_HASH_PARAMS(T, w), \
    PARAM_COUNT(T, w.scrypt_cost, "cost", 0, "16384", 2, 1 << 20, \
                "scrypt: N, a power of two"), \
    PARAM_COUNT(T, w.scrypt_block_size, "block-size", 0, "8", 1, 64, "scrypt: r"), \
    PARAM_COUNT(T, w.scrypt_parallelization, "parallelization", 0, "1", 1, 64, "scrypt: p"), \
    PARAM_DURATION(T, w.duration_ns, "duration", 0, "100ms", 1000, 3600000000000, \
                   "spin: CPU time that a call uses up; sleep: how long it is blocked"), \
    { .name = "rounds", .type = PARAM_TYPE_COUNT, .flags = PARAM_OPTIONAL, .min = 1, \
      .max = 1000000000000, .offset = PARAM_FIELD_(T, w.rounds, uint64_t), \
      .help = "spin: how much to compute, instead of --duration: the same in every process" }, \
    PARAM_SIZE(T, w.size_bytes, "size", 0, "1M", 1, 1 << 30, \
               "random, zlib: bytes to make or to compress"), \
    { .name = "file", .type = PARAM_TYPE_STRING, .flags = PARAM_OPTIONAL | PARAM_PATH, \
      .metavar = "FILE", .offset = PARAM_FIELD_(T, w.file, const char *), \
      .help = "file: what to read (default: uvlab's own program file)" }, \
    PARAM_STRING(T, w.host, "host", 0, 0, "localhost", "NAME", "dns: name to look up")
/* clang-format on */

/* The rows of the table, in the order of work_names. */
enum work_kind {
    WORK_PBKDF2,
    WORK_SCRYPT,
    WORK_RANDOM,
    WORK_FILE,
    WORK_DNS,
    WORK_ZLIB,
    WORK_SPIN,
    WORK_SLEEP,
    WORK_NONE,
    WORK_KINDS,
};

/* What all calls of one kind share in a run: read-only while it lasts. */
struct work_context;

struct work {
    const char *name;      /* of --work */
    struct span_kind span; /* the kind of its spans */
    const char *help;
    const char *const
        *options;      /* those of WORK_PARAMS that it looks at, NULL-terminated; or NULL */
    bool measures_cpu; /* long enough to bear two readings of the thread's CPU clock */
    bool is_lookup;    /* submitted by uv_getaddrinfo(), not uv_queue_work() */
    /* Makes ready what the calls share; outside of what is measured. Optional. */
    int (*setup)(struct work_context *c, struct err *e);
    void (*teardown)(struct work_context *c);
    /* Bytes of output that each call writes for itself; optional (none). */
    size_t (*output_bytes)(const struct work_options *o);
    /* Memory that a call takes while it runs; optional (nothing worth counting). */
    uint64_t (*working_bytes)(const struct work_options *o);
    /* Does it once, on any thread of the pool; `output` is this call's own memory. Returns SPAN_OK,
     * a negative UV_E* or an enum span_status. NULL for lookups. */
    int (*call)(const struct work_context *c, unsigned char *output);
};

struct work_context {
    const struct work *work;
    const struct work_options *options;
    void *digest;         /* pbkdf2: EVP_MD * */
    unsigned char *input; /* zlib: what to compress; owned */
    uint64_t rounds;      /* spin: calibrated */
    const char *path;     /* file */
};

/* Rows of the table, for constant tables of other files: &work_table[WORK_PBKDF2].span. */
extern const struct work work_table[WORK_KINDS];

/* The kinds of spans of all work, NULL-terminated, in the order of the table: an experiment that
 * offers work has them among its kinds. */
extern const struct span_kind *const work_span_kinds[];

/* Rows by index into work_names or by name (NULL: no such work). */
const struct work *work_at(unsigned index);
const struct work *work_find(const char *name, size_t length);

/* Prepares *c for calls of `work` with `options` (kept, not copied). Fails with STATUS_FAILED (a
 * missing file) or STATUS_USAGE (scrypt cost no power of two). Release with work_context_free(). */
int work_context_init(struct work_context *c, const struct work *work,
                      const struct work_options *options, struct err *e);
void work_context_free(struct work_context *c);

#endif
