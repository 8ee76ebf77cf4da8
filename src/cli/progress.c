/* Progress, shown between runs so that it disturbs none: which run begins, from the first one on,
 * as that may be a long one. The line is redrawn a few times a second and erased at the end. It is
 * redrawn in place with a carriage return and spaces alone, which every terminal understands.
 * Main thread; its times are for people and enter no result. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "measure/clock.h"

static const uint64_t between_ns = 100000000;

void progress_begin(struct progress *p, const char *name, bool wanted)
{
    *p = (struct progress){.name = name, .wanted = wanted && isatty(STDERR_FILENO)};
}

void progress_show(void *progress, uint32_t done, uint32_t all)
{
    struct progress *p = progress;
    char line[80];
    uint64_t now_ns;
    int length;
    if (!p->wanted || all < 2 || done == all)
        return;
    now_ns = clock_read_monotonic();
    if (p->columns > 0 && now_ns - p->shown_ns < between_ns)
        return;
    length =
        snprintf(line, sizeof line, "%.32s: run %" PRIu32 " of %" PRIu32, p->name, done + 1, all);
    fprintf(stderr, "\r%s%*s", line,
            p->columns > (size_t)length ? (int)(p->columns - (size_t)length) : 0, "");
    fflush(stderr);
    p->columns = (size_t)length;
    p->shown_ns = now_ns;
}

void progress_end(struct progress *p)
{
    if (p->columns == 0)
        return;
    fprintf(stderr, "\r%*s\r", (int)p->columns, "");
    fflush(stderr);
    p->columns = 0;
}
