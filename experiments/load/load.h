/* What the files of this experiment share. */
#ifndef UVLAB_EXPERIMENTS_LOAD_H
#define UVLAB_EXPERIMENTS_LOAD_H

#include "analysis/claims.h"
#include "net/load.h"

struct load_experiment_options {
    struct param_list urls, weights;
    struct load_options load;
};

extern const struct claim load_claims[];

#endif
