/* The table of a sweep: for now what programs read. */
#include "output/sweep_parts.h"
int view_sweep_table(const struct sweep_shown *shown, const struct view_style *style, struct out *o,
                     struct err *e)
{
    (void)style;
    return view_sweep_json(shown, o, e);
}
