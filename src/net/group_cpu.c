/* CPU time of a group: each living process has a clock that others may read
 * (clock_getcpuclockid(3)); what the dead have used their parent knows, who has waited for them
 * (proc(5), cutime and cstime). A worker that dies while the sum is made may be missing or count
 * twice: it is read before the parent is. */
#include "net/group_cpu.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "measure/clock.h"

static bool add_process(pid_t pid, uint64_t *sum_ns)
{
    clockid_t clock;
    uint64_t ns = clock_getcpuclockid(pid, &clock) == 0 ? clock_cpu_ns(clock) : UINT64_MAX;

    if (ns == UINT64_MAX)
        return false;
    *sum_ns += ns;
    return true;
}

/* Of the children of `pid` that it has waited for. */
static bool add_dead(pid_t pid, uint64_t *sum_ns)
{
    char path[64], line[1024] = "";
    unsigned long long user, system;
    const char *rest;
    long ticks = sysconf(_SC_CLK_TCK);
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    f = fopen(path, "re");
    if (f == NULL)
        return false;
    rest = fgets(line, sizeof line, f) != NULL ? strrchr(line, ')') : NULL;
    fclose(f);
    /* after the name: state, 10 numbers, utime, stime, cutime, cstime */
    if (rest == NULL || ticks <= 0 ||
        sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %llu %llu", &user,
               &system) != 2)
        return false;
    *sum_ns += (uint64_t)(user + system) * (1000000000 / (uint64_t)ticks);
    return true;
}

uint64_t group_cpu_ns(const struct server_group *g)
{
    struct server_board *board = server_group_board(g);
    pid_t primary = server_group_primary(g);
    uint64_t sum_ns = 0;

    for (unsigned i = 0; i < board_slot_count(board); i++) {
        pid_t pid = (pid_t)board_get(&board->slots[i].primary.pid);

        if (pid > 0 && add_process(pid, &sum_ns))
            add_dead(pid, &sum_ns); /* children of its own, that it had compute (/process) */
    }
    return add_process(primary, &sum_ns) && add_dead(primary, &sum_ns) ? sum_ns : UINT64_MAX;
}
