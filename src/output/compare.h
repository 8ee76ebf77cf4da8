/* The views of a comparison: for people and for programs. Main thread. */
#ifndef UVLAB_OUTPUT_COMPARE_H
#define UVLAB_OUTPUT_COMPARE_H

#include "analysis/comparison_set.h"
#include "base/text.h"
#include "output/out.h"
#include "output/view.h"

/* What is shown. */
struct compare_view {
    const struct result_file *results; /* the first is the base; sweeps, all of them, or none */
    size_t result_count;               /* at least 2 */
    const struct comparison_set *sets; /* result_count - 1 of them, in the same order */
    const struct comparison_terms *terms;
    bool limit_given;
    const char *const *warnings; /* about all of it; printable */
    size_t warning_count;
};

/* The table. Fails when memory is short. */
int compare_table(const struct compare_view *v, const struct view_style *style, struct out *o,
                  struct err *e);
/* The document, schema uvlab.compare/1. Fails when memory is short. */
int compare_json(const struct compare_view *v, struct out *o, struct err *e);

/* compare_text.c: pieces of sentences, without their full stop. */
enum { COMPARE_TEXT_BYTES = 96 };
/* "A", "B", ...: what the table calls result number `index`. */
const char *compare_letter(size_t index);
/* "+4.6 %" of a ratio, 1 being the same; in buf, which is returned. */
char *compare_percent(char buf[COMPARE_TEXT_BYTES], double ratio);
/* "elapsed", "the total of pbkdf2": what a metric is called outside of its table. */
char *compare_name(char buf[COMPARE_TEXT_BYTES], const struct comparison_metric *m);
/* "by 4.6 % (3.9 to 5.2 %)"; where there is no ratio, "from 0 ns to 1.2 ms". */
char *compare_by(char buf[COMPARE_TEXT_BYTES], const struct comparison_metric *m,
                 const char *micro);
/* "6 %": a limit, in parts per million, as sentences have percentages. */
char *compare_limit(char buf[COMPARE_TEXT_BYTES], uint64_t ppm);
/* The conclusion, a sentence or two, about result number `index`. */
void compare_conclude(const struct compare_view *v, size_t index, const char *micro,
                      struct text *t);
/* compare_sweep_text.c: the same of two sweeps. */
void compare_conclude_sweeps(const struct compare_view *v, size_t index, const char *micro,
                             struct text *t);
/* "B is slower than A: elapsed by ..., and 2 more. ", of a point "B is slower than A with threads
 * 4: ..."; nothing, and false, if no checked metric has that verdict. */
bool compare_conclude_as(const struct comparison *c, size_t index, enum comparison_verdict verdict,
                         const char *micro, struct text *t);
/* "That is beyond the limit of 5 %. ", of `beyond` figures among `slower` ones. */
void compare_conclude_limit(const struct compare_view *v, size_t beyond, size_t slower,
                            struct text *t);

#endif
