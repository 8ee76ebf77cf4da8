/* What --file names has to be a regular file: anything else might have no end, or keep a thread of
 * the pool for ever (a pipe without a writer). Its type is looked at before it is read, so that the
 * answer tells the reason and not what follows from it. Any thread; nothing is kept. */
#include "measure/given_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

static int examine(int fd, const char *path, uint64_t *size_bytes, struct err *e)
{
    struct stat st;
    char byte;

    if (fstat(fd, &st) != 0)
        return err_set(e, STATUS_FAILED, "--file %.200s: cannot be examined: %s", path,
                       uv_strerror(-errno));
    if (S_ISDIR(st.st_mode))
        return err_set(e, STATUS_FAILED, "--file %.200s: is a directory", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, STATUS_FAILED, "--file %.200s: is not a regular file", path);
    if (read(fd, &byte, 1) < 0)
        return err_set(e, STATUS_FAILED, "--file %.200s: cannot be read: %s", path,
                       uv_strerror(-errno));
    if (size_bytes != NULL)
        *size_bytes = (uint64_t)st.st_size;
    return 0;
}

int given_file_check(const char *path, uint64_t *size_bytes, struct err *e)
{
    int fd, rc;

    if (path[0] == '\0')
        return err_set(e, STATUS_USAGE, "--file: the name is empty");
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set(e, STATUS_FAILED, "--file %.200s: cannot be opened: %s", path,
                       uv_strerror(-errno));
    rc = examine(fd, path, size_bytes, e);
    close(fd);
    return rc;
}
