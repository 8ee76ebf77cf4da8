/* A library to be preloaded that lets the N-th allocation of a process fail, whoever asks for it:
 * the C library, the dynamic linker, libuv, OpenSSL or uvlab itself. It is for looking at what
 * others do when memory is short; uvlab's own allocations are better tried through base/mem.h.
 *
 * UVLAB_FAIL_MALLOC=N      which one fails; 0: none, they are only counted
 * UVLAB_FAIL_MALLOC_LOG=F  the file that is written; its lines:
 *     failed               and then the stack of the allocation that failed, a frame a line
 *     died SIGNAL          and then the stack of the thread that died
 *     count N              allocations in all, when the process exits
 *
 * A child of a fork is left alone: nothing fails in it.
 *
 * Any thread may allocate at any time, so there is an atomic counter and no lock. Nothing here
 * allocates: stacks are written by backtrace_symbols_fd(), and backtrace() is called once before
 * main(), as its first call loads a library. */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES_MOST = 64, STACK_BYTES = 1 << 16 };

/* glibc's own, by the names that do not lead back here. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes_each);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static atomic_ulong asked;
static unsigned long fails_at; /* 0: never */
static int log_fd = -1;
static char signal_stack[STACK_BYTES];

static void write_log(const char *text)
{
    ssize_t written = write(log_fd, text, strlen(text));

    (void)written;
}

static void write_stack(const char *title)
{
    void *frames[FRAMES_MOST];
    int count = backtrace(frames, FRAMES_MOST);

    write_log(title);
    backtrace_symbols_fd(frames, count, log_fd);
    write_log("\n");
}

/* Nothing counts before the process has reached main(). */
static bool fails(void)
{
    if (log_fd < 0 || atomic_fetch_add(&asked, 1) + 1 != fails_at)
        return false;
    write_stack("failed\n");
    errno = ENOMEM;
    return true;
}

static void on_death(int number)
{
    char title[32];

    snprintf(title, sizeof title, "died %d\n", number);
    write_stack(title);
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_deaths(void)
{
    static const int deaths[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    struct sigaction action = {.sa_handler = on_death, .sa_flags = SA_ONSTACK | SA_RESETHAND};

    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++)
        sigaction(deaths[i], &action, NULL);
}

/* A child would fail at the same count once more, and closes descriptors that it does not know. */
static void leave_alone(void)
{
    log_fd = -1;
}

__attribute__((constructor)) static void begin(void)
{
    const char *number = getenv("UVLAB_FAIL_MALLOC"), *log = getenv("UVLAB_FAIL_MALLOC_LOG");
    void *frame;

    if (number == NULL || log == NULL)
        return;
    fails_at = strtoul(number, NULL, 10);
    backtrace(&frame, 1);
    catch_deaths();
    pthread_atfork(NULL, NULL, leave_alone);
    log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

__attribute__((destructor)) static void end(void)
{
    char line[48];

    if (log_fd < 0)
        return;
    snprintf(line, sizeof line, "count %lu\n", atomic_load(&asked));
    write_log(line);
}

/* --- What takes the place of the C library's. --- */

void *malloc(size_t bytes)
{
    return fails() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes_each)
{
    return fails() ? NULL : __libc_calloc(count, bytes_each);
}

void *realloc(void *memory, size_t bytes)
{
    return fails() ? NULL : __libc_realloc(memory, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return fails() ? NULL : __libc_memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    void *made = fails() ? NULL : __libc_memalign(alignment, bytes);

    if (made == NULL)
        return ENOMEM;
    *memory = made;
    return 0;
}
