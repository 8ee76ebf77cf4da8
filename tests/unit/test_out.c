/* Where results go: a file is replaced at once or not at all, with its link and its mode; devices
 * stay devices; what cannot be written is told. Runs in a folder of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/out.h"

enum { LONG_BYTES = 200000 };

static char folder[] = P_tmpdir "/uvlab-out.XXXXXX";
static struct err e;

static void put_file(const char *path, const char *content, mode_t mode)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_file(const char *path, const char *content)
{
    char found[256];
    FILE *f = fopen(path, "r");
    size_t length;

    assert_non_null(f);
    length = fread(found, 1, sizeof found - 1, f);
    fclose(f);
    found[length] = '\0';
    assert_string_equal(found, content);
}

static mode_t mode_of(const char *path)
{
    struct stat s;

    assert_int_equal(lstat(path, &s), 0);
    return s.st_mode;
}

/* How many entries the folder has, hidden ones too. */
static int entries(const char *path)
{
    DIR *d = opendir(path);
    int count = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        count++;
    closedir(d);
    return count - 2;
}

static struct out *opened(const char *path)
{
    struct out *o = out_open(path, &e);

    if (o == NULL)
        fail_msg("%s", e.text);
    return o;
}

static void assert_refused(const char *path, const char *why)
{
    char expected[256];

    snprintf(expected, sizeof expected, "cannot write '%s': %s", path, why);
    assert_null(out_open(path, &e));
    assert_int_equal(e.status, STATUS_FAILED);
    assert_string_equal(e.text, expected);
}

static int into_empty_folder(void **state)
{
    (void)state;
    return system("rm -rf ./* ./.uvlab*") == 0 ? 0 : -1;
}

static void test_new_file_appears_whole(void **state)
{
    struct out *o;

    (void)state;
    umask(027);
    o = opened("r.json");
    out_text(o, "{}\n");
    assert_int_equal(access("r.json", F_OK), -1);
    assert_int_equal(out_close(o, &e), 0);
    assert_file("r.json", "{}\n");
    assert_int_equal(mode_of("r.json"), S_IFREG | 0640);
    assert_int_equal(entries("."), 1);
    umask(022);
}

static void test_old_file_stays_until_the_end(void **state)
{
    struct out *o;

    (void)state;
    put_file("r.json", "old", 0604);
    o = opened("r.json");
    for (int i = 0; i < LONG_BYTES; i++)
        out_bytes(o, "x", 1);
    assert_file("r.json", "old");
    assert_int_equal(out_close(o, &e), 0);
    assert_int_equal(mode_of("r.json"), S_IFREG | 0604);
    assert_int_equal(entries("."), 1);
}

static void test_abandoned_leaves_the_old(void **state)
{
    struct out *o;

    (void)state;
    put_file("r.json", "old", 0644);
    o = opened("r.json");
    out_text(o, "new");
    out_abandon(o);
    assert_file("r.json", "old");
    out_abandon(opened("never"));
    out_abandon(NULL);
    assert_int_equal(entries("."), 1);
}

static void test_links_are_followed(void **state)
{
    struct out *o;

    (void)state;
    assert_int_equal(mkdir("far", 0755), 0);
    put_file("far/real", "old", 0644);
    assert_int_equal(symlink("real", "far/near"), 0);
    assert_int_equal(symlink("far/near", "link"), 0);
    o = opened("link");
    out_text(o, "new");
    assert_int_equal(out_close(o, &e), 0);
    assert_true(S_ISLNK(mode_of("link")));
    assert_true(S_ISLNK(mode_of("far/near")));
    assert_file("far/real", "new");
    assert_int_equal(entries("far"), 2);
}

static void test_link_to_nowhere_makes_the_file(void **state)
{
    struct out *o;

    (void)state;
    assert_int_equal(mkdir("far", 0755), 0);
    assert_int_equal(symlink("far/real", "link"), 0);
    o = opened("link");
    out_text(o, "new");
    assert_int_equal(out_close(o, &e), 0);
    assert_true(S_ISLNK(mode_of("link")));
    assert_file("far/real", "new");
}

static void test_what_cannot_be_opened(void **state)
{
    char too_long[300] = {0};

    (void)state;
    assert_refused("no/such/r.json", "no such file or directory");
    assert_refused("", "no such file or directory");
    assert_refused(".", "is a directory");
    assert_refused("new/", "is a directory");
    assert_int_equal(symlink("round", "round"), 0);
    assert_refused("round", "too many symbolic links encountered");
    put_file("file", "", 0644);
    assert_refused("file/r.json", "not a directory");
    memset(too_long, 'n', sizeof too_long - 1);
    assert_null(out_open(too_long, &e));
    assert_refused("/dev/fd/1000", "bad file descriptor");
    if (geteuid() != 0) {
        put_file("protected", "old", 0444);
        assert_refused("protected", "permission denied");
        assert_int_equal(mkdir("locked", 0555), 0);
        assert_refused("locked/r.json", "permission denied");
    }
}

static void test_devices_stay_devices(void **state)
{
    struct out *o = opened("/dev/null");

    (void)state;
    out_text(o, "gone");
    assert_int_equal(out_close(o, &e), 0);
    assert_true(S_ISCHR(mode_of("/dev/null")));

    o = opened("/dev/full");
    for (int i = 0; i < LONG_BYTES; i++)
        out_number(o, 7);
    assert_int_equal(out_close(o, &e), -1);
    assert_int_equal(e.status, STATUS_FAILED);
    assert_string_equal(e.text, "cannot write '/dev/full': no space left on device");
    assert_true(S_ISCHR(mode_of("/dev/full")));
}

/* A file that cannot grow stands for a full disk. */
static void test_full_disk_leaves_the_old(void **state)
{
    struct rlimit old, small;
    struct out *o;
    int rc;

    (void)state;
    put_file("r.json", "old", 0644);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 1000, .rlim_max = old.rlim_max};
    o = opened("r.json");
    for (int i = 0; i < LONG_BYTES; i++)
        out_bytes(o, "x", 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = out_close(o, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(rc, -1);
    assert_string_equal(e.text, "cannot write 'r.json': file too large");
    assert_file("r.json", "old");
    assert_int_equal(entries("."), 1);
}

static void test_folder_that_goes_away(void **state)
{
    struct out *o;

    (void)state;
    assert_int_equal(mkdir("far", 0755), 0);
    o = opened("far/r.json");
    out_text(o, "new");
    assert_int_equal(rename("far", "gone"), 0);
    assert_int_equal(out_close(o, &e), -1);
    assert_string_equal(e.text, "cannot write 'far/r.json': no such file or directory");
}

static void test_closed_pipe(void **state)
{
    char path[32];
    struct out *o;
    int ends[2];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    o = opened(path);
    close(ends[0]);
    out_text(o, "unheard");
    assert_int_equal(out_close(o, &e), OUT_NO_READER);
    assert_non_null(strstr(e.text, ": broken pipe"));
    close(ends[1]);
}

/* A descriptor that the process was given goes on where it stands. */
static void test_given_descriptor_keeps_its_position(void **state)
{
    char path[32];
    struct out *o;
    int fd = open("log", O_WRONLY | O_CREAT, 0644);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "before ", 7), 7);
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    o = opened(path);
    out_text(o, "after");
    assert_int_equal(out_close(o, &e), 0);
    assert_int_equal(write(fd, " end", 4), 4);
    close(fd);
    assert_file("log", "before after end");
    assert_int_equal(entries("."), 1);
}

static void test_standard_output(void **state)
{
    int saved, file = open("stdout", O_RDWR | O_CREAT, 0644);
    struct out *o, *refused;

    (void)state;
    fflush(stdout);
    saved = dup(STDOUT_FILENO);
    assert_true(file >= 0 && saved >= 0);
    dup2(file, STDOUT_FILENO);
    o = out_open("-", &e);
    if (o != NULL) {
        out_text(o, "to standard output");
        out_close(o, &e);
    }
    close(STDOUT_FILENO);
    refused = out_open(NULL, &e);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(file);
    assert_non_null(o);
    assert_null(refused);
    assert_string_equal(e.text, "cannot write standard output: bad file descriptor");
    assert_file("stdout", "to standard output");
}

static void test_emergency_removes_the_half(void **state)
{
    struct out *o;

    (void)state;
    out_emergency(); /* nothing is being written: nothing happens */
    put_file("r.json", "old", 0644);
    o = opened("r.json");
    assert_int_equal(entries("."), 2);
    out_emergency();
    assert_int_equal(entries("."), 1);
    assert_file("r.json", "old");
    assert_int_equal(out_close(o, &e), -1);

    o = opened("r.json");
    out_text(o, "new");
    assert_int_equal(out_close(o, &e), 0);
    out_emergency();
    assert_file("r.json", "new");
}

#define IN_FOLDER(test) cmocka_unit_test_setup(test, into_empty_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_new_file_appears_whole),
        IN_FOLDER(test_old_file_stays_until_the_end),
        IN_FOLDER(test_abandoned_leaves_the_old),
        IN_FOLDER(test_links_are_followed),
        IN_FOLDER(test_link_to_nowhere_makes_the_file),
        IN_FOLDER(test_what_cannot_be_opened),
        IN_FOLDER(test_devices_stay_devices),
        IN_FOLDER(test_full_disk_leaves_the_old),
        IN_FOLDER(test_folder_that_goes_away),
        IN_FOLDER(test_closed_pipe),
        IN_FOLDER(test_given_descriptor_keeps_its_position),
        IN_FOLDER(test_standard_output),
        IN_FOLDER(test_emergency_removes_the_half),
    };
    int failed;

    if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
        perror(folder);
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (into_empty_folder(NULL) != 0 || chdir("..") != 0 || rmdir(folder) != 0)
        perror(folder);
    return failed;
}
