/* The parser of command lines: flags by the option tables, and operands. */
#ifndef UVLAB_CLI_OPTIONS_H
#define UVLAB_CLI_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/param.h"

enum { OPTION_SETS_MOST = 2, OPERANDS_MOST = 16 };

/* What a command line may hold, and where its values go. No two tables may share a name or a
 * letter, and none may use "help" or 'h'. */
struct option_grammar {
    struct param_set *sets[OPTION_SETS_MOST];
    unsigned set_count;
    unsigned operands_most; /* at most OPERANDS_MOST */
    const char *operand;    /* the row of the first set that operands are values of; or NULL */
    const char *topic;      /* of `uvlab help`, to which errors point */
    /* Rows that are no options here but elsewhere, and what is said of them behind their name
     * ("is for ..., and a sweep has no such option"); or NULL. */
    const struct param *elsewhere;
    const char *elsewhere_why;
};

/* What was on it besides the values. */
struct option_outcome {
    bool help; /* -h or --help was there; then nothing else counts, not even mistakes */
    const char *operands[OPERANDS_MOST];
    unsigned operand_count;
};

/* Sets every value of the grammar's sets: defaults, environment, flags, in this order. `argv` is
 * what follows the command's own word. Values are kept as pointers into argv. Fails with
 * STATUS_USAGE; the message lacks the name of the command. */
int options_parse(const struct option_grammar *grammar, int argc, char *const *argv,
                  struct option_outcome *outcome, struct err *e);

#endif
