/* The load generator against a server on a thread of its own. What a server can do wrong is in
 * tests/cli/load.test, with tests/bad-server. */
#include "served.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "measure/run.h"
#include "net/load.h"
#include "net/span_field.h"

static const struct span_kind *const kinds[] = {LOAD_KIND_ROWS, NULL};

/* One run of a load, and what became of it. */
static struct {
    struct load_options options;
    struct load_targets targets;
    struct load_client *client;
    struct load *load;
    struct result result;
    struct pass pass;
    struct run run;
    char urls[4][64];
    uint64_t cancel_after_ms; /* 0: not at all */
    uv_timer_t timer;
} made;

static int made_prepare(struct run *run, struct err *e)
{
    made.load = load_new(run, made.client, 0, e);
    return made.load == NULL ? -1 : 0;
}

static void timer_cb(uv_timer_t *timer)
{
    load_cancel(made.load);
    load_cancel(made.load); /* which does no harm */
    uv_close((uv_handle_t *)timer, NULL);
}

static int made_start(struct run *run, struct err *e)
{
    if (made.cancel_after_ms > 0) {
        uv_timer_init(run->loop, &made.timer);
        uv_timer_start(&made.timer, timer_cb, made.cancel_after_ms, 0);
    }
    return load_start(made.load, e);
}

static void made_cancel(struct run *run)
{
    (void)run;
    load_cancel(made.load);
}

static void made_cleanup(struct run *run)
{
    (void)run;
    load_free(made.load);
    made.load = NULL;
}

static const struct experiment made_experiment = {
    .name = "made",
    .kinds = kinds,
    .records = LOAD_RECORDS,
    .prepare = made_prepare,
    .start = made_start,
    .cancel = made_cancel,
    .cleanup = made_cleanup,
};

/* Ready for so many requests over so many connections. */
static void begin(uint64_t requests, uint64_t connections)
{
    struct err e;

    memset(&made, 0, sizeof made);
    made.options = (struct load_options){.method = "GET",
                                         .keep_alive = true,
                                         .requests = requests,
                                         .connections = connections,
                                         .threads = 1,
                                         .spans_most = 1000,
                                         .timeout_ns = UINT64_C(60000000000)};
    assert_int_equal(clock_init(CLOCK_CHOICE_AUTO, &e), 0);
}

static void to(unsigned port, const char *path, uint64_t weight)
{
    unsigned i = made.targets.count++;

    snprintf(made.urls[i], sizeof made.urls[i], "http://127.0.0.1:%u%s", port, path);
    made.targets.urls[i] = made.urls[i];
    made.targets.weights[i] = weight;
}

/* Runs it; what it left is in made.run. */
static struct load_facts *run_it(void)
{
    struct err e = {0};

    made.client = load_open(&made.options, &made.targets, &made.result, &e);
    if (made.client == NULL)
        fail_msg("%s", e.text);
    made.pass.role = PASS_MEASURED;
    load_plan(&made.options, made.targets.count, &made.pass);
    load_plan_burst(made.targets.burst, &made.pass);
    made.run = (struct run){.experiment = &made_experiment, .pass = &made.pass};
    if (run_once(&made.run, &e) != 0)
        fail_msg("%s", e.text);
    return made.run.load;
}

static void end(void)
{
    run_free(&made.run);
    load_close(made.client, &made.result);
    result_free(&made.result);
}

static struct span span_at(uint32_t i)
{
    struct span s;

    recorder_get(&made.run.recorder, i, &s);
    return s;
}

/* Every request has its span, in order, and its instants follow each other. */
static void check_spans(uint32_t count)
{
    assert_int_equal(made.run.recorder.count, count);
    for (uint32_t i = 0; i < count; i++) {
        struct span s = span_at(i);

        assert_int_equal(s.status, SPAN_OK);
        assert_int_equal(s.ordinal, i + 1);
        assert_int_equal(s.http->answer, 200);
        assert_int_equal(s.http->version, 11);
        assert_true(s.submitted_ns <= s.sent_ns && s.sent_ns <= s.first_byte_ns &&
                    s.first_byte_ns <= s.called_back_ns);
        assert_true(s.started_ns == SPAN_UNKNOWN && s.lane == LANE_UNKNOWN);
    }
}

static void serve(struct served *s)
{
    served_start(s, (struct http_server_options){.connections_most = 1000,
                                                 .header_bytes_most = 16384,
                                                 .body_bytes_most = 64 * 1024 * 1024});
}

static void every_request_is_answered(void **state)
{
    struct load_facts *f;
    struct served s;

    (void)state;
    serve(&s);
    begin(300, 7);
    to(s.port, "/here", 1);
    f = run_it();
    assert_int_equal(f->submitted, 300);
    assert_int_equal(f->answered, 300);
    assert_int_equal(f->connections, 7);
    assert_int_equal(load_facts_failed(f), 0);
    assert_int_equal(f->spans, 300);
    assert_int_equal(f->total.count, 300);
    assert_int_equal(f->late.count, 0);
    assert_false(made.run.failed);
    check_spans(300);
    for (uint32_t i = 0; i < 300; i++) {
        assert_int_equal(span_at(i).http->received_bytes, strlen("/here"));
        assert_int_equal(span_at(i).http->reused, i >= 7);
    }
    end();
    served_stop(&s);
    assert_int_equal(atomic_load(&s.requests), 300);
}

static void threads_share_the_load(void **state)
{
    struct load_facts *f;
    struct served s;
    bool seen[9] = {0};

    (void)state;
    serve(&s);
    begin(101, 8);
    made.options.threads = 3;
    to(s.port, "/a", 1);
    f = run_it();
    assert_int_equal(f->answered, 101);
    assert_int_equal(f->threads, 3);
    assert_int_equal(f->connections, 8);
    check_spans(101);
    for (uint32_t i = 0; i < 101; i++)
        seen[span_at(i).http->connection] = true;
    for (int i = 1; i <= 8; i++)
        assert_true(seen[i]);
    end();
    served_stop(&s);
}

static void an_open_loop_does_not_wait(void **state)
{
    struct load_facts *f;
    struct served s;

    (void)state;
    serve(&s);
    begin(20, 20);
    made.options.rate = 1000; /* 20 ms for all, and each is answered after 20 ms */
    to(s.port, "/later", 1);
    f = run_it();
    check_spans(20);
    assert_int_equal(f->late.count, 20);
    assert_int_equal(f->since_due.count, 20);
    for (uint32_t i = 0; i < 20; i++) {
        struct span one = span_at(i);

        assert_true(one.due_ns <= one.submitted_ns);
        assert_true(span_since_due_ns(&one) >= span_total_ns(&one));
        assert_true(one.due_ns > 0); /* the run's clock began before the load */
        /* A millisecond apart, whatever else happened; but that the first is the first to read both
         * clocks, which may take long under a checker. */
        if (i > 1)
            assert_in_range(one.due_ns - span_at(i - 1).due_ns, 990000, 1010000);
    }
    end();
    served_stop(&s);
}

/* Those of two targets and two threads are due one after the other, too, and not in bursts; how
 * far from each other exactly is for the pure function to say (load_phases()), as a thread may be
 * stopped between its readings of two clocks. */
static void all_parts_of_an_open_loop_take_turns(void **state)
{
    enum { COUNT = 24, APART_NS = 10000000 };
    uint64_t due_ns[COUNT] = {0};
    struct served s;

    (void)state;
    serve(&s);
    begin(COUNT, 8);
    made.options.rate = 100;
    made.options.threads = 2;
    to(s.port, "/one", 1);
    to(s.port, "/two", 1);
    made.targets.apart = true;
    run_it();
    check_spans(COUNT);
    for (uint32_t i = 0; i < COUNT; i++) { /* in order, by their place in it */
        uint32_t before = 0;

        for (uint32_t k = 0; k < COUNT; k++)
            before += span_at(k).due_ns < span_at(i).due_ns;
        due_ns[before] = span_at(i).due_ns;
    }
    for (uint32_t i = 1; i < COUNT; i++)
        assert_in_range(due_ns[i] - due_ns[i - 1], APART_NS / 2, APART_NS * 3 / 2);
    end();
    served_stop(&s);
}

/* One connection, answers after 20 ms, due after 1 ms each: all but the first are late. */
static void what_is_due_waits_for_a_connection(void **state)
{
    struct served s;

    (void)state;
    serve(&s);
    begin(4, 1);
    made.options.rate = 1000;
    to(s.port, "/later", 1);
    run_it();
    check_spans(4);
    for (uint32_t i = 1; i < 4; i++) {
        struct span one = span_at(i);

        assert_true(one.submitted_ns >= span_at(i - 1).called_back_ns);
        assert_true(span_late_ns(&one) > 0);
    }
    end();
    served_stop(&s);
}

static void targets_apart_have_their_own_connections(void **state)
{
    struct load_facts *f;
    struct served s;

    (void)state;
    serve(&s);
    begin(12, 3);
    made.targets.apart = true;
    to(s.port, "/a", 1);
    to(s.port, "/bb", 2);
    f = run_it();
    assert_int_equal(f->answered, 12);
    for (uint32_t i = 0; i < 12; i++) {
        struct span one = span_at(i);

        assert_int_equal(one.http->connection == 1, one.http->received_bytes == 2);
    }
    end();
    served_stop(&s);
}

static void without_spans_there_are_counts(void **state)
{
    struct load_facts *f;
    struct served s;

    (void)state;
    serve(&s);
    begin(50, 5);
    made.options.histogram = true;
    to(s.port, "/a", 1);
    f = run_it();
    assert_int_equal(made.run.recorder.count, 0);
    assert_int_equal(f->answered, 50);
    assert_int_equal(f->total.count, 50);
    assert_true(f->histogram_only && f->spans == 0);
    assert_true(made.run.elapsed_ns != SPAN_UNKNOWN);
    end();
    served_stop(&s);
}

static void large_bodies_go_both_ways(void **state)
{
    struct load_facts *f;
    struct served s;
    char *body = test_malloc(3 * 1024 * 1024);

    (void)state;
    memset(body, 'b', 3 * 1024 * 1024 - 1);
    body[3 * 1024 * 1024 - 1] = '\0';
    serve(&s);
    begin(4, 2);
    made.options.method = "POST";
    made.options.body = body;
    to(s.port, "/big", 1);
    f = run_it();
    assert_int_equal(f->answered, 4);
    assert_int_equal(span_at(3).http->received_bytes, SERVED_BIG_BYTES);
    end();
    served_stop(&s);
    test_free(body);
}

static void a_run_can_be_cancelled(void **state)
{
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        struct load_facts *f;
        struct served s;

        (void)state;
        serve(&s);
        begin(0, 6);
        made.options.duration_ns = UINT64_C(3600000000000);
        made.options.threads = threads;
        made.options.spans_most = 500;
        made.cancel_after_ms = 100;
        to(s.port, "/fast", 1);
        to(s.port, "/never", 1);
        f = run_it();
        assert_int_equal(f->submitted, f->answered + f->cancelled);
        assert_true(f->cancelled > 0);
        for (uint32_t i = 0; i < made.run.recorder.count; i++)
            assert_true(span_at(i).status == SPAN_OK || span_at(i).status == UV_ECANCELED);
        end();
        served_stop(&s);
    }
}

static void time_and_ramp_end_it(void **state)
{
    for (int with_rate = 0; with_rate < 2; with_rate++) {
        struct load_facts *f;
        struct served s;

        (void)state;
        serve(&s);
        begin(0, 4);
        made.options.duration_ns = 100000000;
        made.options.ramp_ns = 50000000;
        made.options.rate = with_rate ? 2000 : 0;
        to(s.port, "/a", 1);
        f = run_it();
        assert_true(f->answered > 0 && f->answered == f->submitted);
        assert_int_equal(load_facts_failed(f), 0);
        if (with_rate) /* 50 in the ramp, 100 behind it */
            assert_int_equal(f->submitted + f->unsent, 150);
        end();
        served_stop(&s);
    }
}

/* --- A server that tells what it did. --- */

/* Answers one connection's requests, each with the instants of a worker. */
static void *tell(void *context)
{
    int listener = *(int *)context, fd = accept(listener, NULL, NULL);
    char request[2048], answer[2048], field[SPAN_FIELD_BYTES];

    while (recv(fd, request, sizeof request, 0) > 0) {
        uint64_t now = clock_read_monotonic();
        struct span_field f = span_field_unknown;
        size_t length;

        f.host = span_field_host();
        f.worker = 3;
        f.thread = 2;
        strcpy(f.kind, "pbkdf2");
        f.received_ns = f.submitted_ns = f.started_ns = now;
        usleep(1000);
        f.finished_ns = f.called_back_ns = f.answered_ns = clock_read_monotonic();
        span_field_write(&f, field, sizeof field);
        length = (size_t)snprintf(answer, sizeof answer,
                                  "HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n", field);
        if (send(fd, answer, length, MSG_NOSIGNAL) != (ssize_t)length)
            break;
    }
    close(fd);
    return NULL;
}

static void what_the_worker_did_is_a_part(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_t thread;

    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 5), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    if (span_field_host() == 0)
        skip();
    begin(3, 1);
    to(ntohs(address.sin_port), "/", 1);
    assert_int_equal(pthread_create(&thread, NULL, tell, &listener), 0);
    run_it();
    assert_int_equal(made.run.recorder.count, 6);
    for (uint32_t i = 0; i < 3; i++) {
        struct span whole = span_at(i), part = span_at(3 + i);

        assert_int_equal(whole.lane, lane_of_worker(3, 0));
        assert_true(whole.submitted_ns <= whole.started_ns);
        assert_true(whole.started_ns < whole.finished_ns);
        assert_true(whole.finished_ns <= whole.called_back_ns);
        assert_int_equal(part.parent, whole.id);
        assert_int_equal(part.ordinal, whole.ordinal);
        assert_int_equal(part.lane, lane_of_worker(3, 2));
        assert_string_equal(part.kind->kind, "pbkdf2");
        assert_true(part.started_ns == whole.started_ns && part.finished_ns == whole.finished_ns);
    }
    end();
    pthread_join(thread, NULL);
    close(listener);
}

/* The burst comes at once and when it is to, takes no part in the rate, and ends the load. */
static void a_burst_beside_a_rate(void **state)
{
    enum { BURST = 5, AFTER_NS = 20000000 };
    uint64_t first_ns = UINT64_MAX, last_ns = 0, due_after = 0;
    bool connections[BURST + 3] = {false};
    struct load_facts *f;
    uint32_t burst = 0;
    struct served s;

    (void)state;
    serve(&s);
    begin(0, 2);
    made.options.rate = 500;
    made.options.duration_ns = UINT64_C(60000000000);
    to(s.port, "/burst", 1);
    to(s.port, "/rate", 1);
    made.targets.apart = true;
    made.targets.burst = BURST;
    made.targets.burst_after_ns = made.targets.rest_ns = AFTER_NS;
    made.targets.burst_kind = LOAD_KIND_REQUEST;
    f = run_it();
    assert_int_equal(load_facts_failed(f), 0);
    assert_int_equal(f->answered, made.run.recorder.count);
    for (uint32_t i = 0; i < made.run.recorder.count; i++) {
        struct span span = span_at(i);

        assert_int_equal(span.http->received_bytes,
                         strlen(span.due_ns == SPAN_UNKNOWN ? "/burst" : "/rate"));
        if (span.due_ns != SPAN_UNKNOWN) {
            first_ns = span.due_ns < first_ns ? span.due_ns : first_ns;
            continue;
        }
        burst++;
        assert_true(span.http->connection < sizeof connections);
        assert_false(connections[span.http->connection]);
        connections[span.http->connection] = true;
        last_ns = span.called_back_ns > last_ns ? span.called_back_ns : last_ns;
    }
    assert_int_equal(burst, BURST);
    for (uint32_t i = 0; i < made.run.recorder.count; i++) {
        struct span span = span_at(i);

        assert_true(span.due_ns != SPAN_UNKNOWN || span.submitted_ns >= first_ns + AFTER_NS - 1000);
        due_after += span.due_ns != SPAN_UNKNOWN && span.due_ns > last_ns;
    }
    assert_true(due_after > 0);
    end();
    served_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_answered),
        cmocka_unit_test(threads_share_the_load),
        cmocka_unit_test(an_open_loop_does_not_wait),
        cmocka_unit_test(all_parts_of_an_open_loop_take_turns),
        cmocka_unit_test(what_is_due_waits_for_a_connection),
        cmocka_unit_test(targets_apart_have_their_own_connections),
        cmocka_unit_test(without_spans_there_are_counts),
        cmocka_unit_test(large_bodies_go_both_ways),
        cmocka_unit_test(a_run_can_be_cancelled),
        cmocka_unit_test(time_and_ramp_end_it),
        cmocka_unit_test(what_the_worker_did_is_a_part),
        cmocka_unit_test(a_burst_beside_a_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
