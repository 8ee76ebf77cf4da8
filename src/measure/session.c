/* From a plan to a result. Everything here happens on the main thread, outside of what is measured.
 * See session.h. */
#include "measure/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/units.h"
#include "measure/session_warnings.h"
#include "measure/wall.h"

const char *const session_cpu_choices[] = {"auto", "on", "off", NULL};

/* Descriptors of the standard streams, a loop, a result file and whatever a library opens. */
enum { FILES_OF_LOOP = 64 };

/* --- The plan. --- */

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t saturating_multiply(uint64_t a, uint64_t b)
{
    return a != 0 && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

static uint32_t plan_runs(const struct plan *plan)
{
    uint32_t runs = 0;

    for (unsigned i = 0; i < plan->pass_count; i++)
        runs += plan->passes[i].runs;
    return runs;
}

/* Spans stay until the end; what a run needs beside them is given back when it is over, and before
 * anybody looks at the result. */
static uint64_t plan_bytes(const struct plan *plan, unsigned extras,
                           const struct session_options *options)
{
    uint64_t spans = 0, kept = 0, beside = 0, largest = 0, looking;

    for (unsigned i = 0; i < plan->pass_count; i++) {
        const struct pass *p = &plan->passes[i];

        spans = saturating_add(spans, saturating_multiply(p->runs, p->spans));
        kept = saturating_add(kept, saturating_multiply(p->runs, p->kept_bytes));
        beside = p->bytes > beside ? p->bytes : beside;
        largest = p->spans > largest ? p->spans : largest;
    }
    kept = saturating_add(kept, saturating_multiply(spans, recorder_bytes_per_span(extras)));
    kept = saturating_add(kept, plan_runs(plan) * sizeof(struct run));
    looking = saturating_add(saturating_multiply(spans, options->bytes_per_span),
                             saturating_multiply(largest, options->bytes_per_span_of_run));
    return saturating_add(kept, looking > beside ? looking : beside);
}

/* Claims that would compare with a pass that is gone are not tested. */
static void drop_unmeasured(struct plan *plan)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < plan->pass_count; i++)
        if (plan->passes[i].role == PASS_MEASURED)
            plan->passes[kept++] = plan->passes[i];
    plan->pass_count = kept;
}

int session_plan(struct result *r, const struct session_options *options, struct err *e)
{
    uint64_t need, available = host_memory_available_bytes();
    char need_text[UNITS_TEXT_BYTES], available_text[UNITS_TEXT_BYTES];

    r->plan = (struct plan){0};
    if (r->experiment->plan(&r->options, &r->plan, e) != 0)
        return -1;
    if (options->measured_only)
        drop_unmeasured(&r->plan);
    if (r->plan.uses_pool && param_source_of(&r->options, "threads") != PARAM_FROM_FLAG)
        r->plan.threads = 0; /* libuv reads its variable itself, by its own rules */
    for (unsigned i = 0; i < r->plan.pass_count; i++)
        if (r->plan.passes[i].role == PASS_MEASURED ||
            r->plan.passes[i].runs == PASS_RUNS_AS_MEASURED)
            r->plan.passes[i].runs = (uint32_t)options->runs;
    need = plan_bytes(&r->plan, r->experiment->records, options);
    if (available != HOST_UNKNOWN && need > available)
        return err_set(e, STATUS_FAILED, "not enough memory: this needs %s, and %s can be had",
                       units_format_size(need_text, need),
                       units_format_size(available_text, available));
    return 0;
}

/* --- The runs. --- */

struct session {
    struct result *result;
    const struct session_options *options;
    session_progress_cb progress;
    void *context;
    uint32_t done, all;
};

static int one_run(struct session *s, const struct pass *pass, struct run *run, struct err *e)
{
    *run = (struct run){
        .experiment = s->result->experiment,
        .pass = pass,
        .options = s->result->options.values,
        .cpu_choice = s->options->cpu,
        .pool_size = s->result->pool.size,
        .shared = s->result->shared,
        .progress = s->options->progress,
    };
    if (s->progress != NULL)
        s->progress(s->context, s->done, s->all);
    s->done++;
    return run_once(run, e);
}

static int warm_up(struct session *s, struct err *e)
{
    struct result *r = s->result;

    r->plan.warmup = r->plan.passes[0];
    r->plan.warmup.role = PASS_WARMUP;
    for (uint64_t i = 0; i < s->options->warmup && !run_interrupted(); i++) {
        struct run *run = &r->runs[r->run_count]; /* the place is the next one's, unless it stays */
        int rc = one_run(s, &r->plan.passes[0], run, e);

        if (run->detached) { /* interrupted, and threads still run: this is all there is to show */
            run->pass = &r->plan.warmup;
            r->run_count++;
            return rc;
        }
        r->warmup_runs += rc == 0 && !run->interrupted;
        run_free(run);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int run_passes(struct session *s, struct err *e)
{
    struct result *r = s->result;

    for (unsigned p = 0; p < r->plan.pass_count; p++) {
        for (uint32_t i = 0; i < r->plan.passes[p].runs && !run_interrupted(); i++) {
            struct run *run = &r->runs[r->run_count];

            r->run_count++; /* counted even if it fails, so that what it has is freed */
            if (one_run(s, &r->plan.passes[p], run, e) != 0)
                return -1;
        }
    }
    return 0;
}

/* --- The session. --- */

/* Threads of the pool inherit this mask, so that signals reach the main thread. */
static int start_pool(struct result *r, struct err *e)
{
    sigset_t ours, before;
    int rc;

    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    rc = pool_start(r->plan.threads, &r->pool, e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

/* A loop needs a handful of descriptors, and libuv aborts where it cannot have a pipe for its
 * signals; so as many are tried first. What the plan wants beyond those is a matter of the limit.
 */
static int try_descriptors(uint64_t beyond, struct err *e)
{
    enum { NEEDED = 12 };
    int fds[NEEDED], made = 0, error;
    uint64_t limit = host_raise_file_limit(beyond + FILES_OF_LOOP);
    if (beyond > 0 && limit < beyond + FILES_OF_LOOP)
        return err_set(e, STATUS_FAILED,
                       "this needs %" PRIu64 " file descriptors, and the limit is %" PRIu64
                       " (ulimit -Hn)",
                       beyond + FILES_OF_LOOP, limit);

    while (made < NEEDED && (fds[made] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) >= 0)
        made++;
    error = errno;
    for (int i = 0; i < made; i++)
        close(fds[i]);
    if (made == NEEDED || error == EBADF) /* standard error may be closed: then nothing is known */
        return 0;
    return err_set(e, STATUS_FAILED, "cannot have the %d file descriptors that a loop needs: %s",
                   NEEDED, uv_strerror(-error));
}

/* a - b, but not below 0: counters of the kernel may go back a little. */
static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* CPU time so far of this process and of those that the experiment has started. */
static uint64_t own_cpu_ns(const struct result *r)
{
    uint64_t helpers = 0;

    if (r->experiment->helpers_cpu_ns != NULL)
        helpers = r->experiment->helpers_cpu_ns(r);
    return helpers == HOST_UNKNOWN ? HOST_UNKNOWN : clock_process_cpu_ns() + helpers;
}

/* Everything from the pool's first thread to the last run. */
static int run_all(struct session *s, struct err *e)
{
    struct result *r = s->result;
    uint64_t busy_before, stolen_before, busy, stolen, own_before, own, began_ns;
    int rc;

    if (r->plan.uses_pool && start_pool(r, e) != 0)
        return -1;
    wall_write(r->started_at, wall_now_ms());
    host_machine_cpu(&busy_before, &stolen_before);
    own_before = own_cpu_ns(r);
    began_ns = clock_read_monotonic();
    rc = warm_up(s, e);
    if (rc == 0)
        rc = run_passes(s, e);
    own = own_cpu_ns(r);
    host_machine_cpu(&busy, &stolen);
    r->watched_ns = clock_read_monotonic() - began_ns;
    if (s->progress != NULL)
        s->progress(s->context, s->all, s->all);
    r->others_cpu_ns = r->stolen_ns = HOST_UNKNOWN;
    if (busy != HOST_UNKNOWN && busy_before != HOST_UNKNOWN && own != HOST_UNKNOWN &&
        own_before != HOST_UNKNOWN)
        r->others_cpu_ns = less(less(busy, busy_before), less(own, own_before));
    if (stolen != HOST_UNKNOWN && stolen_before != HOST_UNKNOWN)
        r->stolen_ns = less(stolen, stolen_before);
    r->interrupted = run_interrupted();
    return rc;
}

static bool any_detached(const struct result *r)
{
    return r->run_count > 0 && r->runs[r->run_count - 1].detached;
}

int session_run(struct result *r, const struct session_options *options,
                session_progress_cb progress, void *context, struct err *e)
{
    struct session s = {.result = r, .options = options, .progress = progress, .context = context};
    int rc;

    s.all = plan_runs(&r->plan) + (uint32_t)options->warmup;
    r->runs = mem_zeroed(plan_runs(&r->plan) + 1, sizeof *r->runs);
    if (r->runs == NULL)
        return err_no_memory(e, "the runs");
    if (try_descriptors(r->plan.descriptors, e) != 0)
        return -1;
    host_gather(&r->host);
    if (clock_init(options->clock, e) != 0)
        return -1;
    r->clock = clock_name();
    if (r->experiment->open != NULL && r->experiment->open(r, e) != 0)
        return -1;
    rc = run_all(&s, e);
    if (rc == 0) {
        rc = session_warn(r, options, e);
    }
    if (r->experiment->close != NULL && !any_detached(r))
        r->experiment->close(r);
    if (rc == 0 && r->warning_lost)
        return err_no_memory(e, "a warning");
    return rc;
}
