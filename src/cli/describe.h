/* How rows of the option tables are described to people: shared by --help, the manual page and the
 * completions, so that all three say the same. */
#ifndef UVLAB_CLI_DESCRIBE_H
#define UVLAB_CLI_DESCRIBE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/param.h"
#include "base/text.h"
#include "measure/experiment.h"

/* The exit statuses and what they mean; ends with a NULL text. */
struct exit_status_row {
    enum exit_status status;
    const char *text;
};
extern const struct exit_status_row exit_status_rows[];

/* Which rows of a table are meant. */
enum describe_part {
    DESCRIBE_MEASURE, /* what is measured */
    DESCRIBE_VIEW,    /* PARAM_VIEW: how it is shown */
    DESCRIBE_ALL,
};
/* Whether the row belongs to the part; never for rows without help. */
bool describe_includes(const struct param *p, enum describe_part part);

/* What the words on an experiment's command line are called; it takes some. Returns buf. */
const char *describe_operand(const struct experiment *x, char *buf, size_t bytes);

/* Appends what the value may be and what it is otherwise: "default 5; from 1 to 1000; environment
 * UV_THREADPOOL_SIZE". Nothing for flags that are false by default. With `choices` their list is a
 * part of it. */
void describe_limits(const struct param *p, bool choices, struct text *t);

#endif
