/* The options that every experiment shares: the session's rows, which are parameters of the
 * measurement, and the rows of the views, which are not and therefore carry PARAM_VIEW. Their names
 * and letters are reserved: no experiment may use them (a unit test looks). Constant data. */
#include "cli/common.h"

#include "measure/clock.h"
#include "output/view.h"

/* The number that a macro stands for, as a text. */
#define QUOTE_(number) #number
#define QUOTE(number) QUOTE_(number)

const char *const color_choices[] = {"auto", "always", "never", NULL};

const struct param common_params[] = {
    SESSION_PARAMS(struct common_options, session),
    PARAM_CHOICE(struct common_options, view.format, "format", 'f', PARAM_VIEW, "table", view_names,
                 "how to write the result"),
    PARAM_STRING(struct common_options, view.output, "output", 'o',
                 PARAM_VIEW | PARAM_OPTIONAL | PARAM_PATH, NULL, "FILE",
                 "where to write it (default: standard output); an old file is replaced only when "
                 "the new one is whole"),
    PARAM_FLAG(struct common_options, view.timeline, "timeline", 0, PARAM_VIEW,
               "table: draw what the calls did, a row per call"),
    PARAM_FLAG(struct common_options, view.by_thread, "by-thread", 0, PARAM_VIEW,
               "table: draw the timeline with a row per thread"),
    PARAM_FLAG(struct common_options, view.all, "all", 0, PARAM_VIEW,
               "table: a row per call, also when there are more than " QUOTE(VIEW_ROWS_MOST)),
    PARAM_FLAG_ON(struct common_options, view.spans, "spans", 0, PARAM_VIEW,
                  "json: every span, and not only the summaries of each run"),
    PARAM_FLAG(struct common_options, view.check, "check", 0, PARAM_VIEW,
               "exit with status 3 when a claim fails (one that is not tested does not)"),
    PARAM_CHOICE(struct common_options, view.color, "color", 0, PARAM_VIEW, "auto", color_choices,
                 "table: auto colours on a terminal, unless NO_COLOR is set"),
    PARAM_FLAG(struct common_options, view.ascii, "ascii", 0, PARAM_VIEW,
               "table: no Unicode; without this flag the locale decides"),
    PARAM_FLAG(struct common_options, view.quiet, "quiet", 'q', PARAM_VIEW,
               "neither progress nor warnings on standard error, only errors"),
    PARAM_END,
};
