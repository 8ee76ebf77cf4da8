/* A result that comes in from a file, schema uvlab.result/1: what is said of it as a whole, and the
 * figures of its runs as plain numbers. A sweep, schema uvlab.sweep/1, is read as well: as a result
 * for each of its points. The file may come from anywhere and hold anything: what is used of it is
 * checked, and what is in here can be relied on. Main thread. */
#ifndef UVLAB_INPUT_RESULT_FILE_H
#define UVLAB_INPUT_RESULT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/err.h"

enum {
    RESULT_KINDS_MOST = 256, /* that a result may have */
    RESULT_WORD_BYTES = 64,  /* of the name of an experiment or a kind, with its NUL */
    RESULT_STAMP_BYTES = 32, /* of an instant as text, with its NUL */
    RESULT_PAIRS_MOST = 256, /* parameters, and facts about the environment */
    RESULT_WARNINGS_MOST = 100,
};

/* Figures of a result in the order of its runs; of those that are unknown none. */
struct result_series {
    double *values;
    size_t count, capacity;
};

enum result_part { PART_TOTAL, PART_WAITED, PART_RAN, PART_RETURNED, RESULT_PARTS };
/* "total", "waited", "ran", "returned" */
extern const char *const result_part_names[RESULT_PARTS];

/* Of the calls of one kind, in nanoseconds. */
struct result_kind {
    char name[RESULT_WORD_BYTES];
    struct result_series runs[RESULT_PARTS]; /* the median of each run */
    struct result_series
        calls[RESULT_PARTS];          /* each call that succeeded, where they were asked for */
    size_t whole_calls[RESULT_PARTS]; /* while reading: those of runs that count */
};

struct sweep_file; /* input/sweep_file.h */

struct result_file {
    char *name; /* what messages call it: the path, or "standard input"; printable */
    char experiment[RESULT_WORD_BYTES];
    char started_at[RESULT_STAMP_BYTES]; /* printable */
    bool interrupted;
    /* Objects of numbers, booleans, nulls, texts, and arrays of texts; all texts are printable. */
    cJSON *parameters, *environment;

    size_t run_count;                  /* measured runs that are whole: all figures are of them */
    size_t runs_left_out;              /* measured ones that are not */
    struct result_series elapsed, cpu; /* nanoseconds */
    /* Of loads: elapsed time by answered requests, and latencies; nanoseconds. */
    struct result_series request, latency_p50, latency_p99;
    struct result_kind *kinds; /* in the order in which they came */
    size_t kind_count, kind_capacity;
    size_t runs_without_spans; /* of the measured ones: whose spans were left out of the file */

    char **warnings; /* its own, and doubts about the file; printable */
    size_t warning_count;

    /* NULL: it is a result. Else a sweep, whose runs are counted here, those that do not count as
     * left out; figures are those of its points, and there are none here. */
    struct sweep_file *sweep;
};

/* Reads the file, or standard input when `path` is "-". Spans are only skimmed, without any memory,
 * unless they are wanted. Fails with STATUS_FAILED: "'x.json' is a comparison; ...",
 * "'x.json' is not JSON (...): results are written by --format json", "'x.json':
 * runs[3].elapsed_ns: must be null or a whole number up to 2^63"; *f is then empty. */
int result_file_read(struct result_file *f, const char *path, bool spans_wanted, struct err *e);
/* The same of a document in memory. */
int result_file_parse(struct result_file *f, const char *name, const char *json, size_t bytes,
                      bool spans_wanted, struct err *e);
/* Frees what f owns. */
void result_file_free(struct result_file *f);

/* The kind of that name, or NULL. */
const struct result_kind *result_file_kind(const struct result_file *f, const char *name);

#endif
