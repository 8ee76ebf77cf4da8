/* Reads of files that need a process of their own: as a user who may not read the file, and in a
 * run that is given up while a step of it still runs, after which a process has to end. Each child
 * starts a pool of its own; this process has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "file_lab.h"

enum { NOBODY = 65534 };

static char path[64];
/* Not on a stack: what a run that was given up leaves behind is still pointed to. */
static struct lab lab;
static struct run run;

/* In a child: a check that fails ends it. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void in_child(void (*what)(enum file_api api), enum file_api api)
{
    int status = -1;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        what(api);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static struct span span_at(uint32_t i)
{
    struct span s;

    recorder_get(&run.recorder, i, &s);
    return s;
}

static void start_pool(void)
{
    struct pool_facts facts;
    struct err e;

    CHECK(clock_init(CLOCK_CHOICE_AUTO, &e) == 0);
    CHECK(pool_start(LAB_THREADS, &facts, &e) == 0);
}

static void read_as_nobody(enum file_api api)
{
    struct err e;

    if (geteuid() == 0)
        CHECK(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    start_pool();
    CHECK(file_facts_find(&lab.facts, path, api, &e) == -1);
    CHECK(e.status == STATUS_FAILED);
    CHECK(strstr(e.text, "cannot be opened: permission denied") != NULL);
    file_facts_head(&lab.facts, api); /* as if the right to read it had been taken since then */
    lab.api = api;
    lab.path = path;
    CHECK(lab_run(&lab, &run, &e) == 0);
    CHECK(run.failed);
    CHECK(run.recorder.count == (api == FILE_API_ONE_TRIP ? 1 : 2));
    for (uint32_t i = 0; i < run.recorder.count; i++)
        CHECK(span_at(i).status == UV_EACCES);
    lab_free(&lab, &run);
}

static void a_file_that_may_not_be_read_is_a_failed_call(void **state)
{
    (void)state;
    lab_write(path, 0, 10);
    assert_int_equal(chmod(path, 0), 0);
    for (int api = 0; file_api_names[api] != NULL; api++)
        in_child(read_as_nobody, api);
    unlink(path);
}

/* What the thread writes to, also after the run has been given up. */
static struct span_on_worker *worker;

static void interrupt_when_it_runs(struct lab *l)
{
    worker = recorder_worker(&run.recorder, l->api == FILE_API_ONE_TRIP ? 0 : 1);
    if (atomic_load_explicit(&worker->started, memory_order_relaxed) == SPAN_UNKNOWN)
        return;
    uv_timer_stop(&l->timer);
    raise(SIGINT);
}

/* Opening a pipe that nobody writes to lasts longer than an interrupted run waits. When somebody
 * does at last, the thread goes on, with memory that must still be there. */
static void give_up_while_it_opens(enum file_api api)
{
    static unsigned char bytes[3 * FILE_UNSIZED_PIECE_BYTES];
    uint64_t finished;
    struct err e;
    int writer;

    start_pool();
    run_catch_signals(NULL);
    file_facts_head(&lab.facts, api);
    lab.facts.head_only = false;
    lab.facts.size_bytes = 1; /* more memory is taken as it goes on */
    lab.facts.reads = 300;    /* a pipe gives 4 KiB and more at a time */
    lab.api = api;
    lab.path = path;
    lab.tick = interrupt_when_it_runs;
    CHECK(lab_run(&lab, &run, &e) == 0);
    CHECK(run.interrupted && run.detached && run.failed && lab.done == 0);
    for (uint32_t i = 0; i < run.recorder.count; i++) {
        CHECK(span_at(i).status == SPAN_UNFINISHED);
        CHECK(span_at(i).started_ns != SPAN_UNKNOWN);
        CHECK(span_at(i).started_ns == span_at(0).started_ns);
        CHECK(span_at(i).finished_ns == SPAN_UNKNOWN && span_at(i).called_back_ns == SPAN_UNKNOWN);
    }
    writer = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(writer >= 0);
    if (api == FILE_API_ONE_TRIP)
        CHECK(write(writer, bytes, sizeof bytes) == (ssize_t)sizeof bytes);
    close(writer);
    do {
        usleep(1000);
        finished = atomic_load_explicit(&worker->finished, memory_order_relaxed);
    } while (finished == SPAN_UNKNOWN);
    run_free(&run);
}

static void a_read_that_is_given_up_may_still_end(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    in_child(give_up_while_it_opens, FILE_API_JOBS);
    in_child(give_up_while_it_opens, FILE_API_ONE_TRIP);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_may_not_be_read_is_a_failed_call),
        cmocka_unit_test(a_read_that_is_given_up_may_still_end),
    };

    snprintf(path, sizeof path, "/tmp/uvlab-apart-%ld", (long)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
