/* The allocator's door: what it adds to malloc, and (in the torture build) that exactly the armed
 * allocation fails. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/mem.h"

static void nothing_is_still_memory(void **state)
{
    (void)state;
    void *a = mem_alloc(0), *b = mem_zeroed(0, 8), *c = mem_aligned_filled(0, 8, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    a = mem_resize(a, 0);
    assert_non_null(a);
    mem_free(a);
    mem_free(b);
    mem_free(c);
    mem_free(NULL);
}

static void zeroed_is_zero(void **state)
{
    (void)state;
    unsigned char *bytes = mem_zeroed(100, 7);
    assert_non_null(bytes);
    for (size_t i = 0; i < 700; i++)
        assert_int_equal(bytes[i], 0);
    mem_free(bytes);
}

static void resize_keeps_the_content(void **state)
{
    (void)state;
    char *text = mem_copy_text("kept");
    assert_non_null(text);
    text = mem_resize(text, 100000);
    assert_non_null(text);
    assert_string_equal(text, "kept");
    mem_free(text);

    text = mem_resize(NULL, 16);
    assert_non_null(text);
    mem_free(text);
}

static void sizes_that_overflow_fail(void **state)
{
    (void)state;
    /* Volatile, or the compiler warns about what is being tried. */
    volatile size_t half = SIZE_MAX / 2 + 1, most = SIZE_MAX;
    assert_null(mem_alloc(half));
    assert_null(mem_alloc(most));
    assert_null(mem_zeroed(half, 2));
    assert_null(mem_zeroed(most, most));
    assert_null(mem_aligned_filled(half, 2, 0));
    assert_null(mem_aligned_filled(half, 3, 0));
    assert_null(mem_aligned_filled(1, most, 0));
    assert_null(mem_aligned_filled(1, PTRDIFF_MAX, 0));

    char *old = mem_copy_text("still there");
    assert_non_null(old);
    assert_null(mem_resize(old, most));
    assert_string_equal(old, "still there");
    mem_free(old);
}

static void aligned_is_aligned_and_filled(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 3, 64, 65, 1000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        unsigned char *bytes = mem_aligned_filled(counts[i], 3, 0xFF);
        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % 64, 0);
        for (size_t at = 0; at < counts[i] * 3; at++)
            assert_int_equal(bytes[at], 0xFF);
        mem_free(bytes);
    }
}

static void cjson_works_through_the_door(void **state)
{
    (void)state;
    mem_adopt_cjson();
    cJSON *json = cJSON_Parse("{\"a\": [1, 2, 3]}");
    assert_non_null(json);
    char *text = cJSON_PrintUnformatted(json);
    assert_string_equal(text, "{\"a\":[1,2,3]}");
    cJSON_free(text);
    cJSON_Delete(json);
}

#ifdef UVLAB_TORTURE
enum { THREADS = 4, ALLOCATIONS_EACH = 2000 };

static void only_the_armed_one_fails(void **state)
{
    (void)state;
    mem_fuse_arm(3);
    void *a = mem_alloc(1), *b = mem_zeroed(1, 1), *c = mem_aligned_filled(1, 1, 0);
    void *d = mem_resize(NULL, 1);
    char *e = mem_copy_text("e");
    assert_non_null(a);
    assert_non_null(b);
    assert_null(c);
    assert_non_null(d);
    assert_non_null(e);
    mem_free(a);
    mem_free(b);
    mem_free(d);
    mem_free(e);
}

static void a_disarmed_fuse_does_nothing(void **state)
{
    (void)state;
    mem_fuse_arm(1);
    mem_fuse_arm(0);
    void *a = mem_alloc(1);
    assert_non_null(a);
    mem_free(a);
}

static void the_environment_arms_it(void **state)
{
    (void)state;
    assert_int_equal(setenv("UVLAB_FAIL_ALLOC", "2", 1), 0);
    mem_fuse_init();
    assert_int_equal(unsetenv("UVLAB_FAIL_ALLOC"), 0);
    void *a = mem_alloc(1);
    assert_non_null(a);
    assert_null(mem_alloc(1));
    mem_free(a);
}

static void cjson_is_reached_by_the_fuse(void **state)
{
    (void)state;
    mem_adopt_cjson();
    mem_fuse_arm(2);
    assert_null(cJSON_Parse("[1, 2]"));
}

static void *allocate_often(void *failures)
{
    size_t *count = failures;
    for (int i = 0; i < ALLOCATIONS_EACH; i++) {
        void *memory = mem_alloc(8);
        *count += memory == NULL;
        mem_free(memory);
    }
    return NULL;
}

static void one_of_many_threads_fails_once(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    size_t failures[THREADS] = {0}, all = 0;
    unsigned long before = mem_fuse_count();
    mem_fuse_arm(THREADS * ALLOCATIONS_EACH / 2);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, allocate_often, &failures[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        all += failures[i];
    }
    assert_int_equal(all, 1);
    assert_int_equal(mem_fuse_count() - before, THREADS * ALLOCATIONS_EACH);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_still_memory),
        cmocka_unit_test(zeroed_is_zero),
        cmocka_unit_test(resize_keeps_the_content),
        cmocka_unit_test(sizes_that_overflow_fail),
        cmocka_unit_test(aligned_is_aligned_and_filled),
        cmocka_unit_test(cjson_works_through_the_door),
#ifdef UVLAB_TORTURE
        cmocka_unit_test(only_the_armed_one_fails),
        cmocka_unit_test(a_disarmed_fuse_does_nothing),
        cmocka_unit_test(the_environment_arms_it),
        cmocka_unit_test(cjson_is_reached_by_the_fuse),
        cmocka_unit_test(one_of_many_threads_fails_once),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
