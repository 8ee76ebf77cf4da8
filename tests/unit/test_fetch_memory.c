/* Every allocation of a client and its runs fails in turn, ours and libcurl's: there is a clean
 * error, or requests that have failed or not, and nothing is left on the loop. Only in the torture
 * build can allocations be made to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "made_fetch.h"
#include "made_server.h"

static struct made_certificate certificate;
static struct made_server secure;

static int start_servers(void **state)
{
    make_certificate(&certificate, "DNS:localhost,IP:127.0.0.1", -60);
    start_server(&secure, &certificate);
    return made_group_setup(state);
}

static int stop_servers(void **state)
{
    stop_server(&secure);
    free_certificate(&certificate);
    return made_group_teardown(state);
}

#ifdef UVLAB_TORTURE

/* One client and one run with two requests; true when it went well. */
static bool run_one(bool looks_up)
{
    struct err e = {.text = ""};
    bool succeeded = false;

    memset(&made.run, 0, sizeof made.run);
    made.run.experiment = &made_experiment;
    made.run.pass = &made.pass;
    made.run.pool_size = 2;
    made.count = 2;
    made.pass.spans = made.count * FETCH_SPANS_EACH;
    made.client = fetch_client_new(&made.settings, &e);
    if (made.client != NULL &&
        fetch_target_parse(&made.targets[0], made.urls[0], &made.settings, &e) == 0) {
        made.target_count = 1;
        made.targets[0].is_address = !looks_up;
        succeeded = run_once(&made.run, &e) == 0 && !made.run.failed;
        for (uint32_t i = 0; i < made.run.recorder.count && e.text[0] == '\0'; i++) {
            recorder_get(&made.run.recorder, i, &made.spans[i]);
            assert_int_not_equal(made.spans[i].status, SPAN_UNFINISHED);
        }
    }
    assert_true(succeeded || e.text[0] != '\0' || made.run.failed);
    fetch_client_free(made.client);
    made.client = NULL;
    run_free(&made.run);
    return succeeded;
}

static void fail_each(bool looks_up)
{
    unsigned long allocations, before;

    made.settings.trusted = certificate.pem;
    snprintf(made.urls[0], sizeof made.urls[0], "%s/", secure.url);
    assert_true(run_one(looks_up)); /* libcurl is loaded from here on */
    before = mem_fuse_count();
    assert_true(run_one(looks_up));
    allocations = mem_fuse_count() - before;
    assert_true(allocations > 100);
    for (unsigned long nth = 1; nth <= allocations; nth++) {
        mem_fuse_arm(nth);
        run_one(looks_up);
        mem_fuse_arm(0);
    }
    assert_true(run_one(looks_up));
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    fail_each(false);
}

static void any_allocation_may_fail_with_lookups(void **state)
{
    (void)state;
    fail_each(true);
}

#else

static void any_allocation_may_fail(void **state)
{
    (void)state;
    print_message("skipped: no torture build\n");
    skip();
}

#define any_allocation_may_fail_with_lookups any_allocation_may_fail

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        FETCHED(any_allocation_may_fail),
        FETCHED(any_allocation_may_fail_with_lookups),
    };

    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
