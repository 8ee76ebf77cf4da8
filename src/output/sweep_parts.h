/* What the views of a sweep share: a sweep with its points and answers, and parts of documents. */
#ifndef UVLAB_OUTPUT_SWEEP_PARTS_H
#define UVLAB_OUTPUT_SWEEP_PARTS_H

#include <cjson/cJSON.h>

#include "analysis/sweep_answer.h"
#include "output/sweep_view.h"

/* Of one sweep, while it is shown. */
struct sweep_shown {
    const struct sweep *sweep;
    struct sweep_points points;
    struct sweep_answers answers;
};

/* "elapsed_ns", "request_ns", ...: what the sweep is judged by, as a key. */
const char *sweep_by_key(const struct sweep *s);

/* As the sweep has them; of one that has none, null. NULL when memory is short. */
cJSON *sweep_parameters(const struct sweep *s);
cJSON *sweep_environment(const struct sweep *s);

/* What distinguishes the point: its values by the keys of their rows. All of them, or those of the
 * axes of means (or of the others) alone. NULL when memory is short. */
enum sweep_values { SWEEP_VALUES_ALL, SWEEP_VALUES_MEANS, SWEEP_VALUES_OTHERS };
cJSON *sweep_point_values(const struct sweep_points *p, uint32_t point, enum sweep_values which);

int view_sweep_table(const struct sweep_shown *shown, const struct view_style *style, struct out *o,
                     struct err *e);
int view_sweep_json(const struct sweep_shown *shown, struct out *o, struct err *e);
int view_sweep_ndjson(const struct sweep_shown *shown, struct out *o, struct err *e);
int view_sweep_csv(const struct sweep_shown *shown, struct out *o, struct err *e);
int view_sweep_trace(const struct sweep_shown *shown, struct out *o, struct err *e);

#endif
