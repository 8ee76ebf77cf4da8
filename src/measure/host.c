/* Facts about the machine and the libraries, for the environment of a result and for refusing what
 * cannot succeed. Everything is asked of the kernel at the moment of the call; what cannot be found
 * out is unknown, never guessed. Main thread, before and between runs, never during one.
 *
 * What control groups allow is in host_cgroup.c. */
#include "measure/host.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <uv.h>
#include <zlib.h>

#include "base/text.h"
#include "measure/host_cgroup.h"
#include "measure/host_file.h"

/* Copies text of the kernel's with its blanks made single, cut if need be. */
static void copy_tidy(char to[HOST_TEXT_BYTES], const char *from)
{
    size_t length = 0;

    from += strspn(from, " \t");
    while (*from != '\0' && length < HOST_TEXT_BYTES - 1) {
        size_t blanks = strspn(from, " \t");

        from += blanks;
        if (*from == '\0')
            break;
        if (blanks > 0)
            to[length++] = ' ';
        if (length < HOST_TEXT_BYTES - 1)
            to[length++] = *from++;
    }
    to[length] = '\0';
    text_make_printable(to);
}

/* --- The model of the CPU --- */

/* Lines of /proc/cpuinfo that can name the CPU, the best first: x86 and ARM of 32 bits, MIPS,
 * POWER, RISC-V; and those that only name the board that it is on. */
static const char *const cpu_keys[] = {"model name", "cpu model", "cpu", "uarch",
                                       "Model",      "Hardware",  NULL};
enum { CPU_KEY_OF_BOARD = 4, CPU_KEY_NONE = 6 };

/* ARM of 64 bits tells numbers only. These are the parts that people are likely to meet. */
static const struct arm_part {
    uint64_t implementer, part;
    const char *name;
} arm_parts[] = {
    {0x41, 0xd03, "Arm Cortex-A53"},  {0x41, 0xd05, "Arm Cortex-A55"},
    {0x41, 0xd07, "Arm Cortex-A57"},  {0x41, 0xd08, "Arm Cortex-A72"},
    {0x41, 0xd0b, "Arm Cortex-A76"},  {0x41, 0xd0c, "Arm Neoverse-N1"},
    {0x41, 0xd40, "Arm Neoverse-V1"}, {0x41, 0xd49, "Arm Neoverse-N2"},
    {0x41, 0xd4f, "Arm Neoverse-V2"}, {0xc0, 0xac3, "Ampere-1"},
};

/* What was found in /proc/cpuinfo so far. */
struct cpu_lines {
    int key; /* index into cpu_keys of the best line */
    char text[HOST_TEXT_BYTES];
    char implementer[16], part[16]; /* ARM: "0x41", "0xd0c", of the first CPU */
};

/* The value of a line "key <blanks>: value" that begins with the whole key; NULL otherwise. */
static const char *value_of(const char *line, const char *key)
{
    size_t length = strlen(key);

    if (strncmp(line, key, length) != 0)
        return NULL;
    line += length;
    line += strspn(line, " \t");
    if (*line != ':')
        return NULL;
    line++;
    return line + strspn(line, " \t");
}

static void note_cpu_line(struct cpu_lines *c, const char *line)
{
    const char *value;

    for (int key = 0; key < c->key; key++) {
        value = value_of(line, cpu_keys[key]);
        if (value != NULL && *value != '\0') {
            c->key = key;
            copy_tidy(c->text, value);
        }
    }
    value = value_of(line, "CPU implementer");
    if (value != NULL && c->implementer[0] == '\0')
        snprintf(c->implementer, sizeof c->implementer, "%s", value);
    value = value_of(line, "CPU part");
    if (value != NULL && c->part[0] == '\0')
        snprintf(c->part, sizeof c->part, "%s", value);
}

static const char *name_of_arm_part(const struct cpu_lines *c)
{
    char implementer[16], part[16];

    for (size_t i = 0; i < sizeof arm_parts / sizeof arm_parts[0]; i++) {
        snprintf(implementer, sizeof implementer, "0x%x", (unsigned)arm_parts[i].implementer);
        snprintf(part, sizeof part, "0x%x", (unsigned)arm_parts[i].part);
        if (strcmp(implementer, c->implementer) == 0 && strcmp(part, c->part) == 0)
            return arm_parts[i].name;
    }
    return NULL;
}

static void find_cpu_name(char name[HOST_TEXT_BYTES])
{
    struct cpu_lines c = {.key = CPU_KEY_NONE};
    char board[HOST_TEXT_BYTES], numbers[HOST_TEXT_BYTES];
    struct host_lines lines;
    const char *line, *known;

    if (host_lines_open(&lines, "/proc/cpuinfo")) {
        while (c.key > 0 && (line = host_lines_next(&lines)) != NULL)
            note_cpu_line(&c, line);
        host_lines_close(&lines);
    }
    known = name_of_arm_part(&c);
    if (c.key < CPU_KEY_OF_BOARD || (c.key < CPU_KEY_NONE && known == NULL)) {
        copy_tidy(name, c.text);
    } else if (known != NULL) {
        copy_tidy(name, known);
    } else if (host_file_line("/proc/device-tree/model", board, sizeof board)) {
        copy_tidy(name, board);
    } else if (c.implementer[0] != '\0') {
        snprintf(numbers, sizeof numbers, "CPU implementer %s part %s", c.implementer,
                 c.part[0] == '\0' ? "?" : c.part);
        copy_tidy(name, numbers);
    }
}

static uint64_t count_cpus_allowed(void)
{
    cpu_set_t sets[16]; /* room for 16384 CPUs, twice what Linux can have */

    memset(sets, 0, sizeof sets);
    if (sched_getaffinity(0, sizeof sets, sets) != 0)
        return HOST_UNKNOWN;
    return (uint64_t)CPU_COUNT_S(sizeof sets, sets);
}

uint64_t host_cpus_usable(const struct host_facts *h)
{
    uint64_t cpus = h->cpus_allowed != HOST_UNKNOWN ? h->cpus_allowed : h->cpus_online;

    if (cpus == HOST_UNKNOWN || cpus == 0)
        cpus = 1;
    if (h->cpu_quota >= 0 && h->cpu_quota < (double)cpus) {
        uint64_t whole = (uint64_t)h->cpu_quota;

        cpus = (double)whole < h->cpu_quota ? whole + 1 : whole;
    }
    return cpus == 0 ? 1 : cpus;
}

/* --- Memory, load, threads --- */

/* A line "Key: number" of a file of the kernel's; HOST_UNKNOWN when it is not there. */
static uint64_t number_in_file(const char *path, const char *key)
{
    struct host_lines lines;
    uint64_t value = HOST_UNKNOWN;
    const char *line;

    if (!host_lines_open(&lines, path))
        return HOST_UNKNOWN;
    while ((line = host_lines_next(&lines)) != NULL) {
        if (host_line_number(line, key, &value))
            break;
    }
    host_lines_close(&lines);
    return value;
}

/* A number of /proc/meminfo, which counts in KiB. */
static uint64_t meminfo_bytes(const char *key)
{
    uint64_t kib = number_in_file("/proc/meminfo", key);

    return kib > (HOST_UNKNOWN - 1) / 1024 ? HOST_UNKNOWN : kib * 1024;
}

/* What RLIMIT_AS leaves of the address space. */
static uint64_t address_space_left_bytes(void)
{
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE), pages = 0;
    struct rlimit limit;
    char line[128];
    const char *at = line;

    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return HOST_UNKNOWN;
    if (!host_file_line("/proc/self/statm", line, sizeof line) || !host_number(&at, &pages))
        pages = 0; /* then the limit itself is the best that is known */
    if (pages >= limit.rlim_cur / page_bytes)
        return 0;
    return limit.rlim_cur - pages * page_bytes;
}

uint64_t host_memory_available_bytes(void)
{
    uint64_t known[] = {meminfo_bytes("MemAvailable:"), host_cgroup_memory_left_bytes(),
                        address_space_left_bytes()};
    uint64_t least = HOST_UNKNOWN; /* larger than any known number */

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        least = known[i] < least ? known[i] : least;
    return least;
}

uint64_t host_raise_file_limit(uint64_t files)
{
    struct rlimit limit, wanted;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return HOST_UNKNOWN;
    if (limit.rlim_cur >= files || limit.rlim_cur == RLIM_INFINITY)
        return limit.rlim_cur;
    wanted = limit;
    wanted.rlim_cur = files < limit.rlim_max ? files : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &wanted) != 0)
        return limit.rlim_cur;
    return wanted.rlim_cur;
}

uint64_t host_thread_count(void)
{
    return number_in_file("/proc/self/status", "Threads:");
}

/* The first number of /proc/loadavg, which has two decimals. Not by strtod(), whose decimal point
 * depends on the locale. */
static double find_load_average(void)
{
    uint64_t whole, hundredths;
    char line[128];
    const char *at = line;

    if (!host_file_line("/proc/loadavg", line, sizeof line) || !host_number(&at, &whole))
        return -1;
    if (at[0] != '.' || at[1] < '0' || at[1] > '9' || at[2] < '0' || at[2] > '9')
        return -1;
    hundredths = (uint64_t)(at[1] - '0') * 10 + (uint64_t)(at[2] - '0');
    return (double)whole + (double)hundredths / 100;
}

/* --- The CPU time of the machine --- */

/* The columns of the first line of /proc/stat. Guests' time is in `user` already. */
enum { STAT_USER, STAT_NICE, STAT_SYSTEM, STAT_IDLE, STAT_IOWAIT, STAT_IRQ, STAT_SOFTIRQ };
enum { STAT_STEAL = STAT_SOFTIRQ + 1, STAT_COLUMNS };

/* Clock ticks of the kernel's interface, usually hundredths of a second. */
static uint64_t stat_ticks_to_ns(uint64_t ticks)
{
    long per_second = sysconf(_SC_CLK_TCK);
    uint64_t ns_each = per_second > 0 ? 1000000000u / (uint64_t)per_second : 0;

    if (ns_each == 0 || ticks > (HOST_UNKNOWN - 1) / ns_each)
        return HOST_UNKNOWN;
    return ticks * ns_each;
}

void host_machine_cpu(uint64_t *busy_ns, uint64_t *stolen_ns)
{
    static const int busy_columns[] = {STAT_USER, STAT_NICE, STAT_SYSTEM, STAT_IRQ, STAT_SOFTIRQ};
    uint64_t columns[STAT_COLUMNS] = {0}, busy = 0;
    char line[512];
    const char *at = line + 4;

    *busy_ns = *stolen_ns = HOST_UNKNOWN;
    if (!host_file_line("/proc/stat", line, sizeof line) || strncmp(line, "cpu ", 4) != 0)
        return;
    for (int i = 0; i < STAT_COLUMNS; i++) {
        if (!host_number(&at, &columns[i]))
            return;
    }
    for (size_t i = 0; i < sizeof busy_columns / sizeof busy_columns[0]; i++) {
        if (__builtin_add_overflow(busy, columns[busy_columns[i]], &busy))
            return;
    }
    *busy_ns = stat_ticks_to_ns(busy);
    *stolen_ns = stat_ticks_to_ns(columns[STAT_STEAL]);
}

/* --- All of it --- */

static void find_kernel(char kernel[HOST_TEXT_BYTES])
{
    char whole[3 * sizeof(struct utsname)];
    struct utsname name;

    if (uname(&name) != 0)
        return;
    snprintf(whole, sizeof whole, "%s %s %s", name.sysname, name.release, name.machine);
    copy_tidy(kernel, whole);
}

void host_gather(struct host_facts *h)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    memset(h, 0, sizeof *h);
    find_cpu_name(h->cpu);
    h->cpus_online = online > 0 ? (uint64_t)online : HOST_UNKNOWN;
    h->cpus_allowed = count_cpus_allowed();
    h->cpu_quota = host_cgroup_cpu_quota();
    h->memory_bytes = meminfo_bytes("MemTotal:");
    find_kernel(h->kernel);
    h->load_average = find_load_average();
    snprintf(h->libuv, sizeof h->libuv, "%s", uv_version_string());
    snprintf(h->libuv_built, sizeof h->libuv_built, "%d.%d.%d", UV_VERSION_MAJOR, UV_VERSION_MINOR,
             UV_VERSION_PATCH);
    snprintf(h->openssl, sizeof h->openssl, "%s", OpenSSL_version(OPENSSL_VERSION_STRING));
    snprintf(h->cjson, sizeof h->cjson, "%s", cJSON_Version());
    snprintf(h->zlib, sizeof h->zlib, "%s", zlibVersion());
}
