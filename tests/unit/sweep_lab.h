/* A sweep of the thread pool in a folder of its own, for tests of what makes sweeps. */
#ifndef UVLAB_TESTS_SWEEP_LAB_H
#define UVLAB_TESTS_SWEEP_LAB_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/axis.h"
#include "base/mem.h"
#include "cli/registry.h"
#include "measure/host.h"
#include "measure/sweep_facts.h"

struct sweep_lab {
    char folder[64], document[96], journal[112], program[96];
};

static inline void sweep_lab_open(struct sweep_lab *lab)
{
    snprintf(lab->folder, sizeof lab->folder, "%s/uvlab-sweep.XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(lab->folder));
    snprintf(lab->document, sizeof lab->document, "%s/s.json", lab->folder);
    snprintf(lab->journal, sizeof lab->journal, "%s.journal", lab->document);
    snprintf(lab->program, sizeof lab->program, "%s/program", lab->folder);
    host_set_root(
        lab->folder); /* has no counters: what else the machine does is no test's matter */
}

static inline void sweep_lab_close(struct sweep_lab *lab)
{
    unlink(lab->journal);
    unlink(lab->document);
    unlink(lab->program);
    assert_int_equal(rmdir(lab->folder), 0);
    host_set_root(NULL);
}

/* Writes the bytes into a file of that name. */
static inline void sweep_lab_write(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* The whole file, to be freed; *length may be NULL. */
static inline char *sweep_lab_read(const char *path, size_t *length)
{
    FILE *file = fopen(path, "r");
    char *bytes = malloc(1 << 20);
    size_t n;
    assert_non_null(file);
    assert_non_null(bytes);
    n = fread(bytes, 1, (1 << 20) - 1, file);
    bytes[n] = '\0';
    fclose(file);
    if (length != NULL)
        *length = n;
    return bytes;
}

/* A program that a sweep can run: a shell script, with "$*" in front of which nothing stands. */
static inline void sweep_lab_program(const struct sweep_lab *lab, const char *script)
{
    char text[4096];
    int length = snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    assert_in_range(length, 1, sizeof text - 1);
    sweep_lab_write(lab->program, text, (size_t)length);
    assert_int_equal(chmod(lab->program, 0700), 0);
}

/* What such a program prints for a good run that took `$ns`. */
#define SWEEP_LAB_DOCUMENT                                                                         \
    "printf '{\"schema\":\"uvlab.result/1\",\"experiment\":\"threadpool\",\"parameters\":"         \
    "{\"jobs\":5,\"threads\":1,\"runs\":1},\"environment\":{\"cpu\":\"x\",\"cpus_allowed\":2},"    \
    "\"runs\":[{\"role\":\"measured\",\"elapsed_ns\":%s,\"cpu_ns\":7,\"pool_cpu_ns\":5,\"loop\":"  \
    "{\"iterations\":1},\"calls\":{\"count\":2,\"errors\":0,\"total_ns\":{\"mean\":4,\"p50\":4},"  \
    "\"waited_ns\":{\"mean\":1,\"p50\":1},\"ran_ns\":{\"mean\":2,\"p50\":2},\"returned_ns\":null}" \
    ","                                                                                            \
    "\"summary\":{},\"spans\":[]}],\"warnings\":[\"doubt\"]}\\n' $ns\n"

/* One with an axis, `--threads`; free with sweep_free(). */
static inline void sweep_lab_sweep(struct sweep *s, const char *threads)
{
    struct axis values = AXIS_EMPTY;
    struct sweep_axis *axis = &s->axes[0];
    struct err e = {.text = ""};
    *s = (struct sweep){.experiment = registry_find("threadpool"),
                        .axis_count = 1,
                        .seed = 7,
                        .time_limit_ns = SWEEP_UNKNOWN,
                        .precision_ppm = 20000,
                        .margin_ppm = 20000};
    strcpy(s->started_at, "2026-01-31T09:30:00.000Z");
    assert_non_null(s->experiment);
    axis->param = param_find(s->experiment->params, "threads", 7);
    assert_int_equal(axis_add(&values, axis->param, threads, 0, &e), 0);
    axis->values = mem_zeroed(values.count, sizeof *axis->values);
    assert_non_null(axis->values);
    for (uint32_t i = 0; i < values.count; i++)
        axis->values[i] = (struct sweep_value){values.values[i].text, values.values[i].number};
    axis->count = s->point_count = values.count;
    mem_free(values.values);
}

#endif
