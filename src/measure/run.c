/* The life of one run. The runner owns the loop: it makes it, drives it, closes whatever is left on
 * it, and takes uv_loop_close() returning 0 as the proof that nothing leaked.
 *
 * Everything runs on the main thread, which is the loop's thread, but for the signal handler, which
 * interrupts it (threads of the pool are started with these signals blocked). */
#include "measure/run.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "measure/load_facts.h"
#include "measure/pool.h"

enum { GRACE_MS = 1000 }; /* how long an interrupted run waits for what is running */

/* The runner's own handles on the loop of a run. All are unreferenced: they do not keep it alive.
 */
struct watch {
    struct run *run;
    uv_prepare_t before_poll;
    uv_check_t after_poll;
    uv_async_t signalled;
    uv_timer_t grace;
    struct clock_anchor begin;
    struct clock_scale scale;               /* provisional: good enough for max_lag_ns */
    uint64_t last_poll_ticks, last_idle_ns; /* when poll was entered for the last time */
    uint64_t cpu_ns, pool_cpu_ns; /* counters of an interrupted run, when it had last called back */
    int signals_before, signals_seen; /* how many had come: before it began, and until last_poll */
    bool gave_up;
};

/* --- Signals. --- */

static struct {
    atomic_int count;
    _Atomic(uv_async_t *) wake; /* of the run that is going on, or NULL */
    void (*at_exit)(void);
} signals;

static void on_signal(int number)
{
    int interrupted_errno = errno; /* whoever is interrupted may be about to look at it */
    uv_async_t *wake;

    (void)number;
    if (atomic_fetch_add(&signals.count, 1) > 0) {
        if (signals.at_exit != NULL)
            signals.at_exit();
        _exit(STATUS_INTERRUPTED);
    }
    wake = atomic_load(&signals.wake);
    if (wake != NULL)
        uv_async_send(wake);
    errno = interrupted_errno;
}

void run_catch_signals(void (*at_exit)(void))
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;

    signals.at_exit = at_exit;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup */
        sigaction(SIGHUP, &action, NULL);
}

bool run_interrupted(void)
{
    return atomic_load(&signals.count) > 0;
}

static void grace_over_cb(uv_timer_t *timer)
{
    struct watch *w = timer->data;

    w->gave_up = true;
    uv_stop(timer->loop);
}

/* A run that is given up is reported as it stood after its last callback: what it used while
 * nothing but the grace passed belongs to no time that is told. */
static void note_used(struct watch *w)
{
    w->cpu_ns = clock_process_cpu_ns();
    w->pool_cpu_ns = pool_cpu_ns();
}

static void signalled_cb(uv_async_t *async)
{
    struct watch *w = async->data;

    if (w->run->interrupted)
        return;
    w->run->interrupted = true;
    note_used(w);
    if (w->run->experiment->cancel != NULL)
        w->run->experiment->cancel(w->run);
    uv_update_time(w->run->loop); /* a callback before this one may have taken long */
    uv_timer_start(&w->grace, grace_over_cb, GRACE_MS, 0);
}

/* --- Watching the loop. --- */

/* What passed since poll was entered the last time, less the time that poll was idle in between, is
 * how long the loop was kept from looking. Not where a signal came in between: it ends the wait in
 * poll, and libuv forgets how long that had been. */
static void note_lag(struct watch *w)
{
    uint64_t now = clock_ticks(), idle_ns = uv_metrics_idle_time(w->run->loop);
    uint64_t passed_ns =
        clock_scale_ns(&w->scale, now) - clock_scale_ns(&w->scale, w->last_poll_ticks);
    uint64_t waited_ns = idle_ns - w->last_idle_ns;
    struct loop_facts *facts = &w->run->loop_facts;
    int signals_came = atomic_load(&signals.count);

    if (signals_came == w->signals_seen && passed_ns > waited_ns &&
        passed_ns - waited_ns > facts->max_lag_ns)
        facts->max_lag_ns = passed_ns - waited_ns;
    w->last_poll_ticks = now;
    w->last_idle_ns = idle_ns;
    w->signals_seen = signals_came;
}

/* libuv calls prepare and check handles that were started first last (it puts new ones in front),
 * so these two, the first of their loop, stand next to poll and at the end of the check phase. */
static void before_poll_cb(uv_prepare_t *prepare)
{
    struct watch *w = prepare->data;

    note_lag(w);
    if (w->run->interrupted && !w->gave_up)
        note_used(w);
}

static void after_poll_cb(uv_check_t *check)
{
    struct watch *w = check->data;

    w->run->recorder.iteration++;
    w->run->loop_facts.iterations++;
}

static int watch_start(struct watch *w, struct run *run, struct err *e)
{
    uv_loop_t *loop = run->loop;
    int rc;

    *w = (struct watch){.run = run};
    rc = uv_async_init(loop, &w->signalled, signalled_cb);
    if (rc != 0)
        return err_set(e, STATUS_FAILED, "cannot watch the loop: %s", uv_strerror(rc));
    uv_prepare_init(loop, &w->before_poll);
    uv_check_init(loop, &w->after_poll);
    uv_timer_init(loop, &w->grace);
    uv_unref((uv_handle_t *)&w->signalled);
    uv_unref((uv_handle_t *)&w->before_poll);
    uv_unref((uv_handle_t *)&w->after_poll);
    uv_unref((uv_handle_t *)&w->grace);
    w->signalled.data = w->before_poll.data = w->after_poll.data = w->grace.data = w;
    uv_prepare_start(&w->before_poll, before_poll_cb);
    uv_check_start(&w->after_poll, after_poll_cb);
    atomic_store(&signals.wake, &w->signalled);
    if (run_interrupted()) /* it came before there was anything to wake */
        uv_async_send(&w->signalled);
    return 0;
}

/* --- The run. --- */

static int make_loop(struct run *run, struct err *e)
{
    int rc;

    run->loop = mem_zeroed(1, sizeof *run->loop);
    if (run->loop == NULL)
        return err_no_memory(e, "a loop");
    rc = uv_loop_init(run->loop);
    if (rc == 0) {
        rc = uv_loop_configure(run->loop, UV_METRICS_IDLE_TIME);
        if (rc == 0)
            return 0;
        uv_loop_close(run->loop);
    }
    mem_free(run->loop);
    run->loop = NULL;
    return err_set(e, STATUS_FAILED, "cannot make a loop: %s", uv_strerror(rc));
}

static void close_cb(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Closes every handle that is left and the loop itself. */
static int close_loop(struct run *run, struct err *e)
{
    int rc;

    uv_walk(run->loop, close_cb, NULL);
    uv_run(run->loop, UV_RUN_DEFAULT);
    rc = uv_loop_close(run->loop);
    mem_free(run->loop);
    run->loop = NULL;
    if (rc != 0)
        return err_set(e, STATUS_FAILED, "%s left something on its loop: %s (this is a bug)",
                       run->experiment->name, uv_strerror(rc));
    return 0;
}

/* From the first submission to the last callback, and whether all calls succeeded. */
static void conclude(struct run *run)
{
    const struct recorder *r = &run->recorder;
    uint64_t first = UINT64_MAX, last = 0;
    struct span s;

    for (uint32_t i = 0; i < r->count; i++) {
        recorder_get(r, i, &s);
        if (s.status != SPAN_OK && s.parent == SPAN_NONE)
            run->failed = true;
        if (s.submitted_ns != SPAN_UNKNOWN && s.submitted_ns < first)
            first = s.submitted_ns;
        if (s.called_back_ns != SPAN_UNKNOWN && s.called_back_ns > last)
            last = s.called_back_ns;
    }
    run->elapsed_ns = last > first ? last - first : SPAN_UNKNOWN;
    if (run->load != NULL) { /* of which not every request has to have a span */
        run->elapsed_ns = run->load->elapsed_ns;
        run->failed |= load_facts_failed(run->load) > 0;
    }
}

/* Between the two anchors lies everything that is measured. */
static int drive(struct run *run, struct watch *w, struct err *e)
{
    struct clock_anchor end;
    uint64_t pool_before_ns = pool_cpu_ns(), cpu_before_ns = clock_process_cpu_ns();
    int rc;

    clock_anchor_take(&w->begin);
    clock_scale_make(&w->scale, &w->begin, &w->begin);
    w->last_poll_ticks = w->begin.ticks;
    w->signals_before = w->signals_seen = atomic_load(&signals.count);
    rc = run->experiment->start(run, e);
    if (rc != 0 && run->experiment->cancel != NULL)
        run->experiment->cancel(run);
    uv_run(run->loop, UV_RUN_DEFAULT);
    note_lag(w);
    clock_anchor_take(&end);
    if (!w->gave_up)
        note_used(w);
    run->cpu_ns = w->cpu_ns - cpu_before_ns;
    run->pool_cpu_ns = SPAN_UNKNOWN;
    if (run->pool_size > 0 && pool_before_ns != UINT64_MAX && w->pool_cpu_ns != UINT64_MAX)
        run->pool_cpu_ns = w->pool_cpu_ns - pool_before_ns;
    run->loop_facts.idle_ns = atomic_load(&signals.count) == w->signals_before
                                  ? uv_metrics_idle_time(run->loop)
                                  : SPAN_UNKNOWN;
    clock_scale_make(&run->recorder.scale, &w->begin, &end);
    return rc;
}

int run_once(struct run *run, struct err *e)
{
    const struct experiment *x = run->experiment;
    struct err ignored; /* what follows from an error that is told already */
    struct watch w;
    int rc;

    if (recorder_init(&run->recorder, run->pass->spans, x->kinds, x->records, e) != 0)
        return -1;
    rc = make_loop(run, e);
    if (rc != 0)
        return rc;
    rc = watch_start(&w, run, e);
    if (rc == 0 && x->prepare != NULL)
        rc = x->prepare(run, e);
    if (rc == 0)
        rc = drive(run, &w, e);
    atomic_store(&signals.wake, NULL);
    if (w.gave_up) {
        run->detached = true;
        if (recorder_detach(&run->recorder, rc == 0 ? e : &ignored) != 0)
            rc = -1;
    } else {
        if (close_loop(run, rc == 0 ? e : &ignored) != 0)
            rc = -1;
        if (x->cleanup != NULL)
            x->cleanup(run);
        run->state = NULL;
    }
    if (rc == 0)
        conclude(run);
    return rc;
}

void run_free(struct run *run)
{
    recorder_free(&run->recorder);
    mem_free(run->load);
    mem_free(run->cluster);
    mem_free(run->blocking);
    run->load = NULL;
    run->cluster = NULL;
    run->blocking = NULL;
}
