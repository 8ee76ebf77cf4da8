/* Judging a result made by hand, and what came of one claim. */
#ifndef UVLAB_TESTS_JUDGED_H
#define UVLAB_TESTS_JUDGED_H

#include <string.h>

#include "analysis/claims.h"

/* Judges all claims of the result's experiment; the one of that id must have this verdict, and
 * `evidence` in what it says. */
static inline void expect_verdict(struct result *r, const char *id, enum verdict verdict,
                                  const char *evidence)
{
    struct err e;

    assert_int_equal(claims_judge(r, &e), 0);
    for (size_t i = 0; i < r->verdict_count; i++) {
        const struct verdict_row *row = &r->verdicts[i];
        const char *said = text_get(&row->evidence);

        if (strcmp(row->claim->id, id) != 0)
            continue;
        if (row->verdict != verdict || strstr(said, evidence) == NULL)
            fail_msg("%s: %s: '%s'; and not %s: '%s'", id, claims_verdict_name(row->verdict), said,
                     claims_verdict_name(verdict), evidence);
        return;
    }
    fail_msg("no claim '%s'", id);
}

#endif
