/* What a forked process sheds, by each of the three ways; a filter of system calls takes away those
 * that a kernel or a root may lack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/child.h"

enum { FILES = 40, CANNOT = 77 };

/* From now on these system calls do not exist; false where that cannot be had. */
static bool take_away(const uint32_t *numbers, unsigned short count)
{
    bool all = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    for (unsigned short i = 0; i < count; i++) {
        struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i], 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const struct sock_fprog filter = {.len = sizeof code / sizeof code[0], .filter = code};
        all = all && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
    }
    return all;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Of files with these numbers, every fifth is kept, in no order; in the child. */
static bool sheds(int first)
{
    int kept[FILES / 5 + 2] = {first + FILES - 5, -1}, count = 2;
    for (int i = 0; i < FILES - 5; i += 5)
        kept[count++] = first + i;
    child_close_inherited(kept, (size_t)count);
    for (int i = 0; i < FILES; i++)
        if (is_open(first + i) != (i % 5 == 0))
            return false;
    return is_open(STDIN_FILENO) && is_open(STDOUT_FILENO) && is_open(STDERR_FILENO);
}

static void shed_without(const uint32_t *numbers, unsigned short count)
{
    int fds[2], status, first = 100;
    pid_t child;
    assert_int_equal(pipe(fds), 0);
    for (int i = 0; i < FILES; i++)
        assert_int_equal(dup2(fds[0], first + i), first + i);
    child = child_fork();
    if (child == 0) {
        const struct rlimit low = {.rlim_cur = 256, .rlim_max = 256};
        setrlimit(RLIMIT_NOFILE, &low); /* a million of them take their time under a checker */
        _exit(!take_away(numbers, count) ? CANNOT : sheds(first) ? 0 : 1);
    }
    for (int i = 0; i < FILES; i++)
        close(first + i);
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_inherited_files_are_closed(void **state)
{
    (void)state;
    shed_without(NULL, 0);
}

#ifdef SYS_close_range
static void test_by_their_list_where_ranges_cannot_be_closed(void **state)
{
    static const uint32_t numbers[] = {SYS_close_range};
    (void)state;
    shed_without(numbers, 1);
}

static void test_by_number_where_there_is_no_list(void **state)
{
    static const uint32_t numbers[] = {SYS_close_range, SYS_openat};
    (void)state;
    shed_without(numbers, 2);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inherited_files_are_closed),
#ifdef SYS_close_range
        cmocka_unit_test(test_by_their_list_where_ranges_cannot_be_closed),
        cmocka_unit_test(test_by_number_where_there_is_no_list),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
