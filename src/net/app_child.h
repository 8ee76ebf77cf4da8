/* A process that computes for one request (/process): this program once more, with a word that no
 * command has. It tells when it started and finished, and is gone with the process that made it.
 *
 *     worker                                     child
 *     app_child_spawn()  -- posix_spawn(3) -->   app_child_main(): spin()
 *     reads the pipe     <-- two instants ---    writes, ends
 *     waitpid(2)         <-------- end -------
 */
#ifndef UVLAB_NET_APP_CHILD_H
#define UVLAB_NET_APP_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { APP_CHILD_SAYS_BYTES = 64 }; /* that it says at most, with a NUL */

/* Whether this process was started to compute: to be asked first in main(), as is
 * app_child_main(). Pure. */
bool app_child_is(int argc, char *const *argv);
/* Computes, tells of it on standard output and ends the process. */
_Noreturn void app_child_main(char *const *argv);

/* Starts `program` (NULL: ours) so that it computes `rounds` rounds of spin() (measure/spin.h). It
 * has the descriptors 0 to 2 only, of which 1 is the pipe that *fd is read from; no signal is
 * blocked in it; the kernel kills it when the calling thread ends. SIGCHLD stays blocked in that
 * thread. 0, with *pid to be waited for and *fd to be closed, or UV_E*. */
int app_child_spawn(const char *program, uint64_t rounds, pid_t *pid, int *fd);

/* Reads what it has said: CLOCK_MONOTONIC. False if that is not what a child says when it is done.
 * Pure. */
bool app_child_said(const char *text, size_t length, uint64_t *started_ns, uint64_t *finished_ns);

#endif
