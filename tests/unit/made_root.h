/* A root of files that a test records, in a temporary folder, from which host facts are then read.
 * Every test has one of its own. */
#ifndef UVLAB_TESTS_MADE_ROOT_H
#define UVLAB_TESTS_MADE_ROOT_H

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "measure/host.h"

static char root[PATH_MAX];

static inline int make_root(void **state)
{
    const char *folder = getenv("TMPDIR");

    (void)state;
    snprintf(root, sizeof root, "%s/uvlab-host-XXXXXX", folder == NULL ? "/tmp" : folder);
    if (mkdtemp(root) == NULL)
        return -1;
    host_set_root(root);
    return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline int remove_root(void **state)
{
    (void)state;
    host_set_root(NULL);
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void make_folders(char *path)
{
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
}

static inline void put_bytes(const char *path, const void *bytes, size_t length)
{
    char whole[2 * PATH_MAX];
    FILE *f;

    snprintf(whole, sizeof whole, "%s%s", root, path);
    make_folders(whole);
    f = fopen(whole, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, length, f), length);
    assert_int_equal(fclose(f), 0);
}

static inline void put(const char *path, const char *text)
{
    put_bytes(path, text, strlen(text));
}

#define IN_ROOT(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

#endif
