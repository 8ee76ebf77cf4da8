/* The kinds of work do what they say: known answers, and failures that are reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>
#include <zlib.h>

#include "base/mem.h"
#include "measure/clock.h"
#include "measure/work.h"

static const struct work_options defaults = {
    .iterations = 100000,
    .keylen = 512,
    .digest = 3,
    .scrypt_cost = 16,
    .scrypt_block_size = 1,
    .scrypt_parallelization = 1,
    .duration_ns = 2000000,
    .size_bytes = 100000,
    .host = "localhost",
};

static void to_hex(const unsigned char *bytes, size_t count, char *hex)
{
    for (size_t i = 0; i < count; i++)
        sprintf(hex + 2 * i, "%02x", bytes[i]);
}

/* Does the work once and returns its output, which the caller frees. */
static unsigned char *do_once(const char *name, const struct work_options *o, int expected)
{
    const struct work *work = work_find(name, strlen(name));
    struct work_context c;
    struct err e = {0};
    unsigned char *output;

    assert_non_null(work);
    assert_int_equal(work_context_init(&c, work, o, &e), 0);
    output = mem_zeroed(1, (work->output_bytes == NULL ? 0 : work->output_bytes(o)) + 1);
    assert_non_null(output);
    assert_int_equal(work->call(&c, output), expected);
    work_context_free(&c);
    return output;
}

/* crypto.pbkdf2Sync('a', 'b', 100000, 512, 'sha512') of Node.js 20. */
static void pbkdf2_derives_the_key_that_node_derives(void **state)
{
    unsigned char *key = do_once("pbkdf2", &defaults, SPAN_OK);
    char hex[65];

    (void)state;
    to_hex(key, 32, hex);
    assert_string_equal(hex, "f9ab2ea533dcc96f57b0278ca4243eabef5f0bb3f21fa1bba64a70963da273ba");
    to_hex(key + 496, 16, hex);
    assert_string_equal(hex, "749bacfbdbcb81c5372f5fd826b12a24");
    mem_free(key);
}

static void pbkdf2_takes_other_parameters(void **state)
{
    struct work_options o = defaults;
    unsigned char *key;
    char hex[41];

    (void)state;
    o.iterations = 1;
    o.keylen = 20;
    o.digest = 0;
    key = do_once("pbkdf2", &o, SPAN_OK);
    to_hex(key, 20, hex);
    assert_string_equal(work_digests[0], "sha1");
    assert_string_equal(hex, "b08f749cb72e94beb4e1b787929f577bfd7eb6fb");
    mem_free(key);
}

/* crypto.scryptSync('a', 'b', 64, { N: 16, r: 1, p: 1 }) of Node.js 20. */
static void scrypt_derives_the_key_that_node_derives(void **state)
{
    unsigned char *key = do_once("scrypt", &defaults, SPAN_OK);
    char hex[129];

    (void)state;
    to_hex(key, 64, hex);
    assert_string_equal(hex, "9ab824ca340e14cf7a1064d7eba4959556cf5058583faa126dfa00e07d2302ab"
                             "961282e075d6af7cf3183d6d8c083753462d64438e6f6315637b801a5e6caaf9");
    mem_free(key);
}

static void scrypt_wants_a_power_of_two(void **state)
{
    struct work_options o = defaults;
    struct work_context c;
    struct err e = {0};

    (void)state;
    o.scrypt_cost = 17;
    assert_int_equal(work_context_init(&c, work_find("scrypt", 6), &o, &e), -1);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_string_equal(e.text, "--cost 17: must be a power of two");
}

static void random_bytes_differ(void **state)
{
    unsigned char *a = do_once("random", &defaults, SPAN_OK);
    unsigned char *b = do_once("random", &defaults, SPAN_OK);

    (void)state;
    assert_memory_not_equal(a, b, 64);
    mem_free(a);
    mem_free(b);
}

static void zlib_compresses_what_can_be_restored(void **state)
{
    unsigned char *packed = do_once("zlib", &defaults, SPAN_OK);
    uLongf length = defaults.size_bytes + 1;
    unsigned char *restored = mem_alloc(length);

    (void)state;
    assert_non_null(restored);
    assert_int_equal(uncompress(restored, &length, packed, compressBound(defaults.size_bytes)),
                     Z_OK);
    assert_int_equal(length, defaults.size_bytes);
    mem_free(restored);
    mem_free(packed);
}

static void a_file_is_read_to_its_end(void **state)
{
    struct work_options o = defaults;
    char path[] = "/tmp/uvlab-test-XXXXXX";
    int fd = mkstemp(path);
    unsigned char *output;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "all of it", 9), 9);
    close(fd);
    o.file = path;
    output = do_once("file", &o, SPAN_OK);
    assert_memory_equal(output, "all of it", 9);
    mem_free(output);
    unlink(path);
}

static void an_empty_file_is_a_file(void **state)
{
    struct work_options o = defaults;

    (void)state;
    char path[] = "/tmp/uvlab-test-XXXXXX";

    close(mkstemp(path));
    o.file = path;
    mem_free(do_once("file", &o, SPAN_OK));
    unlink(path);
}

static void files_that_cannot_be_read_are_refused_beforehand(void **state)
{
    struct work_options o = defaults;
    struct work_context c;
    struct err e = {0};

    (void)state;
    o.file = "/nonexistent/file";
    assert_int_equal(work_context_init(&c, work_find("file", 4), &o, &e), -1);
    assert_string_equal(e.text,
                        "--file /nonexistent/file: cannot be opened: no such file or directory");
    o.file = "/";
    assert_int_equal(work_context_init(&c, work_find("file", 4), &o, &e), -1);
    assert_string_equal(e.text, "--file /: is a directory");
    o.file = "/dev/zero"; /* which would never end */
    assert_int_equal(work_context_init(&c, work_find("file", 4), &o, &e), -1);
    assert_string_equal(e.text, "--file /dev/zero: is not a regular file");
    assert_int_equal(e.status, STATUS_FAILED);
}

static void a_file_that_vanishes_is_a_failed_call(void **state)
{
    struct work_options o = defaults;
    char path[] = "/tmp/uvlab-test-XXXXXX";
    unsigned char piece[64 * 1024];
    const struct work *work = work_find("file", 4);
    struct work_context c;
    struct err e;

    (void)state;
    close(mkstemp(path));
    o.file = path;
    assert_int_equal(work_context_init(&c, work, &o, &e), 0);
    unlink(path);
    assert_int_equal(work->call(&c, piece), UV_ENOENT);
    work_context_free(&c);
}

/* A calibrated amount of work, not a wait: twice the duration is twice the rounds, and it costs CPU
 * time of the thread. */
static void spin_is_an_amount_of_work(void **state)
{
    const struct work *work = work_find("spin", 4);
    struct work_options o = defaults;
    struct work_context one, two;
    struct err e;
    uint64_t before;

    (void)state;
    assert_int_equal(work_context_init(&one, work, &o, &e), 0);
    o.duration_ns *= 1000;
    assert_int_equal(work_context_init(&two, work, &o, &e), 0);
    assert_true(two.rounds > 100 * one.rounds);
    before = clock_thread_cpu_ns();
    assert_int_equal(work->call(&one, NULL), SPAN_OK);
    assert_true(clock_thread_cpu_ns() > before);
    work_context_free(&one);
    work_context_free(&two);
}

static void sleep_lasts_at_least_as_long_as_said(void **state)
{
    uint64_t before = clock_read_monotonic();

    (void)state;
    mem_free(do_once("sleep", &defaults, SPAN_OK));
    assert_true(clock_read_monotonic() - before >= defaults.duration_ns);
}

static void tables_agree(void **state)
{
    unsigned i = 0;

    (void)state;
    for (; work_names[i] != NULL; i++) {
        assert_string_equal(work_at(i)->name, work_names[i]);
        assert_ptr_equal(work_span_kinds[i], &work_at(i)->span);
        assert_ptr_equal(work_find(work_names[i], strlen(work_names[i])), work_at(i));
    }
    assert_null(work_at(i));
    assert_null(work_find("pbkdf", 5));
    assert_null(work_find("", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pbkdf2_derives_the_key_that_node_derives),
        cmocka_unit_test(pbkdf2_takes_other_parameters),
        cmocka_unit_test(scrypt_derives_the_key_that_node_derives),
        cmocka_unit_test(scrypt_wants_a_power_of_two),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(zlib_compresses_what_can_be_restored),
        cmocka_unit_test(a_file_is_read_to_its_end),
        cmocka_unit_test(an_empty_file_is_a_file),
        cmocka_unit_test(files_that_cannot_be_read_are_refused_beforehand),
        cmocka_unit_test(a_file_that_vanishes_is_a_failed_call),
        cmocka_unit_test(spin_is_an_amount_of_work),
        cmocka_unit_test(sleep_lasts_at_least_as_long_as_said),
        cmocka_unit_test(tables_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
