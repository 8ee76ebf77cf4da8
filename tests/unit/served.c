/* A server on a thread of its own, and blocking clients for it. */
#include "served.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "net/listener.h"

enum { PATIENCE_S = 30, NAP_US = 1000, LATER_NS = 20 * 1000 * 1000 };

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void answer(struct http_request *r)
{
    static const char digits[] = "0123456789";
    struct http_answer a = {.status = 200, .type = "text/plain"};
    a.piece = begins(r->target, "/big") ? digits : r->target;
    a.piece_bytes = strlen(a.piece);
    if (strcmp(r->target, "/204") == 0 || strcmp(r->target, "/304") == 0)
        a.status = r->target[1] == '2' ? 204 : 304;
    a.body_bytes = a.piece == digits ? SERVED_BIG_BYTES : a.piece_bytes;
    http_request_answer(r, &a);
}

static void request_cb(void *context, struct http_request *r)
{
    struct served *s = context;
    atomic_fetch_add(&s->requests, 1);
    if (begins(r->target, "/later"))
        delay_add(&s->delayed, &r->delay, LATER_NS);
    else if (strcmp(r->target, "/held") == 0)
        s->held = r;
    else if (!begins(r->target, "/never"))
        answer(r);
}

static void due_cb(struct delay_queue *q, struct delay_entry *entry)
{
    (void)q;
    answer((struct http_request *)((char *)entry - offsetof(struct http_request, delay)));
}

static void over_cb(void *context, struct http_request *r, bool sent)
{
    struct served *s = context;
    delay_remove(&s->delayed, &r->delay);
    if (s->held == r)
        s->held = NULL;
    atomic_fetch_add(sent ? &s->sent : &s->gone, 1);
}

static void stop_cb(uv_async_t *stop)
{
    struct served *s = stop->data;
    http_server_close(s->server, NULL, NULL);
    delay_queue_close(&s->delayed, NULL);
    uv_close((uv_handle_t *)stop, NULL);
    uv_close((uv_handle_t *)&s->todo, NULL);
}

static void todo_cb(uv_async_t *todo)
{
    struct served *s = todo->data;
    void (*job)(void *) = atomic_exchange(&s->job, NULL);
    if (job == NULL)
        return;
    job(s->job_context);
    uv_sem_post(&s->job_done);
}

void served_do(struct served *s, void (*job)(void *context), void *context)
{
    s->job_context = context;
    atomic_store(&s->job, job);
    uv_async_send(&s->todo);
    uv_sem_wait(&s->job_done);
}

static void thread_main(void *context)
{
    struct served *s = context;
    uv_run(&s->loop, UV_RUN_DEFAULT);
}

static void release(void *context)
{
    const struct served *s = context;
    assert_non_null(s->held);
    answer(s->held);
}

void served_release(struct served *s)
{
    served_do(s, release, s);
}

static void prepare(struct served *s, struct http_server_options options)
{
    struct err e = {0};
    memset(s, 0, sizeof *s);
    signal(SIGPIPE, SIG_IGN);
    options.handler.request = request_cb;
    options.handler.over = over_cb;
    options.handler.context = s;
    assert_int_equal(uv_loop_init(&s->loop), 0);
    assert_int_equal(uv_async_init(&s->loop, &s->stop, stop_cb), 0);
    assert_int_equal(uv_async_init(&s->loop, &s->todo, todo_cb), 0);
    assert_int_equal(uv_sem_init(&s->job_done, 0), 0);
    s->stop.data = s->todo.data = s;
    assert_int_equal(delay_queue_init(&s->delayed, &s->loop, due_cb, s, &e), 0);
    s->server = http_server_new(&s->loop, &options, &e);
    assert_non_null(s->server);
}

void served_start(struct served *s, struct http_server_options options)
{
    struct err e = {0};
    struct listener_pair pair;
    prepare(s, options);
    assert_int_equal(listener_open_loopback(&pair, 0, &e), 0);
    assert_int_equal(http_server_listen(s->server, pair.ipv4, &e), 0);
    if (pair.ipv6 != LISTENER_NONE)
        assert_int_equal(http_server_listen(s->server, pair.ipv6, &e), 0);
    s->port = pair.port;
    assert_int_equal(uv_thread_create(&s->thread, thread_main, s), 0);
}

void served_start_deaf(struct served *s, struct http_server_options options)
{
    prepare(s, options);
    assert_int_equal(uv_thread_create(&s->thread, thread_main, s), 0);
}

void served_stop(struct served *s)
{
    uv_async_send(&s->stop);
    assert_int_equal(uv_thread_join(&s->thread), 0);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    uv_sem_destroy(&s->job_done);
    assert_int_equal(atomic_load(&s->requests), atomic_load(&s->sent) + atomic_load(&s->gone));
}

int served_connect(unsigned port)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

bool served_send(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n < 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

char *served_read(int fd, size_t length, size_t *got, bool *reset)
{
    size_t used = 0, room = 4096;
    char *text = malloc(room + 1);
    ssize_t n = 1;
    assert_non_null(text);
    while (used < length && n > 0) {
        size_t wanted;
        if (used == room) {
            char *larger = realloc(text, 2 * room + 1);
            assert_non_null(larger);
            text = larger;
            room *= 2;
        }
        wanted = room - used < length - used ? room - used : length - used;
        n = recv(fd, text + used, wanted, 0);
        used += n > 0 ? (size_t)n : 0;
    }
    assert_false(n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)); /* nobody answers */
    if (reset != NULL)
        *reset = n < 0;
    if (got != NULL)
        *got = used;
    text[used] = '\0';
    return text;
}

char *served_talk(unsigned port, const char *bytes)
{
    int fd = served_connect(port);
    char *text;
    bool reset;
    assert_true(served_send(fd, bytes, strlen(bytes)));
    shutdown(fd, SHUT_WR);
    text = served_read(fd, SIZE_MAX, NULL, &reset);
    assert_false(reset);
    close(fd);
    return text;
}

void served_reset(int fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(fd);
}

unsigned served_count(const char *text, const char *part)
{
    unsigned count = 0;
    for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
        count++;
    return count;
}

void served_await(const atomic_uint *number, unsigned value)
{
    for (int i = 0; i < PATIENCE_S * 1000 && atomic_load(number) < value; i++)
        usleep(NAP_US);
    assert_int_equal(atomic_load(number), value);
}
