/* A new name is on disk when its folder is. What cannot be synchronised is left to the system: the
 * file is there for everyone who lives. Main thread. */
#include "sweep/folder.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

void folder_sync(const char *path)
{
    char *folder = mem_copy_text(path), *slash;
    int fd = -1;

    if (folder == NULL)
        return;
    slash = strrchr(folder, '/');
    if (slash == NULL) {
        fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } else {
        slash[1] = '\0';
        fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    mem_free(folder);
}
