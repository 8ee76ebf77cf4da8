/* What a load came to: the threads' counts added up, and the spans that were used brought together.
 * Main thread, after all others have been joined. */
#include "base/mem.h"
#include "net/load_inner.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Ticks of the whole load; 0: there was none. */
struct extent {
    uint64_t first_submitted, last_submitted, last_answered, first_due, last_due;
};

static void add_thread(struct load_facts *f, struct extent *x, const struct load_thread *t)
{
    f->submitted += t->submitted;
    f->answered += t->answered;
    for (unsigned i = 0; i < LOAD_ERRORS; i++)
        f->errors[i] += t->errors[i];
    f->cancelled += t->cancelled_requests;
    f->retried += t->retried;
    f->connections += t->connected;
    f->ended += t->ended_connections;
    f->sent_bytes += t->sent_bytes;
    f->received_bytes += t->received_bytes;
    f->parts_left_out += t->parts_left_out;
    histogram_merge(&f->since_due, &t->since_due);
    histogram_merge(&f->total, &t->total);
    histogram_merge(&f->late, &t->late);
    x->first_submitted = earlier(x->first_submitted, t->first_submitted);
    x->last_submitted = later(x->last_submitted, t->last_submitted);
    x->last_answered = later(x->last_answered, t->last_answered);
    x->first_due = earlier(x->first_due, t->first_due);
    x->last_due = later(x->last_due, t->last_due);
}

static double rate_of(uint64_t requests, uint64_t ns)
{
    return requests < 2 || ns == 0 ? 0 : (double)(requests - 1) * 1e9 / (double)ns;
}

static void add_times(struct load_facts *f, const struct load *l, const struct extent *x)
{
    const struct clock_scale *scale = &l->run->recorder.scale;
    uint64_t first_ns = clock_scale_ns(scale, x->first_submitted);

    f->elapsed_ns = f->sending_ns = UINT64_MAX;
    f->rate_wanted = (double)l->client->options->rate;
    if (x->first_submitted == 0)
        return;
    f->sending_ns = clock_scale_ns(scale, x->last_submitted) - first_ns;
    if (x->last_answered > x->first_submitted)
        f->elapsed_ns = clock_scale_ns(scale, x->last_answered) - first_ns;
    if (l->client->options->rate != 0)
        f->rate_due = rate_of(f->submitted, clock_scale_ns(scale, x->last_due) -
                                                clock_scale_ns(scale, x->first_due));
}

/* Requests of an open loop that were due when it ended, and that no connection was free for. */
static uint64_t count_unsent(const struct load *l)
{
    const struct load_options *o = l->client->options;
    uint64_t unsent = 0;

    if (o->rate == 0 || l->client->burst > 0) /* one beside a burst ends with that */
        return 0;
    for (unsigned i = 0; i < l->thread_count; i++)
        for (unsigned g = 0; g < l->threads[i]->shard_count; g++) {
            const struct load_shard *s = &l->threads[i]->shards[g];
            uint64_t end_ns = o->duration_ns, low = s->taken, high = s->quota;

            if (s->connection_count == 0 || o->duration_ns == 0 || l->run->interrupted)
                continue;
            if (high == UINT64_MAX) /* the rate can do no more than this */
                high = low + (uint64_t)(s->rate * (double)end_ns * 1e-9) + 2;
            while (low < high) { /* the first one that was not due by then */
                uint64_t middle = low + (high - low) / 2;

                if (load_due_ns(s->rate, o->ramp_ns, (double)middle + s->phase) < end_ns)
                    low = middle + 1;
                else
                    high = middle;
            }
            unsent += low - s->taken;
        }
    return unsent;
}

/* --- Spans. --- */

static uint32_t used_of(const struct load_shard *s)
{
    return s->taken < s->span_count ? (uint32_t)s->taken : s->span_count;
}

/* Parts name their request by its place. */
static void move_parts(struct recorder *r, const struct load_shard *s, uint32_t to,
                       uint32_t request_to)
{
    for (uint32_t i = 0; i < s->part_count; i++) {
        struct span_on_loop *l = &r->on_loop[s->first_part + i];

        l->parent = l->parent - s->first_span + request_to;
    }
    if (to < s->first_part)
        recorder_move(r, to, s->first_part, s->part_count);
}

/* Closes the gaps, and numbers requests and parts anew. */
static void gather_spans(struct load *l)
{
    struct recorder *r = &l->run->recorder;
    uint32_t next = l->first_span, request_to[LOAD_TARGETS_MOST][256], requests;

    for (unsigned g = 0; g < l->client->group_count; g++)
        for (unsigned i = 0; i < l->thread_count; i++) {
            const struct load_shard *s = &l->threads[i]->shards[g];
            uint32_t used = used_of(s);

            if (next < s->first_span)
                recorder_move(r, next, s->first_span, used);
            request_to[g][i] = next;
            next += used;
        }
    requests = next;
    for (unsigned g = 0; g < l->client->group_count; g++)
        for (unsigned i = 0; i < l->thread_count; i++) {
            const struct load_shard *s = &l->threads[i]->shards[g];

            move_parts(r, s, next, request_to[g][i]);
            next += s->part_count;
        }
    r->count = next;
    for (uint32_t i = l->first_span; i < requests; i++) {
        bool is_first = i == l->first_span || r->on_loop[i].kind != r->on_loop[i - 1].kind;

        r->on_loop[i].ordinal = is_first ? 1 : r->on_loop[i - 1].ordinal + 1;
    }
    for (uint32_t i = requests; i < next; i++)
        r->on_loop[i].ordinal = r->on_loop[r->on_loop[i].parent].ordinal;
    l->run->load->spans = requests - l->first_span;
}

void load_conclude(struct load *l)
{
    struct load_client *c = l->client;
    struct load_facts *f = l->run->load;
    struct extent x = {0};

    if (!l->ready)
        return;
    for (unsigned i = 0; i < l->thread_count; i++) {
        add_thread(f, &x, l->threads[i]);
        c->incredible += l->threads[i]->incredible;
        c->foreign += l->threads[i]->foreign;
    }
    f->threads = l->thread_count;
    f->histogram_only = c->options->histogram;
    if (l->run->recorder.scale.mult != 0)
        add_times(f, l, &x);
    f->unsent = count_unsent(l);
    gather_spans(l);
    c->requests += f->submitted;
    c->retried += f->retried;
    c->parts_left_out += f->parts_left_out;
    if (c->options->rate != 0) {
        c->timed += f->since_due.count;
        c->failed += load_facts_failed(f);
        c->unsent += f->unsent;
    }
    if (!c->options->histogram)
        c->without_span += f->submitted - f->spans;
}
