/* The board: shared by processes, two slots a worker, lag of a loop that says nothing; and the
 * document that is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/board.h"
#include "net/stats_document.h"

static struct server_board *made(unsigned workers)
{
    struct err e = {0};
    struct server_board *b = board_new(workers, &e);
    assert_non_null(b);
    return b;
}

static void slots_are_in_turn_and_apart(void **state)
{
    struct server_board *b = made(3);
    (void)state;
    assert_int_equal(board_slot_count(b), 6);
    for (unsigned worker = 1; worker <= 3; worker++) {
        struct worker_slot *first = board_slot(b, worker, 0), *second = board_slot(b, worker, 1);
        assert_ptr_not_equal(first, second);
        assert_ptr_equal(first, board_slot(b, worker, 2));
        assert_int_equal(board_worker_of(b, first), worker);
        assert_int_equal(board_worker_of(b, second), worker);
        assert_int_equal((uintptr_t)first % BOARD_CACHE_LINE, 0);
        assert_int_equal((uintptr_t)&first->primary % BOARD_CACHE_LINE, 0);
        assert_true(second < b->slots + board_slot_count(b));
    }
    board_free(b);
    board_free(NULL);
}

static void wrong_numbers_of_workers_are_refused(void **state)
{
    struct err e = {0};
    (void)state;
    assert_null(board_new(0, &e));
    assert_int_equal(e.status, STATUS_FAILED);
    assert_null(board_new(BOARD_WORKERS_MOST + 1, &e));
}

static void a_child_writes_and_the_parent_reads(void **state)
{
    struct server_board *b = made(1);
    struct worker_slot *s = board_slot(b, 1, 0);
    pid_t pid = fork();
    int status;
    (void)state;
    if (pid == 0) {
        for (int i = 0; i < 1000; i++)
            board_add(&s->own.requests, 1);
        board_add(&s->own.in_flight, 1);
        board_add(&s->own.in_flight, -1);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(board_get(&s->own.requests), 1000);
    assert_int_equal(board_get(&s->own.in_flight), 0);
    board_put(&s->primary.restarts, 2);
    board_put(&s->primary.state, SLOT_DRAINING);
    board_clear(s);
    assert_int_equal(board_get(&s->own.requests), 0);
    assert_int_equal(board_get(&s->primary.state), SLOT_UNUSED);
    assert_int_equal(board_get(&s->primary.restarts), 2);
    board_free(b);
}

static void a_silent_loop_lags(void **state)
{
    const uint64_t second = 1000000000, period = (uint64_t)BOARD_PERIOD_MS * 1000000;
    struct server_board *b = made(1);
    struct worker_slot *s = board_slot(b, 1, 1);
    (void)state;
    assert_int_equal(board_lag_ns(s, 5 * second), 0);
    board_put(&s->own.updated_ns, 10 * second);
    board_put(&s->own.loop_lag_ns, 7);
    assert_int_equal(board_lag_ns(s, 9 * second), 7);
    assert_int_equal(board_lag_ns(s, 10 * second + period), 7);
    assert_int_equal(board_lag_ns(s, 13 * second), 3 * second - period);
    board_free(b);
}

static void the_longest_hold_up_is_kept_anew_when_it_is_watched(void **state)
{
    struct server_board *b = made(1);
    struct worker_slot *s = board_slot(b, 1, 0);
    (void)state;
    board_see_lag(s, 70);
    assert_true(board_watched_lag_ns(s) == UINT64_MAX);
    board_watch_lag(s);
    assert_true(board_watched_lag_ns(s) == UINT64_MAX);
    board_see_lag(s, 60); /* of an iteration that began before */
    assert_true(board_watched_lag_ns(s) == UINT64_MAX);
    board_see_lag(s, 0);
    assert_int_equal(board_watched_lag_ns(s), 0);
    board_see_lag(s, 30);
    board_see_lag(s, 20);
    assert_int_equal(board_watched_lag_ns(s), 30);
    board_watch_lag(s);
    assert_true(board_watched_lag_ns(s) == UINT64_MAX);
    board_see_lag(s, 40);
    board_see_lag(s, 10);
    assert_int_equal(board_watched_lag_ns(s), 10);
    board_clear(s); /* another process has it: its first iteration does not count */
    assert_true(board_watched_lag_ns(s) == UINT64_MAX);
    board_see_lag(s, 5);
    board_see_lag(s, 6);
    assert_int_equal(board_watched_lag_ns(s), 6);
    board_free(b);
}

static double number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static void the_document_tells_what_is_known(void **state)
{
    struct server_board *b = made(2);
    struct worker_slot *s = board_slot(b, 2, 1);
    cJSON *built, *document;
    const cJSON *workers, *worker;
    char *text;
    (void)state;
    board_put(&s->primary.state, SLOT_SERVING);
    board_put(&s->primary.pid, 4711);
    board_put(&s->own.requests, 12345678901234567u);
    built = stats_document(b, b->started_ns + 5);
    assert_non_null(built);
    text = cJSON_PrintUnformatted(built);
    assert_non_null(strstr(text, "\"requests\":12345678901234567,"));
    document = cJSON_Parse(text);
    assert_string_equal(cJSON_GetObjectItem(document, "schema")->valuestring, "uvlab.stats/1");
    assert_int_equal(number(document, "uptime_ns"), 5);
    workers = cJSON_GetObjectItem(document, "workers");
    assert_int_equal(cJSON_GetArraySize(workers), 1); /* the other slots were never in use */
    worker = cJSON_GetArrayItem(workers, 0);
    assert_int_equal(number(worker, "worker"), 2);
    assert_int_equal(number(worker, "pid"), 4711);
    assert_string_equal(cJSON_GetObjectItem(worker, "state")->valuestring, "serving");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(worker, "memory_bytes")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(worker, "loop_lag_ns")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(worker, "age_ns")));
    cJSON_free(text);
    cJSON_Delete(built);
    cJSON_Delete(document);
    board_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_in_turn_and_apart),
        cmocka_unit_test(wrong_numbers_of_workers_are_refused),
        cmocka_unit_test(a_child_writes_and_the_parent_reads),
        cmocka_unit_test(a_silent_loop_lags),
        cmocka_unit_test(the_longest_hold_up_is_kept_anew_when_it_is_watched),
        cmocka_unit_test(the_document_tells_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
