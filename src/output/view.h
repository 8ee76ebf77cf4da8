/* The views: functions of one read-only result. */
#ifndef UVLAB_OUTPUT_VIEW_H
#define UVLAB_OUTPUT_VIEW_H

#include <stdbool.h>

#include "base/err.h"
#include "measure/result.h"
#include "output/out.h"

/* More rows than this are summed up or left out, unless all are asked for; a macro, as --help
 * quotes it. */
#define VIEW_ROWS_MOST 50

/* How people want to see it; views for programs ignore this. */
struct view_style {
    bool timeline; /* the table view draws the timeline as well */
    bool by_lane;  /* with a row per thread instead of a row per call */
    bool all_rows; /* a row per call, however many */
    bool no_spans; /* json: summaries alone */
    bool colour;
    bool unicode;
    unsigned columns; /* width */
};

struct view {
    const char *name; /* of --format */
    bool judged;      /* shows claims and warnings: others leave warnings to standard error */
    /* Memory that it takes, at most, beside the result: for each span of all runs, and of the run
     * that it is about to show. */
    unsigned bytes_per_span, bytes_per_span_of_run;
    /* Writes r to o. Errors of writing are o's to remember; -1 with *e filled only for others
     * (memory). */
    int (*write)(const struct result *r, const struct view_style *style, struct out *o,
                 struct err *e);
};

extern const char *const view_names[]; /* NULL-terminated, for the option table */
const struct view *view_at(unsigned index);

/* The views, one file each. */
int view_table(const struct result *, const struct view_style *, struct out *, struct err *);
int view_json(const struct result *, const struct view_style *, struct out *, struct err *);
int view_ndjson(const struct result *, const struct view_style *, struct out *, struct err *);
int view_csv(const struct result *, const struct view_style *, struct out *, struct err *);
int view_trace(const struct result *, const struct view_style *, struct out *, struct err *);

/* The timeline of one run, drawn under its table. */
int view_timeline(const struct run *run, const struct view_style *style, struct out *o,
                  struct err *e);

/* A span as the members of a JSON object (no braces), the same in json and ndjson. */
void view_span_members(const struct span *s, struct out *o);
/* What is known of a request beyond its instants, as one more member: ,"http":{...} */
void view_http_member(const struct span *s, struct out *o);

#endif
