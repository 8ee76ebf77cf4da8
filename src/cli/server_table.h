/* A running server as a table, for `uvlab show` and `uvlab monit`: lines of at most 79 columns.
 * Pure, but for the time zone of the log. */
#ifndef UVLAB_CLI_SERVER_TABLE_H
#define UVLAB_CLI_SERVER_TABLE_H

#include "base/text.h"
#include "cli/server_facts.h"

/* Of a worker, since the time before; negative: not known yet. */
struct worker_rate {
    double requests_per_s, cpu_share;
};

/* Two lines: what it is called, and how it is. */
void server_table_head(const struct server_facts *f, struct text *t);

/* A row for each worker, at most rows_most of them, and one for all. With `rates` (one for each
 * worker of f) the table is about now, otherwise about everything so far. */
void server_table_workers(const struct server_facts *f, const struct worker_rate *rates,
                          unsigned rows_most, struct text *t);

/* The last lines of its log, at most so many. */
void server_table_log(const struct server_facts *f, unsigned lines_most, struct text *t);

#endif
