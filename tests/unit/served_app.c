/* The app of `uvlab serve` on a thread of its own. */
#include "served_app.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/listener.h"

enum { PATIENCE_MS = 30000, REQUEST_BYTES = 512 };

const struct app_options served_app_defaults = {
    .worker = SERVED_APP_WORKER,
    .hash = {.iterations = 10, .keylen = 32, .digest = 1},
};

static void todo_cb(uv_async_t *todo)
{
    struct served_app *s = todo->data;
    void (*job)(void *) = atomic_exchange(&s->job, NULL);
    if (job == NULL)
        return;
    job(s->job_context);
    uv_sem_post(&s->job_done);
}

static void thread_main(void *context)
{
    struct served_app *s = context;
    uv_run(&s->loop, UV_RUN_DEFAULT);
}

void served_app_start(struct served_app *s, struct app_options options)
{
    struct err e = {0};
    if (!served_app_try(s, options, &e))
        fail_msg("%s", e.text);
}

static bool give_up(struct served_app *s)
{
    uv_close((uv_handle_t *)&s->todo, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    uv_sem_destroy(&s->job_done);
    board_free(s->board);
    return false;
}

bool served_app_try(struct served_app *s, struct app_options options, struct err *e)
{
    struct listener_pair pair;
    memset(s, 0, sizeof *s);
    signal(SIGPIPE, SIG_IGN);
    s->board = board_new(SERVED_APP_WORKER, e);
    assert_non_null(s->board);
    s->slot = board_slot(s->board, SERVED_APP_WORKER, 0);
    options.board = s->board;
    options.slot = s->slot;
    assert_int_equal(uv_loop_init(&s->loop), 0);
    assert_int_equal(uv_async_init(&s->loop, &s->todo, todo_cb), 0);
    assert_int_equal(uv_sem_init(&s->job_done, 0), 0);
    s->todo.data = s;
    s->app = app_new(&s->loop, &options, e);
    if (s->app == NULL)
        return give_up(s);
    assert_int_equal(listener_open_loopback(&pair, 0, e), 0);
    assert_int_equal(app_listen(s->app, pair.ipv4, e), 0);
    if (pair.ipv6 != LISTENER_NONE)
        assert_int_equal(app_listen(s->app, pair.ipv6, e), 0);
    s->port = pair.port;
    assert_int_equal(uv_thread_create(&s->thread, thread_main, s), 0);
    return true;
}

void served_app_do(struct served_app *s, void (*job)(void *context), void *context)
{
    s->job_context = context;
    atomic_store(&s->job, job);
    uv_async_send(&s->todo);
    uv_sem_wait(&s->job_done);
}

static void closed_cb(void *context)
{
    struct served_app *s = context;
    s->app = NULL;
}

static void close_job(void *context)
{
    struct served_app *s = context;
    app_close(s->app, closed_cb, s);
    app_close(s->app, NULL, NULL); /* changes nothing */
    uv_close((uv_handle_t *)&s->todo, NULL);
}

void served_app_stop(struct served_app *s)
{
    served_app_do(s, close_job, s);
    assert_int_equal(uv_thread_join(&s->thread), 0);
    assert_null(s->app);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    assert_int_equal(board_get(&s->slot->own.in_flight), 0);
    uv_sem_destroy(&s->job_done);
    board_free(s->board);
}

char *served_app_get(unsigned port, const char *target)
{
    char request[REQUEST_BYTES];
    snprintf(request, sizeof request,
             "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
    return served_talk(port, request);
}

void served_app_ask(int fd, const char *target)
{
    char request[REQUEST_BYTES];
    int length =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    assert_true(served_send(fd, request, (size_t)length));
}

char *served_app_hear(int fd)
{
    char head[4096] = "", *answer, *body;
    const char *length_field;
    size_t used = 0, length;
    while (strstr(head, "\r\n\r\n") == NULL) {
        char *byte = served_read(fd, 1, NULL, NULL);
        assert_true(byte[0] != '\0' && used + 1 < sizeof head);
        head[used++] = byte[0];
        head[used] = '\0';
        free(byte);
    }
    length_field = strstr(head, "Content-Length: ");
    assert_non_null(length_field);
    length = strtoul(length_field + strlen("Content-Length: "), NULL, 10);
    body = served_read(fd, length, NULL, NULL);
    answer = malloc(used + length + 1);
    assert_non_null(answer);
    memcpy(answer, head, used);
    memcpy(answer + used, body, length + 1);
    free(body);
    return answer;
}

struct span_field served_app_span(const char *answer)
{
    const char *value = strstr(answer, "\r\nUvlab-Span: ");
    struct span_field f;
    assert_non_null(value);
    value += strlen("\r\nUvlab-Span: ");
    assert_true(span_field_parse(value, strcspn(value, "\r\n"), &f));
    assert_int_equal(f.worker, SERVED_APP_WORKER);
    assert_int_equal(f.pid, getpid());
    assert_true(f.host == span_field_host());
    assert_true(f.answered_ns != SPAN_UNKNOWN);
    return f;
}

void served_app_await(const board_figure *figure, uint64_t value)
{
    for (int i = 0; i < PATIENCE_MS && board_get(figure) != value; i++)
        usleep(1000);
    assert_int_equal(board_get(figure), value);
}
