/* How far a sweep is, in words. What is most worth reading comes first: on a narrow terminal the
 * line is cut. Pure. */
#include "cli/sweep_line.h"

#include <stdio.h>

/* ", about 40 s left"; nothing when it is unknown or soon. */
static void say_left(char *buf, size_t bytes, uint64_t left_ns)
{
    uint64_t seconds = left_ns / UINT64_C(1000000000);
    buf[0] = '\0';
    if (left_ns == SWEEP_UNKNOWN || seconds == 0)
        return;
    if (seconds < 120)
        snprintf(buf, bytes, ", about %u s left", (unsigned)seconds);
    else
        snprintf(buf, bytes, ", about %llu min left", (unsigned long long)(seconds + 30) / 60);
}

/* "round 3 of at least 6": how many it takes is guessed from the runs so far, but never fewer. */
static void say_round(char *buf, size_t bytes, const struct sweep *s,
                      const struct sweep_progress *p)
{
    const char *how_many = " of about";
    unsigned round = (unsigned)p->round + 1;
    if (s->runs_wanted > 0)
        how_many = " of";
    else if (round <= SWEEP_ROUNDS_LEAST && p->rounds <= SWEEP_ROUNDS_LEAST)
        how_many = " of at least";
    if (p->rounds < round)
        snprintf(buf, bytes, "round %u", round);
    else
        snprintf(buf, bytes, "round %u%s %u", round, how_many, (unsigned)p->rounds);
}

const char *sweep_line(const struct sweep *s, const struct sweep_progress *p,
                       char line[SWEEP_LINE_BYTES])
{
    char name[120], round[48], left[48];
    say_round(round, sizeof round, s, p);
    say_left(left, sizeof left, p->left_ns);
    snprintf(line, SWEEP_LINE_BYTES, "%.40s: %s%s%s%s", s->experiment->name, round, left,
             s->axis_count > 0 ? ": " : "", sweep_point_name(s, p->point, name, sizeof name));
    return line;
}
