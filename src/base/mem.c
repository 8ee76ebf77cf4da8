/* One door to the allocator. In a normal build it only adds what malloc leaves open: sizes that
 * overflow fail like any other, and NULL always means failure because nothing of size 0 is asked
 * for. In a test build (UVLAB_TORTURE) every call is numbered and the one with the armed number
 * fails.
 *
 * Any thread: the numbers are atomic, so which call of two racing threads fails is open, but
 * exactly one does. Whoever gets memory owns it. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

enum { CACHE_LINE_BYTES = 64 };

#ifdef UVLAB_TORTURE
#include <stdio.h>

#include "base/units.h"

static atomic_ulong asked;      /* allocations so far */
static atomic_ulong fails_when; /* `asked` reaches this; 0: never */
static bool tells_child;        /* its count, at its end */

static bool fuse_blows(void)
{
    return atomic_fetch_add(&asked, 1) + 1 == atomic_load(&fails_when);
}

void mem_fuse_arm(unsigned long nth)
{
    atomic_store(&fails_when, nth == 0 ? 0 : atomic_load(&asked) + nth);
}

static void tell_count(void)
{
    fprintf(stderr, "allocations: %lu\n", atomic_load(&asked));
}

/* Arms the fuse as an environment variable says, or not at all; whether it is only to count. */
static bool arm_by(const char *variable)
{
    const char *text = getenv(variable);
    uint64_t nth = 0;
    bool given = text != NULL && units_parse_count(text, &nth) == 0;
    mem_fuse_arm(nth);
    return given && nth == 0;
}

void mem_fuse_init(void)
{
    if (arm_by("UVLAB_FAIL_ALLOC"))
        atexit(tell_count);
}

void mem_fuse_init_child(void)
{
    atomic_store(&asked, 0);
    tells_child = arm_by("UVLAB_FAIL_ALLOC_ORIGIN");
}

void mem_fuse_end_child(void)
{
    if (tells_child)
        fprintf(stderr, "allocations of the origin: %lu\n", atomic_load(&asked));
}

unsigned long mem_fuse_count(void)
{
    return atomic_load(&asked);
}
#else
static bool fuse_blows(void)
{
    return false;
}
#endif

/* No object can be larger than this; sanitizers stop the process when they are asked for one, where
 * libc answers NULL, so it is refused before. */
static bool too_large(size_t bytes)
{
    return bytes > PTRDIFF_MAX;
}

/* Whether an allocation of that size must not even be tried. Called once for every allocation, as
 * it is what counts them. */
static bool refused(size_t bytes)
{
    return fuse_blows() || too_large(bytes);
}

static atomic_ulong shortages;

/* Passes on what was allocated, or counts that it was not. */
static void *counted(void *memory)
{
    if (memory == NULL)
        atomic_fetch_add(&shortages, 1);
    return memory;
}

unsigned long mem_shortages(void)
{
    return atomic_load(&shortages);
}

static size_t at_least_one(size_t bytes)
{
    return bytes > 0 ? bytes : 1;
}

void *mem_alloc(size_t bytes)
{
    if (refused(bytes))
        return counted(NULL);
    return counted(malloc(at_least_one(bytes)));
}

void *mem_zeroed(size_t count, size_t bytes_each)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, bytes_each, &bytes))
        bytes = SIZE_MAX;
    if (refused(bytes))
        return counted(NULL);
    return counted(calloc(1, at_least_one(bytes)));
}

void *mem_resize(void *memory, size_t bytes)
{
    if (refused(bytes))
        return counted(NULL);
    return counted(realloc(memory, at_least_one(bytes)));
}

char *mem_copy_text(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = mem_alloc(bytes);
    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}

void mem_free(void *memory)
{
    free(memory);
}

void *mem_aligned_filled(size_t count, size_t bytes_each, int fill)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, bytes_each, &bytes) || too_large(bytes))
        bytes = SIZE_MAX;
    else /* aligned_alloc wants whole lines, and nothing else shall share the last one */
        bytes = (at_least_one(bytes) + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    if (refused(bytes))
        return counted(NULL);
    void *memory = counted(aligned_alloc(CACHE_LINE_BYTES, bytes));
    if (memory != NULL)
        memset(memory, fill, bytes);
    return memory;
}

void mem_adopt_cjson(void)
{
    cJSON_Hooks hooks = {.malloc_fn = mem_alloc, .free_fn = mem_free};
    cJSON_InitHooks(&hooks);
}
