/* The order in which a run's calls are listed: as they were submitted, with every part of a call
 * behind it; or, where the experiment is about the order of callbacks, as they were called back, in
 * which parts take their own places. Unknown instants come last.
 *
 * Main thread. The caller owns what is made, and gives it back. */
#include <stdlib.h>

#include "base/mem.h"
#include "output/table.h"

/* A call and the instant that it is listed by. */
struct key {
    uint64_t instant_ns;
    uint32_t index;
};

/* The calls as a tree: the first part of each, the next one beside it, the call that it is part of.
 */
struct links {
    uint32_t *first, *next, *parent;
    uint32_t top;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    if (x->instant_ns != y->instant_ns)
        return x->instant_ns < y->instant_ns ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static struct key *sorted_keys(const struct run *run, uint32_t count, bool by_call_back)
{
    struct key *keys = mem_zeroed(count, sizeof *keys);

    if (keys == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        struct span s;
        recorder_get(&run->recorder, i, &s);
        keys[i] = (struct key){by_call_back ? s.called_back_ns : s.submitted_ns, i};
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    return keys;
}

/* Hangs the calls, last one first, in front of what already hangs there. A part is opened after its
 * call: a parent with a later id can only be a mistake, and the part then stands by itself, so that
 * no call is its own ancestor. */
static void link_parts(struct links *links, const struct run *run, const struct key *keys,
                       uint32_t count)
{
    bool flat = run->experiment->rows_by_call_back;

    links->top = SPAN_NONE;
    for (uint32_t i = 0; i < count; i++)
        links->first[i] = SPAN_NONE;
    for (uint32_t k = count; k-- > 0;) {
        uint32_t index = keys[k].index, *list = &links->top;
        struct span s;
        recorder_get(&run->recorder, index, &s);
        links->parent[index] = SPAN_NONE;
        if (!flat && s.parent != SPAN_NONE && s.parent > 0 && s.parent < s.id) {
            links->parent[index] = s.parent - 1;
            list = &links->first[s.parent - 1];
        }
        links->next[index] = *list;
        *list = index;
    }
}

/* Down to the first part, else on to the next one, else up until there is a next one. */
static void walk_parts(const struct links *links, struct table_order *order)
{
    uint32_t at = links->top;
    unsigned depth = 0;

    while (at != SPAN_NONE) {
        order->rows[order->count].index = at;
        order->rows[order->count++].depth = depth;
        if (links->first[at] != SPAN_NONE) {
            at = links->first[at];
            depth++;
            continue;
        }
        while (links->next[at] == SPAN_NONE && links->parent[at] != SPAN_NONE) {
            at = links->parent[at];
            depth--;
        }
        at = links->next[at];
    }
}

/* Takes the parts of calls out. */
static void leave_parts_out(struct table_order *order, const struct run *run)
{
    uint32_t kept = 0;
    struct span s;

    for (uint32_t row = 0; row < order->count; row++) {
        recorder_get(&run->recorder, order->rows[row].index, &s);
        if (s.parent == SPAN_NONE)
            order->rows[kept++] = order->rows[row];
    }
    order->count = kept;
}

uint8_t *table_wholes(const struct run *run)
{
    uint32_t count = run->recorder.count;
    uint8_t *wholes = mem_zeroed((size_t)count + 1, sizeof *wholes);
    struct span s;

    for (uint32_t i = 0; wholes != NULL && i < count; i++) {
        recorder_get(&run->recorder, i, &s);
        if (s.parent != SPAN_NONE && s.parent > 0 && s.parent <= count)
            wholes[s.parent - 1] = 1;
    }
    return wholes;
}

int table_order_make(struct table_order *order, const struct run *run, bool parts, struct err *e)
{
    uint32_t count = run->recorder.count;
    struct links links = {0};
    struct key *keys = NULL;
    int rc = 0;

    *order = (struct table_order){0};
    if (count == 0)
        return 0;
    keys = sorted_keys(run, count, run->experiment->rows_by_call_back);
    links.first = mem_zeroed(count, sizeof *links.first);
    links.next = mem_zeroed(count, sizeof *links.next);
    links.parent = mem_zeroed(count, sizeof *links.parent);
    order->rows = mem_zeroed(count, sizeof *order->rows);
    if (keys == NULL || links.first == NULL || links.next == NULL || links.parent == NULL ||
        order->rows == NULL) {
        table_order_free(order);
        rc = err_no_memory(e, "the order of the table's rows");
    } else {
        link_parts(&links, run, keys, count);
        walk_parts(&links, order);
        if (!parts)
            leave_parts_out(order, run);
    }
    mem_free(keys);
    mem_free(links.first);
    mem_free(links.next);
    mem_free(links.parent);
    return rc;
}

void table_order_free(struct table_order *order)
{
    mem_free(order->rows);
    *order = (struct table_order){0};
}
