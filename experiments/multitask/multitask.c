/* multitask: why does the file read come back after a hash, and the request before all?
 *
 * One HTTPS request, one file read and H hashes, asked for in that order in one turn of the loop,
 * as the classic program does it with https.request(), fs.readFile() and crypto.pbkdf2(). The
 * operating system carries the request. The read has to go through the pool several times, and when
 * its first step is back, hashes have taken the threads: its second step waits for one of them to
 * end.
 *
 * The loop's thread submits and is called back; lookups, steps and hashes run on the pool
 * (net/fetch.h, measure/file_read.h, measure/jobs.h). */
#include "multitask.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "measure/jobs.h"
#include "measure/pool.h"

enum {
    ROW_FILE = FETCH_KINDS,
    ROW_HASH = FETCH_KINDS + FILE_KINDS,
    CALLS_MOST = 10000,
    MADE_FILE_BYTES = 64 * 1024,
};

/* clang-format off */
static const struct param params[] = {
    PARAM_COUNT(struct multitask_options, hashes, "hashes", 0, "4", 0, CALLS_MOST,
                "hashes to submit, after the reads"),
    POOL_PARAM_THREADS(struct multitask_options, threads),
    PARAM_COUNT(struct multitask_options, requests, "requests", 'n', "1", 0, CALLS_MOST,
                "HTTPS requests to submit, before all else"),
    PARAM_COUNT(struct multitask_options, reads, "reads", 0, "1", 0, CALLS_MOST,
                "files to read, after the requests"),
    { .name = "file", .type = PARAM_TYPE_STRING, .flags = PARAM_OPTIONAL | PARAM_PATH,
      .metavar = "FILE", .offset = PARAM_FIELD_(struct multitask_options, file, const char *),
      .help = "what to read (default: a file of 64k in memory, made for it)" },
    PARAM_CHOICE(struct multitask_options, fs_api, "fs-api", 0, 0, "jobs", file_api_names,
                 "how the steps of a read get to the pool: as jobs whose start is seen; by uv_fs_*; "
                 "or all of them in one job, as the newest Node.js reads small files"),
    REQUESTS_PARAMS(struct multitask_options, http, "0"),
    WORK_HASH_PARAMS(struct multitask_options, hash),
    PARAM_END,
};
/* clang-format on */

static const struct span_kind *const kinds[] = {
    FETCH_KIND_ROWS,
    FILE_KIND_ROWS,
    &work_table[WORK_PBKDF2].span,
    NULL,
};

/* What all runs share. */
struct shared {
    struct requests *requests; /* NULL: there are none */
    int made_file;             /* descriptor of the file that was made, or -1 */
    char made_path[32];
};

struct state {
    struct work_context hash;
    struct jobs *hashes;
    struct file_reads *reads;
    struct fetch_batch *requests;
    uint32_t request_count;
};

/* --- The plan. --- */

static int find_facts(const struct multitask_options *o, struct file_facts *facts, struct err *e)
{
    if (o->file != NULL)
        return file_facts_find(facts, o->file, o->fs_api, e);
    file_facts_of_size(facts, MADE_FILE_BYTES, o->fs_api);
    return 0;
}

/* An option that nothing will look at is a mistake. */
static int refuse_useless(const struct param_set *set, struct err *e)
{
    static const char *const of_reads[] = {"file", "fs-api", NULL};
    const struct multitask_options *o = set->values;
    const char *name = o->reads == 0 ? param_given(set, of_reads) : NULL;

    if (name != NULL)
        return err_set(e, STATUS_USAGE, "--%s: there are no reads", name);
    if (o->hashes == 0 && work_refuse_hash_options(set, "there are no hashes", e) != 0)
        return -1;
    return o->requests == 0 ? requests_refuse_all(set, "there are no requests", e)
                            : requests_check(set, &o->http, e);
}

static int plan(struct param_set *set, struct plan *plan, struct err *e)
{
    struct multitask_options *o = set->values;
    const struct work *hash = work_at(WORK_PBKDF2);
    const struct file_facts *facts = &o->file_facts;

    if (o->requests + o->reads + o->hashes == 0)
        return err_set(e, STATUS_USAGE, "there is nothing to do: no request, no read, no hash");
    if (refuse_useless(set, e) != 0 || find_facts(o, &o->file_facts, e) != 0)
        return -1;
    plan->uses_pool = true;
    plan->threads = (uint32_t)o->threads;
    plan->descriptors = requests_descriptors(&o->http, o->requests) + o->reads;
    plan->passes[plan->pass_count++] = (struct pass){
        .role = PASS_MEASURED,
        .spans = (uint32_t)(o->requests * FETCH_SPANS_EACH + o->reads * facts->spans + o->hashes),
        .bytes = o->requests * fetch_bytes_each() + o->reads * facts->bytes +
                 o->hashes * jobs_bytes_each(hash, &o->hash),
        .kept_bytes = o->requests * fetch_kept_bytes_each(),
    };
    return 0;
}

/* --- What all runs share. --- */

/* In memory, so that nothing is left behind whatever happens, and no disk has a part in it. */
static int make_file(struct shared *shared, struct err *e)
{
    static const char line[64] =
        "A line of the file that multitask reads, as long as the others.\n";
    ssize_t written = 0;

    shared->made_file = memfd_create("uvlab-multitask", MFD_CLOEXEC);
    if (shared->made_file < 0)
        return err_set(e, STATUS_FAILED, "cannot make a file to read: %s", uv_strerror(-errno));
    for (size_t at = 0; at < MADE_FILE_BYTES && written >= 0; at += (size_t)written)
        written = write(shared->made_file, line, sizeof line);
    if (written < 0)
        return err_set(e, STATUS_FAILED, "cannot write the file to read: %s", uv_strerror(-errno));
    snprintf(shared->made_path, sizeof shared->made_path, "/proc/self/fd/%d", shared->made_file);
    return 0;
}

static void shared_free(struct shared *shared)
{
    if (shared->made_file >= 0)
        close(shared->made_file);
    mem_free(shared);
}

static int multitask_open(struct result *r, struct err *e)
{
    const struct multitask_options *o = r->options.values;
    struct shared *shared = mem_zeroed(1, sizeof *shared);

    if (shared == NULL)
        return err_no_memory(e, "what the runs share");
    shared->made_file = -1;
    if (o->file == NULL && o->reads > 0 && make_file(shared, e) != 0)
        goto fail;
    if (o->requests > 0) {
        shared->requests = requests_open(&o->http, o->requests, r, e);
        if (shared->requests == NULL)
            goto fail;
    }
    r->shared = shared;
    return 0;

fail:
    shared_free(shared);
    return -1;
}

static void multitask_close(struct result *r)
{
    struct shared *shared = r->shared;

    requests_close(shared->requests, r);
    shared_free(shared);
    r->shared = NULL;
}

/* --- The run. --- */

static int prepare_reads(struct run *run, struct state *state, struct err *e)
{
    const struct multitask_options *o = run->options;
    const struct shared *shared = run->shared;

    if (o->reads == 0)
        return 0;
    state->reads = file_reads_new(run, o->file != NULL ? o->file : shared->made_path,
                                  &o->file_facts, o->fs_api, ROW_FILE, (uint32_t)o->reads,
                                  run->cpu_choice == CPU_CHOICE_ON, e);
    return state->reads == NULL ? -1 : 0;
}

static int prepare_hashes(struct run *run, struct state *state, struct err *e)
{
    const struct multitask_options *o = run->options;

    if (o->hashes == 0)
        return 0;
    if (work_context_init(&state->hash, work_at(WORK_PBKDF2), &o->hash, e) != 0)
        return -1;
    state->hashes = jobs_new(run, &state->hash, ROW_HASH, (uint32_t)o->hashes, 1,
                             run->cpu_choice != CPU_CHOICE_OFF, e);
    return state->hashes == NULL ? -1 : 0;
}

static int prepare(struct run *run, struct err *e)
{
    const struct multitask_options *o = run->options;
    struct shared *shared = run->shared;
    struct state *state = mem_zeroed(1, sizeof *state);

    if (state == NULL)
        return err_no_memory(e, "the calls");
    run->state = state;
    state->request_count = (uint32_t)o->requests;
    if (o->requests > 0) {
        state->requests = requests_batch(shared->requests, run, 0, state->request_count, e);
        if (state->requests == NULL)
            return -1;
    }
    return prepare_reads(run, state, e) != 0 || prepare_hashes(run, state, e) != 0 ? -1 : 0;
}

static int start(struct run *run, struct err *e)
{
    struct state *state = run->state;

    (void)e;
    if (state->requests != NULL)
        fetch_batch_submit(state->requests, 0, state->request_count);
    if (state->reads != NULL)
        file_reads_submit(state->reads);
    if (state->hashes != NULL)
        jobs_submit(state->hashes);
    return 0;
}

static void cancel(struct run *run)
{
    struct state *state = run->state;

    if (state->hashes != NULL)
        jobs_cancel(state->hashes);
    if (state->reads != NULL)
        file_reads_cancel(state->reads);
    if (state->requests != NULL)
        fetch_batch_cancel(state->requests);
}

static void cleanup(struct run *run)
{
    struct state *state = run->state;

    if (state == NULL)
        return;
    fetch_batch_free(state->requests);
    file_reads_free(state->reads);
    jobs_free(state->hashes);
    work_context_free(&state->hash);
    mem_free(state);
}

static const enum column columns[] = {
    COLUMN_CALL,        COLUMN_SUBMITTED, COLUMN_WAITED, COLUMN_RAN,    COLUMN_RETURNED,
    COLUMN_CALLED_BACK, COLUMN_LANE,      COLUMN_ANSWER, COLUMN_STATUS, COLUMN_END,
};

static const char *const examples[] = {
    "uvlab multitask --timeline",
    "uvlab multitask --threads 5",
    "uvlab multitask --threads 1",
    "uvlab multitask --hashes 0",
    "uvlab multitask --dns none --fs-api one-trip",
    "uvlab multitask --file package.json --url https://example.com",
    NULL,
};

const struct experiment experiment_multitask = {
    .name = "multitask",
    .question = "Why does the file read come back after a hash, and the request before all?",
    .about =
        "Asks for an HTTPS request, a file read and H hashes, in this order and in one turn of the "
        "loop, as a well-known program does it with https.request(), fs.readFile() and "
        "crypto.pbkdf2(). The request is carried by the operating system. The read is what "
        "fs.readFile() of Node.js 20 does: open, fstat, reads of at most 512 KiB, close, each a "
        "trip of its own through the pool and back through the loop; with as many hashes as "
        "threads its second step has to wait for one of them.",
    .examples = examples,
    .params = params,
    .options_size = sizeof(struct multitask_options),
    .kinds = kinds,
    .claims = multitask_claims,
    .columns = columns,
    .records = RECORD_HTTP,
    .plan = plan,
    .open = multitask_open,
    .close = multitask_close,
    .prepare = prepare,
    .start = start,
    .cancel = cancel,
    .cleanup = cleanup,
};
