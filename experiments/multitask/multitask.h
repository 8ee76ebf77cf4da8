/* What the files of this experiment share. */
#ifndef UVLAB_EXPERIMENTS_MULTITASK_H
#define UVLAB_EXPERIMENTS_MULTITASK_H

#include "analysis/claims.h"
#include "measure/file_read.h"
#include "measure/work.h"
#include "net/requests.h"

struct multitask_options {
    uint64_t hashes, requests, reads, threads;
    const char *file; /* NULL: one that the experiment makes */
    unsigned fs_api;  /* enum file_api */
    struct requests_options http;
    struct work_options hash;
    /* Found by plan(), which looks once: a file that has changed since must not take more spans. */
    struct file_facts file_facts;
};

extern const struct claim multitask_claims[];

/* The calls of a run, as far as the claims are about them: of several reads (and of the hashes) the
 * one that came back first and the one that came back last. */
struct multitask_calls {
    uint32_t hashes, reads;
    uint32_t failed; /* of these */
    struct span first_read, last_read;
    struct span first_hash, last_hash;
    uint64_t first_hash_finished_ns; /* on its thread; SPAN_UNKNOWN: none */
};
void multitask_find_calls(struct multitask_calls *c, const struct run *run);
bool multitask_is_hash(const struct span *s);
/* Whether it is that read, or a step of it. */
bool multitask_is_of_read(const struct span *s, const struct span *read);

/* Judges that live in reads.c. */
enum verdict multitask_judge_read_waits(const struct result *r, struct text *evidence);
enum verdict multitask_judge_read_first(const struct result *r, struct text *evidence);
enum verdict multitask_judge_read_last(const struct result *r, struct text *evidence);
enum verdict multitask_judge_one_trip(const struct result *r, struct text *evidence);

#endif
