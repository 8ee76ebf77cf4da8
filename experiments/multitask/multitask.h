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
};

extern const struct claim multitask_claims[];

#endif
