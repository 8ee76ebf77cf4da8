/* The pool's size: what libuv makes of its variable, and what is really there. The pool is started
 * once in a process, so the tests that need another size run in child processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uv.h>

#include "measure/clock.h"
#include "measure/host.h"
#include "measure/pool.h"

static void the_variable_is_read_as_libuv_reads_it(void **state)
{
    (void)state;
    assert_int_equal(pool_size_of_environment("7"), 7);
    assert_int_equal(pool_size_of_environment("1024"), 1024);
    assert_int_equal(pool_size_of_environment("1025"), 1024);
    assert_int_equal(pool_size_of_environment("0"), 1);
    assert_int_equal(pool_size_of_environment(""), 1);
    assert_int_equal(pool_size_of_environment("abc"), 1);
    assert_int_equal(pool_size_of_environment("-1"), 1024);
    assert_int_equal(pool_size_of_environment("6abc"), 6);
    assert_int_equal(pool_size_of_environment(" 5"), 5);
}

static void a_variable_that_is_no_size_is_doubted(void **state)
{
    char warning[POOL_WARNING_BYTES] = "old";

    (void)state;
    assert_false(pool_doubt_environment("7", warning));
    assert_string_equal(warning, "");
    assert_false(pool_doubt_environment("1024", warning));
    assert_true(pool_doubt_environment("0", warning));
    assert_true(pool_doubt_environment("", warning));
    assert_true(pool_doubt_environment("6abc", warning));
    assert_string_equal(
        warning,
        "UV_THREADPOOL_SIZE=6abc is no number from 1 to 1024: libuv makes 6 threads of it");
}

struct answer {
    int rc;
    struct pool_facts facts;
    struct err error;
};

/* What pool_start() answers in a fresh process with that variable (NULL: unset). */
static struct answer start_in_child(const char *variable, uint32_t threads)
{
    struct answer a = {0};
    int pipes[2];
    pid_t child;

    memset(&a, 0, sizeof a);
    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (variable == NULL)
            unsetenv("UV_THREADPOOL_SIZE");
        else
            setenv("UV_THREADPOOL_SIZE", variable, 1);
        a.rc = pool_start(threads, &a.facts, &a.error);
        _exit(write(pipes[1], &a, sizeof a) == (ssize_t)sizeof a ? 0 : 1);
    }
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &a, sizeof a), sizeof a);
    close(pipes[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return a;
}

static void expect(struct answer a, uint32_t size, enum pool_size_source source, bool warns)
{
    assert_int_equal(a.rc, 0);
    assert_int_equal(a.facts.size, size);
    assert_int_equal(a.facts.expected, size);
    assert_int_equal(a.facts.source, source);
    assert_int_equal(a.facts.warning[0] != '\0', warns);
    assert_int_equal(a.facts.counted, host_thread_count() != HOST_UNKNOWN);
}

static void the_pool_has_the_size_that_was_asked_for(void **state)
{
    (void)state;
    expect(start_in_child(NULL, 0), 4, POOL_SIZE_LIBUV, false);
    expect(start_in_child(NULL, 1), 1, POOL_SIZE_FLAG, false);
    expect(start_in_child("3", 0), 3, POOL_SIZE_ENVIRONMENT, false);
    expect(start_in_child("3", 5), 5, POOL_SIZE_FLAG, false);
    expect(start_in_child("abc", 2), 2, POOL_SIZE_FLAG, false);
}

static void rubbish_in_the_variable_is_run_with_and_warned_of(void **state)
{
    struct answer a = start_in_child("abc", 0);

    (void)state;
    expect(a, 1, POOL_SIZE_ENVIRONMENT, true);
    assert_string_equal(a.facts.warning,
                        "UV_THREADPOOL_SIZE=abc is no number from 1 to 1024: libuv "
                        "makes 1 thread of it");
    expect(start_in_child("", 0), 1, POOL_SIZE_ENVIRONMENT, true);
    expect(start_in_child("0", 0), 1, POOL_SIZE_ENVIRONMENT, true);
    expect(start_in_child("6abc", 0), 6, POOL_SIZE_ENVIRONMENT, true);
}

/* Where there is no room for the threads' stacks, libuv would abort. */
static void threads_that_cannot_be_had_are_refused(void **state)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* the sanitizers reserve terabytes of addresses for themselves */
#endif
    struct rlimit before, limit;
    struct answer a = {0};

    (void)state;
    getrlimit(RLIMIT_AS, &before);
    limit = before;
    limit.rlim_cur = 1ul << 30;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        skip();
    a = start_in_child(NULL, 1024);
    setrlimit(RLIMIT_AS, &before);
    assert_int_equal(a.rc, -1);
    assert_int_equal(a.error.status, STATUS_FAILED);
    assert_non_null(strstr(a.error.text, "cannot have a pool of 1024 threads: only "));
}

static void spin(uv_work_t *request)
{
    uint64_t *used_ns = request->data, began_ns = clock_thread_cpu_ns();

    do
        *used_ns = clock_thread_cpu_ns() - began_ns;
    while (*used_ns < 5000000);
}

static void after_spin(uv_work_t *request, int status)
{
    (void)request;
    (void)status;
}

/* The CPU time of the pool when its threads have gone to sleep, as after a job they still look for
 * the next one; UINT64_MAX when they never do. */
static uint64_t settled_ns(void)
{
    uint64_t before_ns = pool_cpu_ns();

    for (int i = 0; i < 500; i++) {
        uint64_t ns;

        uv_sleep(10);
        ns = pool_cpu_ns();
        if (ns == before_ns)
            return ns;
        before_ns = ns;
    }
    return UINT64_MAX;
}

/* Returns 0, or the number of the step at which something was wrong. */
static int watch_cpu(void)
{
    struct pool_facts facts;
    struct err e;
    uv_work_t request;
    uint64_t before_ns, used_ns = 0, mine_ns = clock_thread_cpu_ns();

    if (pool_cpu_ns() != UINT64_MAX)
        return 1;
    if (pool_start(3, &facts, &e) != 0)
        return 2;
    before_ns = settled_ns();
    if (before_ns == UINT64_MAX)
        return 3;
    while (clock_thread_cpu_ns() - mine_ns < 5000000) /* the loop's thread is none of the pool's */
        continue;
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    if (pool_cpu_ns() != before_ns)
        return 4;
    request.data = &used_ns;
    if (uv_queue_work(uv_default_loop(), &request, spin, after_spin) != 0)
        return 5;
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    return used_ns >= 5000000 && pool_cpu_ns() - before_ns >= used_ns ? 0 : 6;
}

/* It grows by at least what a job says that it used, and not at all when there is none. */
static void the_threads_cpu_time_is_counted(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(watch_cpu());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void other_threads_have_no_lane(void **state)
{
    (void)state;
    assert_int_equal(pool_lane(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_variable_is_read_as_libuv_reads_it),
        cmocka_unit_test(a_variable_that_is_no_size_is_doubted),
        cmocka_unit_test(the_pool_has_the_size_that_was_asked_for),
        cmocka_unit_test(rubbish_in_the_variable_is_run_with_and_warned_of),
        cmocka_unit_test(threads_that_cannot_be_had_are_refused),
        cmocka_unit_test(the_threads_cpu_time_is_counted),
        cmocka_unit_test(other_threads_have_no_lane),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
