/* Progress, shown between runs so that it disturbs none: which run begins, from the first one on,
 * as that may be a long one. Only a load, which lasts, tells more during a run. The line is redrawn
 * a few times a second and erased at the end. It is redrawn in place with a carriage return and
 * spaces alone, which every terminal understands. Main thread; its times are for people and enter
 * no result. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "base/units.h"
#include "measure/clock.h"

enum { COLUMNS_USUAL = 80, COLUMNS_KEPT = 3, LINE_BYTES = 240 };

static const uint64_t between_ns = 100000000;

void progress_begin(struct progress *p, const char *name, bool wanted)
{
    *p = (struct progress){.name = name, .wanted = wanted && isatty(STDERR_FILENO)};
}

/* How much of a line there is room for: the last column stays free, as some terminals wrap when it
 * is filled, and so do two for the "^C" that the terminal puts behind the line. */
static size_t columns_free(void)
{
    const char *text = getenv("COLUMNS");
    struct winsize size;
    uint64_t columns;
    if (text == NULL || units_parse_count(text, &columns) != 0 || columns == 0) {
        columns = COLUMNS_USUAL;
        if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
            columns = size.ws_col;
    }
    if (columns <= COLUMNS_KEPT)
        return 1;
    return (size_t)(columns < LINE_BYTES ? columns : LINE_BYTES) - COLUMNS_KEPT;
}

/* Puts what there is room for in place of the line that stands there. */
static void draw(struct progress *p, const char *whole)
{
    char line[LINE_BYTES];
    size_t length;
    snprintf(line, sizeof line, "%.*s", (int)text_cut(whole, columns_free()), whole);
    length = strlen(line);
    fprintf(stderr, "\r%s%*s", line, p->columns > length ? (int)(p->columns - length) : 0, "");
    fflush(stderr);
    p->columns = length;
}

void progress_show(void *progress, uint32_t done, uint32_t all)
{
    struct progress *p = progress;
    char line[80];
    uint64_t now_ns;
    p->run = done + 1;
    p->runs = all;
    if (!p->wanted || all < 2 || done == all)
        return;
    now_ns = clock_read_monotonic();
    if (p->columns > 0 && now_ns - p->shown_ns < between_ns)
        return;
    snprintf(line, sizeof line, "%.32s: run %" PRIu32 " of %" PRIu32, p->name, done + 1, all);
    draw(p, line);
    p->shown_ns = now_ns;
}

static void say(void *progress, const char *text)
{
    struct progress *p = progress;
    char line[80], which[40] = "";
    if (p->runs > 1)
        snprintf(which, sizeof which, " run %" PRIu32 " of %" PRIu32 ":", p->run, p->runs);
    snprintf(line, sizeof line, "%.16s:%s %s", p->name, which, text);
    draw(p, line);
}

struct run_progress progress_during(struct progress *p)
{
    return (struct run_progress){.say = p->wanted ? say : NULL, .context = p};
}

void progress_line(struct progress *p, const char *line)
{
    uint64_t now_ns = clock_read_monotonic();
    if (!p->wanted || (p->columns > 0 && now_ns - p->shown_ns < between_ns))
        return;
    draw(p, line);
    p->shown_ns = now_ns;
}

void progress_end(struct progress *p)
{
    bool echoed = run_interrupted() && isatty(STDERR_FILENO);
    if (p->columns > 0)
        fprintf(stderr, "\r%*s\r", (int)(p->columns + (echoed ? strlen("^C") : 0)), "");
    else if (echoed)
        fprintf(stderr, "\n");
    fflush(stderr);
    p->columns = 0;
}
