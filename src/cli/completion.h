/* Completion scripts, made from the tables. Each appends a whole script to the text. */
#ifndef UVLAB_CLI_COMPLETION_H
#define UVLAB_CLI_COMPLETION_H

#include "base/text.h"

void complete_bash(struct text *t);
void complete_zsh(struct text *t);
void complete_fish(struct text *t);

/* One option as zsh's _arguments wants it: the only form that says how often it may be given. */
struct param;
void complete_zsh_option(struct text *t, const struct param *p);

/* --- For the three files that implement them. --- */

#include "base/param.h"
#include "cli/command.h"

/* A word that can come first on the command line, and what can follow it. */
struct completion_word {
    const char *name, *what;
    const struct param *tables[2]; /* of its options; NULL: no (further) one */
    const struct command *command; /* NULL: an experiment */
};

/* Word number i, experiments first; false when there are no more. */
bool completion_word(size_t i, struct completion_word *w);

/* What the value of an option can be, as far as a shell can know. */
enum completion_value { VALUE_NONE, VALUE_ANY, VALUE_PATH, VALUE_CHOICE };
enum completion_value completion_value(const struct param *p);

/* Whether the operands of w are files. */
bool completion_takes_paths(const struct completion_word *w);
/* Whether the operand of w is the name of a server that runs: what `uvlab servers --names` prints.
 */
bool completion_of_servers(const struct completion_word *w);

/* Appends the words that the operand of w can be, with a space between; nothing when there is no
 * operand. Names and words of the tables need no quotes in any shell (a unit test looks). */
void completion_operands(const struct completion_word *w, struct text *t);

#endif
