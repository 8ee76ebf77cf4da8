/* The answer of a sweep made by hand, and looking for what it says; for tests of answers. */
#ifndef UVLAB_TESTS_ANSWERED_SWEEP_H
#define UVLAB_TESTS_ANSWERED_SWEEP_H

#include <stdio.h>
#include <stdlib.h>

#include "analysis/sweep_answer.h"
#include "tests/unit/made_sweep.h"

static struct sweep s;
static struct sweep_points points;
static struct sweep_answers answers;

static inline int make(void **state)
{
    (void)state;
    made_sweep(&s);
    return 0;
}

static inline int unmake(void **state)
{
    (void)state;
    sweep_answers_free(&answers);
    sweep_points_free(&points);
    sweep_free(&s);
    return 0;
}

static inline void answer(void)
{
    struct err e;

    assert_int_equal(sweep_points_make(&points, &s, &e), 0);
    assert_int_equal(sweep_answers_make(&answers, &points, &e), 0);
    for (uint32_t g = 0; getenv("SHOW") != NULL && g < answers.count; g++) {
        printf("  group %u recommends %d\n", g, (int)answers.list[g].recommended);
        for (unsigned i = 0; i < answers.list[g].reason_count; i++)
            printf("    - %s\n", answers.list[g].reasons[i]);
    }
}

/* Whether a reason of the group has the text in it. */
static inline void assert_says(uint32_t group, const char *text)
{
    const struct sweep_answer *a = &answers.list[group];

    for (unsigned i = 0; i < a->reason_count; i++) {
        if (strstr(a->reasons[i], text) != NULL)
            return;
    }
    for (unsigned i = 0; i < a->reason_count; i++)
        print_message("said: %s\n", a->reasons[i]);
    fail_msg("nobody says: %s", text);
}

static inline void assert_silent(uint32_t group, const char *text)
{
    const struct sweep_answer *a = &answers.list[group];

    for (unsigned i = 0; i < a->reason_count; i++) {
        if (strstr(a->reasons[i], text) != NULL)
            fail_msg("should not be said: %s", a->reasons[i]);
    }
}

/* Each run was watched for so long, in which others had so many CPUs, and a hypervisor had. */
static inline void watched(double seconds, double others, double hypervisor)
{
    for (size_t i = 0; i < s.run_count; i++) {
        s.runs[i].watched_ns = (uint64_t)(seconds * 1e9);
        s.runs[i].others_cpu_ns = (uint64_t)(others * seconds * 1e9);
        s.runs[i].stolen_ns = (uint64_t)(hypervisor * seconds * 1e9);
    }
}

#endif
