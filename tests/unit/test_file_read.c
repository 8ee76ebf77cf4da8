/* Reading files as fs.readFile() does: what is read, by which steps, in which order and cause, and
 * what becomes of files that change, fail, or are no longer wanted. Every run goes through
 * run_once(), which fails when anything is left on the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>

#include "file_lab.h"

enum { PIECE = FILE_PIECE_BYTES, UNSIZED = FILE_UNSIZED_PIECE_BYTES };

static char path[64];
static unsigned descriptors;

static struct span span_at(const struct run *run, uint32_t i)
{
    struct span s;

    recorder_get(&run->recorder, i, &s);
    return s;
}

/* A file of so many bytes, and the facts of it, to be read by `api`. */
static struct lab lab_of(enum file_api api, uint64_t bytes)
{
    struct lab lab = {.api = api, .path = path};
    struct err e;

    unlink(path);
    lab_write(path, 0, bytes);
    if (file_facts_find(&lab.facts, path, api, &e) != 0)
        fail_msg("%s", e.text);
    return lab;
}

static void run_lab(struct lab *lab, struct run *run)
{
    struct err e = {0};

    if (lab_run(lab, run, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(lab->done, lab->count);
    assert_false(run->recorder.foreign_callback);
    assert_int_equal(lab_descriptors(), descriptors);
}

static void check_instants(const struct span *s, enum file_api api)
{
    assert_true(s->called_back_ns >= s->submitted_ns);
    if (api == FILE_API_UV) {
        assert_true(s->started_ns == SPAN_UNKNOWN && s->finished_ns == SPAN_UNKNOWN);
        assert_int_equal(s->lane, LANE_UNKNOWN);
        return;
    }
    assert_true(s->submitted_ns <= s->started_ns);
    assert_true(s->started_ns <= s->finished_ns);
    assert_true(s->finished_ns <= s->called_back_ns);
}

/* The steps of the read `whole`, in the order in which they were submitted, are those of `steps`
 * ("ofrrc"), each submitted when the one before had been called back, and armed by it. */
static void check_steps(const struct run *run, enum file_api api, uint32_t whole, const char *steps)
{
    static const char letters[] = " ofrc";
    struct span all = span_at(run, whole), first = {0}, last = {0};
    size_t count = 0;

    for (uint32_t i = 0; i < run->recorder.count; i++) {
        struct span s = span_at(run, i);

        if (s.parent != all.id)
            continue;
        assert_true(count < strlen(steps));
        assert_int_equal(letters[s.kind - file_span_kinds], steps[count]);
        if (s.status != UV_ECANCELED)
            check_instants(&s, api);
        if (count == 0)
            first = s;
        else
            assert_true(s.submitted_ns >= last.called_back_ns && s.iteration >= last.iteration);
        assert_int_equal(s.armed_by, count == 0 ? SPAN_NONE : last.id);
        if (api == FILE_API_JOBS && s.status != UV_ECANCELED)
            assert_in_range(s.lane, 1, LAB_THREADS);
        last = s;
        count++;
    }
    assert_int_equal(count, strlen(steps));
    if (count == 0)
        return;
    assert_int_equal(all.lane, LANE_UNKNOWN);
    assert_true(all.submitted_ns <= first.submitted_ns);
    assert_true(all.started_ns == first.started_ns);
    assert_true(all.finished_ns == last.finished_ns);
    assert_true(all.called_back_ns >= last.called_back_ns);
    assert_int_equal(all.iteration, last.iteration);
}

/* Runs it and expects that status, those steps, and so much of the file's content. */
static void expect(struct lab *lab, int status, const char *steps, uint64_t bytes)
{
    struct run run;

    run_lab(lab, &run);
    assert_int_equal(span_at(&run, 0).status, status);
    assert_int_equal(run.failed, status != SPAN_OK);
    if (lab->api == FILE_API_ONE_TRIP) {
        assert_int_equal(run.recorder.count, 1);
        check_instants(&(struct span[]){span_at(&run, 0)}[0], lab->api);
        assert_in_range(span_at(&run, 0).lane, 1, LAB_THREADS);
    } else {
        check_steps(&run, lab->api, 0, steps);
    }
    assert_true(lab_is_content(lab, 0, bytes));
    lab_free(lab, &run);
}

/* --- Files that stay as they are. --- */

static void files_are_read_whole_piece_by_piece(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *steps;
    } cases[] = {
        {0, "ofrc"},     {1, "ofrc"},          {PIECE - 1, "ofrc"},
        {PIECE, "ofrc"}, {PIECE + 1, "ofrrc"}, {3 * PIECE, "ofrrrc"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int api = 0; file_api_names[api] != NULL; api++) {
            struct lab lab = lab_of(api, cases[i].bytes);
            struct file_facts same;

            assert_int_equal(lab.facts.size_bytes, cases[i].bytes);
            assert_true(lab.facts.bytes > cases[i].bytes);
            file_facts_of_size(&same, cases[i].bytes, api);
            assert_int_equal(same.spans, lab.facts.spans);
            assert_int_equal(same.bytes, lab.facts.bytes);
            if (api == FILE_API_ONE_TRIP)
                assert_int_equal(lab.facts.spans, 1);
            else
                assert_true(lab.facts.spans > strlen(cases[i].steps));
            expect(&lab, SPAN_OK, cases[i].steps, cases[i].bytes);
        }
}

static void only_the_head_is_read_where_no_more_is_wanted(void **state)
{
    (void)state;
    for (int api = 0; file_api_names[api] != NULL; api++) {
        struct lab lab = lab_of(api, 3 * PIECE);

        file_facts_head(&lab.facts, api);
        assert_int_equal(lab.facts.spans, api == FILE_API_ONE_TRIP ? 1 : 5);
        expect(&lab, SPAN_OK, "ofrc", PIECE);
        lab = lab_of(api, 7);
        file_facts_head(&lab.facts, api);
        expect(&lab, SPAN_OK, "ofrc", 7);
        lab = lab_of(api, 0);
        file_facts_head(&lab.facts, api);
        expect(&lab, SPAN_OK, "ofrc", 0);
    }
}

/* Those of /proc have a content, but no size. */
static void a_file_without_a_size_is_read_until_it_ends(void **state)
{
    struct lab lab = {.api = FILE_API_JOBS, .path = "/proc/self/status"};
    struct run run;
    struct err e;

    (void)state;
    if (file_facts_find(&lab.facts, lab.path, lab.api, &e) != 0)
        skip();
    assert_int_equal(lab.facts.size_bytes, 0);
    run_lab(&lab, &run);
    assert_int_equal(span_at(&run, 0).status, SPAN_OK);
    check_steps(&run, lab.api, 0, "ofrrc");
    assert_memory_equal(lab.content[0], "Name:", 5);
    lab_free(&lab, &run);
}

static void names_tell_reads_and_pieces_apart(void **state)
{
    static const char *const single[] = {"file",        "file open",   "file fstat",
                                         "file read 1", "file read 2", "file close"};
    struct lab lab = lab_of(FILE_API_JOBS, PIECE + 1);
    char name[SPAN_TEXT_BYTES];
    struct run run;

    (void)state;
    run_lab(&lab, &run);
    assert_int_equal(run.recorder.count, 6);
    for (uint32_t i = 0; i < 6; i++)
        assert_string_equal(span_name(&(struct span[]){span_at(&run, i)}[0], name), single[i]);
    lab_free(&lab, &run);

    lab = lab_of(FILE_API_JOBS, PIECE + 1);
    lab.count = 3;
    run_lab(&lab, &run);
    for (uint32_t i = 0; i < run.recorder.count; i++) {
        struct span s = span_at(&run, i);

        assert_int_equal(s.ordinal, s.parent == SPAN_NONE ? i + 1 : s.parent);
    }
    lab_free(&lab, &run);
}

static void check_whole(struct lab *lab, uint32_t whole)
{
    const struct recorder *r = &lab->run->recorder;
    uint64_t bytes;

    assert_true(whole < lab->count);
    assert_int_equal(file_reads_whole(lab->reads, whole), whole);
    assert_true(r->on_loop[whole].called_back != SPAN_UNKNOWN);
    assert_non_null(file_reads_content(lab->reads, whole, &bytes));
    assert_int_equal(bytes, lab->facts.size_bytes);
}

static void several_reads_go_side_by_side(void **state)
{
    (void)state;
    for (int api = 0; file_api_names[api] != NULL; api++) {
        struct lab lab = lab_of(api, 2 * PIECE);
        struct run run;

        lab.count = LAB_READS_MOST;
        lab.measure_cpu = true;
        lab.each_done = check_whole;
        run_lab(&lab, &run);
        for (uint32_t i = 0; i < lab.count; i++) {
            struct span whole = span_at(&run, i);

            assert_int_equal(whole.status, SPAN_OK);
            assert_int_equal(whole.ordinal, i + 1);
            check_steps(&run, api, i, api == FILE_API_ONE_TRIP ? "" : "ofrrc");
            assert_true(lab_is_content(&lab, i, 2 * PIECE));
            assert_int_equal(whole.cpu_ns != SPAN_UNKNOWN, api == FILE_API_ONE_TRIP);
        }
        for (uint32_t i = lab.count; i < run.recorder.count; i++)
            assert_int_equal(span_at(&run, i).cpu_ns != SPAN_UNKNOWN, api == FILE_API_JOBS);
        lab_free(&lab, &run);
    }
}

/* --- Files that fail. --- */

static void what_cannot_be_read_is_refused_beforehand(void **state)
{
    struct file_facts facts;
    struct err e;

    (void)state;
    unlink(path);
    assert_int_equal(file_facts_find(&facts, path, FILE_API_JOBS, &e), -1);
    assert_int_equal(e.status, STATUS_FAILED);
    assert_non_null(strstr(e.text, "cannot be opened: no such file or directory"));
    assert_int_equal(file_facts_find(&facts, "/", FILE_API_JOBS, &e), -1);
    assert_string_equal(e.text, "--file /: is a directory");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_facts_find(&facts, path, FILE_API_JOBS, &e), -1);
    assert_non_null(strstr(e.text, "is not a regular file"));
    unlink(path);
    lab_write(path, 0, 1);
    if (truncate(path, (off_t)FILE_BYTES_MOST + 1) != 0)
        skip();
    assert_int_equal(file_facts_find(&facts, path, FILE_API_JOBS, &e), -1);
    assert_non_null(strstr(e.text, "is larger than 2 GiB"));
    assert_int_equal(truncate(path, FILE_BYTES_MOST), 0);
    assert_int_equal(file_facts_find(&facts, path, FILE_API_JOBS, &e), 0);
    assert_true(facts.spans > 4096 && facts.bytes > FILE_BYTES_MOST);
    assert_int_equal(lab_descriptors(), descriptors);
}

static void a_file_that_vanishes_is_a_failed_call(void **state)
{
    (void)state;
    for (int api = 0; file_api_names[api] != NULL; api++) {
        struct lab lab = lab_of(api, 10);

        unlink(path);
        expect(&lab, UV_ENOENT, "o", 0);
    }
}

/* Node.js opens and examines a folder, and fails to read it; what was opened is closed. */
static void a_folder_fails_where_it_is_read(void **state)
{
    (void)state;
    for (int api = 0; file_api_names[api] != NULL; api++) {
        struct lab lab = {.api = api, .path = "/"};

        file_facts_head(&lab.facts, api);
        expect(&lab, UV_EISDIR, "ofrc", 0);
    }
}

/* --- Files that change after the look at them. --- */

static void a_file_that_has_grown_is_read_as_it_is_now(void **state)
{
    (void)state;
    for (int api = 0; file_api_names[api] != NULL; api++) {
        struct lab lab = lab_of(api, 1);

        lab_write(path, 1, 2 * PIECE + 1);
        expect(&lab, SPAN_OK, "ofrrrc", 2 * PIECE + 1);
        lab = lab_of(api, 0);
        lab_write(path, 0, PIECE);
        expect(&lab, SPAN_OK, "ofrc", PIECE);
    }
}

static void a_file_that_has_grown_too_much_is_refused(void **state)
{
    (void)state;
    for (int api = 0; file_api_names[api] != NULL; api++) {
        struct lab lab = lab_of(api, 1);

        assert_int_equal(truncate(path, 16L * PIECE), 0);
        expect(&lab, SPAN_FAILED_GREW, "ofc", 0);
        lab = lab_of(api, 1);
        if (truncate(path, (off_t)FILE_BYTES_MOST + 1) == 0)
            expect(&lab, UV_EFBIG, "ofc", 0);
    }
}

static void a_file_that_has_shrunk_is_read_as_it_is_now(void **state)
{
    (void)state;
    for (int api = 0; file_api_names[api] != NULL; api++) {
        struct lab lab = lab_of(api, 3 * PIECE);

        assert_int_equal(truncate(path, PIECE + 5), 0);
        expect(&lab, SPAN_OK, "ofrrc", PIECE + 5);
        lab = lab_of(api, 1); /* less room than a read without a size takes */
        assert_int_equal(truncate(path, 0), 0);
        expect(&lab, SPAN_OK, "ofrc", 0);
    }
}

/* --- Files that change while they are read. --- */

static void shrink_after_the_first_read(unsigned n)
{
    if (n == 3 && truncate(path, PIECE + 5) != 0)
        abort();
}

static void grow_after_the_first_read(unsigned n)
{
    if (n == 3)
        lab_write(path, 2 * PIECE, 3 * PIECE);
}

static void fill_after_fstat(unsigned n)
{
    if (n == 2)
        lab_write(path, 0, 3 * UNSIZED + 7);
}

/* A job that the kernel runs in one go cannot be disturbed in between: so not one-trip. */
static void files_may_change_between_two_steps(void **state)
{
    (void)state;
    for (int api = FILE_API_JOBS; api <= FILE_API_UV; api++) {
        struct lab lab = lab_of(api, 3 * PIECE);

        lab.turn = shrink_after_the_first_read; /* the read of nothing ends it */
        expect(&lab, SPAN_OK, "ofrrrc", PIECE + 5);
        lab = lab_of(api, 2 * PIECE);
        lab.turn = grow_after_the_first_read; /* what fstat said is read */
        expect(&lab, SPAN_OK, "ofrrc", 2 * PIECE);
        lab = lab_of(api, 0);
        lab.turn = fill_after_fstat;
        expect(&lab, SPAN_OK, "ofrrrrrc", 3 * UNSIZED + 7);
    }
}

/* A device that has come into the place of the file. */
static void a_file_without_a_size_that_never_ends_is_given_up(void **state)
{
    struct lab lab = lab_of(FILE_API_JOBS, 0);
    struct run run;

    (void)state;
    lab.path = "/dev/zero";
    run_lab(&lab, &run);
    assert_int_equal(span_at(&run, 0).status, SPAN_FAILED_GREW);
    assert_int_equal(run.recorder.count, lab.facts.spans);
    assert_int_equal(lab.bytes[0], (uint64_t)lab.facts.reads * UNSIZED);
    lab_free(&lab, &run);
}

#ifdef UVLAB_TORTURE
static void no_memory_after_fstat(unsigned n)
{
    if (n == 1)
        mem_fuse_arm(1);
}
#endif

static void a_file_that_memory_has_no_room_for_is_a_failed_call(void **state)
{
    (void)state;
#ifdef UVLAB_TORTURE
    struct lab lab = lab_of(FILE_API_JOBS, 1);

    lab_write(path, 1, PIECE);
    lab.turn = no_memory_after_fstat;
    expect(&lab, UV_ENOMEM, "ofc", 0);
#else
    skip(); /* only the torture build can refuse memory */
#endif
}

/* --- Reads that are no longer wanted. --- */

static uv_sem_t resumed;

static void wait_after_fstat(unsigned n)
{
    if (n == 2)
        uv_sem_wait(&resumed);
}

static void cancel_the_read_that_waits(struct lab *lab)
{
    if (lab->run->recorder.count < 4)
        return; /* whole, open, fstat, read */
    file_reads_cancel(lab->reads);
    uv_timer_stop(&lab->timer);
    uv_sem_post(&resumed);
}

/* Both threads are held when it is cancelled between two steps, with the file open. */
static void a_step_that_waits_is_cancelled(void **state)
{
    (void)state;
    for (int api = FILE_API_JOBS; api <= FILE_API_UV; api++) {
        struct lab lab = lab_of(api, 2 * PIECE);

        assert_int_equal(uv_sem_init(&resumed, 0), 0);
        lab.turn = wait_after_fstat;
        lab.tick = cancel_the_read_that_waits;
        expect(&lab, UV_ECANCELED, "ofr", 0);
        uv_sem_destroy(&resumed);
    }
}

static void cancel_all(struct lab *lab)
{
    file_reads_cancel(lab->reads);
    uv_timer_stop(&lab->timer);
}

static void reads_that_never_began_are_cancelled(void **state)
{
    (void)state;
    for (int api = 0; file_api_names[api] != NULL; api++) {
        struct lab lab = lab_of(api, 10);
        struct run run;

        lab.count = LAB_READS_MOST;
        lab.holders = LAB_THREADS;
        lab.tick = cancel_all;
        run_lab(&lab, &run);
        assert_int_equal(run.recorder.count, lab.count * (api == FILE_API_ONE_TRIP ? 1 : 2));
        for (uint32_t i = 0; i < run.recorder.count; i++) {
            struct span s = span_at(&run, i);

            assert_int_equal(s.status, UV_ECANCELED);
            assert_true(s.started_ns == SPAN_UNKNOWN && s.finished_ns == SPAN_UNKNOWN);
            assert_int_equal(s.lane, LANE_UNKNOWN);
            assert_true(s.called_back_ns >= s.submitted_ns);
        }
        lab_free(&lab, &run);
    }
}

static int writer = -1;

/* Opening a pipe waits until somebody opens its other end, so this step is known to run. */
static void cancel_the_open_that_runs(struct lab *lab)
{
    const struct span_on_worker *w = recorder_worker(&lab->run->recorder, 1);

    if (atomic_load_explicit(&w->started, memory_order_relaxed) == SPAN_UNKNOWN)
        return;
    file_reads_cancel(lab->reads);
    uv_timer_stop(&lab->timer);
    writer = open(path, O_RDWR | O_CLOEXEC);
}

static void a_step_that_runs_comes_back_and_is_the_last(void **state)
{
    struct lab lab = {.api = FILE_API_JOBS, .path = path, .tick = cancel_the_open_that_runs};
    struct run run;
    struct err e;

    (void)state;
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    file_facts_head(&lab.facts, lab.api);
    assert_int_equal(lab_run(&lab, &run, &e), 0);
    close(writer);
    assert_int_equal(lab_descriptors(), descriptors);
    check_steps(&run, lab.api, 0, "o");
    assert_int_equal(span_at(&run, 0).status, UV_ECANCELED);
    assert_int_equal(span_at(&run, 1).status, SPAN_OK);
    assert_true(span_at(&run, 0).finished_ns != SPAN_UNKNOWN);
    lab_free(&lab, &run);
}

static int group_setup(void **state)
{
    struct pool_facts facts;
    uv_loop_t loop;
    struct err e;

    (void)state;
    snprintf(path, sizeof path, "/tmp/uvlab-read-%ld", (long)getpid());
    if (clock_init(CLOCK_CHOICE_AUTO, &e) != 0)
        return -1;
    if (uv_loop_init(&loop) != 0) /* the first one leaves a pair of descriptors to the process */
        return -1;
    uv_loop_close(&loop);
    descriptors = lab_descriptors();
    return pool_start(LAB_THREADS, &facts, &e);
}

static int group_teardown(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_whole_piece_by_piece),
        cmocka_unit_test(only_the_head_is_read_where_no_more_is_wanted),
        cmocka_unit_test(a_file_without_a_size_is_read_until_it_ends),
        cmocka_unit_test(names_tell_reads_and_pieces_apart),
        cmocka_unit_test(several_reads_go_side_by_side),
        cmocka_unit_test(what_cannot_be_read_is_refused_beforehand),
        cmocka_unit_test(a_file_that_vanishes_is_a_failed_call),
        cmocka_unit_test(a_folder_fails_where_it_is_read),
        cmocka_unit_test(a_file_that_has_grown_is_read_as_it_is_now),
        cmocka_unit_test(a_file_that_has_grown_too_much_is_refused),
        cmocka_unit_test(a_file_that_has_shrunk_is_read_as_it_is_now),
        cmocka_unit_test(files_may_change_between_two_steps),
        cmocka_unit_test(a_file_without_a_size_that_never_ends_is_given_up),
        cmocka_unit_test(a_file_that_memory_has_no_room_for_is_a_failed_call),
        cmocka_unit_test(a_step_that_waits_is_cancelled),
        cmocka_unit_test(reads_that_never_began_are_cancelled),
        cmocka_unit_test(a_step_that_runs_comes_back_and_is_the_last),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
