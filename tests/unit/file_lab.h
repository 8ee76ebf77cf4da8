/* A small experiment of the tests' own that reads files: what is to be read, how, what else is on
 * the pool, and what came of it. The pool has two threads.
 *
 * With `turn`, one thread is held, and behind every step of a single read stands a job that calls
 * it: the queue is first in, first out, so turn(n) is called after step n has ended and before step
 * n + 1 begins, on the thread of the pool that runs both. */
#ifndef UVLAB_TESTS_FILE_LAB_H
#define UVLAB_TESTS_FILE_LAB_H

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "measure/file_read.h"
#include "measure/pool.h"

enum { LAB_THREADS = 2, LAB_READS_MOST = 4, LAB_FILE_FROM = 1 };

struct lab {
    enum file_api api;
    const char *path;
    struct file_facts facts;
    uint32_t count;
    bool measure_cpu;
    unsigned holders;              /* threads that are held until lab_release() */
    void (*turn)(unsigned n);      /* see above */
    void (*tick)(struct lab *lab); /* every millisecond, on the loop's thread */
    void (*each_done)(struct lab *lab, uint32_t whole);

    struct run *run;
    struct file_reads *reads;
    uv_sem_t released;
    uv_work_t holder[LAB_THREADS], turner;
    unsigned turns;
    uv_timer_t timer;
    bool over;
    unsigned done;
    unsigned char *content[LAB_READS_MOST];
    uint64_t bytes[LAB_READS_MOST];
};

static const struct span_kind lab_other = {"other", "other", PHASE_POLL, NULL, 0};
static const struct span_kind *const lab_kinds[] = {&lab_other, FILE_KIND_ROWS, NULL};

static inline void lab_release(struct lab *lab)
{
    for (; lab->holders > 0; lab->holders--)
        uv_sem_post(&lab->released);
}

static inline void lab_hold(uv_work_t *request)
{
    struct lab *lab = request->data;

    uv_sem_wait(&lab->released);
}

static inline void lab_held(uv_work_t *request, int status)
{
    (void)request;
    (void)status;
}

static inline void lab_turn(uv_work_t *request)
{
    struct lab *lab = request->data;

    lab->turn(lab->turns);
}

static inline void lab_turned(uv_work_t *request, int status)
{
    struct lab *lab = request->data;

    (void)status;
    if (lab->over)
        return;
    lab->turns++;
    uv_queue_work(lab->run->loop, request, lab_turn, lab_turned);
}

static inline void lab_ticked(uv_timer_t *timer)
{
    struct lab *lab = timer->data;

    lab->tick(lab);
}

static inline void lab_read_done(void *context, uint32_t whole)
{
    struct lab *lab = context;

    if (lab->each_done != NULL)
        lab->each_done(lab, whole);
    if (++lab->done < lab->count)
        return;
    lab->over = true;
    lab_release(lab);
    if (lab->tick != NULL)
        uv_close((uv_handle_t *)&lab->timer, NULL);
}

static inline int lab_prepare(struct run *run, struct err *e)
{
    struct lab *lab = run->state = *(struct lab *const *)run->options;

    lab->run = run;
    lab->reads = file_reads_new(run, lab->path, &lab->facts, lab->api, LAB_FILE_FROM, lab->count,
                                lab->measure_cpu, e);
    if (lab->reads == NULL)
        return -1;
    file_reads_tell(lab->reads, lab_read_done, lab);
    return 0;
}

static inline int lab_start(struct run *run, struct err *e)
{
    struct lab *lab = run->state;

    (void)e;
    for (unsigned i = 0; i < lab->holders; i++) {
        lab->holder[i].data = lab;
        uv_queue_work(run->loop, &lab->holder[i], lab_hold, lab_held);
    }
    if (lab->tick != NULL) {
        uv_timer_init(run->loop, &lab->timer);
        lab->timer.data = lab;
        uv_timer_start(&lab->timer, lab_ticked, 1, 1);
    }
    file_reads_submit(lab->reads);
    if (lab->turn != NULL) {
        lab->turns = 1;
        lab->turner.data = lab;
        uv_queue_work(run->loop, &lab->turner, lab_turn, lab_turned);
    }
    return 0;
}

static inline void lab_cancel(struct run *run)
{
    struct lab *lab = run->state;

    file_reads_cancel(lab->reads);
}

static inline void lab_cleanup(struct run *run)
{
    struct lab *lab = run->state;

    for (uint32_t i = 0; lab->reads != NULL && i < lab->count; i++) {
        const unsigned char *content = file_reads_content(lab->reads, i, &lab->bytes[i]);

        lab->content[i] = mem_alloc(lab->bytes[i]);
        memcpy(lab->content[i], content, lab->bytes[i]);
    }
    file_reads_free(lab->reads);
}

static const struct experiment lab_experiment = {
    .name = "file lab",
    .kinds = lab_kinds,
    .records = RECORD_CAUSES,
    .prepare = lab_prepare,
    .start = lab_start,
    .cancel = lab_cancel,
    .cleanup = lab_cleanup,
};

/* Runs it as its facts plan it; the caller frees with lab_free(). Returns what run_once() does. */
static inline int lab_run(struct lab *lab, struct run *run, struct err *e)
{
    static struct pass pass;
    int rc;

    if (lab->count == 0)
        lab->count = 1;
    if (lab->turn != NULL)
        lab->holders = 1;
    pass = (struct pass){.role = PASS_MEASURED, .runs = 1, .spans = lab->count * lab->facts.spans};
    *run = (struct run){.experiment = &lab_experiment, .pass = &pass, .options = &lab};
    run->pool_size = LAB_THREADS;
    uv_sem_init(&lab->released, 0);
    rc = run_once(run, e);
    if (!run->detached)
        uv_sem_destroy(&lab->released);
    return rc;
}

static inline void lab_free(struct lab *lab, struct run *run)
{
    for (uint32_t i = 0; i < lab->count; i++)
        mem_free(lab->content[i]);
    run_free(run);
}

/* --- Files. --- */

static inline unsigned char lab_byte(uint64_t at)
{
    return (unsigned char)(at * 37 + at / 251);
}

/* The bytes from `from` to `to` of a file that lab_byte() describes. */
static inline void lab_write(const char *path, uint64_t from, uint64_t to)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    unsigned char piece[4096];

    while (fd >= 0 && from < to) {
        uint64_t n = to - from < sizeof piece ? to - from : sizeof piece;

        for (uint64_t i = 0; i < n; i++)
            piece[i] = lab_byte(from + i);
        if (pwrite(fd, piece, n, (off_t)from) != (ssize_t)n)
            abort();
        from += n;
    }
    close(fd);
}

static inline bool lab_is_content(const struct lab *lab, uint32_t i, uint64_t bytes)
{
    if (lab->bytes[i] != bytes)
        return false;
    for (uint64_t at = 0; at < bytes; at++)
        if (lab->content[i][at] != lab_byte(at))
            return false;
    return true;
}

/* Descriptors that this process has open. */
static inline unsigned lab_descriptors(void)
{
    unsigned open_now = 0;

    for (int fd = 0; fd < 1024; fd++)
        open_now += fcntl(fd, F_GETFD) != -1;
    return open_now;
}

#endif
