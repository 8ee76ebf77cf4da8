/* How a running server is asked and ended: a socket under its name, which only its user can open.
 *
 * It lies in a folder of that user's ($XDG_RUNTIME_DIR/uvlab, or /tmp/uvlab-UID) that nobody else
 * may enter. A request is a line of JSON, {"request": "show"} or {"request": "end"}; the answer is
 * one JSON document, after which the server closes the connection, or (end) leaves it open until it
 * has ended. Both sides look who is at the other end. */
#ifndef UVLAB_NET_CONTROL_H
#define UVLAB_NET_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include <uv.h>

#include "base/err.h"
#include "base/text.h"

enum {
    CONTROL_NAME_MOST = 64,         /* bytes of a name */
    CONTROL_REQUEST_MOST = 4096,    /* bytes of a request's line */
    CONTROL_ANSWER_MOST = 16 << 20, /* bytes that a client reads */
    CONTROL_CLIENTS_MOST = 16,      /* at once; others wait */
};

enum control_request { CONTROL_SHOW, CONTROL_END };
extern const char *const control_requests[];

/* Whether it can be a name: 1 to CONTROL_NAME_MOST of A-Z a-z 0-9 . _ -, the first of them neither
 * a dot nor a dash. STATUS_USAGE. Pure. */
int control_check_name(const char *name, struct err *e);

/* --- The folder, and a place in it. --- */

struct control_place {
    char socket[sizeof((struct sockaddr_un *)0)->sun_path]; /* its path; "" when there is none */
    char lock[sizeof((struct sockaddr_un *)0)->sun_path];
    int lock_fd;
};

/* The folder's path; made (mode 0700) if `make` is set, and refused where it could be somebody
 * else's. STATUS_FAILED. */
int control_folder(char *path, size_t bytes, bool make, struct err *e);

/* Takes the name for this process, so that no other server can have it; what a server that was
 * killed has left behind is removed. STATUS_USAGE for a bad name, else STATUS_FAILED. */
int control_place_take(struct control_place *place, const char *name, struct err *e);
/* Gives it up. Nothing happens when there is none. */
void control_place_leave(struct control_place *place);

/* --- The server's side. --- */

struct control;

/* Listens there. `answer` appends a JSON document for a request. NULL after filling *e. Thread of
 * the loop. */
struct control *control_new(uv_loop_t *loop, const struct control_place *place,
                            void (*answer)(void *context, enum control_request request,
                                           struct text *answer),
                            void *context, struct err *e);
/* Closes its handles and, when the loop has done so, frees it. Connections stay open for as long as
 * the process lives where they wait for its end. NULL is allowed. */
void control_close(struct control *c);

/* --- The client's side (control_client.c). Blocks, for a bounded time. --- */

/* The names of all servers that left a socket, in alphabetical order, a line each; whether they run
 * is not known then. STATUS_FAILED. */
int control_names(struct text *names, struct err *e);

/* Whether a server of this user (or of root) runs under that name. Does not wait for it. */
bool control_runs(const char *name);

/* Asks a server: its answer is appended to `answer`. For CONTROL_END it returns when the server has
 * ended, which takes patience_ns at most. STATUS_FAILED: it does not run ("there is no server
 * named"), it belongs to somebody else, does not answer in time, or goes on running. */
int control_ask(const char *name, enum control_request request, uint64_t patience_ns,
                struct text *answer, struct err *e);

#endif
