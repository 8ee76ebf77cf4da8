/* The parts of the supervisor that need no process: pauses, names, the log, the ring of events,
 * sockets of a host name, messages with descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "net/control.h"
#include "net/handover.h"
#include "net/listen_set.h"
#include "net/server_log.h"
#include "net/worker_event.h"
#include "net/worker_pause.h"
#include "net/worker_words.h"

/* --- Pauses. --- */

static void test_pauses_grow_to_a_limit_and_never_shrink(void **state)
{
    uint64_t last_ns = 0;
    (void)state;
    assert_int_equal(worker_pause_ns(0), 0);
    assert_int_equal(worker_pause_ns(3), 0);
    assert_int_equal(worker_pause_ns(4), 100000000);
    assert_int_equal(worker_pause_ns(5), 200000000);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(worker_pause_ns(i) >= last_ns);
        last_ns = worker_pause_ns(i);
    }
    assert_int_equal(last_ns, UINT64_C(10000000000));
    assert_int_equal(worker_pause_ns(UINT32_MAX), UINT64_C(10000000000));
}

static void test_a_worker_that_lived_long_enough_ends_the_row(void **state)
{
    (void)state;
    assert_int_equal(worker_pause_count(0, 0), 1);
    assert_int_equal(worker_pause_count(7, WORKER_LONG_ENOUGH_NS - 1), 8);
    assert_int_equal(worker_pause_count(7, WORKER_LONG_ENOUGH_NS), 0);
    assert_int_equal(worker_pause_count(UINT32_MAX, 0), UINT32_MAX);
}

/* --- Names. --- */

static void test_names(void **state)
{
    static const char *const good[] = {"a", "web", "Web-1.2_x", "_", "0"};
    static const char *const bad[] = {"",    ".",   "..",  ".web",    "-web",
                                      "a/b", "a b", "a\n", "\xc3\xa9"};
    char long_name[CONTROL_NAME_MOST + 2];
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(control_check_name(good[i], &e), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(control_check_name(bad[i], &e), -1);
        assert_int_equal(e.status, STATUS_USAGE);
    }
    memset(long_name, 'x', sizeof long_name);
    long_name[CONTROL_NAME_MOST + 1] = '\0';
    assert_int_equal(control_check_name(long_name, &e), -1);
    long_name[CONTROL_NAME_MOST] = '\0';
    assert_int_equal(control_check_name(long_name, &e), 0);
}

/* A folder of our own for control sockets, as XDG_RUNTIME_DIR. */
static int setup_folder(void **state)
{
    char template[] = "/tmp/uvlab-test.XXXXXX";
    if (mkdtemp(template) == NULL)
        return -1;
    *state = strdup(template);
    return setenv("XDG_RUNTIME_DIR", template, 1);
}

static int teardown_folder(void **state)
{
    char path[128];
    snprintf(path, sizeof path, "%s/uvlab", (const char *)*state);
    rmdir(path);
    rmdir(*state);
    free(*state);
    return unsetenv("XDG_RUNTIME_DIR");
}

static void test_a_name_is_had_by_one_and_then_by_the_next(void **state)
{
    struct control_place first, second;
    struct err e;
    (void)state;
    assert_int_equal(control_place_take(&first, "web", &e), 0);
    assert_int_equal(control_place_take(&second, "web", &e), -1);
    assert_int_equal(e.status, STATUS_FAILED);
    assert_non_null(strstr(e.text, "'web' runs already"));
    control_place_leave(&second); /* which has nothing */
    assert_int_equal(control_place_take(&second, "other", &e), 0);
    control_place_leave(&second);
    control_place_leave(&first);
    assert_int_equal(control_place_take(&second, "web", &e), 0);
    control_place_leave(&second);
    control_place_leave(&second);
}

static void test_a_leftover_is_removed_and_is_no_server(void **state)
{
    struct control_place place;
    struct text names = TEXT_EMPTY, answer = TEXT_EMPTY;
    struct err e;
    int fd;
    (void)state;
    assert_int_equal(control_place_take(&place, "web", &e), 0);
    fd = open(place.socket, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(control_names(&names, &e), 0);
    assert_string_equal(text_get(&names), "web\n");
    assert_int_equal(control_ask("web", CONTROL_SHOW, 0, &answer, &e), -1);
    assert_non_null(strstr(e.text, "there is no server named 'web'"));
    close(place.lock_fd); /* as if it had been killed */
    assert_int_equal(control_place_take(&place, "web", &e), 0);
    assert_int_equal(access(place.socket, F_OK), -1);
    control_place_leave(&place);
    text_free(&names);
}

static void test_a_folder_that_others_may_enter_is_refused(void **state)
{
    struct control_place place;
    struct text names = TEXT_EMPTY;
    struct err e;
    char path[128];
    snprintf(path, sizeof path, "%s/uvlab", (const char *)*state);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0710), 0);
    assert_int_equal(control_place_take(&place, "web", &e), -1);
    assert_non_null(strstr(e.text, "is open to others"));
    assert_int_equal(control_names(&names, &e), -1);
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(control_names(&names, &e), 0);
    assert_int_equal(names.length, 0);
}

/* --- The log and the events. --- */

__attribute__((format(printf, 2, 3))) static void log_line(struct server_log *log,
                                                           const char *format, ...)
{
    va_list args;
    va_start(args, format);
    server_log_add(log, (int64_t)log->count, format, args);
    va_end(args);
}

static void test_the_log_keeps_the_last_lines(void **state)
{
    static struct server_log log;
    char expected[32];
    (void)state;
    assert_null(server_log_line(&log, 0));
    log_line(&log, "one\n%s\x1b[2J", "two");
    assert_string_equal(server_log_line(&log, 0)->text, "one?two?[2J");
    assert_null(server_log_line(&log, 1));
    for (int i = 1; i < 3 * SERVER_LOG_LINES; i++)
        log_line(&log, "line %d", i);
    snprintf(expected, sizeof expected, "line %d", 2 * SERVER_LOG_LINES);
    assert_string_equal(server_log_line(&log, 0)->text, expected);
    assert_non_null(server_log_line(&log, SERVER_LOG_LINES - 1));
    assert_null(server_log_line(&log, SERVER_LOG_LINES));
    log_line(&log, "%01000d", 7);
    assert_int_equal(strlen(server_log_line(&log, SERVER_LOG_LINES - 1)->text),
                     SERVER_LOG_BYTES - 1);
}

static void test_events_are_kept_until_they_are_overwritten(void **state)
{
    struct err e;
    struct worker_events *events = worker_events_new(&e);
    struct worker_event event = {.kind = WORKER_DIED};
    (void)state;
    assert_non_null(events);
    assert_false(worker_events_get(events, 0, &event));
    for (unsigned i = 0; i < WORKER_EVENTS_KEPT + 10; i++) {
        event.worker = i;
        worker_events_add(events, &event);
        assert_true(worker_events_get(events, i, &event));
        assert_int_equal(event.worker, i);
    }
    assert_false(worker_events_get(events, 10, &event)); /* the next one is written there */
    assert_true(worker_events_get(events, 11, &event));
    assert_int_equal(event.worker, 11);
    assert_false(worker_events_get(events, WORKER_EVENTS_KEPT + 10, &event));
    worker_events_free(events);
}

/* --- Sockets. --- */

/* Also where "::" alone would take connections of IPv4, too: it is two sockets. */
static void test_every_address_is_of_both_families(void **state)
{
    struct listen_addresses a;
    struct listen_set set;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct err e;
    (void)state;
    assert_int_equal(listen_resolve(&a, "::", &e), 0);
    if (listen_open(&set, &a, 0, false, &e) < 0) {
        assert_non_null(strstr(e.text, "no such address"));
        close(fd);
        skip(); /* without IPv6 */
    }
    to.sin_port = htons((uint16_t)set.port);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    close(fd);
    listen_close(&set);
}

static void test_localhost_is_a_free_port_that_is_then_in_use(void **state)
{
    struct listen_addresses a;
    struct listen_set set, other;
    char name[64];
    struct err e;
    (void)state;
    assert_int_equal(listen_resolve(&a, "localhost", &e), 0);
    assert_int_equal(listen_open(&set, &a, 0, false, &e), 0);
    assert_true(set.count >= 1 && set.port > 0);
    assert_int_equal(listen_open(&other, &a, set.port, false, &e), -1);
    assert_non_null(strstr(e.text, "address already in use"));
    assert_int_equal(listen_open(&other, &a, set.port, true, &e), -1);
    listen_name(&a, 80, name, sizeof name);
    assert_string_equal(name, "localhost:80");
    listen_close(&set);
    assert_int_equal(listen_open(&set, &a, 0, true, &e), 0);
    assert_int_equal(listen_open(&other, &a, set.port, true, &e), 0);
    assert_int_equal(set.port, other.port);
    listen_close(&set);
    listen_close(&other);
}

static void test_hosts_that_are_none(void **state)
{
    struct listen_addresses a;
    struct listen_set set;
    char name[64], long_name[LISTEN_HOST_BYTES + 1];
    struct err e;
    (void)state;
    memset(long_name, 'x', LISTEN_HOST_BYTES);
    long_name[LISTEN_HOST_BYTES] = '\0';
    assert_int_equal(listen_resolve(&a, "", &e), -1);
    assert_int_equal(listen_resolve(&a, long_name, &e), -1);
    assert_int_equal(listen_resolve(&a, "192.0.2.1", &e), 0); /* RFC 5737: nobody has it */
    assert_int_equal(listen_open(&set, &a, 0, false, &e), -1);
    assert_non_null(strstr(e.text, "no such address"));
    assert_int_equal(listen_resolve(&a, "::1", &e), 0);
    listen_name(&a, 80, name, sizeof name);
    assert_string_equal(name, "[::1]:80");
}

/* Which of these two is to be found out without waiting for long: what connects over loopback does
 * so within connect(), if it does. */
static int connect_to(const struct listen_set *set, bool *connected)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)set->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int rc = connect(fd, (const struct sockaddr *)&to, sizeof to);
    assert_true(rc == 0 || errno == EINPROGRESS);
    *connected = poll(&p, 1, 50) > 0;
    return fd;
}

static void test_who_comes_late_is_not_let_in_and_who_is_in_stays(void **state)
{
    struct listen_addresses a;
    struct listen_set set;
    bool connected;
    int early, late, accepted;
    char byte = 0;
    struct err e;
    (void)state;
    assert_int_equal(listen_resolve(&a, "127.0.0.1", &e), 0);
    assert_int_equal(listen_open(&set, &a, 0, false, &e), 0);
    early = connect_to(&set, &connected);
    assert_true(connected);
    assert_true(listen_drop_new(&set));
    late = connect_to(&set, &connected);
    assert_false(connected);
    accepted = accept4(set.fds[0], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(accepted >= 0);
    assert_int_equal(accept4(set.fds[0], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), -1);
    listen_close(&set);
    assert_int_equal(write(early, "x", 1), 1);
    assert_int_equal(poll(&(struct pollfd){.fd = accepted, .events = POLLIN}, 1, 10000), 1);
    assert_int_equal(read(accepted, &byte, 1), 1);
    close(early);
    close(late);
    close(accepted);
}

/* --- Messages. --- */

enum { MESSAGES = 2000 };

struct ends {
    uv_loop_t loop;
    struct handover left, right;
    unsigned heard, descriptors;
    bool gone;
};

static struct ends ends;

static void heard_cb(struct handover *h, struct handover_message *m)
{
    (void)h;
    if (m == NULL) {
        ends.gone = true;
        return;
    }
    ends.heard++;
    if (m->fd < 0)
        return;
    ends.descriptors++;
    assert_true(fcntl(m->fd, F_GETFD) >= 0);
    close(m->fd);
}

static void open_ends(void)
{
    struct err e;
    int fds[2];
    memset(&ends, 0, sizeof ends);
    assert_int_equal(uv_loop_init(&ends.loop), 0);
    assert_int_equal(handover_pair(fds, &e), 0);
    assert_int_equal(handover_open(&ends.left, &ends.loop, fds[0], heard_cb, &e), 0);
    assert_int_equal(handover_open(&ends.right, &ends.loop, fds[1], heard_cb, &e), 0);
}

static void close_ends(void)
{
    handover_close(&ends.left, NULL);
    handover_close(&ends.right, NULL);
    uv_run(&ends.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&ends.loop), 0);
}

static void run_until_heard(unsigned count)
{
    for (int i = 0; i < 10 * MESSAGES && ends.heard < count; i++)
        uv_run(&ends.loop, UV_RUN_ONCE);
    assert_int_equal(ends.heard, count);
}

static void test_messages_beyond_what_the_socket_takes_wait_and_arrive(void **state)
{
    (void)state;
    open_ends();
    for (int i = 0; i < MESSAGES; i++)
        assert_true(handover_send(&ends.left, HANDOVER_GIVEN, open("/dev/null", O_RDONLY)));
    assert_false(handover_is_quiet(&ends.left)); /* so some did wait */
    run_until_heard(MESSAGES);
    assert_int_equal(ends.descriptors, MESSAGES);
    assert_true(handover_is_quiet(&ends.left));
    close_ends();
}

/* Nothing reads, and the queue is as full of descriptors as it gets without another allocation. */
static void test_words_have_room_without_memory(void **state)
{
    unsigned sent = 0;
    int fd = open("/dev/null", O_RDONLY);
    (void)state;
    open_ends();
    while (ends.left.count + HANDOVER_WORDS_MOST < HANDOVER_ROOM && sent < MESSAGES) {
        assert_true(handover_send(&ends.left, HANDOVER_GIVEN, fcntl(fd, F_DUPFD_CLOEXEC, 0)));
        sent++;
    }
    assert_ptr_equal(ends.left.queue, ends.left.own_queue);
    for (int i = 0; i < HANDOVER_WORDS_MOST; i++)
        assert_true(handover_send(&ends.left, HANDOVER_TAKEN, -1));
    assert_ptr_equal(ends.left.queue, ends.left.own_queue); /* so none of them needed memory */
    assert_true(handover_send(&ends.left, HANDOVER_GIVEN, fd));
    assert_ptr_not_equal(ends.left.queue, ends.left.own_queue);
    run_until_heard(sent + HANDOVER_WORDS_MOST + 1);
    assert_int_equal(ends.descriptors, sent + 1);
    close_ends();
}

static void test_a_connection_stays_with_whoever_hands_it_out(void **state)
{
    int fd = open("/dev/null", O_RDONLY), given = open("/dev/null", O_RDONLY);
    (void)state;
    open_ends();
    assert_true(handover_send(&ends.left, HANDOVER_CONNECTION, fd));
    assert_true(handover_send(&ends.left, HANDOVER_GIVEN, given));
    run_until_heard(2);
    assert_int_equal(ends.descriptors, 2);
    assert_true(fcntl(fd, F_GETFD) >= 0);
    assert_int_equal(fcntl(given, F_GETFD), -1);
    close(fd);
    close_ends();
}

static void test_what_was_said_before_the_end_is_heard(void **state)
{
    (void)state;
    open_ends();
    for (int i = 0; i < 5; i++)
        assert_true(handover_send(&ends.left, HANDOVER_TAKEN, -1));
    handover_close(&ends.left, NULL);
    uv_run(&ends.loop, UV_RUN_NOWAIT);
    handover_hear_rest(&ends.right);
    assert_int_equal(ends.heard, 5);
    assert_true(ends.gone);
    /* To nobody: it is taken, and forgotten. */
    assert_true(handover_send(&ends.right, HANDOVER_GIVEN, open("/dev/null", O_RDONLY)));
    assert_true(handover_is_quiet(&ends.right));
    close_ends();
}

static void failed_cb(struct handover *h, struct handover_message *m)
{
    (void)h;
    if (m == NULL)
        return;
    ends.heard++;
    assert_int_equal(m->kind, HANDOVER_FAILED);
    assert_string_equal(m->e.text, "no luck");
}

static void test_why_a_worker_failed_arrives_whole(void **state)
{
    struct err e;
    int fds[2];
    (void)state;
    memset(&ends, 0, sizeof ends);
    assert_int_equal(uv_loop_init(&ends.loop), 0);
    assert_int_equal(handover_pair(fds, &e), 0);
    assert_int_equal(handover_open(&ends.left, &ends.loop, fds[0], failed_cb, &e), 0);
    memset(&e, 0, sizeof e);
    err_set(&e, STATUS_FAILED, "no luck");
    handover_say_failed(fds[1], &e);
    run_until_heard(1);
    close(fds[1]);
    handover_close(&ends.left, NULL);
    uv_run(&ends.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&ends.loop), 0);
}

/* --- What a worker writes. --- */

static struct text heard_lines;
static bool words_closed;

static void line_cb(struct worker_words *w, const char *line)
{
    (void)w;
    text_add(&heard_lines, "%zu %.5s|", strlen(line), line);
}

static void words_closed_cb(struct worker_words *w)
{
    (void)w;
    words_closed = true;
}

static void test_words_are_heard_line_by_line(void **state)
{
    struct worker_words w;
    uv_loop_t loop;
    char long_line[2 * WORDS_BYTES + 50];
    int writes;
    struct err e;
    (void)state;
    memset(long_line, 'x', sizeof long_line);
    assert_int_equal(uv_loop_init(&loop), 0);
    words_init(&w, line_cb);
    words_hear_rest(&w); /* of nothing */
    assert_int_equal(words_open(&w, &loop, &writes, &e), 0);
    assert_int_equal(write(writes, "one\n\ntw", 7), 7);
    uv_run(&loop, UV_RUN_ONCE);
    assert_string_equal(text_get(&heard_lines), "3 one|");
    assert_int_equal(write(writes, "o\0\n", 3), 3);
    uv_run(&loop, UV_RUN_ONCE);
    assert_string_equal(text_get(&heard_lines), "3 one|4 two?|");
    assert_int_equal(write(writes, long_line, sizeof long_line), sizeof long_line);
    words_hear_rest(&w);
    assert_string_equal(text_get(&heard_lines), "3 one|4 two?|200 xxxxx|200 xxxxx|50 xxxxx|");
    close(writes);
    while (uv_run(&loop, UV_RUN_ONCE) != 0)
        ; /* at its end it is watched no longer */
    words_close(&w, words_closed_cb);
    assert_false(words_closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(words_closed);
    assert_int_equal(uv_loop_close(&loop), 0);
    text_free(&heard_lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_grow_to_a_limit_and_never_shrink),
        cmocka_unit_test(test_a_worker_that_lived_long_enough_ends_the_row),
        cmocka_unit_test(test_names),
        cmocka_unit_test_setup_teardown(test_a_name_is_had_by_one_and_then_by_the_next,
                                        setup_folder, teardown_folder),
        cmocka_unit_test_setup_teardown(test_a_leftover_is_removed_and_is_no_server, setup_folder,
                                        teardown_folder),
        cmocka_unit_test_setup_teardown(test_a_folder_that_others_may_enter_is_refused,
                                        setup_folder, teardown_folder),
        cmocka_unit_test(test_the_log_keeps_the_last_lines),
        cmocka_unit_test(test_events_are_kept_until_they_are_overwritten),
        cmocka_unit_test(test_localhost_is_a_free_port_that_is_then_in_use),
        cmocka_unit_test(test_every_address_is_of_both_families),
        cmocka_unit_test(test_hosts_that_are_none),
        cmocka_unit_test(test_who_comes_late_is_not_let_in_and_who_is_in_stays),
        cmocka_unit_test(test_messages_beyond_what_the_socket_takes_wait_and_arrive),
        cmocka_unit_test(test_words_have_room_without_memory),
        cmocka_unit_test(test_a_connection_stays_with_whoever_hands_it_out),
        cmocka_unit_test(test_what_was_said_before_the_end_is_heard),
        cmocka_unit_test(test_why_a_worker_failed_arrives_whole),
        cmocka_unit_test(test_words_are_heard_line_by_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
