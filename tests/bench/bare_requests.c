/* What uvlab's requests are compared with: the same libcurl on the same libuv, by its multi-socket
 * interface, in a program that records nothing. Usage: bare_requests COUNT URL CA-FILE. Makes COUNT
 * requests in one turn of the loop, each on a connection of its own, and prints the nanoseconds
 * from the first of them to the end of the last. Fails when one of them does. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <curl/curl.h>
#include <uv.h>

/* libcurl's socket and the loop's view of it. */
struct watch {
    uv_poll_t poll;
    curl_socket_t socket;
};

static uv_loop_t loop;
static uv_timer_t timer;
static CURLM *multi;
static unsigned long left;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bare_requests: %s: %s\n", what, why);
    exit(1);
}

static void take_messages(void)
{
    CURLMsg *message;
    CURL *easy;
    int queued;

    while ((message = curl_multi_info_read(multi, &queued)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        if (message->data.result != CURLE_OK)
            fail("a request", curl_easy_strerror(message->data.result));
        easy = message->easy_handle;
        curl_multi_remove_handle(multi, easy);
        curl_easy_cleanup(easy);
        left--;
    }
}

static void polled(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = (struct watch *)poll;
    int flags = 0, running;

    if (status < 0)
        flags |= CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(multi, watch->socket, flags, &running);
    take_messages();
}

static void timed_out(uv_timer_t *t)
{
    int running;

    (void)t;
    curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_messages();
}

static int set_timer(CURLM *m, long timeout_ms, void *context)
{
    (void)m;
    (void)context;
    if (timeout_ms < 0)
        uv_timer_stop(&timer);
    else
        uv_timer_start(&timer, timed_out, (uint64_t)timeout_ms, 0);
    return 0;
}

static void closed(uv_handle_t *handle)
{
    free(handle);
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *of_socket)
{
    struct watch *watch = of_socket;
    int events = 0;

    (void)easy;
    (void)context;
    if (what == CURL_POLL_REMOVE) {
        if (watch == NULL)
            return 0;
        uv_poll_stop(&watch->poll);
        uv_close((uv_handle_t *)&watch->poll, closed);
        curl_multi_assign(multi, socket, NULL);
        return 0;
    }
    if (watch == NULL) {
        watch = malloc(sizeof *watch);
        if (watch == NULL)
            fail("a socket", "out of memory");
        watch->socket = socket;
        if (uv_poll_init_socket(&loop, &watch->poll, socket) != 0)
            fail("a socket", "cannot be watched");
        curl_multi_assign(multi, socket, watch);
    }
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    uv_poll_start(&watch->poll, events, polled);
    return 0;
}

static size_t drop(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

static void make_request(const char *url, const char *ca_file)
{
    CURL *easy = curl_easy_init();

    if (easy == NULL)
        fail("a request", "out of memory");
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    curl_multi_add_handle(multi, easy);
}

static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    unsigned long count;
    uint64_t first_ns;

    if (argc != 4) {
        fprintf(stderr, "usage: bare_requests COUNT URL CA-FILE\n");
        return 2;
    }
    count = left = strtoul(argv[1], NULL, 10);
    raise_file_limit();
    uv_loop_init(&loop);
    uv_timer_init(&loop, &timer);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    first_ns = now_ns();
    for (unsigned long i = 0; i < count; i++)
        make_request(argv[2], argv[3]);
    while (left > 0 && uv_run(&loop, UV_RUN_ONCE) != 0)
        ;
    printf("%llu\n", (unsigned long long)(now_ns() - first_ns));
    curl_multi_cleanup(multi);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    curl_global_cleanup();
    return left == 0 ? 0 : 1;
}
