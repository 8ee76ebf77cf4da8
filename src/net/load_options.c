/* The options of a load with each other, and what a run of it takes. Main thread, before anything
 * is run. */
#include <inttypes.h>
#include <string.h>

#include "measure/host.h"
#include "measure/recorder.h"
#include "net/load_inner.h"

enum {
    /* Requests a second and thread that there is to be room for, where nothing else limits them:
     * what a fast client reaches on loopback. */
    SPANS_A_SECOND = 200000,
    PARTS_MOST = 200000, /* spans of what workers did for requests */
};

/* Tokens only (RFC 9110, 9.1), and as they are meant: they are case-sensitive. */
static int check_method(const char *method, struct err *e)
{
    size_t length = strlen(method);

    if (length == 0 || length > 20 || strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != length)
        return err_set(e, STATUS_USAGE, "--method %s: must be a word of capitals", method);
    if (strcmp(method, "CONNECT") == 0)
        return err_set(e, STATUS_USAGE, "--method CONNECT: is not supported");
    return 0;
}

/* Without one of them there would be no end. */
static void settle_end(struct param_set *set, struct load_options *o)
{
    if (o->duration_ns == 0 || param_source_of(set, "requests") != PARAM_FROM_DEFAULT)
        return;
    o->requests = 0;
    param_supersede(set, "requests");
}

int load_check(struct param_set *set, struct load_options *o, struct err *e)
{
    settle_end(set, o);
    if (check_method(o->method, e) != 0)
        return -1;
    for (unsigned i = 0; i < o->headers.count; i++)
        if (load_check_header(o->headers.items[i], e) != 0)
            return -1;
    if (o->threads > o->connections)
        return err_set(e, STATUS_USAGE,
                       "--load-threads %" PRIu64 ": more threads than connections (%" PRIu64 ")",
                       o->threads, o->connections);
    if (o->duration_ns != 0 && o->ramp_ns >= o->duration_ns)
        return err_set(e, STATUS_USAGE, "--ramp: must be shorter than --duration");
    if (o->histogram && param_source_of(set, "spans-most") == PARAM_FROM_FLAG)
        return err_set(e, STATUS_USAGE, "--spans-most: with --histogram no spans are kept");
    if (!o->histogram && o->duration_ns == 0 && o->requests > 100000000)
        return err_set(e, STATUS_USAGE,
                       "--requests %" PRIu64 ": so many spans cannot be kept (--histogram)",
                       o->requests);
    return 0;
}

/* All requests, if their number is known; else as many as a fast server could answer, but not more
 * than was allowed, nor than a quarter of the memory that there is. */
static uint64_t span_room(const struct load_options *o, unsigned targets)
{
    uint64_t each = 2 * recorder_bytes_per_span(LOAD_RECORDS);
    uint64_t available = host_memory_available_bytes(), room;
    double wanted = (double)o->duration_ns * 1e-9 *
                    (o->rate != 0 ? (double)o->rate : (double)(SPANS_A_SECOND * o->threads));

    if (o->histogram)
        return 1; /* a recorder has at least one */
    if (o->duration_ns == 0)
        return o->requests;
    room = o->spans_most;
    if (wanted < (double)room)
        room = (uint64_t)wanted;
    if (available != HOST_UNKNOWN && room > available / 4 / each)
        room = available / 4 / each;
    room += o->connections + o->threads * targets;
    return o->requests != 0 && o->requests < room ? o->requests : room;
}

/* As many parts as requests, up to a limit. */
uint64_t load_spans_of_requests(const struct load_options *o, uint64_t spans)
{
    if (o->histogram)
        return 0;
    return spans < 2 * PARTS_MOST ? spans / 2 : spans - PARTS_MOST;
}

void load_plan(const struct load_options *o, unsigned targets, struct pass *pass)
{
    uint64_t room = span_room(o, targets);

    pass->spans = (uint32_t)(o->histogram ? room : room + (room < PARTS_MOST ? room : PARTS_MOST));
    pass->bytes = o->connections * sizeof(struct load_connection) +
                  o->threads * (sizeof(struct load_thread) + targets * sizeof(struct load_memo) +
                                targets * sizeof(struct load_shard) + sizeof(struct tls_wire));
    pass->kept_bytes = sizeof(struct load_facts);
}

void load_plan_burst(uint64_t burst, struct pass *pass)
{
    pass->spans += (uint32_t)(2 * burst);
    pass->bytes += burst * sizeof(struct load_connection);
}

/* A further thread's loop has half a dozen. */
uint64_t load_descriptors(const struct load_options *o)
{
    return o->connections + 8 * o->threads;
}
