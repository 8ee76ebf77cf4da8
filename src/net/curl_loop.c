/* The multi handle on libuv; see curl_loop.h.
 *
 * libcurl calls us back from within its functions (socket_cb, timer_cb), where none of its
 * functions may be called but curl_multi_assign(). So these two only arm handles; what is over is
 * looked for in settle(), after every function of libcurl that may have ended a transfer.
 *
 * uv_close() is asynchronous: a watcher goes back to the list of idle ones in its close callback.
 * Watchers are made beforehand, when the loop is attached; more are made only where libcurl opens
 * more sockets than there are transfers (two addresses tried at once, lookups by libcurl). Should
 * that fail, the transfer that the socket is for is refused: it ends as out of memory.
 *
 * The timer's memory is the curl_loop's own, so the runner can close it with the loop. */
#include "net/curl_loop.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>

#include "base/mem.h"

/* Of one socket. The socket's number is what its uv_poll was made of. */
struct watcher {
    uv_poll_t poll; /* first: found from its handle */
    struct curl_loop *owner;
    struct watcher *next; /* while idle */
    curl_socket_t socket;
    int events;  /* that it waits for */
    bool erring; /* an error was passed on, and nothing else since */
};

struct curl_loop {
    const struct curl_lib *lib;
    CURLM *multi; /* NULL: there was no memory for a new one */
    curl_loop_done_cb done;
    uv_loop_t *loop; /* NULL: detached */
    unsigned attached;
    uv_timer_t timer;
    uint32_t watchers; /* there are, in all */
    struct watcher *idle;
    struct curl_transfer *added, *refused;
    long connections; /* that may be kept */
    bool signals_blocked;
    sigset_t signals_before;
};

/* --- After a function of libcurl. --- */

static void after_call(struct curl_loop *c)
{
    if (!c->signals_blocked)
        return;
    c->signals_blocked = false;
    pthread_sigmask(SIG_SETMASK, &c->signals_before, NULL);
}

void curl_loop_thread_follows(struct curl_loop *c)
{
    sigset_t ours;

    if (c->signals_blocked)
        return;
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGHUP);
    c->signals_blocked = pthread_sigmask(SIG_BLOCK, &ours, &c->signals_before) == 0;
}

static struct curl_transfer *transfer_of(const struct curl_loop *c, CURL *easy)
{
    char *private = NULL;

    c->lib->easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    return (struct curl_transfer *)(void *)private;
}

/* Tells what is over. `done` may end or begin others, so nothing is held across it. */
static void settle(struct curl_loop *c)
{
    struct CURLMsg *message;
    int left;

    while (c->refused != NULL) {
        struct curl_transfer *t = c->refused;

        c->refused = t->next_refused;
        t->refused = false;
        c->done(t, CURLE_OUT_OF_MEMORY);
    }
    while ((message = c->lib->multi_info_read(c->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE)
            c->done(transfer_of(c, message->easy_handle), message->data.result);
    }
}

/* Lets libcurl look after a socket, or after what is due. Where it has no memory to keep track of
 * its sockets it does not say which transfer that is for, and libcurl 7.88 divides by zero when it
 * comes to that socket again, or to a later one of the same number: so none of them goes on, and
 * what comes after gets another multi handle. */
static void act(struct curl_loop *c, curl_socket_t socket, int what)
{
    int running;
    CURLMcode code = c->lib->multi_socket_action(c->multi, socket, what, &running);

    after_call(c);
    settle(c);
    if (code == CURLM_OK)
        return;
    while (c->added != NULL)
        c->done(c->added, CURLE_OUT_OF_MEMORY);
    c->lib->multi_cleanup(c->multi);
    c->multi = NULL;
    uv_timer_stop(&c->timer);
}

/* --- Timer. --- */

static void timeout_cb(uv_timer_t *timer);

static void arm_timer(struct curl_loop *c, long milliseconds)
{
    if (milliseconds < 0)
        uv_timer_stop(&c->timer);
    else
        uv_timer_start(&c->timer, timeout_cb, (uint64_t)milliseconds, 0);
}

/* libuv counts from a cached time in whole milliseconds and so may come too early. libcurl then
 * does nothing, and does not ask again, as the instant that it waits for has not changed. */
static void timeout_cb(uv_timer_t *timer)
{
    struct curl_loop *c = timer->data;
    long milliseconds = -1;

    act(c, CURL_SOCKET_TIMEOUT, 0);
    if (uv_is_active((uv_handle_t *)timer))
        return;
    c->lib->multi_timeout(c->multi, &milliseconds);
    if (milliseconds >= 0)
        arm_timer(c, milliseconds > 0 ? milliseconds : 1);
}

/* Also for "at once" the timer is armed, as libcurl must not be called from here. */
static int timer_cb(CURLM *multi, long milliseconds, void *context)
{
    struct curl_loop *c = context;

    (void)multi;
    if (c->loop != NULL)
        arm_timer(c, milliseconds);
    return 0;
}

/* --- Sockets. --- */

static int make_watcher(struct curl_loop *c)
{
    struct watcher *w = mem_zeroed(1, sizeof *w);

    if (w == NULL)
        return -1;
    w->owner = c;
    w->next = c->idle;
    c->idle = w;
    c->watchers++;
    return 0;
}

static void ready_cb(uv_poll_t *poll, int status, int events);

static void closed_cb(uv_handle_t *handle)
{
    struct watcher *w = (struct watcher *)handle;

    w->next = w->owner->idle;
    w->owner->idle = w;
}

/* A socket with an error libuv stops watching, and says no more than that. As libcurl takes being
 * told so for the end of the transfer, it is told instead to read and write: then it finds the
 * error itself, has the right text for it, and takes a new connection where a kept one was reset.
 */
static void error_cb(struct watcher *w)
{
    bool erring = w->erring;

    w->erring = true;
    act(w->owner, w->socket, erring ? CURL_CSELECT_ERR : CURL_CSELECT_IN | CURL_CSELECT_OUT);
    /* Should it not have looked, it is told next time. */
    if (!uv_is_closing((uv_handle_t *)&w->poll) && !uv_is_active((uv_handle_t *)&w->poll))
        uv_poll_start(&w->poll, w->events, ready_cb);
}

static void ready_cb(uv_poll_t *poll, int status, int events)
{
    struct watcher *w = (struct watcher *)poll;
    int what = 0;

    if (status < 0) {
        error_cb(w);
        return;
    }
    w->erring = false;
    if ((events & UV_READABLE) != 0)
        what |= CURL_CSELECT_IN;
    if ((events & UV_WRITABLE) != 0)
        what |= CURL_CSELECT_OUT;
    act(w->owner, w->socket, what);
}

static struct watcher *watch(struct curl_loop *c, curl_socket_t socket)
{
    struct watcher *w;

    if (c->idle == NULL && make_watcher(c) != 0)
        return NULL;
    w = c->idle;
    if (uv_poll_init_socket(c->loop, &w->poll, socket) != 0)
        return NULL;
    c->idle = w->next;
    w->socket = socket;
    w->events = 0;
    w->erring = false;
    c->lib->multi_assign(c->multi, socket, w);
    return w;
}

static void refuse(struct curl_loop *c, CURL *easy)
{
    struct curl_transfer *t = transfer_of(c, easy);

    if (t == NULL || t->refused)
        return;
    t->refused = true;
    t->next_refused = c->refused;
    c->refused = t;
}

static int socket_cb(CURL *easy, curl_socket_t socket, int what, void *context, void *of_socket)
{
    struct curl_loop *c = context;
    struct watcher *w = of_socket;
    int events = 0;

    if (what == CURL_POLL_REMOVE) {
        if (w != NULL)
            uv_close((uv_handle_t *)&w->poll, closed_cb);
        return 0;
    }
    if (c->loop == NULL)
        return 0;
    if (w == NULL)
        w = watch(c, socket);
    if ((what & CURL_POLL_IN) != 0)
        events |= UV_READABLE;
    if ((what & CURL_POLL_OUT) != 0)
        events |= UV_WRITABLE;
    if (w == NULL) {
        refuse(c, easy);
    } else if (events != w->events) {
        w->events = events;
        if (uv_poll_start(&w->poll, events, ready_cb) != 0)
            refuse(c, easy);
    }
    return 0;
}

/* --- The multi handle. --- */

/* Where there is none. */
static int make_multi(struct curl_loop *c)
{
    if (c->multi != NULL)
        return 0;
    c->multi = c->lib->multi_init();
    if (c->multi == NULL)
        return -1;
    c->lib->multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
    c->lib->multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    c->lib->multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, timer_cb);
    c->lib->multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    if (c->connections > 0)
        c->lib->multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, c->connections);
    return 0;
}

/* --- Transfers. --- */

CURLMcode curl_loop_add(struct curl_loop *c, struct curl_transfer *t)
{
    CURLMcode code;

    assert(c->loop != NULL);
    t->refused = false;
    if (make_multi(c) != 0)
        return CURLM_OUT_OF_MEMORY;
    code = c->lib->multi_add_handle(c->multi, t->easy);
    after_call(c);
    if (code != CURLM_OK)
        return code;
    t->previous = NULL;
    t->next = c->added;
    if (c->added != NULL)
        c->added->previous = t;
    c->added = t;
    return CURLM_OK;
}

void curl_loop_remove(struct curl_loop *c, struct curl_transfer *t)
{
    struct curl_transfer **link = &c->refused;

    c->lib->multi_remove_handle(c->multi, t->easy);
    after_call(c);
    if (t->next != NULL)
        t->next->previous = t->previous;
    if (t->previous != NULL)
        t->previous->next = t->next;
    else
        c->added = t->next;
    while (t->refused && *link != NULL) {
        if (*link == t) {
            *link = t->next_refused;
            t->refused = false;
        } else {
            link = &(*link)->next_refused;
        }
    }
}

/* --- Its life. --- */

struct curl_loop *curl_loop_new(const struct curl_lib *lib, curl_loop_done_cb done, struct err *e)
{
    struct curl_loop *c = mem_zeroed(1, sizeof *c);

    if (c == NULL) {
        err_no_memory(e, "libcurl's sockets");
        return NULL;
    }
    *c = (struct curl_loop){.lib = lib, .done = done};
    if (make_multi(c) == 0)
        return c;
    mem_free(c);
    err_no_memory(e, "libcurl");
    return NULL;
}

/* There is no other way than to close them with the multi handle; attaching makes a new one. */
void curl_loop_close_connections(struct curl_loop *c)
{
    if (c->attached > 0)
        return;
    c->lib->multi_cleanup(c->multi);
    c->multi = NULL;
}

void curl_loop_free(struct curl_loop *c)
{
    if (c == NULL)
        return;
    c->lib->multi_cleanup(c->multi); /* NULL is allowed */
    while (c->idle != NULL) {
        struct watcher *w = c->idle;

        c->idle = w->next;
        mem_free(w);
    }
    mem_free(c);
}

int curl_loop_attach(struct curl_loop *c, uv_loop_t *loop, uint32_t sockets, struct err *e)
{
    assert(c->loop == NULL || c->loop == loop);
    while (c->watchers < sockets)
        if (make_watcher(c) != 0)
            return err_no_memory(e, "libcurl's sockets");
    if (make_multi(c) != 0)
        return err_no_memory(e, "libcurl");
    /* Without this it would keep four times as many as there are transfers, which shrinks as they
     * end. */
    if ((long)sockets > c->connections) {
        c->connections = (long)sockets;
        c->lib->multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, c->connections);
    }
    if (c->attached++ == 0) {
        c->loop = loop;
        uv_timer_init(loop, &c->timer);
        c->timer.data = c;
    }
    return 0;
}

void curl_loop_detach(struct curl_loop *c)
{
    if (--c->attached == 0)
        c->loop = NULL;
}
