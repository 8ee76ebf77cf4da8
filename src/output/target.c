/* Finding out what a path means for writing, and replacing a file at once: it is written under
 * another name in the same folder and renamed when it is whole.
 *
 * Main thread, but for out_emergency(): the name of the half-written file lies in static memory, so
 * that a signal handler on any thread can remove it. */
#include "output/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/units.h"
#include "output/out.h"

enum { LINKS_MOST = 40, NAMES_TRIED = 100, DESCRIPTOR_MOST = 1 << 20 };

/* The name of a half-written file, for out_emergency(). The slot is never freed, so the handler may
 * read it at any moment. One file is written at a time; a second one would go without. */
static char emergency_name[PATH_MAX];
static atomic_bool emergency_armed;

/* --- Names. --- */

/* The folder part of a path with its slash, "" when there is none: how many bytes that is. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* `tail` in the folder of `path`, as new memory; NULL with errno set. */
static char *beside(const char *path, const char *tail)
{
    size_t folder = folder_length(path), length = strlen(tail);
    char *joined = mem_alloc(folder + length + 1);

    if (joined == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    memcpy(joined, path, folder);
    memcpy(joined + folder, tail, length + 1);
    return joined;
}

char *target_place(const char *path)
{
    char *current = mem_copy_text(path), *next;
    char to[PATH_MAX];

    if (current == NULL)
        errno = ENOMEM;
    for (int links = 0; current != NULL; links++) {
        ssize_t length = readlink(current, to, sizeof to - 1);

        if (length < 0)
            return current; /* no link, or nothing: opening it will tell */
        to[length] = '\0';
        next = to[0] == '/' ? beside("", to) : beside(current, to);
        mem_free(current);
        current = next;
        if (links == LINKS_MOST) {
            mem_free(current);
            errno = ELOOP;
            return NULL;
        }
    }
    return NULL;
}

/* A path that means a descriptor which the process was given is that descriptor: a redirected file
 * that is opened anew loses its position, and a socket cannot be opened at all. -1: other paths. */
static int descriptor_of(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    uint64_t number;

    if (strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        size_t length = strlen(folders[i]);

        if (strncmp(path, folders[i], length) == 0 &&
            units_parse_count(path + length, &number) == 0 && number < DESCRIPTOR_MOST)
            return (int)number;
    }
    return -1;
}

/* --- Opening: each leaves t->fd open, or errno set. --- */

static bool open_descriptor(struct target *t, int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return false;
    if ((flags & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return false;
    }
    t->borrowed = fd == STDOUT_FILENO;
    t->fd = t->borrowed ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return t->fd >= 0;
}

/* Opens a file of a new name beside the target. The umask applies, as to any new file. */
static bool open_half(struct target *t)
{
    char tail[48];

    for (unsigned i = 0; i < NAMES_TRIED; i++) {
        snprintf(tail, sizeof tail, ".uvlab-%ld-%u.part", (long)getpid(), i);
        t->half = beside(t->place, tail);
        if (t->half == NULL)
            return false;
        t->fd = open(t->half, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (t->fd >= 0)
            return true;
        mem_free(t->half);
        t->half = NULL;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

static void arm_emergency(const struct target *t)
{
    size_t bytes = strlen(t->half) + 1;

    if (atomic_load(&emergency_armed) || bytes > sizeof emergency_name)
        return;
    memcpy(emergency_name, t->half, bytes);
    atomic_store(&emergency_armed, true);
}

static void disarm_emergency(const struct target *t)
{
    if (strcmp(emergency_name, t->half) == 0)
        atomic_store(&emergency_armed, false);
}

/* No signal finds the file there and its name not known: they wait until both are so. (The name
 * cannot be made known first, as a file of that name may be another's.) */
static bool open_half_armed(struct target *t)
{
    sigset_t all, before;
    bool opened;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    opened = open_half(t);
    error = errno;
    if (opened)
        arm_emergency(t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return opened;
}

/* The new file takes the place of `old`, so it gets the same owner, where that is allowed, and the
 * same mode. */
static bool take_after(int fd, const struct stat *old)
{
    struct stat now;

    if (fstat(fd, &now) != 0)
        return false;
    if ((now.st_uid != old->st_uid || now.st_gid != old->st_gid) &&
        fchown(fd, old->st_uid, old->st_gid) != 0 && errno != EPERM)
        return false;
    return fchmod(fd, old->st_mode & 0777) == 0;
}

static bool open_path(struct target *t, const char *path)
{
    struct stat old;
    bool exists = stat(path, &old) == 0;

    if (!exists && errno != ENOENT)
        return false;
    if (exists && !S_ISREG(old.st_mode)) {
        t->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return t->fd >= 0;
    }
    /* Renaming asks leave of the folder alone; a file that is write-protected stays so. */
    if (exists && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
        return false;
    t->place = target_place(path);
    if (t->place == NULL)
        return false;
    if (t->place[folder_length(t->place)] == '\0') {
        errno = path[0] == '\0' ? ENOENT : EISDIR;
        return false;
    }
    if (!open_half_armed(t))
        return false;
    return !exists || take_after(t->fd, &old);
}

bool target_replaces(const char *path)
{
    struct stat is;

    return path != NULL && descriptor_of(path) < 0 && (stat(path, &is) != 0 || S_ISREG(is.st_mode));
}

bool target_open(struct target *t, const char *path)
{
    int given = path == NULL ? STDOUT_FILENO : descriptor_of(path);

    *t = (struct target){.fd = -1};
    return given >= 0 ? open_descriptor(t, given) : open_path(t, path);
}

int target_commit(struct target *t)
{
    int fd = t->fd;

    /* The data goes to the disk first: a name that points to a file whose content was lost would be
     * a silent half file. Some file systems cannot synchronise, and say so with EINVAL. */
    if (t->half != NULL && fsync(fd) != 0 && errno != EINVAL)
        return errno;
    if (!t->borrowed) {
        t->fd = -1;
        if (close(fd) != 0)
            return errno;
    }
    if (t->half == NULL)
        return 0;
    if (rename(t->half, t->place) != 0)
        return errno;
    disarm_emergency(t);
    mem_free(t->half);
    t->half = NULL;
    return 0;
}

void target_release(struct target *t)
{
    if (t->fd >= 0 && !t->borrowed)
        close(t->fd);
    if (t->half != NULL) {
        unlink(t->half);
        disarm_emergency(t);
    }
    mem_free(t->place);
    mem_free(t->half);
}

void out_emergency(void)
{
    int saved = errno;

    if (atomic_load(&emergency_armed))
        unlink(emergency_name);
    errno = saved;
}
