/* Every allocation of the app fails in turn, from its beginning through a request to each of its
 * routes: there is a clean error, an answer that says so, or a connection that ends; and the next
 * request is answered. Only in the torture build can allocations be made to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "measure/clock.h"
#include "measure/pool.h"
#include "net/app_child.h"
#include "served_app.h"

#ifdef UVLAB_TORTURE

/* A file that is small, and a target that is too long for the memory that a connection has. */
#define LONG "/fast?0123456789012345678901234567890123456789012345678901234567890123456789"
static const char *const targets[] = {
    "/",          "/fast",        "/block?ms=0",   "/sleep?ms=0", "/file",
    "/spin?ms=0", "/count?n=1",   "/stats",        "/nothing",    "/count?n=1e3",
    LONG,         "/thread?ms=0", "/process?ms=0", "/fast"};
enum { TARGETS = sizeof targets / sizeof targets[0] };

static bool is_whole(const char *answer)
{
    const char *body = strstr(answer, "\r\n\r\n"), *length = strstr(answer, "Content-Length: ");
    return body != NULL && length != NULL &&
           strtoul(length + strlen("Content-Length: "), NULL, 10) == strlen(body + 4);
}

/* A connection for which there was no memory is broken off. */
static char *get(unsigned port, const char *target)
{
    int fd = served_connect(port);
    char request[256], *answer;
    bool reset;
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", target);
    served_send(fd, request, (size_t)length);
    answer = served_read(fd, SIZE_MAX, NULL, &reset);
    assert_true(!reset || answer[0] == '\0');
    close(fd);
    return answer;
}

/* Asks for everything once; how many requests did not come to what they should. */
static unsigned ask_for_all(unsigned port)
{
    unsigned failures = 0;
    for (int i = 0; i < TARGETS; i++) {
        char *answer = get(port, targets[i]);
        bool failed = answer[0] == '\0' || strncmp(answer, "HTTP/1.1 5", 10) == 0;
        if (answer[0] != '\0' && !is_whole(answer))
            fail_msg("%s: %s", targets[i], answer);
        failures += failed;
        free(answer);
    }
    return failures;
}

static void each_allocation_may_fail(void **state)
{
    struct app_options options = served_app_defaults;
    unsigned long nth = 0, before, begun = 0;
    bool fired = true;
    (void)state;
    options.file = "/etc/passwd";
    while (fired) {
        struct served_app s;
        struct err e = {.text = ""};
        before = mem_fuse_count();
        mem_fuse_arm(++nth);
        if (served_app_try(&s, options, &e)) {
            begun++;
            assert_true(ask_for_all(s.port) <= 1);
            fired = mem_fuse_count() - before >= nth;
            served_app_stop(&s);
            fired = fired || mem_fuse_count() - before >= nth;
        } else {
            assert_string_not_equal(e.text, "");
        }
        mem_fuse_arm(0);
    }
    assert_true(begun > TARGETS && nth > begun);
}

#else

static void each_allocation_may_fail(void **state)
{
    (void)state;
    skip();
}

#endif

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail),
    };
    struct pool_facts facts;
    struct err e;
    int failed;
    sigset_t children;
    if (app_child_is(argc, argv))
        app_child_main(argv);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD); /* which would interrupt the tests' own reading */
    pthread_sigmask(SIG_BLOCK, &children, NULL);
    mem_adopt_cjson();
    if (clock_init(CLOCK_CHOICE_AUTO, &e) < 0 || pool_start(1, &facts, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    uv_library_shutdown(); /* the pool's threads end before OpenSSL does */
    return failed;
}
