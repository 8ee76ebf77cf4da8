/* A server on a thread of its own, and blocking clients for it, for the tests of net/. Each check
 * that fails ends the test, as cmocka's do: call from the test's own thread. */
#ifndef UVLAB_TESTS_SERVED_H
#define UVLAB_TESTS_SERVED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/http_server.h"

enum { SERVED_BIG_BYTES = 16 * 1024 * 1024 };

struct served {
    uv_loop_t loop;
    uv_thread_t thread;
    uv_async_t stop, todo;
    _Atomic(void (*)(void *)) job; /* that the loop's thread is to do, with this: */
    void *job_context;
    uv_sem_t job_done;
    struct http_request *held; /* the loop's thread's */
    struct delay_queue delayed;
    struct http_server *server;
    unsigned port;
    atomic_uint requests, sent, gone; /* that the handler was given, and how they went over */
};

/* Serves on loopback with these options (the handler's are replaced). The target decides the
 * answer:
 *   /later...   200, its own target, 20 ms later
 *   /never...   none
 *   /held       as others, when served_release() says so
 *   /big...     200, SERVED_BIG_BYTES of "0123456789" over and over
 *   /204, /304  that status, with a body that must not be sent
 *   others      200, the target itself, at once */
void served_start(struct served *s, struct http_server_options options);
/* The same without a listening socket: for connections that come from elsewhere. */
void served_start_deaf(struct served *s, struct http_server_options options);
/* Has the loop's thread call it, and waits until it has. */
void served_do(struct served *s, void (*job)(void *context), void *context);
/* Ends it; every request must have gone over, and no handle be left. */
void served_stop(struct served *s);

/* Answers the request for /held, of which there must be one. */
void served_release(struct served *s);

/* A connected socket; reading from it gives up after half a minute. */
int served_connect(unsigned port);
/* Sends all of it, false if the server would not have it any more. */
bool served_send(int fd, const char *bytes, size_t length);
/* What comes until the end, or until `length` bytes have; NUL-terminated, to be freed with free().
 * *got (may be NULL) is how many came. *reset: whether the end was a reset. */
char *served_read(int fd, size_t length, size_t *got, bool *reset);
/* Sends, ends that side, reads to the end, closes. To be freed. */
char *served_talk(unsigned port, const char *bytes);

/* Breaks the connection off. */
void served_reset(int fd);

/* How often `part` is in the text. */
unsigned served_count(const char *text, const char *part);
/* Waits until the number has got there; a failed check after half a minute. */
void served_await(const atomic_uint *number, unsigned value);

#endif
