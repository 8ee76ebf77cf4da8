/* Errors are values: a function that can fail takes a `struct err` and returns -1 after filling it,
 * so that every layer can be tested without catching standard error. Only src/cli/ prints. */
#ifndef UVLAB_BASE_ERR_H
#define UVLAB_BASE_ERR_H

/* The exit statuses of the program; --help, the manual page and the README print this list. */
enum exit_status {
    STATUS_OK = 0,            /* the run succeeded (and, under --check, no claim failed) */
    STATUS_FAILED = 1,        /* the run failed, or some of its calls did */
    STATUS_USAGE = 2,         /* the command line was wrong; nothing was run */
    STATUS_CLAIM = 3,         /* under --check: a claim failed, or something became slower */
    STATUS_INTERRUPTED = 130, /* SIGINT or SIGTERM; what had been measured was printed */
};

struct err {
    enum exit_status status; /* what the process should exit with because of it */
    char text[480];          /* "what failed: why", lower case, no full stop, valid UTF-8 */
};

/* Fills *e (an over-long message is cut) and returns -1, so that `return err_set(...)` reads well.
 * Bytes of the message that are no valid UTF-8, or control characters, are replaced by '?'. */
int err_set(struct err *e, enum exit_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for running out of memory; never allocates. `what` names what the memory was for. */
int err_no_memory(struct err *e, const char *what);

/* Puts "prefix: " in front of the message already in *e. Returns -1. */
int err_prefix(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
