/* A generator of random numbers whose sequence is the same everywhere and for ever, so that what
 * was drawn can be drawn again: splitmix64, a counter whose value is scrambled. Its state is the
 * caller's; any thread. */
#include <assert.h>

#include "analysis/inference.h"

uint64_t inference_random(uint64_t *state)
{
    uint64_t bits = *state += 0x9e3779b97f4a7c15u;

    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    return bits ^ bits >> 31;
}

uint64_t inference_random_below(uint64_t *state, uint64_t bound)
{
    uint64_t excess, bits;

    assert(bound >= 1);
    /* 2^64 modulo bound. Without the lowest `excess` numbers, a multiple of bound is left. */
    excess = (UINT64_MAX - bound + 1) % bound;
    do
        bits = inference_random(state);
    while (bits < excess);
    return bits % bound;
}
