/* Shedding what a forked process inherited: descriptors (someone waits for the end of a pipe that
 * we would hold open), dispositions of signals (libuv's handlers would write into pipes that are
 * the parent's). Signals are read from a signalfd: libuv's own way uses descriptors that were among
 * those inherited. One thread. */
#include "net/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uv.h>

/* --- Beginning. --- */

pid_t child_fork(void)
{
    sigset_t all, old;
    pid_t pid;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    pid = fork();
    if (pid != 0)
        sigprocmask(SIG_SETMASK, &old, NULL);
    return pid;
}

/* prctl(2): the parent may have ended before we asked to be told. */
void child_die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(STATUS_FAILED);
}

/* --- Descriptors. --- */

static bool is_kept(const int *kept, size_t count, int fd)
{
    if (fd <= STDERR_FILENO)
        return true;
    for (size_t i = 0; i < count; i++)
        if (kept[i] == fd)
            return true;
    return false;
}

/* close_range(2), of Linux 5.9: -1 with errno where there is none. */
static int close_from_to(unsigned from, unsigned to)
{
#ifdef SYS_close_range
    return from > to ? 0 : (int)syscall(SYS_close_range, from, to, 0);
#else
    (void)from;
    (void)to;
    errno = ENOSYS;
    return -1;
#endif
}

/* What lies between those that are kept. */
static bool close_ranges(const int *kept, size_t count)
{
    unsigned from = STDERR_FILENO + 1;
    for (;;) {
        unsigned next = UINT_MAX;
        for (size_t i = 0; i < count; i++)
            if (kept[i] >= 0 && (unsigned)kept[i] >= from && (unsigned)kept[i] < next)
                next = (unsigned)kept[i];
        if (next == UINT_MAX)
            return close_from_to(from, UINT_MAX) == 0;
        if (close_from_to(from, next - 1) < 0)
            return false;
        from = next + 1;
    }
}

static bool close_listed(const int *kept, size_t count)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    if (folder == NULL)
        return false;
    while ((entry = readdir(folder)) != NULL) {
        int fd = (int)strtol(entry->d_name, NULL, 10); /* "." and ".." are 0 */
        if (!is_kept(kept, count, fd) && fd != dirfd(folder))
            close(fd);
    }
    closedir(folder);
    return true;
}

/* One that was opened under a higher limit may be left. */
static void close_numbers(const int *kept, size_t count)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    for (rlim_t fd = 0; fd < limit.rlim_cur && fd < INT_MAX; fd++)
        if (!is_kept(kept, count, (int)fd))
            close((int)fd);
}

void child_close_inherited(const int *kept, size_t count)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) /* a root without /dev: whatever else, if it only is not what it was */
        null = kept[0];
    for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++)
        dup2(null, fd);
    if (!close_ranges(kept, count) && !close_listed(kept, count))
        close_numbers(kept, count);
}

/* --- Signals. --- */

int child_reset_signals(const sigset_t *awaited, const sigset_t *ignored, struct err *e)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    int fd;
    for (int number = 1; number < NSIG; number++) {
        bool ignore = number == SIGPIPE || sigismember(ignored, number) == 1;
        action.sa_handler = ignore ? SIG_IGN : SIG_DFL;
        sigaction(number, &action, NULL); /* refused for SIGKILL and the like */
    }
    fd = signalfd(-1, awaited, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return err_set(e, STATUS_FAILED, "cannot watch for signals: %s",
                       uv_strerror(uv_translate_sys_error(errno)));
    sigprocmask(SIG_SETMASK, awaited, NULL);
    return fd;
}

/* --- What is said. --- */

bool child_say(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = write(fd, at, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

bool child_is_alive(pid_t pid, int control, int patience_ms)
{
    struct pollfd p = {.fd = control, .events = POLLRDHUP};
    siginfo_t info;
    if (poll(&p, 1, patience_ms) > 0)
        return false;
    info.si_pid = 0;
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

bool child_wait(int control, int ms)
{
    struct pollfd p = {.fd = control, .events = POLLIN};
    int n;
    do {
        n = poll(&p, 1, ms); /* EINTR starts the time anew, which is bounded by the signals */
    } while (n < 0 && errno == EINTR);
    return n > 0;
}

int child_hear(int control, char ready, int ms, const char *name, struct err *e)
{
    char said[sizeof *e] = "";
    size_t length = 0;
    while (length < sizeof said) {
        ssize_t n;
        if (!child_wait(control, ms))
            return err_set(e, STATUS_FAILED, "%s does not start", name);
        n = read(control, said + length, sizeof said - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        length += (size_t)n;
        if (length == 1 && said[0] == ready)
            return 0;
    }
    if (length < sizeof said)
        return err_set(e, STATUS_FAILED, "%s ended while it was starting", name);
    memcpy(e, said, sizeof *e);
    return 1;
}
