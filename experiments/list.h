/* The experiments, in teaching order. One line each; `uvlab list`, help, completion and the manual
 * page follow this order. */
#define EXPERIMENTS(X)                                                                             \
    X(threadpool)                                                                                  \
    X(os_delegation)                                                                               \
    X(multitask)                                                                                   \
    X(cluster)                                                                                     \
    X(blocking)                                                                                    \
    X(loop)                                                                                        \
    X(load)                                                                                        \
    X(workers)
