/* loop: in which order do callbacks run? The description of the experiment: its options, the kinds
 * of its spans, its plan. Constant data and pure functions, but for the look at --file.
 *
 * An iteration of libuv's loop is a fixed sequence of phases, and every callback has its phase:
 * that, and not how long anything took, decides the order. A measured run arms something for each
 * phase and follows it until nothing is alive; trials arm only the two whose order the main program
 * cannot know (scenario.c). The claims are in claims.c. */
#include "experiments/loop/loop.h"

#include "base/units.h"
#include "measure/given_file.h"
#include "measure/pool.h"

enum { NS_PER_MS = 1000000 };

/* clang-format off */
static const struct param params[] = {
    PARAM_DURATION(struct loop_options, timeout_ns, "timeout", 0, "5ms", 1000000, 3600000000000,
                   "of the later timer, in whole milliseconds"),
    PARAM_COUNT(struct loop_options, trials, "trials", 0, "100", 0, 1000000,
                "runs with only a setTimeout(0) and an immediate, to see which comes first"),
    PARAM_DURATION(struct loop_options, busy_start_ns, "busy-start", 0, "500us", 0, 1000000000,
                   "how long a trial's main program stays busy after arming, before its loop starts"),
    PARAM_STRING(struct loop_options, file, "file", 0, PARAM_OPTIONAL | PARAM_PATH, NULL, "FILE",
                 "what to read (default: uvlab's own program file)"),
    POOL_PARAM_THREADS(struct loop_options, threads),
    PARAM_END,
};

#define KIND(row, kind_, label_, phase_, node_, traits_)                                           \
    [row] = &(const struct span_kind) { kind_, label_, phase_, node_, traits_ }

static const struct span_kind *const kinds[] = {
    KIND(KIND_TIMEOUT, "timer", "timeout", PHASE_TIMERS, "setTimeout(0)", 0),
    KIND(KIND_NATIVE_TIMER, "timer", "0 ms timer", PHASE_TIMERS, NULL, 0),
    KIND(KIND_LATER_TIMER, "timer", "later timer", PHASE_TIMERS, "setTimeout", 0),
    KIND(KIND_IDLE, "idle", "idle", PHASE_IDLE, NULL, 0),
    KIND(KIND_PREPARE, "prepare", "prepare", PHASE_PREPARE, NULL, 0),
    KIND(KIND_WRITE, "socket.write", "socket write", PHASE_PENDING, "socket.write", 0),
    KIND(KIND_DATA, "socket.data", "socket data", PHASE_POLL, "'data'", 0),
    [KIND_FILE] = FILE_KIND_ROWS,
    KIND(KIND_JOB, "random", "pool job", PHASE_POLL, "crypto.randomBytes", SPAN_POOLED),
    KIND(KIND_IMMEDIATE, "immediate", "immediate", PHASE_CHECK, "setImmediate", 0),
    KIND(KIND_CLOSE, "close", "close", PHASE_CLOSING, "'close'", 0),
    KIND(KIND_LAST_CLOSE, "close", "last close", PHASE_CLOSING, NULL, 0),
    [KIND_COUNT] = NULL,
};
/* clang-format on */

static const enum column columns[] = {
    COLUMN_ITERATION,   COLUMN_PHASE,     COLUMN_CALL,   COLUMN_ARMED_BY,
    COLUMN_CALLED_BACK, COLUMN_NODE_NAME, COLUMN_STATUS, COLUMN_END,
};

static const char *const examples[] = {
    "uvlab loop",
    "uvlab loop --trials 1000 --busy-start 0",
    "uvlab loop --busy-start 5ms",
    "uvlab loop --format json | jq '.runs[0].spans[] | {name, iteration, phase}'",
    NULL,
};

static int plan(struct param_set *options, struct plan *plan, struct err *e)
{
    const struct loop_options *o = options->values;
    struct file_facts file;

    if (o->timeout_ns % NS_PER_MS != 0) {
        char text[UNITS_TEXT_BYTES];
        return err_set(e, STATUS_USAGE,
                       "--timeout %s: must be whole milliseconds, which libuv's timers count in",
                       units_exact_duration(text, o->timeout_ns));
    }
    if (o->file != NULL && given_file_check(o->file, NULL, e) != 0)
        return -1;
    file_facts_head(&file, FILE_API_UV);
    plan->uses_pool = true;
    plan->threads = (uint32_t)o->threads;
    plan->passes[plan->pass_count++] = (struct pass){
        .role = PASS_MEASURED,
        .spans = SPANS_MEASURED,
        .bytes = sizeof(struct scenario) + file.bytes,
    };
    if (o->trials > 0)
        plan->passes[plan->pass_count++] = (struct pass){
            .role = PASS_TRIAL,
            .runs = (uint32_t)o->trials,
            .spans = SPANS_TRIAL,
            .bytes = sizeof(struct scenario),
        };
    return 0;
}

const struct experiment experiment_loop = {
    .name = "loop",
    .question = "In which order do callbacks run?",
    .about =
        "Arms timers, an immediate, idle and prepare handles, a file read, a job of the pool and "
        "a socket event, from the main program and from inside I/O callbacks, and follows every "
        "callback until nothing is alive: its iteration, its phase, and what armed it. "
        "setTimeout(0) is a timer of 1 ms, as in Node.js; a timer of 0 ms stands beside it. "
        "The order of the phases is that of the libuv that is linked: since 1.45 timers come "
        "last in an iteration, before that they came first. Trials show that the order of a "
        "setTimeout(0) and an immediate, both armed by the main program, is a matter of chance.",
    .examples = examples,
    .params = params,
    .options_size = sizeof(struct loop_options),
    .kinds = kinds,
    .claims = loop_claims,
    .columns = columns,
    .rows_by_call_back = true,
    .records = RECORD_CAUSES,
    .plan = plan,
    .prepare = scenario_prepare,
    .start = scenario_start,
    .cancel = scenario_cancel,
    .cleanup = scenario_cleanup,
};
