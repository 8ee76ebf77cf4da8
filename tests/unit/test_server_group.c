/* A server of several processes, started for an experiment: it serves, says what happens to its
 * workers, and is gone when it is told so. Clients are plain blocking ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure/clock.h"
#include "net/server_group.h"
#include "served.h"

enum { TRIES = 3000, TRY_MS = 10, REQUESTS = 24 };

static struct supervisor_options plain_options(unsigned workers, unsigned scheduling)
{
    return (struct supervisor_options){
        .host = "localhost",
        .workers = workers,
        .threads = 1,
        .scheduling = scheduling,
        .hash = {.iterations = 10, .keylen = 16, .digest = 0},
    };
}

static struct server_group *started(const struct supervisor_options *o)
{
    struct err e = {0};
    struct server_group *g = server_group_start(o, &e);
    if (g == NULL)
        fail_msg("%s", e.text);
    return g;
}

/* Asks on a connection of its own, and returns the number of the worker that has answered. */
static unsigned ask(unsigned port, const char *path)
{
    char text[2048] = "";
    const char *found;
    size_t length = 0;
    int fd = served_connect(port);
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    for (;;) {
        ssize_t n = recv(fd, text + length, sizeof text - 1 - length, 0);
        if (n <= 0)
            break;
        length += (size_t)n;
    }
    close(fd);
    text[length] = '\0';
    assert_non_null(strstr(text, "HTTP/1.1 200 "));
    found = strstr(text, "worker=");
    assert_non_null(found);
    return (unsigned)strtoul(found + strlen("worker="), NULL, 10);
}

/* Ended, whether or not whoever adopted it has taken its status. */
static bool is_gone(pid_t pid)
{
    char path[64], line[512] = "";
    const char *state;
    FILE *file;
    if (kill(pid, 0) < 0 && errno == ESRCH)
        return true;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    if (file != NULL)
        fclose(file);
    state = strrchr(line, ')'); /* proc(5): the state follows the name */
    return state != NULL && (state[2] == 'Z' || state[2] == 'X');
}

static void wait_until_gone(pid_t pid)
{
    for (int i = 0; i < TRIES && !is_gone(pid); i++)
        poll(NULL, 0, TRY_MS);
    assert_true(is_gone(pid));
}

/* Waits until the events hold one of that kind, from `from` on; returns its number. */
static uint64_t wait_for_event(const struct server_group *g, uint64_t from,
                               enum worker_event_kind kind, struct worker_event *event)
{
    for (int i = 0; i < TRIES; i++) {
        for (uint64_t at = from; worker_events_get(server_group_events(g), at, event); at++)
            if (event->kind == kind)
                return at;
        poll(NULL, 0, TRY_MS);
    }
    fail_msg("no event of kind %d", (int)kind);
    return 0;
}

static void test_every_worker_serves(void **state)
{
    (void)state;
    for (unsigned scheduling = 0; scheduling_names[scheduling] != NULL; scheduling++) {
        const struct supervisor_options o = plain_options(2, scheduling);
        struct server_group *g = started(&o);
        pid_t primary = server_group_primary(g), first = server_group_pid(g, 1),
              second = server_group_pid(g, 2);
        assert_int_equal(server_group_workers(g), 2);
        assert_true(server_group_is_alive(g));
        assert_true(first > 0 && second > 0 && first != second && first != primary);
        assert_non_null(strstr(server_group_url(g), "http://localhost:"));
        assert_null(server_group_certificate(g));
        for (int i = 0; i < REQUESTS; i++)
            assert_in_range(ask(server_group_port(g), i % 2 == 0 ? "/fast" : "/"), 1, 2);
        server_group_stop(g);
        wait_until_gone(first);
        wait_until_gone(second);
        wait_until_gone(primary);
    }
}

static void test_round_robin_takes_turns(void **state)
{
    const struct supervisor_options o = plain_options(3, SCHEDULING_ROUND_ROBIN);
    struct server_group *g = started(&o);
    unsigned counts[4] = {0};
    (void)state;
    for (int i = 0; i < REQUESTS; i++)
        counts[ask(server_group_port(g), "/fast")]++;
    for (unsigned i = 1; i <= 3; i++)
        assert_int_equal(counts[i], REQUESTS / 3);
    server_group_stop(g);
}

static void test_a_killed_worker_is_replaced_and_that_is_told(void **state)
{
    const struct supervisor_options o = plain_options(2, SCHEDULING_ROUND_ROBIN);
    struct server_group *g = started(&o);
    struct worker_event died, serving;
    pid_t killed = server_group_pid(g, 2);
    uint64_t before_ns = clock_read_monotonic(), at;
    (void)state;
    assert_int_equal(kill(killed, SIGKILL), 0);
    at = wait_for_event(g, 0, WORKER_DIED, &died);
    assert_int_equal(died.pid, killed);
    assert_int_equal(died.worker, 2);
    assert_true(died.at_ns >= before_ns);
    wait_for_event(g, at, WORKER_SERVING, &serving);
    assert_int_equal(serving.worker, 2);
    assert_true(serving.pid != killed && serving.at_ns >= died.at_ns);
    assert_int_equal(server_group_pid(g, 2), serving.pid);
    assert_int_equal(board_get(&board_slot(server_group_board(g), 2, 0)->primary.restarts), 1);
    assert_int_equal(board_get(&board_slot(server_group_board(g), 1, 0)->primary.restarts), 0);
    for (int i = 0; i < REQUESTS; i++)
        assert_in_range(ask(server_group_port(g), "/fast"), 1, 2);
    server_group_stop(g);
}

/* By its slot, which has no number from when it is gone to when there is a successor. */
static void test_a_slot_is_killed_only_with_its_process(void **state)
{
    const struct supervisor_options o = plain_options(1, SCHEDULING_SHARED);
    struct server_group *g = started(&o);
    const struct worker_slot *slot = board_slot(server_group_board(g), 1, 0);
    static struct worker_slot other;
    struct worker_event died;
    pid_t pid = server_group_pid(g, 1), child;
    (void)state;
    assert_int_equal(server_group_kill(slot), pid);
    wait_for_event(g, 0, WORKER_DIED, &died);
    assert_int_equal(died.pid, pid);
    assert_int_not_equal(board_get(&slot->primary.pid), pid);
    server_group_stop(g);
    assert_int_equal(server_group_kill(&other), 0); /* nobody was ever there */
    child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    board_put(&other.primary.pid, (uint64_t)child);
    assert_int_equal(server_group_kill(&other), 0); /* whoever was there has gone */
}

/* What a blocked worker has been handed waits for it, or goes to another when it dies. */
static void test_connections_of_a_dead_worker_go_to_another(void **state)
{
    const struct supervisor_options o = plain_options(2, SCHEDULING_ROUND_ROBIN);
    struct server_group *g = started(&o);
    static const char request[] = "GET /fast HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    pid_t stopped = server_group_pid(g, 1);
    int fds[8];
    (void)state;
    assert_int_equal(kill(stopped, SIGSTOP), 0);
    for (size_t i = 0; i < 8; i++) {
        fds[i] = served_connect(server_group_port(g));
        assert_int_equal(send(fds[i], request, sizeof request - 1, MSG_NOSIGNAL),
                         sizeof request - 1);
    }
    poll(NULL, 0, 50);
    assert_int_equal(kill(stopped, SIGKILL), 0);
    for (size_t i = 0; i < 8; i++) {
        char answer[16] = "";
        assert_int_equal(recv(fds[i], answer, 12, MSG_WAITALL), 12);
        assert_string_equal(answer, "HTTP/1.1 200");
        close(fds[i]);
    }
    server_group_stop(g);
}

static void test_workers_end_with_a_killed_primary(void **state)
{
    const struct supervisor_options o = plain_options(2, SCHEDULING_SHARED);
    struct server_group *g = started(&o);
    pid_t first = server_group_pid(g, 1), second = server_group_pid(g, 2);
    (void)state;
    assert_int_equal(kill(server_group_primary(g), SIGKILL), 0);
    wait_until_gone(first);
    wait_until_gone(second);
    /* Its main thread has ended; one that a sanitizer added may take a moment longer. */
    for (int i = 0; i < 1000 && server_group_is_alive(g); i++)
        poll(NULL, 0, 10);
    assert_false(server_group_is_alive(g));
    server_group_stop(g);
}

static void test_max_is_at_least_one_worker(void **state)
{
    struct supervisor_options o = plain_options(1, SCHEDULING_REUSE_PORT);
    struct server_group *g;
    (void)state;
    o.workers = PARAM_WORD;
    g = started(&o);
    assert_in_range(server_group_workers(g), 1, SERVE_WORKERS_MOST);
    assert_true(server_group_pid(g, server_group_workers(g)) > 0);
    server_group_stop(g);
}

static void test_tls_has_a_certificate(void **state)
{
    struct supervisor_options o = plain_options(1, SCHEDULING_SHARED);
    struct server_group *g;
    (void)state;
    o.tls = true;
    g = started(&o);
    assert_non_null(strstr(server_group_certificate(g), "-----BEGIN CERTIFICATE-----"));
    assert_non_null(strstr(server_group_url(g), "https://localhost:"));
    server_group_stop(g);
}

static void test_what_a_worker_cannot_do_is_said(void **state)
{
    struct supervisor_options o = plain_options(2, SCHEDULING_SHARED);
    struct err e;
    (void)state;
    o.file = "/no/such/file";
    assert_null(server_group_start(&o, &e));
    assert_int_equal(e.status, STATUS_FAILED);
    assert_non_null(strstr(e.text, "/no/such/file"));
    o.file = NULL;
    o.host = "192.0.2.1";
    assert_null(server_group_start(&o, &e));
    assert_non_null(strstr(e.text, "no such address"));
    server_group_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_worker_serves),
        cmocka_unit_test(test_round_robin_takes_turns),
        cmocka_unit_test(test_a_killed_worker_is_replaced_and_that_is_told),
        cmocka_unit_test(test_a_slot_is_killed_only_with_its_process),
        cmocka_unit_test(test_connections_of_a_dead_worker_go_to_another),
        cmocka_unit_test(test_workers_end_with_a_killed_primary),
        cmocka_unit_test(test_max_is_at_least_one_worker),
        cmocka_unit_test(test_tls_has_a_certificate),
        cmocka_unit_test(test_what_a_worker_cannot_do_is_said),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
