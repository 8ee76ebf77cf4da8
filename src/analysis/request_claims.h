/* Claims about HTTP requests and the thread pool that several experiments make. The judges know
 * calls by their traits: a request is SPAN_HTTP, its lookup a part of it that is SPAN_SLOW_IO, and
 * what fills the pool is SPAN_CPU_BOUND. Pure functions of the result. */
#ifndef UVLAB_ANALYSIS_REQUEST_CLAIMS_H
#define UVLAB_ANALYSIS_REQUEST_CLAIMS_H

#include "analysis/claims.h"

/* "Between its lookup and its callback no request used a thread of the pool": no part of a request
 * but its lookup ran on a lane of the pool, the lookup was over before the connection was begun,
 * and the pool's threads used no CPU beyond that of the calls that were seen there. */
enum verdict requests_judge_no_thread(const struct result *r, struct text *evidence);

/* "A request needs no thread of a full pool": one came back while hashes held every thread, none of
 * which had let go of it yet. It fails when all of them were begun only after a hash had ended. */
enum verdict requests_judge_full_pool(const struct result *r, struct text *evidence);

/* "The lookup of a request starts only after a hash has finished", with as many hashes as threads
 * in the queue before it: a thread that is free to take the lookup has been through a hash, as all
 * of them have been taken by then, and no more threads than there are can hold one. For experiments
 * that submit the hashes first. */
enum verdict requests_judge_lookup_waits(const struct result *r, struct text *evidence);

/* "The lookup of a request took a thread of the pool first": it had ended before the connection was
 * begun. */
enum verdict requests_judge_lookup_first(const struct result *r, struct text *evidence);

#endif
