/* What the files of this experiment share. */
#ifndef UVLAB_EXPERIMENTS_OS_DELEGATION_H
#define UVLAB_EXPERIMENTS_OS_DELEGATION_H

#include "analysis/claims.h"
#include "measure/work.h"
#include "net/requests.h"

struct delegation_options {
    uint64_t requests, load_pool, threads;
    struct requests_options http;
    struct work_options hash;
};

extern const struct claim delegation_claims[];

#endif
