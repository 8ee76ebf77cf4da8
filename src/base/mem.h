/* The one door to the allocator. Every allocation of uvlab's own, and those of the libraries that
 * let us supply the allocator and survive a failure, passes here, so that a test build can make the
 * N-th one fail (see tests/torture/). All functions may be called from any thread. */
#ifndef UVLAB_BASE_MEM_H
#define UVLAB_BASE_MEM_H

#include <stddef.h>

/* As malloc, calloc, realloc, strdup, free: NULL on failure; mem_free(NULL) is allowed.
 * The caller owns what is returned and gives it back with mem_free(). */
void *mem_alloc(size_t bytes);
void *mem_zeroed(size_t count, size_t bytes_each);
void *mem_resize(void *memory, size_t bytes);
char *mem_copy_text(const char *text);
void mem_free(void *memory);

/* An array of `count` elements that starts on a cache line of its own (64 bytes), with every byte
 * set to `fill`: the pages are therefore mapped before anything is measured. NULL on failure or
 * when the size overflows. Give it back with mem_free(). */
void *mem_aligned_filled(size_t count, size_t bytes_each, int fill);

/* How many allocations have failed since the start of the process: whoever calls a library that
 * does not say why it failed can tell by it whether that was the reason. */
unsigned long mem_shortages(void);

/* Makes cJSON allocate here too. Call once, before the first cJSON call. */
void mem_adopt_cjson(void);

#ifdef UVLAB_TORTURE
/* Test builds only: allocation number `nth` from now (1 is the next one) fails, once; 0 disarms.
 * mem_fuse_init() reads the number from the environment variable UVLAB_FAIL_ALLOC; when it is 0,
 * the last line on standard error is "allocations: COUNT". A child of a fork has a fuse of its own:
 * it calls mem_fuse_init_child(), which counts anew and reads UVLAB_FAIL_ALLOC_ORIGIN (without it
 * nothing fails), and before its _exit() mem_fuse_end_child(), which tells "allocations of the
 * origin: COUNT" when that is 0. */
void mem_fuse_arm(unsigned long nth);
void mem_fuse_init(void);
void mem_fuse_init_child(void);
void mem_fuse_end_child(void);
/* How many allocations were asked for since the start of the process. */
unsigned long mem_fuse_count(void);
#endif

#endif
