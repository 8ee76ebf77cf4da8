/* What a process that was forked to serve does first: it sheds what it inherited from a process
 * that was about to do something else. Called in the child, which has one thread, where nothing
 * else is said; and what its parent hears of it. */
#ifndef UVLAB_NET_CHILD_H
#define UVLAB_NET_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Files that a server has open besides its connections. */
enum { CHILD_FILES_BESIDES = 64 };

/* Forks with all signals blocked, so that no handler of the parent's runs in the child, which calls
 * child_reset_signals() and unblocks them by that. As fork(2) otherwise. In the parent. */
pid_t child_fork(void);

/* From now on the kernel kills this process when the thread that forked it ends (prctl(2)); ends it
 * at once when `parent` has gone already. */
void child_die_with(pid_t parent);

/* Closes all descriptors but standard error and those in `kept` (at least one; negative ones mean
 * nothing), and points standard input and output to /dev/null. */
void child_close_inherited(const int *kept, size_t count);

/* All dispositions of signals become as in a new process, but SIGPIPE and those of `ignored`, which
 * are ignored. Only those of `awaited` stay blocked. Returns a descriptor that they can be read
 * from (signalfd(2)), or -1 after filling *e. */
int child_reset_signals(const sigset_t *awaited, const sigset_t *ignored, struct err *e);

/* Whether the child is there still; `control` is this end of a socket pair whose other end the
 * child alone has. Where a call was cut off, its sockets may have been closed a moment before the
 * rest of it: `patience_ms` is how long to wait for its end then, or 0. Takes no status and reads
 * nothing. In the parent, any thread. */
bool child_is_alive(pid_t pid, int control, int patience_ms);

/* Waits until the other end of `control` has said something or is gone, for `ms` at most and then
 * false. In the parent. */
bool child_wait(int control, int ms);

/* Reads what a child has to say first: the byte `ready`, or a whole struct err of why not, which *e
 * becomes. 0; 1 when *e has its words; -1 after filling *e when it says nothing for `ms` or ends
 * before, where `name` is what the message calls it. In the parent. */
int child_hear(int control, char ready, int ms, const char *name, struct err *e);

/* Writes all of it; the other end reads until it has enough. False when it has gone. */
bool child_say(int fd, const void *bytes, size_t length);

#endif
