/* A sorted set of lanes; there are few of them, and many spans. Main thread. */
#include "output/worker_lanes.h"

#include <string.h>

#include "base/mem.h"

uint32_t worker_lanes_place(const struct worker_lanes *w, int lane)
{
    uint32_t low = 0, high = w->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (w->lanes[middle] < lane)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool add(struct worker_lanes *w, int lane)
{
    uint32_t place = worker_lanes_place(w, lane);

    if (place < w->count && w->lanes[place] == lane)
        return true;
    if (w->count == w->room) {
        uint32_t room = w->room == 0 ? 16 : 2 * w->room;
        int *larger = mem_resize(w->lanes, room * sizeof *larger);

        if (larger == NULL)
            return false;
        w->lanes = larger;
        w->room = room;
    }
    memmove(w->lanes + place + 1, w->lanes + place, (w->count - place) * sizeof *w->lanes);
    w->lanes[place] = lane;
    w->count++;
    return true;
}

bool worker_lanes_find(struct worker_lanes *w, const struct run *run)
{
    struct span s;

    *w = (struct worker_lanes){0};
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (s.lane >= LANE_WORKER && s.started_ns != SPAN_UNKNOWN && !add(w, s.lane))
            return false;
    }
    return true;
}

void worker_lanes_free(struct worker_lanes *w)
{
    mem_free(w->lanes);
    *w = (struct worker_lanes){0};
}
