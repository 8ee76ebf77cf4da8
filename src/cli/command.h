/* What a command is: a word that is not an experiment. Each has a file of its own, cmd_NAME.c. */
#ifndef UVLAB_CLI_COMMAND_H
#define UVLAB_CLI_COMMAND_H

#include "base/err.h"
#include "base/param.h"
#include "base/text.h"
#include "cli/options.h"
#include "measure/experiment.h"

struct command {
    const char *name;
    const char *summary;         /* what it does: one phrase, lower case, no full stop */
    const char *about;           /* a paragraph for its help, or NULL */
    const char *const *more;     /* further paragraphs, NULL-terminated, or NULL */
    const char *const *examples; /* command lines, NULL-terminated, or NULL */
    const char *operand; /* what its operand is called in the usage line ("[NAME]"), or NULL */
    unsigned operands_most;
    /* The words that the operand can be, NULL-terminated, for completion; NULL: the names of
     * experiments and commands (if there is an operand at all). */
    const char *const *operand_words;
    bool of_experiment; /* the operand is an experiment, and comes first; its options may follow */
    const struct param *params; /* rows without help are not for people */
    size_t options_size;
    /* Does it. `operands` has operands_most entries, NULL where there are fewer. Returns an exit
     * status, or -1 after filling *e. */
    int (*run)(const void *options, const char *const *operands, struct err *e);
    /* Or this, in its place: it reads its command line itself, of which `params` is a part. */
    int (*main)(int argc, char *const *argv, struct err *e);
};

/* All of them, in the order of the help, NULL-terminated. */
extern const struct command *const commands[];
extern const struct command command_sweep, command_compare, command_list, command_env,
    command_serve, command_servers, command_show, command_monit, command_delete, command_origin,
    command_completion, command_help;

/* The operand_words of a command whose operand can be anything: there is nothing to offer. */
extern const char *const command_free_word[];
/* The same of one whose operand is the name of a server, which completion asks for when it is
 * needed. */
extern const char *const command_server_word[];
/* The same of a command whose operands are files. */
extern const char *const command_path_word[];

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);

/* Parses `argv`, what follows the command's name, and runs it. Exit status, or -1 with *e filled.
 */
int command_run(const struct command *c, int argc, char *const *argv, struct err *e);

/* `uvlab NAME ...`: runs an experiment and shows its result. Exit status, or -1 with *e filled.
 * Does not return when calls are still running: the process ends then, as their threads use its
 * memory. */
int cmd_run(const struct experiment *x, int argc, char *const *argv, struct err *e);

/* Says that the word is neither an experiment nor a command, and which one was probably meant.
 * Returns -1. */
int command_unknown(const char *word, struct err *e);

/* Prints the text on standard output and frees it. STATUS_OK, or -1 after filling *e when it could
 * not be printed, or not be made because memory ran out. */
int command_print(struct text *t, struct err *e);

/* Puts "uvlab: MESSAGE" on standard error, and answers with the status of the error. */
enum exit_status command_report(const struct err *e);

#endif
