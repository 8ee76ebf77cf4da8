/* A calibrated amount of computing. Calibrating is for the main thread, the computing for any. */
#include "measure/spin.h"

#include <stddef.h>

#include "base/wide.h"
#include "measure/clock.h"

enum { TRIES = 5, ROUNDS = 2000000 };

/* CPU time of ROUNDS, once spin_calibrate() has found it out; 0 before. Main thread. */
static uint64_t known_ns;

/* The result is returned so that it cannot be optimised away. */
__attribute__((noinline)) static uint64_t compute(uint64_t rounds)
{
    uint64_t x = 88172645463325252u;
    for (uint64_t i = 0; i < rounds; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    return x;
}

void spin(uint64_t rounds)
{
    volatile uint64_t sink = compute(rounds);
    (void)sink;
}

static bool is_set(const atomic_bool *flag)
{
    return flag != NULL && atomic_load_explicit(flag, memory_order_relaxed);
}

uint64_t spin_until(uint64_t rounds, const atomic_bool *stop, const atomic_bool *cancelled)
{
    uint64_t done = 0;
    while (done < rounds && !is_set(stop) && !is_set(cancelled)) {
        uint64_t next = rounds - done > ROUNDS ? ROUNDS : rounds - done;
        spin(next);
        done += next;
    }
    return done;
}

/* The fastest of a few tries of some milliseconds, as whatever disturbs a try makes it slower. */
static int measure(uint64_t *ns, struct err *e)
{
    uint64_t best_ns = UINT64_MAX;
    for (int i = 0; i < TRIES; i++) {
        uint64_t before = clock_thread_cpu_ns(), after;
        spin(ROUNDS);
        after = clock_thread_cpu_ns();
        if (after - before < best_ns)
            best_ns = after - before;
    }
    if (best_ns == 0 || best_ns == UINT64_MAX)
        return err_set(e, STATUS_FAILED, "cannot calibrate the work: no CPU clock for threads");
    *ns = best_ns;
    return 0;
}

int spin_calibrate(struct err *e)
{
    return measure(&known_ns, e);
}

int spin_rounds(uint64_t cpu_ns, uint64_t *rounds, struct err *e)
{
    uint64_t ns = known_ns;
    if (ns == 0 && measure(&ns, e) < 0)
        return -1;
    *rounds = (uint64_t)((uint128)cpu_ns * ROUNDS / ns);
    return 0;
}
