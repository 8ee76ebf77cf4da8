/* How a load is divided: requests, connections and spans among threads and groups of targets; the
 * requests of a group among its targets; and when each is due. Pure functions. */
#include <math.h>

#include "net/load_inner.h"

void load_share(uint64_t all, const uint64_t *weights, unsigned count, uint64_t *shares)
{
    uint128 total = 0, sum = 0;
    uint64_t before = 0;

    for (unsigned i = 0; i < count; i++)
        total += weights[i];
    for (unsigned i = 0; i < count; i++) {
        uint64_t until;

        sum += weights[i];
        until = (uint64_t)(all * sum / total);
        shares[i] = until - before;
        before = until;
    }
}

void load_share_each(uint64_t all, const uint64_t *weights, unsigned count, uint64_t *shares)
{
    load_share(all - count, weights, count, shares);
    for (unsigned i = 0; i < count; i++)
        shares[i]++;
}

void load_share_groups(const struct load_client *c, uint64_t all, bool each, uint64_t *shares)
{
    uint64_t weights[LOAD_TARGETS_MOST], of_others[LOAD_TARGETS_MOST];
    unsigned count = 0;

    for (unsigned i = 0; i < c->group_count; i++)
        if (c->groups[i].burst == 0)
            weights[count++] = c->groups[i].weight;
    (each ? load_share_each : load_share)(all, weights, count, of_others);
    count = 0;
    for (unsigned i = 0; i < c->group_count; i++)
        shares[i] = c->groups[i].burst != 0 ? c->groups[i].burst : of_others[count++];
}

/* In the way of smooth weighted round-robin: each target earns its weight with every request, and
 * the one that has most pays for it with the weight of all. */
unsigned load_next_target(const struct load_client *client, struct load_shard *shard)
{
    const struct load_group *g = shard->group;
    unsigned best = 0;

    if (g->count == 1)
        return g->targets[0];
    for (unsigned i = 0; i < g->count; i++) {
        shard->credit[i] += (int64_t)client->targets[g->targets[i]].weight;
        if (shard->credit[i] > shard->credit[best])
            best = i;
    }
    shard->credit[best] -= (int64_t)g->weight;
    return g->targets[best];
}

/* During the ramp the rate at time t is rate * t / ramp, so rate * t^2 / (2 * ramp) requests are
 * due by then: half as many as at the full rate. */
uint64_t load_due_ns(double rate, uint64_t ramp_ns, double i)
{
    double ramp_s = (double)ramp_ns * 1e-9, in_ramp = rate * ramp_s / 2;
    double at_s = i < in_ramp ? sqrt(2 * i * ramp_s / rate) : ramp_s / 2 + i / rate;

    return (uint64_t)(at_s * 1e9);
}
