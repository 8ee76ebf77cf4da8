/* Requests that are counted on the loop itself: each is an event that its callback answers by
 * counting, as a handler of a server does that computes where it should not. Nothing else is called
 * back meanwhile.
 *
 * Everything here runs on the loop's thread; handles are closed by their own callbacks, and those
 * that were not called by the runner. */
#include "workers.h"

#include "base/mem.h"

struct event {
    uv_async_t handle;
    struct on_loop *all;
};

struct on_loop {
    struct run *run;
    uint64_t target;
    uint32_t requests, first_span; /* a request and its count lie side by side */
    uint64_t *counted;
    struct event events[];
};

/* In strides, to look whether a signal has come: its own callback has to wait for this one. */
static uint64_t count_on_loop(uint64_t target)
{
    uint64_t count = 0, goal;

    while (count < target && !run_interrupted()) {
        goal = target - count > COUNTER_STRIDE ? COUNTER_STRIDE : target - count;
        count += counter_count(goal, NULL, NULL);
    }
    return count;
}

static void event_cb(uv_async_t *handle)
{
    uint64_t ticks = clock_ticks_after(), finished, cpu_before = 0, cpu_ns;
    struct event *event = handle->data;
    struct on_loop *l = event->all;
    struct recorder *r = &l->run->recorder;
    uint32_t request = (uint32_t)(event - l->events), span = l->first_span + 2 * request;
    struct span_on_worker *whole = recorder_worker(r, span), *count = recorder_worker(r, span + 1);
    bool measure_cpu = l->run->cpu_choice != CPU_CHOICE_OFF;
    int status;

    if (measure_cpu)
        cpu_before = clock_thread_cpu_ns();
    l->counted[request] = count_on_loop(l->target);
    status = l->counted[request] == l->target ? SPAN_OK : UV_ECANCELED;
    finished = clock_ticks();
    span_started(count, ticks, LANE_LOOP);
    span_finished(count, finished, SPAN_OK);
    if (measure_cpu) {
        cpu_ns = clock_thread_cpu_ns() - cpu_before;
        span_cpu(count, cpu_ns);
        span_cpu(whole, cpu_ns);
    }
    span_started(whole, ticks, LANE_LOOP);
    span_finished(whole, finished, SPAN_OK);
    span_called_back(r, span + 1, finished, status); /* there is nobody to hand it over */
    span_called_back(r, span, finished, status);
    uv_close((uv_handle_t *)handle, NULL);
}

int on_loop_new(struct on_loop **on_loop, struct run *run, const struct workers_setting *s,
                uint64_t *counted, struct err *e)
{
    struct on_loop *l = mem_zeroed(1, sizeof *l + s->requests * sizeof l->events[0]);
    int rc;

    *on_loop = l;
    if (l == NULL)
        return err_no_memory(e, "the requests");
    l->run = run;
    l->target = s->count;
    l->requests = s->requests;
    l->counted = counted;
    l->first_span = run->recorder.count;
    for (uint32_t i = 0; i < s->requests; i++) {
        uint32_t whole = recorder_open(&run->recorder, 1, KIND_REQUEST, i + 1);

        recorder_parent(&run->recorder, recorder_open(&run->recorder, 1, KIND_COUNT, i + 1), whole);
        rc = uv_async_init(run->loop, &l->events[i].handle, event_cb);
        if (rc != 0)
            return err_set(e, STATUS_FAILED, "cannot make a request: %s", uv_strerror(rc));
        l->events[i].handle.data = &l->events[i];
        l->events[i].all = l;
    }
    return 0;
}

void on_loop_start(struct on_loop *l)
{
    for (uint32_t i = 0; i < l->requests; i++) {
        uint32_t span = l->first_span + 2 * i;

        span_submitted(&l->run->recorder, span);
        span_submitted(&l->run->recorder, span + 1);
        uv_async_send(&l->events[i].handle);
    }
}

void on_loop_free(struct on_loop *l)
{
    mem_free(l);
}

uint64_t on_loop_bytes(const struct workers_setting *s)
{
    return sizeof(struct on_loop) + s->requests * sizeof(struct event);
}
