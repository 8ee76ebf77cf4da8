/* Limits of control groups. A process is in a group of each hierarchy, every group above it limits
 * it too, and where the groups are to be seen is a matter of mounts:
 *
 *   /proc/self/cgroup      which group it is in, per hierarchy ("4:cpu,cpuacct:/a/b"; v2:
 * "0::/a/b") /proc/self/mountinfo   where hierarchies are mounted, and from which of their groups
 * downwards
 *
 * so a limit is the least of all folders from the process's group up to the point of the mount.
 * Containers often see a mount that does not hold the group that they are told they are in; then
 * the folders that do exist above it count, at least the one that is mounted.
 *
 * Main thread, before and between runs. Nothing is allocated. */
#include "measure/host_cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "measure/host.h"
#include "measure/host_file.h"

/* v1 writes "no limit" as the largest number of whole pages; nothing real comes near it. */
#define NO_LIMIT_BYTES (UINT64_C(1) << 62)

/* A mount's point and a group's path below it; and a file in that folder. */
enum { FOLDER_BYTES = 2 * PATH_MAX, PATH_BYTES = 3 * PATH_MAX };

/* The two generations of control groups. */
enum generation { CGROUP_V1, CGROUP_V2 };

/* Looks at one group's folder. */
typedef void (*level_fn)(enum generation generation, const char *folder, void *context);

/* A search for the limits of one controller. */
struct search {
    const char *controller; /* v1: of the name in /proc/self/cgroup and among the mount's options */
    level_fn look;
    void *context;
};

/* A line of /proc/self/mountinfo, cut into the parts that matter; all point into it. */
struct mount {
    char *root, *point; /* the group that is mounted, and where */
    const char *type, *options;
};

/* Whether a list with commas between its words ("rw,cpu,cpuacct") has the word. `length` is the
 * list's. */
static bool list_has(const char *list, size_t length, const char *word)
{
    const char *end = list + length;
    size_t wanted = strlen(word);

    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        size_t here = (size_t)((comma == NULL ? end : comma) - list);

        if (here == wanted && memcmp(list, word, wanted) == 0)
            return true;
        list += here + 1;
    }
    return false;
}

/* Finds the path of this process's group. False when it is in none of that kind. */
static bool find_group(enum generation generation, const char *controller, char path[PATH_MAX])
{
    struct host_lines lines;
    bool found = false;
    char *line;

    if (!host_lines_open(&lines, "/proc/self/cgroup"))
        return false;
    while (!found && (line = host_lines_next(&lines)) != NULL) {
        const char *names = strchr(line, ':');
        const char *group = names == NULL ? NULL : strchr(++names, ':');

        if (group == NULL || group[1] != '/' || strlen(group + 1) >= PATH_MAX)
            continue;
        if (generation == CGROUP_V2)
            found = strncmp(line, "0::", 3) == 0;
        else
            found = list_has(names, (size_t)(group - names), controller);
        if (found)
            memcpy(path, group + 1, strlen(group + 1) + 1);
    }
    host_lines_close(&lines);
    return found;
}

/* Paths in mountinfo have blanks, tabs, newlines and backslashes as octal numbers: "\040". */
static void unescape(char *s)
{
    char *to = s;

    while (*s != '\0') {
        bool octal = s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
                     s[3] >= '0' && s[3] <= '7';

        if (octal)
            *to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
        else
            *to++ = *s;
        s += octal ? 4 : 1;
    }
    *to = '\0';
}

/* "30 22 0:27 / /sys/fs/cgroup rw,relatime shared:1 - cgroup cgroup rw,cpu": the fields before the
 * lone dash vary in number; behind it come the type, the source (which may be empty) and the
 * options. Cuts the line up. */
static bool parse_mount(char *line, struct mount *m)
{
    char *behind = strstr(line, " - "), *rest = NULL;
    char *fields[5], *source;

    if (behind == NULL)
        return false;
    *behind = '\0';
    behind += 3;
    for (int i = 0; i < 5; i++) {
        fields[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
        if (fields[i] == NULL)
            return false;
    }
    source = strchr(behind, ' ');
    if (source == NULL)
        return false;
    *source = '\0';
    *m = (struct mount){fields[3], fields[4], behind, strrchr(source + 1, ' ')};
    if (m->options == NULL)
        return false;
    m->options++;
    unescape(m->root);
    unescape(m->point);
    return m->root[0] == '/' && m->point[0] == '/';
}

static bool mount_is_of(const struct mount *m, enum generation generation, const char *controller)
{
    if (generation == CGROUP_V2)
        return strcmp(m->type, "cgroup2") == 0;
    return strcmp(m->type, "cgroup") == 0 && list_has(m->options, strlen(m->options), controller);
}

/* The part of `path` below the mounted group, or NULL when it does not lie there. Paths with ".."
 * lead out of the part of the hierarchy that this process may see. */
static const char *path_below(const char *path, const char *mounted)
{
    size_t length = strlen(mounted);

    if (strstr(path, "/..") != NULL)
        return NULL;
    if (strcmp(path, mounted) == 0)
        return "";
    if (strcmp(mounted, "/") == 0)
        return path;
    if (strncmp(path, mounted, length) != 0 || path[length] != '/')
        return NULL;
    return path + length;
}

/* Looks at the folder and at every one above it, up to the point of the mount. */
static void walk_up(const struct search *s, enum generation generation, const char *point,
                    const char *below)
{
    size_t top = strcmp(point, "/") == 0 ? 0 : strlen(point);
    char folder[FOLDER_BYTES];
    int length = snprintf(folder, sizeof folder, "%.*s%s", (int)top, point, below);

    if (length < 0 || (size_t)length >= sizeof folder)
        return;
    for (;;) {
        char *slash;

        s->look(generation, folder, s->context);
        slash = strrchr(folder + top, '/');
        if (slash == NULL)
            return;
        *slash = '\0';
    }
}

/* Looks at every level that can be seen in one generation's hierarchy. */
static void each_level(const struct search *s, enum generation generation)
{
    char path[PATH_MAX], other_point[PATH_MAX] = "";
    bool placed = false;
    struct host_lines lines;
    char *line;

    if (!find_group(generation, s->controller, path))
        return;
    if (!host_lines_open(&lines, "/proc/self/mountinfo"))
        return;
    while ((line = host_lines_next(&lines)) != NULL) {
        struct mount m;
        const char *below;

        if (!parse_mount(line, &m) || !mount_is_of(&m, generation, s->controller))
            continue;
        below = path_below(path, m.root);
        if (below != NULL) {
            walk_up(s, generation, m.point, below);
            placed = true;
        } else if (other_point[0] == '\0' && strlen(m.point) < sizeof other_point) {
            memcpy(other_point, m.point, strlen(m.point) + 1);
        }
    }
    host_lines_close(&lines);
    if (!placed && other_point[0] != '\0')
        walk_up(s, generation, other_point, "");
}

/* The path of a file in a group's folder. */
static const char *file_in(char path[PATH_BYTES], const char *folder, const char *name)
{
    snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    return path;
}

/* v2: "max 100000" or "150000 100000", in microseconds. False when there is no limit. */
static bool read_cpu_max(const char *path, uint64_t *quota, uint64_t *period)
{
    char line[64];
    const char *at = line;

    if (!host_file_line(path, line, sizeof line))
        return false;
    return host_number(&at, quota) && host_number(&at, period);
}

static void look_at_cpu(enum generation generation, const char *folder, void *context)
{
    char path[PATH_BYTES];
    double *least = context, cpus;
    uint64_t quota = 0, period = 0;

    if (generation == CGROUP_V2) {
        if (!read_cpu_max(file_in(path, folder, "cpu.max"), &quota, &period))
            return;
    } else {
        quota = host_file_number(file_in(path, folder, "cpu.cfs_quota_us")); /* -1: no limit */
        period = host_file_number(file_in(path, folder, "cpu.cfs_period_us"));
        if (quota == HOST_UNKNOWN || period == HOST_UNKNOWN)
            return;
    }
    if (quota == 0 || period == 0)
        return;
    cpus = (double)quota / (double)period;
    if (*least < 0 || cpus < *least)
        *least = cpus;
}

double host_cgroup_cpu_quota(void)
{
    double least = -1;
    struct search s = {"cpu", look_at_cpu, &least};

    each_level(&s, CGROUP_V1);
    each_level(&s, CGROUP_V2);
    return least;
}

/* A number of the group's memory.stat; 0 when it is not there. */
static uint64_t read_memory_stat(const char *path, const char *key)
{
    struct host_lines lines;
    uint64_t value = 0;
    const char *line;

    if (!host_lines_open(&lines, path))
        return 0;
    while ((line = host_lines_next(&lines)) != NULL) {
        if (host_line_number(line, key, &value))
            break;
    }
    host_lines_close(&lines);
    return value;
}

/* The group's limit; HOST_UNKNOWN when it has none. Above memory.high a group of v2 is not killed
 * but slowed down until it hardly runs, so that is a limit as well. */
static uint64_t read_memory_limit(enum generation generation, const char *folder)
{
    char path[PATH_BYTES];
    uint64_t limit, high;

    if (generation == CGROUP_V1) {
        limit = host_file_number(file_in(path, folder, "memory.limit_in_bytes"));
        return limit >= NO_LIMIT_BYTES ? HOST_UNKNOWN : limit;
    }
    limit = host_file_number(file_in(path, folder, "memory.max")); /* "max": no limit */
    high = host_file_number(file_in(path, folder, "memory.high"));
    limit = high < limit ? high : limit;
    return limit >= NO_LIMIT_BYTES ? HOST_UNKNOWN : limit;
}

static void look_at_memory(enum generation generation, const char *folder, void *context)
{
    bool v1 = generation == CGROUP_V1;
    char path[PATH_BYTES];
    uint64_t *least = context, limit, used, reclaimable, left;

    limit = read_memory_limit(generation, folder);
    if (limit == HOST_UNKNOWN)
        return;
    used = host_file_number(file_in(path, folder, v1 ? "memory.usage_in_bytes" : "memory.current"));
    if (used == HOST_UNKNOWN)
        used = 0; /* then the limit itself is the best that is known */
    reclaimable = read_memory_stat(file_in(path, folder, "memory.stat"),
                                   v1 ? "total_inactive_file" : "inactive_file");
    used = reclaimable < used ? used - reclaimable : 0;
    left = used < limit ? limit - used : 0;
    if (left < *least)
        *least = left;
}

uint64_t host_cgroup_memory_left_bytes(void)
{
    uint64_t least = HOST_UNKNOWN;
    struct search s = {"memory", look_at_memory, &least};

    each_level(&s, CGROUP_V1);
    each_level(&s, CGROUP_V2);
    return least;
}
