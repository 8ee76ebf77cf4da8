/* The server's side of the control socket. A client has a bounded line, a bounded time, and one
 * request; who is no process of this user (or of root) is turned away whatever the modes of the
 * files say. Thread of the loop. */
#include "net/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/mem.h"
#include "measure/clock.h"

enum { BACKLOG = 64, SWEEP_MS = 500 };

static const uint64_t patience_ns = UINT64_C(5000000000);

struct control_client {
    uv_poll_t poll;
    struct control *c;
    int fd;
    bool used, closing;
    bool waits; /* for the end of the process */
    uint64_t deadline_ns;
    char request[CONTROL_REQUEST_MOST + 1];
    size_t got;
    struct text answer; /* NULL data: not there yet */
    size_t sent;
};

struct control {
    uv_loop_t *loop;
    uv_poll_t listener;
    uv_timer_t sweep;
    int fd;
    unsigned handles;
    bool closing, listens;
    void (*answer)(void *context, enum control_request request, struct text *answer);
    void *context;
    struct control_client clients[CONTROL_CLIENTS_MOST];
};

/* --- Ends. --- */

static void released(struct control *c)
{
    if (--c->handles == 0 && c->closing) {
        close(c->fd);
        mem_free(c);
    }
}

static void listen_cb(uv_poll_t *poll, int status, int events);

static void listen_again(struct control *c)
{
    if (c->closing || c->listens)
        return;
    c->listens = true;
    uv_poll_start(&c->listener, UV_READABLE, listen_cb);
}

static void client_closed_cb(uv_handle_t *poll)
{
    struct control_client *client = poll->data;
    struct control *c = client->c;
    if (!client->waits)
        close(client->fd);
    text_free(&client->answer);
    client->used = false;
    listen_again(c);
    released(c);
}

static void client_close(struct control_client *client)
{
    if (client->closing)
        return;
    client->closing = true;
    uv_close((uv_handle_t *)&client->poll, client_closed_cb);
}

static void sweep_cb(uv_timer_t *timer)
{
    struct control *c = timer->data;
    uint64_t now_ns = clock_read_monotonic();
    for (unsigned i = 0; i < CONTROL_CLIENTS_MOST; i++) {
        struct control_client *client = &c->clients[i];
        if (client->used && !client->waits && client->deadline_ns <= now_ns)
            client_close(client);
    }
    listen_again(c);
}

/* --- One client. --- */

/* Sends what goes. A client that waits for the end stays; what else it says is nonsense. */
static void client_send(struct control_client *client)
{
    while (client->sent < client->answer.length) {
        ssize_t n = send(client->fd, client->answer.data + client->sent,
                         client->answer.length - client->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            client_close(client);
            return;
        }
        client->sent += (size_t)n;
    }
    if (client->waits)
        uv_poll_stop(&client->poll);
    else
        client_close(client);
}

static bool parse(const char *line, size_t length, enum control_request *request)
{
    cJSON *json = cJSON_ParseWithLength(line, length);
    const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "request"));
    bool found = false;
    for (unsigned i = 0; word != NULL && control_requests[i] != NULL; i++) {
        if (strcmp(word, control_requests[i]) == 0) {
            *request = (enum control_request)i;
            found = true;
        }
    }
    cJSON_Delete(json);
    return found;
}

static void client_cb(uv_poll_t *poll, int status, int events);

static void client_answer(struct control_client *client, size_t length)
{
    struct control *c = client->c;
    enum control_request request;
    if (parse(client->request, length, &request)) {
        c->answer(c->context, request, &client->answer);
        client->waits = request == CONTROL_END && text_ok(&client->answer);
    } else {
        text_add(&client->answer, "{\"error\": \"no such request\"}\n");
    }
    if (!text_ok(&client->answer)) {
        client_close(client);
        return;
    }
    uv_poll_start(&client->poll, UV_WRITABLE, client_cb);
    client_send(client);
}

static void client_cb(uv_poll_t *poll, int status, int events)
{
    struct control_client *client = poll->data;
    const char *feed;
    ssize_t n;
    if (status < 0 || client->answer.length > 0) {
        (void)events;
        client_send(client);
        return;
    }
    n = recv(client->fd, client->request + client->got, CONTROL_REQUEST_MOST - client->got, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        client_close(client);
        return;
    }
    client->got += (size_t)n;
    feed = memchr(client->request, '\n', client->got);
    if (feed != NULL)
        client_answer(client, (size_t)(feed - client->request));
    else if (client->got == CONTROL_REQUEST_MOST)
        client_close(client);
}

/* --- Accepting. --- */

static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t bytes = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static struct control_client *client_free(struct control *c)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS_MOST; i++)
        if (!c->clients[i].used)
            return &c->clients[i];
    return NULL;
}

static void client_open(struct control *c, struct control_client *client, int fd)
{
    if (!is_ours(fd) || uv_poll_init(c->loop, &client->poll, fd) < 0) {
        close(fd);
        return;
    }
    c->handles++;
    client->used = true;
    client->closing = client->waits = false;
    client->c = c;
    client->fd = fd;
    client->got = client->sent = 0;
    client->answer = TEXT_EMPTY;
    client->deadline_ns = clock_read_monotonic() + patience_ns;
    client->poll.data = client;
    uv_poll_start(&client->poll, UV_READABLE, client_cb);
}

static void listen_pause(struct control *c)
{
    c->listens = false;
    uv_poll_stop(&c->listener);
}

/* Where there is no room, or no descriptor, whoever waits would wake the loop again at once: it
 * looks again when a client has gone, and with every sweep. */
static void listen_cb(uv_poll_t *poll, int status, int events)
{
    struct control *c = poll->data;
    struct control_client *client = client_free(c);
    int fd;
    (void)status;
    (void)events;
    if (client == NULL) {
        listen_pause(c);
        return;
    }
    fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        client_open(c, client, fd);
    else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        listen_pause(c);
}

/* --- Beginning and end. --- */

/* A socket that listens, or -1 with errno. Nobody can open it between bind() and chmod(), as the
 * folder lets nobody in. */
static int open_socket(const struct control_place *place)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int error, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    memcpy(address.sun_path, place->socket, strlen(place->socket) + 1);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        chmod(place->socket, 0600) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

struct control *control_new(uv_loop_t *loop, const struct control_place *place,
                            void (*answer)(void *context, enum control_request request,
                                           struct text *answer),
                            void *context, struct err *e)
{
    struct control *c = mem_zeroed(1, sizeof *c);
    if (c == NULL) {
        err_no_memory(e, "the control socket");
        return NULL;
    }
    c->fd = open_socket(place);
    if (c->fd < 0 || uv_poll_init(loop, &c->listener, c->fd) < 0) {
        err_set(e, STATUS_FAILED, "cannot open the control socket '%s': %s", place->socket,
                uv_strerror(uv_translate_sys_error(errno)));
        if (c->fd >= 0)
            close(c->fd);
        mem_free(c);
        return NULL;
    }
    c->loop = loop;
    c->answer = answer;
    c->context = context;
    c->handles = 2;
    c->listens = true;
    uv_timer_init(loop, &c->sweep);
    c->listener.data = c->sweep.data = c;
    uv_timer_start(&c->sweep, sweep_cb, SWEEP_MS, SWEEP_MS);
    uv_poll_start(&c->listener, UV_READABLE, listen_cb);
    return c;
}

static void closed_cb(uv_handle_t *handle)
{
    released(handle->data);
}

void control_close(struct control *c)
{
    if (c == NULL || c->closing)
        return;
    c->closing = true;
    for (unsigned i = 0; i < CONTROL_CLIENTS_MOST; i++)
        if (c->clients[i].used)
            client_close(&c->clients[i]);
    uv_close((uv_handle_t *)&c->listener, closed_cb);
    uv_close((uv_handle_t *)&c->sweep, closed_cb);
}
