/* How a load is divided: requests, connections and spans among threads and groups of targets; the
 * requests of a group among its targets; and when each is due, so that groups and threads take
 * turns. Main thread; nothing is allocated. */
#include <math.h>
#include <string.h>

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

/* Divides `all` among the groups by weight, at least 1 for each where `each` says so; a burst has
 * its own number, which is not taken from `all`. */
static void share_groups(const struct load_client *c, uint64_t all, bool each, uint64_t *shares)
{
    uint64_t weights[LOAD_TARGETS_MOST] = {0}, of_others[LOAD_TARGETS_MOST] = {0};
    unsigned count = 0;

    for (unsigned i = 0; i < c->group_count; i++)
        if (c->groups[i].burst == 0)
            weights[count++] = c->groups[i].weight;
    (each ? load_share_each : load_share)(all, weights, count, of_others);
    count = 0;
    for (unsigned i = 0; i < c->group_count; i++)
        shares[i] = c->groups[i].burst != 0 ? c->groups[i].burst : of_others[count++];
}

/* How many connections each shard has: by group first, then evenly among the threads; where one of
 * them has more than another, it is not always the first. */
uint64_t load_connections_of(const struct load *l, unsigned thread, unsigned group)
{
    uint64_t shares[LOAD_TARGETS_MOST] = {0}, before = 0;

    share_groups(l->client, l->client->options->connections, true, shares);
    for (unsigned i = 0; i < group; i++)
        before += shares[i];
    /* connection number k (from 0) is of thread k modulo their number */
    return (before + shares[group] + l->thread_count - 1 - thread) / l->thread_count -
           (before + l->thread_count - 1 - thread) / l->thread_count;
}

/* --- Streams beside each other. --- */

/* Requests at instants that are equally far from each other; the unit of time is that in which the
 * weight is the number of requests. */
struct stream {
    uint64_t weight;
    double begin;
};

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* How near any two requests of two streams come to each other: the distances between them are those
 * between their beginnings, and multiples of what divides both periods. */
static double nearest(const struct stream *a, const struct stream *b)
{
    uint64_t divisor = common_divisor(a->weight, b->weight);
    double step = 1 / ((double)(a->weight / divisor) * (double)b->weight);
    double distance = fmod(fabs(a->begin - b->begin), step);

    return distance < step - distance ? distance : step - distance;
}

/* By trying: the beginning that is farthest from what is there. Before its second request. */
static void place(struct stream *s, const struct stream *others, unsigned count)
{
    enum { PLACES = 240 }; /* halves, thirds, quarters, ... are among them */
    double farthest = -1, best = 0;

    for (unsigned i = 0; i < PLACES; i++) {
        double least = 1;

        s->begin = (double)i / ((double)PLACES * (double)s->weight);
        for (unsigned k = 0; k < count; k++)
            least = fmin(least, nearest(s, &others[k]));
        if (least > farthest) {
            farthest = least;
            best = s->begin;
        }
    }
    s->begin = best;
}

/* Streams of the same weight are one of that many times the weight, which they make in turn; these
 * are placed one after the other, the heaviest first, as it is nearest to all others. */
void load_phases(const uint64_t *weights, unsigned count, double *phases)
{
    struct stream placed[LOAD_TARGETS_MOST] = {{0}};
    uint64_t last = UINT64_MAX;

    for (unsigned classes = 0;; classes++) {
        uint64_t weight = 0, members = 0, turn = 0;

        for (unsigned i = 0; i < count; i++)
            if (weights[i] < last && weights[i] > weight)
                weight = weights[i];
        if (weight == 0)
            break;
        for (unsigned i = 0; i < count; i++)
            members += weights[i] == weight;
        placed[classes].weight = weight * members;
        place(&placed[classes], placed, classes);
        for (unsigned i = 0; i < count; i++)
            if (weights[i] == weight)
                phases[i] =
                    placed[classes].begin * (double)weight + (double)turn++ / (double)members;
        last = weight;
    }
}

/* --- All of it. --- */

/* Requests, rate and room for spans are divided among groups by weight, and then among the threads
 * by the connections that they have there. */
static void share_group(struct load *l, unsigned group, uint64_t requests, double rate,
                        double group_phase, uint64_t spans, uint64_t parts)
{
    uint64_t weights[256] = {0}, shares[256] = {0}, all = 0, phase = 0;
    unsigned count = l->thread_count;

    for (unsigned i = 0; i < count; i++)
        all += weights[i] = l->threads[i]->shards[group].connection_count;
    load_share(requests, weights, count, shares);
    for (unsigned i = 0; i < count; i++) {
        struct load_shard *s = &l->threads[i]->shards[group];

        s->quota =
            l->client->options->requests == 0 && s->group->burst == 0 ? UINT64_MAX : shares[i];
        s->rate = rate * (double)weights[i] / (double)all;
        s->phase = ((double)phase + group_phase * (double)weights[i]) / (double)all;
        phase += weights[i];
    }
    if (l->client->options->requests != 0 && spans == requests)
        memcpy(weights, shares, sizeof weights); /* every one of them has a span */
    load_share(spans, weights, count, shares);
    for (unsigned i = 0; i < count; i++)
        l->threads[i]->shards[group].span_count = (uint32_t)shares[i];
    load_share(parts, weights, count, shares);
    for (unsigned i = 0; i < count; i++)
        l->threads[i]->shards[group].part_room = (uint32_t)shares[i];
}

void load_divide(struct load *l, uint64_t spans, uint64_t parts)
{
    const struct load_client *c = l->client;
    uint64_t requests[LOAD_TARGETS_MOST], of_spans[LOAD_TARGETS_MOST], of_parts[LOAD_TARGETS_MOST],
        rates[LOAD_TARGETS_MOST] = {0}, all = 0;
    double phases[LOAD_TARGETS_MOST] = {0};

    for (unsigned i = 0; i < c->group_count; i++)
        all += rates[i] = c->groups[i].burst == 0 ? c->groups[i].weight : 0;
    load_phases(rates, c->group_count, phases);
    share_groups(c, c->options->requests, false, requests);
    share_groups(c, spans - c->burst, false, of_spans);
    share_groups(c, parts - c->burst, false, of_parts);
    for (unsigned i = 0; i < c->group_count; i++) {
        double rate = (double)c->options->rate * (double)rates[i] / (double)all;

        share_group(l, i, requests[i], rate, phases[i], of_spans[i], of_parts[i]);
    }
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
