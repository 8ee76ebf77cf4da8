/* One run of a program in a process of its own: what it wrote, how it ended, how long it took. */
#ifndef UVLAB_SWEEP_PROCESS_H
#define UVLAB_SWEEP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/* What is run, and how long and how much it may. */
struct process_plan {
    const char *program;     /* a path */
    char *const *arguments;  /* NULL-terminated; the first is the name of the program */
    uint64_t limit_ns;       /* then it gets SIGTERM; UINT64_MAX: no limit */
    uint64_t grace_ns;       /* and SIGKILL so long afterwards */
    uint64_t break_grace_ns; /* the same where it is this process that was told to end */
    size_t output_most;      /* bytes of standard output; then it gets SIGKILL */
};

enum process_end {
    PROCESS_EXITED,
    PROCESS_SIGNALLED,   /* a signal ended it that was none of ours */
    PROCESS_LATE,        /* its time was over */
    PROCESS_TALKATIVE,   /* it wrote more than it may */
    PROCESS_INTERRUPTED, /* run_interrupted(): this process has been told to end */
    PROCESS_NOT_STARTED,
};

enum { PROCESS_SAID_BYTES = 512 };

struct process_outcome {
    enum process_end end;
    int status;          /* exit status, number of the signal, or errno when it was not started */
    uint64_t started_ms; /* since 1970, UTC */
    uint64_t took_ns;    /* from its start until its end was seen */
    struct text output;  /* its standard output; the caller frees it */
    char said[PROCESS_SAID_BYTES]; /* the last line on its standard error that is not empty */
};

/* Runs it and waits for its end. The child has an empty standard input, all signals as in a new
 * process, and is killed when this process ends. SIGCHLD must not be ignored, and this is the only
 * child that the calling process waits for meanwhile. Fails only for what is this process's own
 * trouble (no memory, no descriptors); *out is filled in any case. Main thread. */
int process_run(const struct process_plan *plan, struct process_outcome *out, struct err *e);

/* Why it is no success, as a sentence without full stop ("was killed by SIGSEGV"); "" for an exit,
 * whatever its status. Returns buf. */
char *process_describe(const struct process_plan *plan, const struct process_outcome *out,
                       char *buf, size_t bytes);

#endif
