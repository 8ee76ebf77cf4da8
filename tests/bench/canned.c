/* A server that costs as little as a server can, to measure clients with: it answers whatever comes
 * with the same bytes, a read and a write each, by epoll on one thread.
 *
 *   canned [BYTES]     prints its port on standard output, and serves on 127.0.0.1 until standard
 *                      input ends; the body has BYTES bytes (13)
 *
 * One request is answered for every blank line at the end of what was read: its clients do not send
 * a second request before the first is answered. It is no server: it parses nothing. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, BODY_MOST = 16384 };

static char answer[BODY_MOST + 256];
static size_t answer_bytes;

static void make_answer(int body)
{
    int head = snprintf(answer, sizeof answer,
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
                        "Connection: keep-alive\r\n\r\n",
                        body);

    memset(answer + head, 'x', (size_t)body);
    answer_bytes = (size_t)head + (size_t)body;
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, 4096) != 0 || getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        perror("canned");
        exit(1);
    }
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void accept_all(int epoll, int listener)
{
    int fd, on = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, fd);
    }
}

static void serve(int fd)
{
    char request[16384];
    ssize_t n = recv(fd, request, sizeof request, 0);

    if (n <= 0 && (n == 0 || errno != EAGAIN)) {
        close(fd);
        return;
    }
    if (n >= 4 && memcmp(request + n - 4, "\r\n\r\n", 4) == 0 &&
        send(fd, answer, answer_bytes, MSG_NOSIGNAL) != (ssize_t)answer_bytes)
        close(fd);
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    int body = argc > 1 ? atoi(argv[1]) : 13;
    int listener, epoll = epoll_create1(0);

    make_answer(body < 0 || body > BODY_MOST ? 13 : body);
    listener = listen_somewhere();
    watch(epoll, listener);
    watch(epoll, STDIN_FILENO);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == STDIN_FILENO)
                return 0;
            if (events[i].data.fd == listener)
                accept_all(epoll, listener);
            else
                serve(events[i].data.fd);
        }
    }
}
