/* A run of a program: what it writes, how it ends, and how it is made to end. The programs are
 * shells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure/clock.h"
#include "measure/run.h"
#include "sweep/process.h"

#define NS_PER_MS UINT64_C(1000000)

enum { OUTPUT_MOST = 1 << 20 };

static struct process_plan plan_of(char *const *arguments)
{
    return (struct process_plan){.program = arguments[0],
                                 .arguments = arguments,
                                 .limit_ns = 60000 * NS_PER_MS,
                                 .grace_ns = 60000 * NS_PER_MS,
                                 .break_grace_ns = 200 * NS_PER_MS,
                                 .output_most = OUTPUT_MOST};
}

/* Runs it; the caller frees out->output. */
static void run_shell(const char *script, uint64_t limit_ns, uint64_t grace_ns,
                      struct process_outcome *out, char *why, size_t bytes)
{
    char *arguments[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, strdup(script), NULL};
    struct process_plan plan = plan_of(arguments);
    struct err e = {.text = ""};
    if (limit_ns != 0)
        plan.limit_ns = limit_ns;
    if (grace_ns != 0)
        plan.grace_ns = grace_ns;
    if (process_run(&plan, out, &e) != 0)
        fail_msg("%s: %s", script, e.text);
    process_describe(&plan, out, why, bytes);
    free(arguments[2]);
}

static void expect(const char *script, enum process_end end, int status, const char *why_wanted)
{
    struct process_outcome out;
    char why[200];
    run_shell(script, 0, 0, &out, why, sizeof why);
    assert_int_equal(out.end, end);
    assert_int_equal(out.status, status);
    assert_string_equal(why, why_wanted);
    assert_true(out.took_ns > 0);
    text_free(&out.output);
}

static void ends_are_told_apart(void **state)
{
    (void)state;
    expect("exit 0", PROCESS_EXITED, 0, "");
    expect("exit 2", PROCESS_EXITED, 2, "");
    expect("exit 255", PROCESS_EXITED, 255, "");
    expect("kill -SEGV $$", PROCESS_SIGNALLED, SIGSEGV, "was killed by SIGSEGV");
    expect("kill -KILL $$", PROCESS_SIGNALLED, SIGKILL, "was killed by SIGKILL");
    expect("kill -TERM $$", PROCESS_SIGNALLED, SIGTERM, "was killed by SIGTERM");
}

static void all_that_is_written_is_kept(void **state)
{
    struct process_outcome out;
    char why[200];
    (void)state;
    run_shell("head -c 300000 /dev/zero | tr '\\0' x; echo; echo one >&2; echo two >&2; echo >&2",
              0, 0, &out, why, sizeof why);
    assert_int_equal(out.output.length, 300001);
    assert_int_equal(strspn(out.output.data, "x"), 300000);
    assert_string_equal(out.said, "two");
    text_free(&out.output);
    run_shell("head -c 300000 /dev/zero | tr '\\0' e >&2; printf '\\033[2J\\377\\nlast' >&2", 0, 0,
              &out, why, sizeof why);
    assert_string_equal(out.said, "last");
    assert_int_equal(out.output.length, 0);
    text_free(&out.output);
    run_shell("printf '\\033[2Ja\\377' >&2", 0, 0, &out, why, sizeof why);
    assert_string_equal(out.said, "?[2Ja?");
    text_free(&out.output);
}

static void it_finds_a_quiet_place(void **state)
{
    struct process_outcome out;
    char why[200];
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_DFL);
    for (int fd = STDERR_FILENO + 1; fd < 1024; fd++) /* what this test was started with */
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    run_shell("read line || echo nothing to read; ls -l /proc/self/fd | grep -c 'pipe:.[0-9]'; "
              "grep -E 'Sig(Blk|Ign)' /proc/$$/status | tr -d '\\n\\t'",
              0, 0, &out, why, sizeof why);
    /* Its output and its errors; what is ignored would be inherited. */
    assert_non_null(strstr(text_get(&out.output), "nothing to read\n2\n"));
    assert_non_null(
        strstr(text_get(&out.output), "SigBlk:0000000000000000SigIgn:0000000000000000"));
    text_free(&out.output);
}

static void what_takes_too_long_is_ended(void **state)
{
    struct process_outcome out;
    char why[200];
    (void)state;
    run_shell("exec sleep 1000", 50 * NS_PER_MS, 0, &out, why, sizeof why);
    assert_int_equal(out.end, PROCESS_LATE);
    assert_string_equal(why, "took longer than 50.0 ms");
    text_free(&out.output);
    /* This one does not hear SIGTERM, and its child holds the pipes. */
    run_shell("trap '' TERM; sleep 3 & while :; do sleep 0.01; done", 50 * NS_PER_MS,
              100 * NS_PER_MS, &out, why, sizeof why);
    assert_int_equal(out.end, PROCESS_LATE);
    text_free(&out.output);
    /* Closed pipes are no end. */
    run_shell("exec >&- 2>&-; exec sleep 1000", 50 * NS_PER_MS, 0, &out, why, sizeof why);
    assert_int_equal(out.end, PROCESS_LATE);
    text_free(&out.output);
}

/* Nor is one that is never silent; what it leaves behind may go on, and is not listened to. */
static void who_never_stops_talking_is_ended_in_time(void **state)
{
    struct process_outcome out;
    char why[200];
    uint64_t before_ns = clock_read_monotonic();
    (void)state;
    run_shell("exec yes >&2", 50 * NS_PER_MS, 0, &out, why, sizeof why);
    assert_int_equal(out.end, PROCESS_LATE);
    assert_string_equal(out.said, "y");
    text_free(&out.output);
    run_shell("timeout 20 yes >&2 & timeout 20 yes >&2 & exit 6", 0, 0, &out, why, sizeof why);
    assert_int_equal(out.status, 6);
    text_free(&out.output);
    assert_true(clock_read_monotonic() - before_ns < 10000 * NS_PER_MS);
}

static void closed_pipes_and_open_ones_do_not_hold_it_up(void **state)
{
    struct process_outcome out;
    char why[200];
    uint64_t before_ns = clock_read_monotonic();
    (void)state;
    run_shell("exec >&- 2>&-; sleep 0.05; exit 3", 0, 0, &out, why, sizeof why);
    assert_int_equal(out.status, 3);
    text_free(&out.output);
    run_shell("echo said; sleep 30 & exit 4", 0, 0, &out, why, sizeof why);
    assert_int_equal(out.status, 4);
    assert_string_equal(text_get(&out.output), "said\n");
    text_free(&out.output);
    assert_true(clock_read_monotonic() - before_ns < 30000 * NS_PER_MS);
}

static void too_much_is_too_much(void **state)
{
    struct process_outcome out;
    char why[200];
    (void)state;
    run_shell("exec cat /dev/zero", 0, 0, &out, why, sizeof why);
    assert_int_equal(out.end, PROCESS_TALKATIVE);
    assert_string_equal(why, "wrote more than 1 MiB");
    assert_in_range(out.output.length, 0, OUTPUT_MOST);
    text_free(&out.output);
}

static void what_cannot_be_run_is_told(void **state)
{
    char *arguments[] = {(char[]){"/nowhere/at/all"}, NULL};
    struct process_plan plan = plan_of(arguments);
    struct process_outcome out;
    struct err e;
    char why[200];
    (void)state;
    assert_int_equal(process_run(&plan, &out, &e), 0);
    assert_int_equal(out.end, PROCESS_NOT_STARTED);
    assert_int_equal(out.status, ENOENT);
    process_describe(&plan, &out, why, sizeof why);
    assert_string_equal(why, "cannot run '/nowhere/at/all': no such file or directory");
    text_free(&out.output);
}

/* Whoever started us may have blocked the signals that tell of a child's end. */
static void blocked_signals_do_not_matter(void **state)
{
    sigset_t all, before;
    (void)state;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    expect("exec >&- 2>&-; sleep 0.05; exit 5", PROCESS_EXITED, 5, "");
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* In a process of its own, as a signal that has come stays. */
static int interrupted(const char *script)
{
    struct process_outcome out;
    char why[200];
    bool good;
    run_catch_signals(NULL);
    run_shell(script, 0, 0, &out, why, sizeof why);
    good = out.end == PROCESS_INTERRUPTED && strcmp(why, "was interrupted") == 0;
    text_free(&out.output);
    return good ? 0 : 1;
}

static void an_interrupt_ends_the_child(void **state)
{
    static const char *const scripts[] = {
        "kill -INT $PPID; exec sleep 1000",
        "trap '' TERM; kill -TERM $PPID; while :; do sleep 0.01; done",
    };
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        pid_t pid = fork();
        int status;
        if (pid == 0)
            _exit(interrupted(scripts[i]));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_told_apart),
        cmocka_unit_test(all_that_is_written_is_kept),
        cmocka_unit_test(it_finds_a_quiet_place),
        cmocka_unit_test(what_takes_too_long_is_ended),
        cmocka_unit_test(who_never_stops_talking_is_ended_in_time),
        cmocka_unit_test(closed_pipes_and_open_ones_do_not_hold_it_up),
        cmocka_unit_test(too_much_is_too_much),
        cmocka_unit_test(what_cannot_be_run_is_told),
        cmocka_unit_test(blocked_signals_do_not_matter),
        cmocka_unit_test(an_interrupt_ends_the_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
