/* The folder of control sockets, and who has which name.
 *
 * A name is held by a lock (flock(2)) on a file beside the socket: it is gone with its process,
 * however that ends, so a socket without a lock is a leftover, and is removed. The folder in /tmp
 * could have been made by anybody: it must be a folder, ours, and closed to all others. Main
 * thread. */
#include "net/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const control_requests[] = {[CONTROL_SHOW] = "show", [CONTROL_END] = "end", NULL};

enum { TRIES = 16 };

int control_check_name(const char *name, struct err *e)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "._-";
    size_t length = strlen(name);
    if (length == 0 || length > CONTROL_NAME_MOST || strspn(name, allowed) != length ||
        name[0] == '.' || name[0] == '-')
        return err_set(e, STATUS_USAGE,
                       "the name '%.80s': must be 1 to %d of A-Z a-z 0-9 . _ -, and begin with a "
                       "letter, a digit or _",
                       name, CONTROL_NAME_MOST);
    return 0;
}

static int fail_folder(const char *path, const char *why, struct err *e)
{
    return err_set(e, STATUS_FAILED, "the folder of control sockets '%s': %s", path, why);
}

int control_folder(char *path, size_t bytes, bool make, struct err *e)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat s;
    int length, fd;
    /* A relative one is not valid (XDG Base Directory Specification). */
    if (runtime != NULL && runtime[0] == '/')
        length = snprintf(path, bytes, "%s/uvlab", runtime);
    else
        length = snprintf(path, bytes, "/tmp/uvlab-%u", (unsigned)geteuid());
    if (length < 0 || (size_t)length >= bytes)
        return err_set(e, STATUS_FAILED, "the path in XDG_RUNTIME_DIR is too long for a socket");
    if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
        return fail_folder(path, uv_strerror(uv_translate_sys_error(errno)), e);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && !make)
        return 0; /* there are no servers */
    if (fd < 0 || fstat(fd, &s) < 0) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        return fail_folder(path, uv_strerror(uv_translate_sys_error(error)), e);
    }
    close(fd);
    if (s.st_uid != geteuid())
        return fail_folder(path, "belongs to somebody else", e);
    if ((s.st_mode & 077) != 0)
        return fail_folder(path, "is open to others (chmod 700)", e);
    return 0;
}

/* A lock on the file that has the name now: whoever leaves a place removes the file, so the one
 * that was opened may have none any more. Returns 0, or -1 with errno. */
static int lock(struct control_place *place)
{
    for (int i = 0; i < TRIES; i++) {
        struct stat ours, named;
        place->lock_fd = open(place->lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (place->lock_fd < 0)
            return -1;
        if (flock(place->lock_fd, LOCK_EX | LOCK_NB) < 0) {
            int error = errno;
            close(place->lock_fd);
            errno = error;
            return -1;
        }
        if (fstat(place->lock_fd, &ours) == 0 && stat(place->lock, &named) == 0 &&
            ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)
            return 0;
        close(place->lock_fd);
    }
    errno = EAGAIN;
    return -1;
}

int control_place_take(struct control_place *place, const char *name, struct err *e)
{
    char folder[sizeof place->socket];
    int length;
    place->socket[0] = '\0';
    if (control_check_name(name, e) < 0 || control_folder(folder, sizeof folder, true, e) < 0)
        return -1;
    length = snprintf(place->lock, sizeof place->lock, "%s/%s.lock", folder, name);
    if (length < 0 || (size_t)length >= sizeof place->lock - strlen(".socket"))
        return err_set(e, STATUS_FAILED, "the name '%s' is too long for a socket in '%s'", name,
                       folder);
    if (lock(place) < 0) {
        if (errno == EWOULDBLOCK)
            return err_set(e, STATUS_FAILED, "a server named '%s' runs already", name);
        return err_set(e, STATUS_FAILED, "cannot lock '%s': %s", place->lock,
                       uv_strerror(uv_translate_sys_error(errno)));
    }
    snprintf(place->socket, sizeof place->socket, "%s", place->lock);
    memcpy(place->socket + strlen(place->socket) - strlen(".lock"), ".sock", sizeof ".sock");
    unlink(place->socket); /* of a server that was killed */
    return 0;
}

void control_place_leave(struct control_place *place)
{
    if (place->socket[0] == '\0')
        return;
    unlink(place->socket);
    unlink(place->lock);
    close(place->lock_fd);
    place->socket[0] = '\0';
}
