/* The list of views: --format takes their names, in this order. */
#include "output/view.h"

#include <stddef.h>

/* clang-format off */
#define VIEWS(X)             \
    X(table,  true)          \
    X(json,   true)          \
    X(ndjson, false)         \
    X(csv,    false)         \
    X(trace,  false)
/* clang-format on */

#define VIEW_NAME(id, judged) #id,
const char *const view_names[] = {VIEWS(VIEW_NAME) NULL};

#define VIEW_ROW(id, judged) {#id, judged, view_##id},
static const struct view views[] = {VIEWS(VIEW_ROW)};

const struct view *view_at(unsigned index)
{
    return &views[index];
}
