/* Starting a process that computes, and being one. uv_spawn() is not used: it wants SIGCHLD, whose
 * handler would interrupt the waiting of the worker's loop, which then no longer knows how long it
 * waited, and libuv's pipe for signals, which a worker that was forked has closed. The end of the
 * pipe tells of the end of the child as well. Thread of the loop; in the child its only thread. */
#include "net/app_child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <uv.h>

#include "measure/clock.h"
#include "measure/spin.h"

enum { NUMBER_BYTES = 24, WORDS = 4 };

static const char word[] = "--compute-for-the-process-that-started-this";

/* --- The child. --- */

bool app_child_is(int argc, char *const *argv)
{
    return argc == WORDS && strcmp(argv[1], word) == 0;
}

/* prctl(2): it is the thread that started us whose end counts; it may have come already. */
_Noreturn void app_child_main(char *const *argv)
{
    uint64_t started_ns = clock_read_monotonic();
    pid_t parent = (pid_t)strtol(argv[2], NULL, 10);
    char text[APP_CHILD_SAYS_BYTES];
    int length;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    spin(strtoull(argv[3], NULL, 10));
    length = snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 "\n", started_ns,
                      clock_read_monotonic());
    _exit(write(STDOUT_FILENO, text, (size_t)length) == length ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* --- Its parent. --- */

/* posix_spawn(3) returns error numbers. */
static int spawn(const char *program, char *const *argv, int out, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    int rc = posix_spawn_file_actions_init(&files);
    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc != 0) {
        posix_spawn_file_actions_destroy(&files);
        return rc;
    }
    sigemptyset(&none);
    rc = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(&attributes, &none);
    if (rc == 0)
        rc = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    if (rc == 0)
        rc = posix_spawn(pid, program, &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* Where the kernel says that our program is, without " (deleted)" behind it, there it is still, and
 * not another version; and that name means us under an emulator as well, where the link itself
 * leads to the emulator. */
static const char *own_program(char path[PATH_MAX])
{
    static const char link[] = "/proc/self/exe", gone[] = " (deleted)";
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0)
        return link;
    path[length] = '\0';
    if ((size_t)length >= sizeof gone && strcmp(path + length - (sizeof gone - 1), gone) == 0)
        return link;
    return access(path, X_OK) == 0 ? path : link;
}

/* Not every kernel leaves a thread alone that waits in poll when a signal comes that is ignored. */
static void block_sigchld(void)
{
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &children, NULL);
}

int app_child_spawn(const char *program, uint64_t rounds, pid_t *pid, int *fd)
{
    char path[PATH_MAX];
    char parent[NUMBER_BYTES], amount[NUMBER_BYTES], name[] = "uvlab", own_word[sizeof word];
    char *const argv[] = {name, own_word, parent, amount, NULL};
    int ends[2], rc;
    memcpy(own_word, word, sizeof word);
    snprintf(parent, sizeof parent, "%d", (int)getpid());
    snprintf(amount, sizeof amount, "%" PRIu64, rounds);
    block_sigchld();
    if (pipe2(ends, O_CLOEXEC) < 0)
        return uv_translate_sys_error(errno);
    rc = spawn(program != NULL ? program : own_program(path), argv, ends[1], pid);
    close(ends[1]);
    if (rc != 0) {
        close(ends[0]);
        return uv_translate_sys_error(rc);
    }
    *fd = ends[0];
    return 0;
}

bool app_child_said(const char *text, size_t length, uint64_t *started_ns, uint64_t *finished_ns)
{
    char copy[APP_CHILD_SAYS_BYTES];
    int used = 0;
    if (length == 0 || length >= sizeof copy || memchr(text, '\0', length) != NULL)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return sscanf(copy, "%20" SCNu64 " %20" SCNu64 "%n", started_ns, finished_ns, &used) == 2 &&
           (size_t)used + 1 == length && copy[used] == '\n' && *started_ns <= *finished_ns;
}
