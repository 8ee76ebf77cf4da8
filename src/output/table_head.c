/* The head of the table: which question was asked, and of what. It is made from the result alone:
 * how many calls of which kinds, the pool, the CPUs, and every option that somebody set, so that
 * whoever is shown the output can repeat it.
 *
 * Main thread; what is allocated is given back before the function returns. */
#include "measure/load_facts.h"
#include "output/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/param.h"

/* Kinds of calls that are told apart, and how many of them are named. */
enum { KINDS_MOST = 32, KINDS_NAMED = 4 };

enum { PHRASE_BYTES = 160 };

struct tally {
    const char *kind[KINDS_MOST];
    uint64_t calls[KINDS_MOST];
    unsigned kinds;
    uint64_t all;        /* calls, parts of calls not counted */
    uint64_t parts;      /* of calls */
    uint64_t with_parts; /* calls that have some */
    uint64_t requests;   /* calls that are requests by HTTP */
    uint64_t callbacks;  /* of calls and parts */
};

/* A word, or several, after a space; or joined to what stands there. */
static void say(const struct table *t, size_t *at, const char *s)
{
    term_wrap_word(&t->term, INK_PLAIN, at, 0, s);
}

static void say_joined(const struct table *t, size_t *at, const char *s)
{
    term_wrap(&t->term, INK_PLAIN, at, 0, s);
}

static void tally_call(struct tally *tally, const struct span_kind *kind)
{
    unsigned k = 0;

    tally->all++;
    tally->requests += (kind->traits & SPAN_HTTP) != 0;
    while (k < tally->kinds && strcmp(tally->kind[k], kind->kind) != 0)
        k++;
    if (k == KINDS_MOST)
        return;
    if (k == tally->kinds) {
        tally->kind[k] = kind->kind;
        tally->calls[k] = 0;
        tally->kinds++;
    }
    tally->calls[k]++;
}

/* Requests of a load that are counted only. */
static void tally_load(struct tally *tally, const struct run *run)
{
    if (run->load == NULL || tally->all >= run->load->submitted)
        return;
    tally->all = tally->requests = run->load->submitted;
    tally->kinds = 0;
}

/* Counts the calls of a run by kind, without the parts of calls. Fails when memory is short. */
static int tally_run(struct tally *tally, const struct run *run, struct err *e)
{
    uint8_t *wholes = table_wholes(run);

    if (wholes == NULL)
        return err_no_memory(e, "the head of the table");
    for (uint32_t i = 0; i < run->recorder.count; i++) {
        struct span s;
        recorder_get(&run->recorder, i, &s);
        tally->callbacks += table_is_callback(&s);
        tally->with_parts += wholes[i];
        if (s.parent != SPAN_NONE)
            tally->parts++;
        else
            tally_call(tally, s.kind);
    }
    mem_free(wholes);
    tally_load(tally, run);
    return 0;
}

/* The kinds, from `open` to `close`, or how many they are. */
static void head_kinds(const struct table *t, size_t *at, const struct tally *tally,
                       const char *open, const char *close)
{
    char number[UNITS_TEXT_BYTES], phrase[PHRASE_BYTES];

    if (tally->kinds > KINDS_NAMED) {
        snprintf(phrase, sizeof phrase, "of %u kinds", tally->kinds);
        say(t, at, phrase);
        return;
    }
    for (unsigned k = 0; k < tally->kinds; k++) {
        const char *before = k == 0 ? open : "", *behind = k + 1 == tally->kinds ? close : ",";
        if (tally->kinds == 1)
            snprintf(phrase, sizeof phrase, "%s%s%s", before, tally->kind[k], behind);
        else
            snprintf(phrase, sizeof phrase, "%s%s %s%s", before,
                     units_format_count(number, tally->calls[k]), tally->kind[k], behind);
        say(t, at, phrase);
    }
}

/* "7 requests (http) in 28 parts": all calls are requests, of which only the callback of the whole
 * is one; that of a part tells when libcurl was through with it. */
static void head_requests(const struct table *t, size_t *at, const struct tally *tally)
{
    char number[UNITS_TEXT_BYTES], phrase[PHRASE_BYTES];

    snprintf(phrase, sizeof phrase, "%s request%s", units_format_count(number, tally->all),
             tally->all == 1 ? "" : "s");
    say(t, at, phrase);
    head_kinds(t, at, tally, "(", ")");
    if (tally->parts == 0)
        return;
    snprintf(phrase, sizeof phrase, "in %s part%s", units_format_count(number, tally->parts),
             tally->parts == 1 ? "" : "s");
    say(t, at, phrase);
}

/* "5 calls (pbkdf2)", "5 calls (4 pbkdf2, 1 file)", "12 calls of 7 kinds"; and where calls have
 * parts, which are called back too: "7 callbacks (3 calls: 2 hash, 1 file; one of them in 4
 * parts)". */
static void head_calls(const struct table *t, size_t *at, const struct tally *tally)
{
    char number[UNITS_TEXT_BYTES], phrase[PHRASE_BYTES];
    bool parts = tally->parts > 0;

    if (parts) {
        snprintf(phrase, sizeof phrase, "%s callback%s",
                 units_format_count(number, tally->callbacks), tally->callbacks == 1 ? "" : "s");
        say(t, at, phrase);
    }
    snprintf(phrase, sizeof phrase, "%s%s call%s%s", parts ? "(" : "",
             units_format_count(number, tally->all), tally->all == 1 ? "" : "s",
             parts && tally->kinds <= KINDS_NAMED ? ":" : "");
    say(t, at, phrase);
    head_kinds(t, at, tally, parts ? "" : "(", parts ? "" : ")");
    if (parts) {
        say_joined(t, at, tally->kinds > KINDS_NAMED ? "," : ";");
        snprintf(phrase, sizeof phrase, "%s of them in",
                 tally->with_parts == 1 ? "one" : units_format_count(number, tally->with_parts));
        say(t, at, phrase);
        snprintf(phrase, sizeof phrase, "%s part%s)", units_format_count(number, tally->parts),
                 tally->parts == 1 ? "" : "s");
        say(t, at, phrase);
    }
}

static void head_pool(const struct table *t, size_t *at)
{
    const struct pool_facts *pool = &t->result->pool;
    char phrase[PHRASE_BYTES];

    if (pool->size == 0)
        return;
    snprintf(phrase, sizeof phrase, "pool of %" PRIu32 " thread%s (%s)", pool->size,
             pool->size == 1 ? "" : "s", pool_size_source_name(pool->source));
    say_joined(t, at, ",");
    say(t, at, phrase);
}

/* "2 CPUs", "2 of 8 CPUs", "8 CPUs (quota 1.5)". */
static void head_cpus(const struct table *t, size_t *at)
{
    const struct host_facts *host = &t->result->host;
    uint64_t allowed = host->cpus_allowed, online = host->cpus_online;
    char phrase[PHRASE_BYTES];

    if (allowed == HOST_UNKNOWN)
        allowed = online;
    if (allowed == HOST_UNKNOWN)
        return;
    if (online != HOST_UNKNOWN && online > allowed)
        snprintf(phrase, sizeof phrase, "%" PRIu64 " of %" PRIu64 " CPUs", allowed, online);
    else
        snprintf(phrase, sizeof phrase, "%" PRIu64 " CPU%s", allowed, allowed == 1 ? "" : "s");
    say_joined(t, at, ",");
    say(t, at, phrase);
    if (host->cpu_quota >= 0) {
        snprintf(phrase, sizeof phrase, "(quota %.4g)", host->cpu_quota);
        say(t, at, phrase);
    }
}

/* The value of an option as one would write it; strings are the caller's to print. */
static void option_value(char *buf, size_t bytes, const struct param *p, uint64_t value)
{
    char exact[UNITS_TEXT_BYTES];

    snprintf(buf, bytes, "%s",
             p->type == PARAM_TYPE_CHOICE ? p->choices[value]
                                          : param_write_number(p, value, exact));
}

/* A text as a shell would take it for one word. */
static void head_string(const struct table *t, size_t *at, const char *string, bool joined)
{
    const char *quote;

    string = string == NULL ? "" : string;
    quote = string[0] == '\0' || strpbrk(string, " \t*?$\"") != NULL ? "'" : "";
    (joined ? say_joined : say)(t, at, quote[0] != '\0' ? quote : string);
    if (quote[0] != '\0') {
        say_joined(t, at, string);
        say_joined(t, at, quote);
    }
}

/* " --url A --url B" */
static void head_list(const struct table *t, size_t *at, const struct param *p,
                      const struct param_list *list)
{
    char phrase[PHRASE_BYTES], shown[PHRASE_BYTES];

    snprintf(phrase, sizeof phrase, "--%s", p->name);
    for (unsigned i = 0; i < list->count; i++) {
        say(t, at, phrase);
        head_string(t, at, param_shown(p, list->items[i], shown, sizeof shown), false);
    }
}

/* " --jobs 16", or " UV_THREADPOOL_SIZE=abc" as it is in the environment. */
static void head_option(const struct table *t, size_t *at, const struct param *p, const void *field,
                        enum param_source source)
{
    const char *variable = NULL;
    char phrase[PHRASE_BYTES] = "";

    if (source == PARAM_FROM_ENVIRONMENT && p->environment != NULL)
        variable = getenv(p->environment);

    if (p->type == PARAM_TYPE_FLAG) {
        snprintf(phrase, sizeof phrase, "--%s%s", *(const bool *)field ? "" : "no-", p->name);
        say(t, at, phrase);
        return;
    }
    if (p->type == PARAM_TYPE_LIST) {
        head_list(t, at, p, field);
        return;
    }
    snprintf(phrase, sizeof phrase, variable != NULL ? "%s=" : "--%s",
             variable != NULL ? p->environment : p->name);
    say(t, at, phrase);
    if (p->type == PARAM_TYPE_STRING || variable != NULL) {
        head_string(t, at, variable != NULL ? variable : *(const char *const *)field,
                    variable != NULL);
    } else {
        uint64_t value =
            p->type == PARAM_TYPE_CHOICE ? *(const unsigned *)field : *(const uint64_t *)field;
        option_value(phrase, sizeof phrase, p, value);
        head_string(t, at, phrase, false);
    }
}

/* The options that were set, after the word "with"; *at is 0 as long as there was none. */
static void head_options(const struct table *t, size_t *at, const struct param_set *set)
{
    if (set == NULL || set->table == NULL || set->values == NULL)
        return;
    for (size_t i = 0; i < PARAM_MOST && set->table[i].name != NULL; i++) {
        const struct param *p = &set->table[i];
        if (set->source[i] == PARAM_FROM_DEFAULT || set->source[i] == PARAM_SUPERSEDED ||
            (p->flags & PARAM_VIEW) != 0)
            continue;
        if (*at == 0)
            say(t, at, "with");
        head_option(t, at, p, (const char *)set->values + p->offset, set->source[i]);
    }
}

/* "3 runs of 5 calls (pbkdf2) after 1 warm-up run" */
static int head_runs(const struct table *t, size_t *at, const struct run *first, uint64_t measured,
                     struct err *e)
{
    uint64_t warmup = t->result->warmup_runs;
    char phrase[PHRASE_BYTES], number[UNITS_TEXT_BYTES];
    struct tally tally = {.kinds = 0};

    if (tally_run(&tally, first, e) != 0)
        return -1;

    if (measured > 1) {
        snprintf(phrase, sizeof phrase, "%s runs of", units_format_count(number, measured));
        say(t, at, phrase);
    }
    (tally.all > 0 && tally.requests == tally.all ? head_requests : head_calls)(t, at, &tally);
    if (warmup > 0) {
        snprintf(phrase, sizeof phrase, "after %s warm-up run%s",
                 units_format_count(number, warmup), warmup == 1 ? "" : "s");
        say(t, at, phrase);
    }
    return 0;
}

int table_head(const struct table *t, struct err *e)
{
    const struct result *r = t->result;
    const struct run *first = NULL;
    uint64_t measured = 0;
    size_t at = 0;

    term_wrap(&t->term, INK_STRONG, &at, 0, r->experiment->name);
    term_wrap(&t->term, INK_STRONG, &at, 0, ":");
    say(t, &at, r->experiment->question);
    out_text(t->term.out, "\n");

    for (uint32_t i = 0; i < r->run_count; i++) {
        if (table_role(&r->runs[i]) != PASS_MEASURED)
            continue;
        measured++;
        if (first == NULL)
            first = &r->runs[i];
    }
    at = 0;
    if (first != NULL && head_runs(t, &at, first, measured, e) != 0)
        return -1;
    if (first == NULL)
        say(t, &at, "nothing was run");
    head_pool(t, &at);
    head_cpus(t, &at);
    out_text(t->term.out, "\n");

    at = 0;
    head_options(t, &at, &r->options);
    head_options(t, &at, r->common);
    if (at > 0)
        out_text(t->term.out, "\n");
    return 0;
}

const char *table_override(const struct table *t, const struct pass *pass,
                           char buf[TABLE_OVERRIDE_BYTES])
{
    const struct param_set *set = &t->result->options;
    const struct param *p = NULL;
    char value[PHRASE_BYTES];

    buf[0] = '\0';
    if (pass == NULL || pass->override == NULL)
        return buf;
    if (set->table != NULL)
        p = param_find(set->table, pass->override, strlen(pass->override));
    if (p != NULL && p->type != PARAM_TYPE_STRING)
        option_value(value, sizeof value, p, pass->override_value);
    else
        snprintf(value, sizeof value, "%" PRIu64, pass->override_value);
    snprintf(buf, TABLE_OVERRIDE_BYTES, " (--%s %s)", pass->override, value);
    return buf;
}
