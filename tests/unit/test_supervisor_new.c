/* What a server is before it has a process: how many connections fit, and what it says of workers
 * that have not said anything yet. Its control socket, when descriptors run out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "net/child.h"
#include "net/supervisor_inner.h"

enum { WORKERS = 3 };

static struct supervisor *made(uint64_t connections_most)
{
    const struct supervisor_options o = {
        .host = "127.0.0.1",
        .workers = WORKERS,
        .scheduling = SCHEDULING_REUSE_PORT,
        .connections_most = connections_most,
        .hash = {.iterations = 10, .keylen = 16, .digest = 0},
    };
    struct err e = {0};
    struct supervisor *s = supervisor_new(&o, &e);
    if (s == NULL)
        fail_msg("%s", e.text);
    return s;
}

/* --- What it says. --- */

static cJSON *answer_of(struct supervisor *s)
{
    struct text t = TEXT_EMPTY;
    cJSON *json;
    supervisor_answer(s, CONTROL_SHOW, &t);
    assert_true(text_ok(&t));
    json = cJSON_Parse(text_get(&t));
    assert_non_null(json);
    text_free(&t);
    return json;
}

static cJSON *figure(const cJSON *answer, const char *key)
{
    return cJSON_GetObjectItem(cJSON_GetObjectItem(answer, "workers")->child, key);
}

static void test_what_a_worker_has_not_reported_is_null(void **state)
{
    static const char *const keys[] = {"loop_lag_ns", "cpu_ns", "memory_bytes"};
    struct supervisor *s = made(0);
    struct worker *w = &s->places[0].workers[0];
    cJSON *answer;
    (void)state;
    s->options.name = "web";
    w->state = SLOT_STARTING;
    w->pid = 7;
    answer = answer_of(s);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_true(cJSON_IsNull(figure(answer, keys[i])));
    assert_true(cJSON_IsNumber(figure(answer, "requests")));
    cJSON_Delete(answer);
    board_put(&w->slot->own.memory_bytes, 5);
    board_put(&w->slot->own.updated_ns, 1);
    answer = answer_of(s);
    assert_int_equal(figure(answer, "memory_bytes")->valuedouble, 5);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_true(cJSON_IsNumber(figure(answer, keys[i])));
    cJSON_Delete(answer);
    supervisor_free(s);
}

/* --- Descriptors. --- */

static void limit_files(rlim_t files, rlim_t files_most)
{
    const struct rlimit limit = {.rlim_cur = files, .rlim_max = files_most};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

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

static bool answered, timed_out;

static void answer_cb(void *context, enum control_request request, struct text *answer)
{
    (void)context;
    (void)request;
    text_add(answer, "{}\n");
    answered = true;
}

static void timer_cb(uv_timer_t *timer)
{
    (void)timer;
    timed_out = true;
}

static int ask(const struct control_place *place)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(to.sun_path, place->socket, strlen(place->socket) + 1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, "{\"request\": \"show\"}\n", 20, 0), 20);
    return fd;
}

static void test_a_loop_without_descriptors_rests(void **state)
{
    struct control_place place;
    struct control *c;
    struct rlimit limit;
    struct err e;
    unsigned iterations = 0;
    uv_timer_t timer;
    uv_loop_t loop;
    int client, another, next;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, timer_cb, 200, 0);
    assert_int_equal(control_place_take(&place, "web", &e), 0);
    c = control_new(&loop, &place, answer_cb, NULL, &e);
    assert_non_null(c);
    client = ask(&place);
    next = dup(client);
    close(next);
    limit_files((rlim_t)next, limit.rlim_max);
    for (; !timed_out; iterations++)
        uv_run(&loop, UV_RUN_ONCE);
    assert_in_range(iterations, 1, 20);
    assert_false(answered);
    limit_files(limit.rlim_cur, limit.rlim_max);
    another = ask(&place); /* valgrind accepts the first one before it looks at the limit */
    while (!answered)
        uv_run(&loop, UV_RUN_ONCE);
    control_close(c);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    close(client);
    close(another);
    control_place_leave(&place);
}

/* The last test, as nobody raises the limit again. */
static void test_connections_leave_room_for_the_primary(void **state)
{
    enum { LIMIT = 500, OF_PRIMARY = WORKERS * 5 + CHILD_FILES_BESIDES };
    struct supervisor *s;
    struct rlimit limit = {.rlim_cur = 100, .rlim_max = LIMIT};
    (void)state;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) /* valgrind keeps the hard limit for itself */
        skip();
    s = made(300);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 300 + OF_PRIMARY);
    supervisor_free(s);
    s = made(0);
    assert_int_equal(s->options.connections_most, LIMIT - OF_PRIMARY);
    supervisor_free(s);
    limit_files(100, 100); /* it has to do */
    s = made(0);
    assert_int_equal(s->options.connections_most, CHILD_FILES_BESIDES);
    supervisor_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_worker_has_not_reported_is_null),
        cmocka_unit_test_setup_teardown(test_a_loop_without_descriptors_rests, setup_folder,
                                        teardown_folder),
        cmocka_unit_test(test_connections_leave_room_for_the_primary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
