/* Starting libuv's pool and proving what it is.
 *
 * libuv makes its threads when the pool is first used, and calls abort() when it cannot; so as many
 * threads of our own are tried first. Then every thread of the pool is called to a muster: a job
 * each, none of which returns before all have come. That numbers the threads, proves how many there
 * are, and keeps their creation out of what is measured.
 *
 * The muster's state is shared by the main thread and the pool under one mutex. */
#include "measure/pool.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/mem.h"
#include "measure/clock.h"
#include "measure/host.h"

_Thread_local int pool_lane_of_thread;

/* The CPU clocks of the pool's threads, which live as long as the process. Written by the muster,
 * under its lock, and read by the main thread afterwards. */
static struct {
    clockid_t ids[POOL_MOST];
    uint32_t count;
    bool unknown;
} cpu_clocks;

uint64_t pool_cpu_ns(void)
{
    uint64_t sum = 0;

    if (cpu_clocks.count == 0 || cpu_clocks.unknown)
        return UINT64_MAX;
    for (uint32_t i = 0; i < cpu_clocks.count; i++) {
        uint64_t ns = clock_cpu_ns(cpu_clocks.ids[i]);

        if (ns == UINT64_MAX)
            return UINT64_MAX;
        sum += ns;
    }
    return sum;
}

uint64_t pool_size_of_environment(const char *text)
{
    /* atoi() is strtol() cut to an int, by the words of glibc's manual; called as libuv calls it,
     * so that both fare alike with a number that is too large. */
    unsigned size = (unsigned)atoi(text); // NOLINT(cert-err34-c)

    if (size == 0)
        return 1;
    return size > POOL_MOST ? POOL_MOST : size;
}

const char *pool_size_source_name(enum pool_size_source source)
{
    static const char *const names[] = {
        [POOL_SIZE_LIBUV] = "default",
        [POOL_SIZE_ENVIRONMENT] = "UV_THREADPOOL_SIZE",
        [POOL_SIZE_FLAG] = "--threads",
    };

    return names[source];
}

/* --- May this process have so many threads? --- */

struct trial {
    uv_mutex_t mutex;
    uv_cond_t go;
    bool released;
};

static void trial_thread(void *argument)
{
    struct trial *t = argument;

    uv_mutex_lock(&t->mutex);
    while (!t->released)
        uv_cond_wait(&t->go, &t->mutex);
    uv_mutex_unlock(&t->mutex);
}

/* A thread that has been joined may still be counted against the limits for a moment, until the
 * kernel has taken it off the process's list; libuv's threads must not be the ones to suffer. */
static void wait_until_threads_are(uint64_t count)
{
    for (int i = 0; i < 1000; i++) {
        if (host_thread_count() <= count)
            return;
        uv_sleep(1);
    }
}

static int try_threads(uint32_t count, struct pool_facts *facts, struct err *e)
{
    uint64_t before = host_thread_count();
    uv_thread_t *threads = mem_zeroed(count, sizeof *threads);
    struct trial t = {.released = false};
    uint32_t made = 0;
    int rc = 0;

    if (threads == NULL)
        return err_no_memory(e, "trying the threads");
    if (uv_mutex_init(&t.mutex) != 0 || uv_cond_init(&t.go) != 0)
        abort(); /* neither fails on Linux */
    while (made < count && (rc = uv_thread_create(&threads[made], trial_thread, &t)) == 0)
        made++;
    uv_mutex_lock(&t.mutex);
    t.released = true;
    uv_cond_broadcast(&t.go);
    uv_mutex_unlock(&t.mutex);
    for (uint32_t i = 0; i < made; i++)
        uv_thread_join(&threads[i]);
    uv_cond_destroy(&t.go);
    uv_mutex_destroy(&t.mutex);
    mem_free(threads);
    /* A checker's own thread may have come with the first of ours, and stays: it is waited for in
     * vain, and counted before the pool's are. */
    wait_until_threads_are(before);
    facts->counted = before != HOST_UNKNOWN;
    if (rc != 0)
        return err_set(e, STATUS_FAILED,
                       "cannot have a pool of %u thread%s: only %u could be created: %s",
                       (unsigned)count, count == 1 ? "" : "s", (unsigned)made, uv_strerror(rc));
    return 0;
}

/* --- The muster. --- */

/* Nobody is late unless there are fewer threads than were expected, which can only happen where
 * they cannot be counted. */
static const uint64_t muster_patience_ns = 30ull * 1000 * 1000 * 1000;

struct muster {
    uv_mutex_t mutex;
    uv_cond_t changed;
    uint32_t expected, present;
};

static void muster_work(uv_work_t *request)
{
    struct muster *m = request->data;

    uv_mutex_lock(&m->mutex);
    m->present++;
    if (pool_lane_of_thread == 0) { /* a thread keeps its number, should it be mustered twice */
        pool_lane_of_thread = (int)m->present;
        if (pthread_getcpuclockid(pthread_self(), &cpu_clocks.ids[m->present - 1]) != 0)
            cpu_clocks.unknown = true;
    }
    if (m->present >= m->expected)
        uv_cond_broadcast(&m->changed);
    while (m->present < m->expected)
        if (uv_cond_timedwait(&m->changed, &m->mutex, muster_patience_ns) == UV_ETIMEDOUT)
            m->expected = m->present;
    uv_cond_broadcast(&m->changed);
    uv_mutex_unlock(&m->mutex);
}

/* uv_run() has to see the requests through; there is nothing to do for them. */
static void muster_done(uv_work_t *request, int status)
{
    (void)request;
    (void)status;
}

/* The first request makes libuv create its threads, so that they can be counted before the muster
 * is told how many to expect. */
static int muster_all(uv_loop_t *loop, uv_work_t *requests, struct muster *m,
                      struct pool_facts *facts, struct err *e)
{
    uint64_t before = host_thread_count(), after;
    int rc = uv_queue_work(loop, &requests[0], muster_work, muster_done);

    if (rc != 0)
        return err_set(e, STATUS_FAILED, "cannot use the thread pool: %s", uv_strerror(rc));
    after = host_thread_count();
    facts->counted &= after > before && after != HOST_UNKNOWN;
    if (facts->counted)
        facts->size = (uint32_t)(after - before);
    if (facts->size > POOL_MOST)
        facts->size = POOL_MOST;
    for (uint32_t i = 1; i < facts->size; i++) {
        requests[i].data = m;
        uv_queue_work(loop, &requests[i], muster_work, muster_done);
    }
    uv_mutex_lock(&m->mutex);
    m->expected = facts->size;
    uv_cond_broadcast(&m->changed);
    uv_mutex_unlock(&m->mutex);
    uv_run(loop, UV_RUN_DEFAULT);
    facts->size = m->expected;
    cpu_clocks.count = facts->size;
    return 0;
}

static int muster_pool(struct pool_facts *facts, struct err *e)
{
    struct muster m = {.expected = UINT32_MAX};
    uv_work_t *requests = mem_zeroed(POOL_MOST, sizeof *requests);
    uv_loop_t loop;
    int rc;

    if (requests == NULL)
        return err_no_memory(e, "the thread pool's muster");
    rc = uv_loop_init(&loop);
    if (rc != 0) {
        mem_free(requests);
        return err_set(e, STATUS_FAILED, "cannot make a loop: %s", uv_strerror(rc));
    }
    if (uv_mutex_init(&m.mutex) != 0 || uv_cond_init(&m.changed) != 0)
        abort(); /* neither fails on Linux */
    requests[0].data = &m;
    rc = muster_all(&loop, requests, &m, facts, e);
    uv_cond_destroy(&m.changed);
    uv_mutex_destroy(&m.mutex);
    uv_loop_close(&loop);
    mem_free(requests);
    return rc;
}

bool pool_doubt_environment(const char *text, char warning[POOL_WARNING_BYTES])
{
    char *end = NULL;
    long value = strtol(text, &end, 10);
    unsigned size = (unsigned)pool_size_of_environment(text);

    warning[0] = '\0';
    if (end != text && *end == '\0' && value >= 1 && value <= POOL_MOST)
        return false;
    snprintf(warning, POOL_WARNING_BYTES,
             "UV_THREADPOOL_SIZE=%.40s is no number from 1 to %d: libuv makes %u thread%s of it",
             text, POOL_MOST, size, size == 1 ? "" : "s");
    return true;
}

/* What libuv will make of the environment, and what the user ought to know about it. */
static void expect_size(uint32_t threads, struct pool_facts *facts)
{
    const char *text = getenv("UV_THREADPOOL_SIZE");

    if (threads != 0) {
        facts->size = threads;
        facts->source = POOL_SIZE_FLAG;
        return;
    }
    if (text == NULL) {
        facts->size = POOL_DEFAULT;
        facts->source = POOL_SIZE_LIBUV;
        return;
    }
    facts->size = (uint32_t)pool_size_of_environment(text);
    facts->source = POOL_SIZE_ENVIRONMENT;
    pool_doubt_environment(text, facts->warning);
}

int pool_start(uint32_t threads, struct pool_facts *facts, struct err *e)
{
    char number[16];

    *facts = (struct pool_facts){0};
    expect_size(threads, facts);
    facts->expected = facts->size;
    if (try_threads(facts->expected, facts, e) != 0)
        return -1;
    if (threads != 0) {
        snprintf(number, sizeof number, "%u", (unsigned)threads);
        if (setenv("UV_THREADPOOL_SIZE", number, 1) != 0)
            return err_no_memory(e, "UV_THREADPOOL_SIZE");
    }
    if (muster_pool(facts, e) != 0)
        return -1;
    if (facts->size != facts->expected && facts->warning[0] == '\0')
        snprintf(facts->warning, sizeof facts->warning,
                 "the pool has %u threads, though %u were expected of libuv %s",
                 (unsigned)facts->size, (unsigned)facts->expected, uv_version_string());
    return 0;
}
