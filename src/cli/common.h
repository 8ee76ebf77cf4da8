/* What every experiment can be told besides its own options: how to measure, and how to show it. */
#ifndef UVLAB_CLI_COMMON_H
#define UVLAB_CLI_COMMON_H

#include <stdbool.h>

#include "base/param.h"
#include "measure/session.h"

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct view_options {
    unsigned format;    /* index into view_names */
    const char *output; /* NULL: standard output */
    unsigned color;     /* enum color_choice */
    bool timeline, by_thread, all, spans, ascii, check, quiet;
};

struct common_options {
    struct session_options session;
    struct view_options view;
};

/* "auto", "always", "never". */
extern const char *const color_choices[];

/* The rows of both; those of the view carry PARAM_VIEW. */
extern const struct param common_params[];

#endif
