/* The list of views: --format takes their names, in this order. */
#include "output/view.h"

#include <stddef.h>

#include "output/table.h"
#include "output/trace_events.h"

/* clang-format off */
/* Tables and documents have a summary, whose values are sorted by way of a copy. The order of a
 * table's rows takes a sort key, three links and a row each; a trace takes its events and what it
 * has drawn. qsort() takes a copy of what it sorts. */
#define SUMMARY_BYTES (2 * sizeof(uint64_t))
#define ORDER_BYTES (2 * 16 + 3 * sizeof(uint32_t) + sizeof ((struct table_order *)NULL)->rows[0])
#define TRACE_BYTES (2 * TRACE_INSTANTS * sizeof(struct trace_event) + 2)

#define VIEWS(X)                                     \
    X(table,  true,  SUMMARY_BYTES, ORDER_BYTES)     \
    X(json,   true,  SUMMARY_BYTES, 0)               \
    X(ndjson, false, 0, 0)                           \
    X(csv,    false, 0, 0)                           \
    X(trace,  false, TRACE_BYTES, 0)
/* clang-format on */

#define VIEW_NAME(id, judged, of_all, of_run) #id,
const char *const view_names[] = {VIEWS(VIEW_NAME) NULL};

#define VIEW_ROW(id, judged, of_all, of_run) {#id, judged, of_all, of_run, view_##id},
static const struct view views[] = {VIEWS(VIEW_ROW)};

const struct view *view_at(unsigned index)
{
    return &views[index];
}
