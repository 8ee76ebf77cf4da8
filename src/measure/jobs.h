/* A batch of jobs on the thread pool: `count` calls of one kind of work, each a span. Experiments
 * that put work on the pool are made of batches. The requests lie in one array, so that the index
 * of a job is found from its request's address and nothing is stored beside it. */
#ifndef UVLAB_MEASURE_JOBS_H
#define UVLAB_MEASURE_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/run.h"
#include "measure/work.h"

struct jobs;

/* Prepares `count` jobs as spans of kind row `kind` of the run, numbered from `first_ordinal`.
 * Outside of what is measured. The context must outlive the batch. With `measure_cpu` each job
 * reads its thread's CPU clock twice. Returns NULL after filling *e. */
struct jobs *jobs_new(struct run *run, const struct work_context *context, unsigned kind,
                      uint32_t count, uint32_t first_ordinal, bool measure_cpu, struct err *e);

/* Submits them all, in order. Loop thread. A job that libuv refuses becomes a span with that error.
 */
void jobs_submit(struct jobs *j);

/* Cancels what still waits in the pool's queue (it is called back with ECANCELED). Loop thread. */
void jobs_cancel(struct jobs *j);

/* After the loop has ended; the spans stay with the run. NULL is allowed. */
void jobs_free(struct jobs *j);

/* Bytes that a job takes beyond its span, for judging beforehand whether memory suffices. */
uint64_t jobs_bytes_each(const struct work *work, const struct work_options *options);

/* Output of job i of the batch (output_bytes() of them), valid until jobs_free(). */
const unsigned char *jobs_output(const struct jobs *j, uint32_t i);

#endif
