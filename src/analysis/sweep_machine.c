/* Each run watched the machine for as long as it lasted, by counters of hundredths of a second. Of
 * a run that is shorter than many of these they say nothing; nor do they of many such runs, as what
 * a run takes away for itself may be more than was counted, and is then cut off at 0. Limits are
 * those from which a single measurement warns. */
#include "analysis/sweep_machine.h"

/* Less time than this is too short for the counters. */
static const double watched_least_ns = 200e6;
/* CPUs from which on it matters. */
static const double others_matter = 0.1, hypervisor_matters = 0.02;

/* One run more; the mean is a sum until all are added. */
static void add(struct sweep_taken *t, uint64_t taken_ns, double watched_ns, double matters)
{
    double cpus = (double)taken_ns / watched_ns;

    if (taken_ns == SWEEP_UNKNOWN)
        return;
    t->mean += (double)taken_ns;
    t->runs += cpus > matters;
    t->most = cpus > t->most ? cpus : t->most;
}

struct sweep_machine sweep_machine_of(const struct sweep *s)
{
    struct sweep_machine m = {0};
    double watched_ns = 0;

    for (size_t i = 0; i < s->run_count; i++) {
        const struct sweep_run *run = &s->runs[i];
        double ns = (double)run->watched_ns;

        if (run->watched_ns == SWEEP_UNKNOWN || ns < watched_least_ns)
            continue;
        m.watched++;
        watched_ns += ns;
        add(&m.others, run->others_cpu_ns, ns, others_matter);
        add(&m.hypervisor, run->stolen_ns, ns, hypervisor_matters);
    }
    if (m.watched > 0) {
        m.others.mean /= watched_ns;
        m.hypervisor.mean /= watched_ns;
    }
    return m;
}
