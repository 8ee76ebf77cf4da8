/* The first line of a journal: what has to be the same for a sweep to go on. */
#ifndef UVLAB_SWEEP_JOURNAL_HEAD_H
#define UVLAB_SWEEP_JOURNAL_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "measure/sweep_facts.h"

#define JOURNAL_SCHEMA "uvlab.sweep-journal/1"

/* "is no journal of a sweep: ...", and what to do then. */
extern const char journal_none[];

/* The line of s, without line feed, as new memory; NULL when memory is short. */
char *journal_head_make(const struct sweep *s, bool spans);

/* Compares a first line with s, which gets its seed and started_at. STATUS_USAGE when it is of
 * another sweep ("is of another sweep: ...", with its command line), STATUS_FAILED when it is none.
 */
int journal_head_match(struct sweep *s, const char *line, size_t length, bool seed_given,
                       bool spans, struct err *e);

#endif
