/* What the fuzz targets share. A target is a program of its own, tests/fuzz/fuzz_THING.c, that
 * libFuzzer calls with one input after the other (docs/fuzzing.md). Besides not crashing, what it
 * calls has to keep its promises: MUST() says which. One thread. */
#ifndef UVLAB_TESTS_FUZZ_H
#define UVLAB_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's two entries; the first is optional. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* A promise that was not kept is a finding, as a crash is. */
#define MUST(holds)                                                                                \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds);             \
            abort();                                                                               \
        }                                                                                          \
    } while (false)

/* The input in memory of exactly its own size, so that ASan sees who reads beyond it. To be given
 * back with free(). */
static inline char *fuzz_text(const uint8_t *data, size_t bytes)
{
    char *text = malloc(bytes + 1);
    MUST(text != NULL);
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    return text;
}

#endif
