/* The choice of the clock, its anchors, and the conversion of ticks. See clock.h.
 *
 * clock_init() runs on the main thread before there are others; after it everything here is
 * read-only or works on the caller's memory. */
#include "measure/clock.h"

#include <string.h>
#include <sys/prctl.h>

#if defined(__x86_64__)
#include <cpuid.h>

#include "measure/host_file.h"
#endif

enum {
    ANCHOR_TRIES = 16,
    SCALE_SHIFT = 40,
    /* Two readings that are 20 ns apart, over this long, give a frequency to 1 ppm. */
    OWN_BASE_NS = 20 * 1000 * 1000,
};

const char *const clock_choices[] = {"auto", "tsc", "monotonic", NULL};

bool clock_reads_tsc;
static struct clock_anchor first_anchor;

#if defined(__x86_64__)

/* CPUID leaf 8000_0007h, EDX bit 8, "Invariant TSC": it runs at a constant rate in all power states
 * (AMD APM vol. 3, appendix E; Intel SDM vol. 3B, "Invariant TSC"). */
static bool cpu_has_invariant_tsc(void)
{
    unsigned a, b, c, d;

    return __get_cpuid(0x80000007u, &a, &b, &c, &d) && (d & (1u << 8)) != 0;
}

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/"

/* Whether `word` stands in `line`, between blanks. */
static bool has_word(const char *line, const char *word)
{
    size_t length = strlen(word);

    for (line += strspn(line, " "); *line != '\0'; line += strspn(line, " ")) {
        size_t here = strcspn(line, " ");

        if (here == length && memcmp(line, word, length) == 0)
            return true;
        line += here;
    }
    return false;
}

/* Whether the kernel keeps its own time by the TSC, which it does only after having checked that
 * the counters of all CPUs agree. kvm-clock and the Hyper-V page are the TSC scaled by the
 * hypervisor, per CPU where it has to be: they alone do not say that the bare counters agree. The
 * kernel takes `tsc` off the list of what is available once it has found it unstable, so it must
 * still stand there. Should it be wrong all the same, spans run backwards, and the result warns. */
static bool kernel_trusts_tsc(void)
{
    static const char *const by_tsc[] = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page"};
    char name[64], available[256];

    if (!host_file_line(CLOCKSOURCE "current_clocksource", name, sizeof name) ||
        !host_file_line(CLOCKSOURCE "available_clocksource", available, sizeof available) ||
        !has_word(available, "tsc"))
        return false;
    for (size_t i = 0; i < sizeof by_tsc / sizeof *by_tsc; i++)
        if (strcmp(name, by_tsc[i]) == 0)
            return true;
    return false;
}

bool clock_tsc_usable(const char **why)
{
    const char *reason = NULL;
    int mode = PR_TSC_ENABLE;

    if (!cpu_has_invariant_tsc())
        reason = "the CPU does not promise a constant rate";
    else if (prctl(PR_GET_TSC, &mode) == 0 && mode != PR_TSC_ENABLE)
        reason = "this process may not read it";
    else if (!kernel_trusts_tsc())
        reason = "the kernel does not keep time by it";
    if (reason != NULL && why != NULL)
        *why = reason;
    return reason == NULL;
}

#else

bool clock_tsc_usable(const char **why)
{
    if (why != NULL)
        *why = "this is no x86-64 CPU";
    return false;
}

#endif

int clock_init(enum clock_choice choice, struct err *e)
{
    const char *why = "";
    bool usable = clock_tsc_usable(&why);

    if (choice == CLOCK_CHOICE_TSC && !usable)
        return err_set(e, STATUS_FAILED, "--clock tsc: the time stamp counter is not used: %s",
                       why);
    clock_reads_tsc = usable && choice != CLOCK_CHOICE_MONOTONIC;
    clock_anchor_take(&first_anchor);
    return 0;
}

const char *clock_name(void)
{
    return clock_reads_tsc ? "tsc" : "monotonic";
}

/* The counter is read between two readings of CLOCK_MONOTONIC, several times; the try in which
 * these were closest together was disturbed least. */
void clock_anchor_take(struct clock_anchor *anchor)
{
    uint64_t best = UINT64_MAX;

    for (int i = 0; i < ANCHOR_TRIES; i++) {
        uint64_t before = clock_read_monotonic();
        uint64_t ticks = clock_ticks_after();
        uint64_t after = clock_read_monotonic();

        if (after - before < best) {
            best = after - before;
            anchor->ticks = ticks;
            anchor->monotonic_ns = clock_reads_tsc ? before + best / 2 : ticks;
            anchor->doubt_ns = clock_reads_tsc ? (best + 1) / 2 : 0;
        }
    }
}

void clock_scale_make(struct clock_scale *scale, const struct clock_anchor *begin,
                      const struct clock_anchor *end)
{
    const struct clock_anchor *base = begin;
    uint64_t ticks, ns;

    scale->origin_ticks = begin->ticks;
    scale->origin_monotonic_ns = begin->monotonic_ns;
    scale->shift = SCALE_SHIFT;
    if (end->monotonic_ns - begin->monotonic_ns < OWN_BASE_NS &&
        first_anchor.monotonic_ns < begin->monotonic_ns)
        base = &first_anchor;
    ticks = end->ticks - base->ticks;
    ns = end->monotonic_ns - base->monotonic_ns;
    if (!clock_reads_tsc || ticks == 0 || ns == 0)
        ticks = ns = 1;
    scale->mult = (uint64_t)(((uint128)ns << SCALE_SHIFT) / ticks);
    scale->ticks_per_ns = (double)ticks / (double)ns;
}

uint64_t clock_cpu_ns(clockid_t id)
{
    struct timespec t;

    if (clock_gettime(id, &t) != 0)
        return UINT64_MAX;
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_thread_cpu_ns(void)
{
    return clock_cpu_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t clock_process_cpu_ns(void)
{
    return clock_cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
}
