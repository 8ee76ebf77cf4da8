/* The help texts, made from the tables alone; at most 79 columns wide. Each appends to the text. */
#ifndef UVLAB_CLI_HELP_H
#define UVLAB_CLI_HELP_H

#include "base/text.h"
#include "cli/command.h"
#include "measure/experiment.h"

void help_overview(struct text *t);                               /* uvlab --help */
void help_experiment(const struct experiment *x, struct text *t); /* uvlab NAME --help */
void help_sweep(const struct experiment *x, struct text *t);      /* uvlab sweep NAME --help */
void help_command(const struct command *c, struct text *t);

/* `uvlab help --roff`: the parts of the manual page that come from the tables, each behind a line
 * "@NAME". scripts/manpage puts them into docs/uvlab.1.in. */
void roff_blocks(struct text *t);

#endif
