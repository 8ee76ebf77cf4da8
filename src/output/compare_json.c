/* The document of a comparison, schema uvlab.compare/1 (docs/uvlab.compare-1.schema.json). It is
 * streamed, as single calls can be millions of values; only what comes from files as a tree is
 * written by cJSON. Main thread; reads the comparison. */
#include "output/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "output/json_text.h"

/* The shortest of two forms that is read back as the same; null for NAN. */
static void put_number(struct out *o, double number)
{
    char text[40];
    if (!isfinite(number)) {
        out_text(o, "null");
        return;
    }
    snprintf(text, sizeof text, "%.15g", number);
    if (strtod(text, NULL) < number || strtod(text, NULL) > number)
        snprintf(text, sizeof text, "%.17g", number);
    out_text(o, text);
}

static void put_member(struct out *o, const char *key, double number)
{
    out_format(o, ",\"%s\":", key);
    put_number(o, number);
}

static void put_bool(struct out *o, bool value)
{
    out_text(o, value ? "true" : "false");
}

static void put_texts(struct out *o, const char *const *texts, size_t count)
{
    out_text(o, "[");
    for (size_t i = 0; i < count; i++) {
        out_text(o, i == 0 ? "" : ", ");
        json_out_string(o, texts[i]);
    }
    out_text(o, "]");
}

static bool put_value(struct out *o, const cJSON *item)
{
    if (item != NULL)
        return json_write(o, item, 0, 0);
    out_text(o, "null");
    return true;
}

static bool put_result(struct out *o, const struct result_file *f)
{
    out_text(o, "    {\n      \"file\": ");
    json_out_string(o, f->name);
    out_text(o, ",\n      \"started_at\": ");
    json_out_string(o, f->started_at);
    out_text(o, ",\n      \"parameters\": ");
    if (!json_write(o, f->parameters, 6, 1))
        return false;
    out_text(o, ",\n      \"environment\": ");
    if (!json_write(o, f->environment, 6, 1))
        return false;
    out_format(o, ",\n      \"runs\": %zu,\n      \"runs_left_out\": %zu,\n      \"interrupted\": ",
               f->run_count, f->runs_left_out);
    put_bool(o, f->interrupted);
    out_text(o, ",\n      \"warnings\": ");
    put_texts(o, (const char *const *)f->warnings, f->warning_count);
    if (f->sweep != NULL) {
        out_text(o, ",\n      \"recommended\": ");
        if (!put_value(o, f->sweep->recommended))
            return false;
    }
    out_text(o, "\n    }");
    return true;
}

static bool put_changes(struct out *o, const char *key, const struct comparison_changes *changes)
{
    out_format(o, ",\n      \"%s\": [", key);
    for (size_t i = 0; i < changes->count; i++) {
        const struct comparison_change *change = &changes->rows[i];
        out_text(o, i == 0 ? "\n        {\"key\": " : ",\n        {\"key\": ");
        json_out_string(o, change->key);
        out_text(o, ", \"values\": [");
        if (!put_value(o, change->base))
            return false;
        out_text(o, ", ");
        if (!put_value(o, change->other))
            return false;
        out_text(o, "]}");
    }
    out_text(o, changes->count == 0 ? "]" : "\n      ]");
    return true;
}

static void put_side(struct out *o, const char *key, const struct comparison_side *side)
{
    out_format(o, ",\n          \"%s\": {\"count\":%zu", key, side->values->count);
    put_member(o, "median", side->median);
    put_member(o, "low", side->interval.low);
    put_member(o, "high", side->interval.high);
    out_text(o, ",\"values\":[");
    for (size_t i = 0; i < side->values->count; i++) {
        if (i > 0)
            out_text(o, ",");
        put_number(o, side->values->values[i]);
    }
    out_text(o, "]}");
}

/* Null where there is no such number. */
static void put_estimate(struct out *o, const char *key, double median, const struct interval *i)
{
    out_format(o, ",\n          \"%s\": ", key);
    if (!isfinite(median)) {
        out_text(o, "null");
        return;
    }
    out_text(o, "{\"median\":");
    put_number(o, median);
    put_member(o, "low", i->low);
    put_member(o, "high", i->high);
    out_text(o, "}");
}

static void put_rank(struct out *o, const struct comparison_metric *m)
{
    out_text(o, ",\n          \"rank_test\": {\"u\":");
    put_number(o, m->rank.u);
    put_member(o, "p", m->rank.p);
    put_member(o, "p_corrected", m->p);
    out_text(o, ",\"exact\":");
    put_bool(o, m->rank.exact);
    out_text(o, "}");
}

static void put_metric(struct out *o, const struct comparison_metric *m)
{
    out_text(o, "        {\n          \"name\": ");
    json_out_string(o, m->name);
    out_text(o, ", \"kind\": ");
    if (m->kind != NULL)
        json_out_string(o, m->kind);
    else
        out_text(o, "null");
    out_format(o, ", \"of\": \"%s\", \"unit\": \"ns\", \"better\": \"lower\", \"checked\": ",
               m->of_calls ? "calls" : "runs");
    put_bool(o, m->checked);
    put_side(o, "base", &m->base);
    put_side(o, "other", &m->other);
    put_estimate(o, "difference", m->difference, &m->bootstrap.difference);
    put_estimate(o, "ratio", m->ratio, &m->bootstrap.ratio);
    put_rank(o, m);
    out_text(o, ",\n          \"verdict\": ");
    json_out_string(o, comparison_verdict_names[m->verdict]);
    out_text(o, ", \"beyond_limit\": ");
    put_bool(o, m->beyond_limit);
    out_text(o, "\n        }");
}

static bool put_comparison(struct out *o, const struct comparison *c, size_t other)
{
    out_format(o, "    {\n      \"base\": 0,\n      \"other\": %zu", other);
    if (c->point != NULL) {
        out_text(o, ",\n      \"point\": ");
        if (!put_value(o, c->point->values))
            return false;
    }
    if (!put_changes(o, "parameters", &c->parameters) ||
        !put_changes(o, "environment", &c->environment))
        return false;
    out_text(o, ",\n      \"metrics\": [\n");
    for (size_t i = 0; i < c->metric_count; i++) {
        put_metric(o, &c->metrics[i]);
        out_text(o, i + 1 < c->metric_count ? ",\n" : "\n");
    }
    out_text(o, "      ],\n      \"slower\": ");
    put_bool(o, c->slower);
    out_text(o, "\n    }");
    return true;
}

static bool put_set(struct out *o, const struct comparison_set *set, size_t other)
{
    for (size_t i = 0; i < set->count; i++) {
        out_text(o, i == 0 && other == 1 ? "\n" : ",\n");
        if (!put_comparison(o, &set->items[i], other))
            return false;
    }
    return true;
}

static void put_head(const struct compare_view *v, struct out *o)
{
    out_text(o, "{\n  \"schema\": \"uvlab.compare/1\",\n  \"experiment\": ");
    json_out_string(o, v->results[0].experiment);
    out_text(o, ",\n  \"confidence\": ");
    put_number(o, v->terms->confidence);
    out_text(o, ",\n  \"limit\": ");
    put_number(o, v->limit_given ? v->terms->limit : NAN);
    out_format(o, ",\n  \"resamples\": %u,\n  \"seed\": ", v->terms->resamples);
    out_number(o, v->terms->seed);
}

int compare_json(const struct compare_view *v, struct out *o, struct err *e)
{
    bool slower = false, ok = true;
    put_head(v, o);
    out_text(o, ",\n  \"results\": [\n");
    for (size_t i = 0; ok && i < v->result_count; i++) {
        ok = put_result(o, &v->results[i]);
        out_text(o, i + 1 < v->result_count ? ",\n" : "\n");
    }
    out_text(o, "  ],\n  \"comparisons\": [");
    for (size_t i = 1; ok && i < v->result_count; i++) {
        ok = put_set(o, &v->sets[i - 1], i);
        slower |= comparison_set_is_slower(&v->sets[i - 1]);
    }
    out_text(o, "\n  ],\n  \"slower\": ");
    put_bool(o, slower);
    out_text(o, ",\n  \"warnings\": ");
    put_texts(o, v->warnings, v->warning_count);
    out_text(o, "\n}\n");
    return ok ? 0 : err_no_memory(e, "the JSON document");
}
