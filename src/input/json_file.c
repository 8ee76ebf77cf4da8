/* From a path to a tree. A file is read in pieces into one buffer, which lasts as long as the
 * reading; its name is a part of every message, as several files may be read for one command.
 *
 * Trees come from the splitter alone, so they are no deeper than its limit, and functions may call
 * themselves for every level. Main thread. */
#include "input/json_file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { PIECE_BYTES = 256 * 1024 };

int json_file_name_error(struct err *e, const char *name)
{
    if (strncmp(e->text, "is ", 3) == 0)
        return err_set(e, e->status, "'%s' %s", name, e->text);
    return err_prefix(e, "'%s'", name);
}

static int read_all(int fd, const char *name, char *piece, struct json_split *s, struct err *e)
{
    for (;;) {
        ssize_t count = read(fd, piece, PIECE_BYTES);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return err_set(e, STATUS_FAILED, "cannot read '%s': %s", name, strerror(errno));
        if (count == 0)
            return json_split_end(s, e) == 0 ? 0 : json_file_name_error(e, name);
        if (json_split_feed(s, piece, (size_t)count, e) != 0)
            return json_file_name_error(e, name);
    }
}

int json_file_split(const char *path, struct json_split *s, struct err *e)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *piece;
    int rc;
    if (fd < 0)
        return err_set(e, STATUS_FAILED, "cannot read '%s': %s", path, strerror(errno));
    piece = mem_alloc(PIECE_BYTES);
    rc = piece == NULL ? err_no_memory(e, "reading a file")
                       : read_all(fd, standard ? "standard input" : path, piece, s, e);
    mem_free(piece);
    if (!standard)
        close(fd);
    return rc;
}

cJSON *json_file_tree(const char *json, size_t bytes, struct err *e)
{
    cJSON *tree = cJSON_ParseWithLength(json, bytes);
    if (tree == NULL)
        err_no_memory(e, "a document");
    return tree;
}

const cJSON *json_file_get(const cJSON *object, const char *key)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int twice_in(const cJSON *object, const char **key, struct err *e)
{
    size_t count = 0;
    const char **keys;
    for (const cJSON *item = object->child; item != NULL; item = item->next)
        count++;
    if (count < 2)
        return 0;
    keys = mem_zeroed(count, sizeof *keys);
    if (keys == NULL)
        return err_no_memory(e, "the keys of a document");
    count = 0;
    for (const cJSON *item = object->child; item != NULL; item = item->next)
        keys[count++] = item->string;
    qsort(keys, count, sizeof *keys, by_text);
    for (size_t i = 1; i < count && *key == NULL; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            *key = keys[i];
    mem_free(keys);
    return 0;
}

/* Calls itself for every level, JSON_DEPTH_MOST at most. */
static int find_twice(const cJSON *tree, const char **key, struct err *e)
{
    if (cJSON_IsObject(tree) && twice_in(tree, key, e) != 0)
        return -1;
    for (const cJSON *item = tree->child; item != NULL && *key == NULL; item = item->next)
        if (item->child != NULL && find_twice(item, key, e) != 0)
            return -1;
    return 0;
}

int json_file_twice(const cJSON *tree, const char **key, struct err *e)
{
    *key = NULL;
    return find_twice(tree, key, e);
}

bool json_file_is_count(const cJSON *item)
{
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= 0x1p63 &&
           floor(item->valuedouble) == item->valuedouble;
}
