/* The sweep's own rows, and how an experiment's rows become rows of a sweep: at run time, from the
 * experiment's table, so that whoever adds an option there has nothing to do here. That the sweep's
 * names and letters are no experiment's is looked at by a unit test. Main thread. */
#include "cli/sweep_options.h"

#include <stdio.h>
#include <string.h>

#include "base/axis.h"
#include "base/mem.h"
#include "measure/host.h"
#include "output/view.h"

static const char *const by_choices[] = {"auto", "elapsed", "request", "latency",
                                         "p99",  "cpu",     NULL};

/* What a JSON number holds exactly in every program. */
#define SEED_MOST ((UINT64_C(1) << 53) - 1)

/* clang-format off */
const struct param sweep_params[] = {
    { .name = "runs", .letter = 'r', .type = PARAM_TYPE_COUNT, .flags = PARAM_OPTIONAL,
      .min = 1, .max = 1000000, .offset = PARAM_FIELD_(struct sweep_options, runs, uint64_t),
      .help = "how often to run each point (default: until each median is known to --precision, at "
              "least 6 times)" },
    PARAM_COUNT(struct sweep_options, warmup, "warmup", 0, "0", 0, 1000000,
                "runs that each process makes first, and does not keep"),
    { .name = "time-limit", .type = PARAM_TYPE_DURATION, .flags = PARAM_OPTIONAL,
      .min = 1000000, .max = 31536000000000000,
      .offset = PARAM_FIELD_(struct sweep_options, time_limit_ns, uint64_t),
      .help = "how long to go on in all, after which no run is begun (default 60s; with --runs: as "
              "long as they take)" },
    PARAM_DURATION(struct sweep_options, run_limit_ns, "run-limit", 0, "10min", 1000000,
                   604800000000000,
                   "how long a single run may take; it is ended then, and has failed"),
    PARAM_PERCENT(struct sweep_options, precision_ppm, "precision", 0, "2%", 100, 500000,
                  "how well each median has to be known, at 95 % confidence"),
    PARAM_PERCENT(struct sweep_options, margin_ppm, "margin", 0, "2%", 0, 1000000,
                  "differences up to this are of no interest"),
    PARAM_CHOICE(struct sweep_options, by, "by", 0, 0, "auto", by_choices,
                 "what to judge by; auto is the time for each request of a load with --duration, the "
                 "p99 latency of a load with --rate or of blocking's fast route, else the elapsed "
                 "time"),
    { .name = "seed", .type = PARAM_TYPE_COUNT, .flags = PARAM_OPTIONAL, .min = 0,
      .max = SEED_MOST, .offset = PARAM_FIELD_(struct sweep_options, seed, uint64_t),
      .help = "of the order in which points are run (default: another one each time)" },
    PARAM_FLAG(struct sweep_options, resume, "resume", 0, 0,
               "go on with the sweep that was writing to --output and did not end"),
    PARAM_FLAG(struct sweep_options, spans, "spans", 0, PARAM_VIEW,
               "json: keep the spans of every run, and not only their summaries"),
    PARAM_CHOICE(struct sweep_options, view.format, "format", 'f', PARAM_VIEW, "table", view_names,
                 "how to write the result"),
    PARAM_STRING(struct sweep_options, view.output, "output", 'o',
                 PARAM_VIEW | PARAM_OPTIONAL | PARAM_PATH, NULL, "FILE",
                 "where to write it (default: standard output); a file without --format gets the "
                 "JSON document, and standard output the table; beside it there is a FILE.journal "
                 "while the sweep lasts, with every run that has ended"),
    PARAM_CHOICE(struct sweep_options, view.color, "color", 0, PARAM_VIEW, "auto", color_choices,
                 "table: auto colours on a terminal, unless NO_COLOR is set"),
    PARAM_FLAG(struct sweep_options, view.ascii, "ascii", 0, PARAM_VIEW,
               "table: no Unicode; without this flag the locale decides"),
    PARAM_FLAG(struct sweep_options, view.quiet, "quiet", 'q', PARAM_VIEW,
               "neither progress nor warnings on standard error, only errors"),
    PARAM_END,
};
/* clang-format on */

/* --- The table of an experiment. --- */

bool sweep_hands_on(const struct param *common)
{
    static const char *const names[] = {"clock", "cpu-time", NULL};
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(common->name, names[i]) == 0)
            return true;
    return false;
}

static bool takes_one_value(const struct param *p)
{
    return param_is_number(p) || p->type == PARAM_TYPE_CHOICE || p->type == PARAM_TYPE_STRING;
}

static void add_row(struct sweep_table *t, size_t at, const struct param *origin)
{
    struct param *row = &t->rows[at];
    t->origins[at] = origin;
    *row = *origin;
    row->offset = at * sizeof t->slots[0];
    if (!takes_one_value(origin))
        return;
    param_metavar(origin, t->metavars[at], SWEEP_METAVAR_BYTES);
    *row = (struct param){
        .name = origin->name,
        .letter = origin->letter,
        .type = origin->type == PARAM_TYPE_STRING ? PARAM_TYPE_LIST : PARAM_TYPE_STRING,
        .flags = PARAM_OPTIONAL,
        .metavar = t->metavars[at],
        .offset = row->offset,
        .help = origin->help,
    };
}

void sweep_table_make(struct sweep_table *t, const struct experiment *x)
{
    size_t count = 0;
    memset(t, 0, sizeof *t);
    for (const struct param *p = x->params; p->name != NULL; p++)
        add_row(t, count++, p);
    for (const struct param *p = common_params; p->name != NULL; p++)
        if (sweep_hands_on(p))
            add_row(t, count++, p);
}

/* --- What was written. --- */

/* What is read at the moment, and where it goes. */
struct reading {
    struct sweep *s;
    struct words *fixed, *arguments;
    uint64_t cpus; /* that this process may use */
    struct err *e;
};

static int no_memory(struct err *e)
{
    return err_no_memory(e, "the options of the sweep");
}

static int read_flag(const struct reading *r, const struct param *row, bool set)
{
    const char *no = set ? "" : "no-";
    if (words_add(r->fixed, "--%s%s", no, row->name) &&
        words_add(r->arguments, "--%s%s", no, row->name))
        return 0;
    return no_memory(r->e);
}

static int show(const struct reading *r, const struct param *row, const char *value)
{
    char shown[512];
    if (words_add(r->arguments, "--%s", row->name) &&
        words_add(r->arguments, "%s", param_shown(row, value, shown, sizeof shown)))
        return 0;
    return no_memory(r->e);
}

static int read_list(const struct reading *r, const struct param *row,
                     const struct param_list *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (show(r, row, list->items[i]) != 0)
            return -1;
        if (!words_add(r->fixed, "--%s=%s", row->name, list->items[i]))
            return no_memory(r->e);
    }
    return 0;
}

/* The values become the sweep's. */
static int add_axis(const struct reading *r, const struct param *origin, struct axis *values)
{
    struct sweep *s = r->s;
    struct sweep_value *own;
    if (s->axis_count == SWEEP_AXES_MOST)
        return err_set(r->e, STATUS_USAGE, "--%s: %d options may have several values, and no more",
                       origin->name, SWEEP_AXES_MOST);
    own = mem_zeroed(values->count, sizeof *own);
    if (own == NULL)
        return no_memory(r->e);
    for (uint32_t i = 0; i < values->count; i++) {
        own[i] = (struct sweep_value){values->values[i].text, values->values[i].number};
        values->values[i].text = NULL;
    }
    s->axes[s->axis_count++] = (struct sweep_axis){origin, own, values->count};
    return 0;
}

/* One value is what all points have in common; several are an axis. */
static int take_values(const struct reading *r, const struct param *origin, struct axis *values)
{
    if (values->count > 1)
        return add_axis(r, origin, values);
    if (values->count == 0 || words_add(r->fixed, "--%s=%s", origin->name, values->values[0].text))
        return 0;
    return no_memory(r->e);
}

static int read_texts(const struct reading *r, const struct param *origin, const char *const *texts,
                      unsigned count)
{
    bool has_max = (origin->flags & PARAM_MEANS) != 0 ||
                   (origin->word != NULL && strcmp(origin->word, "max") == 0);
    struct axis values = AXIS_EMPTY;
    int rc = 0;
    for (unsigned i = 0; i < count && rc == 0; i++) {
        rc = axis_add(&values, origin, texts[i], has_max ? r->cpus : 0, r->e);
        if (rc == 0)
            rc = show(r, origin, texts[i]);
    }
    if (rc == 0 && values.repeated)
        rc = sweep_warn(r->s, r->e, "--%s has a value twice, which makes one point", origin->name);
    if (rc == 0)
        rc = take_values(r, origin, &values);
    axis_free(&values);
    return rc;
}

static int read_row(const struct reading *r, const struct param *row, const struct param *origin,
                    const union sweep_slot *slot)
{
    if (row->type == PARAM_TYPE_FLAG)
        return read_flag(r, row, slot->flag);
    if (row->type == PARAM_TYPE_STRING)
        return read_texts(r, origin, &slot->text, 1);
    if (origin->type == PARAM_TYPE_STRING)
        return read_texts(r, origin, slot->list.items, slot->list.count);
    return read_list(r, row, &slot->list);
}

static int count_points(struct sweep *s, struct err *e)
{
    uint64_t points = 1;
    for (unsigned i = 0; i < s->axis_count; i++)
        points *= s->axes[i].count; /* of four axes with a thousand values each: 2^40 */
    if (points > SWEEP_POINTS_MOST)
        return err_set(e, STATUS_USAGE, "these values make %llu points, and %d is the most",
                       (unsigned long long)points, SWEEP_POINTS_MOST);
    s->point_count = (uint32_t)points;
    return 0;
}

int sweep_table_read(const struct sweep_table *t, const struct param_set *set, struct sweep *s,
                     struct words *fixed, struct words *arguments, struct err *e)
{
    struct reading r = {.s = s, .fixed = fixed, .arguments = arguments, .e = e};
    struct host_facts host;
    host_gather(&host);
    r.cpus = host_cpus_usable(&host);
    for (size_t i = 0; t->rows[i].name != NULL; i++)
        if (set->source[i] == PARAM_FROM_FLAG &&
            read_row(&r, &t->rows[i], t->origins[i], &t->slots[i]) != 0)
            return -1;
    s->arguments = (const char *const *)arguments->items;
    s->argument_count = arguments->count;
    return count_points(s, e);
}
