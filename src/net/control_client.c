/* Asking a server over its control socket. Blocks the calling thread, which has nothing else to do,
 * for a bounded time. */
#include "net/control.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "measure/clock.h"

enum { NS_PER_MS = 1000000, PIECE_BYTES = 16 * 1024 };

/* To be accepted, and for the answer to begin: a primary is never busy for long. */
static const uint64_t answer_ns = UINT64_C(5000000000);

/* --- Names. --- */

static int is_socket(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name), end = strlen(".sock");
    return length > end && strcmp(entry->d_name + length - end, ".sock") == 0;
}

int control_names(struct text *names, struct err *e)
{
    char folder[sizeof((struct sockaddr_un *)0)->sun_path];
    struct dirent **entries = NULL;
    int count;
    if (control_folder(folder, sizeof folder, false, e) < 0)
        return -1;
    count = scandir(folder, &entries, is_socket, alphasort);
    if (count < 0 && errno == ENOENT)
        return 0;
    if (count < 0)
        return err_set(e, STATUS_FAILED, "cannot look into '%s': %s", folder,
                       uv_strerror(uv_translate_sys_error(errno)));
    for (int i = 0; i < count; i++) {
        text_add(names, "%.*s\n", (int)(strlen(entries[i]->d_name) - strlen(".sock")),
                 entries[i]->d_name);
        mem_free(entries[i]); /* scandir(3) took them from malloc(), as mem_alloc() does */
    }
    mem_free(entries);
    return text_ok(names) ? 0 : err_no_memory(e, "the names of servers");
}

/* --- Asking. --- */

/* Waits for events on fd until the deadline. */
static bool wait_until(int fd, short events, uint64_t deadline_ns)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        uint64_t now_ns = clock_read_monotonic();
        uint64_t ms = now_ns < deadline_ns ? (deadline_ns - now_ns) / NS_PER_MS + 1 : 0;
        int n = poll(&p, 1, ms < 60000 ? (int)ms : 60000);
        if (n > 0)
            return true;
        if (ms == 0)
            return false;
    }
}

static int fail_absent(const char *name, struct err *e)
{
    return err_set(e, STATUS_FAILED, "there is no server named '%s'; see 'uvlab servers'", name);
}

/* Connected, and to a server of this user (or of root); -1 after filling *e. */
static int connect_to(const char *name, uint64_t deadline_ns, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[sizeof address.sun_path];
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t bytes = sizeof peer;
    int length, fd, rc;
    if (control_check_name(name, e) < 0 || control_folder(folder, sizeof folder, false, e) < 0)
        return -1;
    length = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s.sock", folder, name);
    if (length < 0 || (size_t)length >= sizeof address.sun_path)
        return fail_absent(name, e);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set(e, STATUS_FAILED, "no socket: %s",
                       uv_strerror(uv_translate_sys_error(errno)));
    /* EAGAIN: its queue is full (unix(7)). */
    while ((rc = connect(fd, (const struct sockaddr *)&address, sizeof address)) < 0 &&
           (errno == EAGAIN || errno == EINTR) && clock_read_monotonic() < deadline_ns)
        poll(NULL, 0, 10);
    if (rc == 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 &&
        (peer.uid == geteuid() || peer.uid == 0))
        return fd;
    if (rc == 0)
        err_set(e, STATUS_FAILED, "the server named '%s' belongs to somebody else", name);
    else if (errno == ENOENT || errno == ECONNREFUSED)
        fail_absent(name, e);
    else
        err_set(e, STATUS_FAILED, "cannot ask the server named '%s': %s", name,
                uv_strerror(uv_translate_sys_error(errno)));
    close(fd);
    return -1;
}

bool control_runs(const char *name)
{
    struct err e;
    int fd = connect_to(name, 0, &e);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Reads to the end of the connection. */
static int read_answer(int fd, uint64_t deadline_ns, struct text *answer)
{
    char piece[PIECE_BYTES];
    while (answer->length <= CONTROL_ANSWER_MOST && wait_until(fd, POLLIN, deadline_ns)) {
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        if (n == 0)
            return 0;
        if (n < 0 && errno == ECONNRESET)
            return 0;
        if (n > 0)
            text_add_bytes(answer, piece, (size_t)n);
        else if (errno != EAGAIN && errno != EINTR)
            return -1;
    }
    return -1;
}

int control_ask(const char *name, enum control_request request, uint64_t patience_ns,
                struct text *answer, struct err *e)
{
    uint64_t now_ns = clock_read_monotonic();
    uint64_t deadline_ns = now_ns + (request == CONTROL_END ? patience_ns : answer_ns);
    char line[64];
    int rc, fd = connect_to(name, now_ns + answer_ns, e);
    if (fd < 0)
        return -1;
    snprintf(line, sizeof line, "{\"request\": \"%s\"}\n", control_requests[request]);
    rc = send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line) ? 0 : -1;
    if (rc == 0)
        rc = read_answer(fd, deadline_ns, answer);
    close(fd);
    if (!text_ok(answer))
        return err_no_memory(e, "the answer of the server");
    if (rc < 0 && request == CONTROL_END && answer->length > 0)
        return err_set(e, STATUS_FAILED, "the server named '%s' has not ended yet", name);
    if (rc < 0 || answer->length == 0)
        return err_set(e, STATUS_FAILED, "the server named '%s' does not answer", name);
    return 0;
}
