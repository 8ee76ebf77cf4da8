/* A span as JSON, and NDJSON: one such object per line, told apart by run, role and experiment,
 * and marked where the whole was interrupted.
 * Nothing is kept between two spans, so that a million of them cost no memory. A span has two dozen
 * members, so keys are written as whole constants, with their punctuation. Main thread. */
#include "output/document.h"
#include "output/json_text.h"
#include "output/view.h"

/* A key with the comma before it; LITERAL is a string constant, of which the length is known. */
#define OUT_LITERAL(o, literal) out_bytes(o, "" literal, sizeof literal - 1)

/* Writes `n` behind its key, or null when it is `none`. */
static void number_or_null(struct out *o, uint64_t n, uint64_t none)
{
    if (n == none)
        OUT_LITERAL(o, "null");
    else
        out_number(o, n);
}

static void string_or_null(struct out *o, const char *s)
{
    if (s == NULL || s[0] == '\0')
        OUT_LITERAL(o, "null");
    else
        json_out_string(o, s);
}

static void out_instants(const struct span *s, struct out *o)
{
    OUT_LITERAL(o, ",\"submitted_ns\":");
    json_out_number(o, s->submitted_ns);
    OUT_LITERAL(o, ",\"started_ns\":");
    json_out_number(o, s->started_ns);
    OUT_LITERAL(o, ",\"finished_ns\":");
    json_out_number(o, s->finished_ns);
    OUT_LITERAL(o, ",\"called_back_ns\":");
    json_out_number(o, s->called_back_ns);
}

static void out_durations(const struct span *s, struct out *o)
{
    OUT_LITERAL(o, ",\"waited_ns\":");
    json_out_number(o, span_waited_ns(s));
    OUT_LITERAL(o, ",\"ran_ns\":");
    json_out_number(o, span_ran_ns(s));
    OUT_LITERAL(o, ",\"returned_ns\":");
    json_out_number(o, span_returned_ns(s));
    OUT_LITERAL(o, ",\"total_ns\":");
    json_out_number(o, span_total_ns(s));
    OUT_LITERAL(o, ",\"cpu_ns\":");
    json_out_number(o, s->cpu_ns);
}

/* Calls that are no requests do not have this member: it would cost them a tenth of their line. */
void view_http_member(const struct span *s, struct out *o)
{
    const struct span_http *http = s->http;

    OUT_LITERAL(o, ",\"http\":{\"answer\":");
    number_or_null(o, http->answer, 0);
    OUT_LITERAL(o, ",\"version\":");
    string_or_null(o, span_http_version(http));
    OUT_LITERAL(o, ",\"reused\":");
    out_text(o, http->reused ? "true" : "false");
    OUT_LITERAL(o, ",\"received_bytes\":");
    out_number(o, http->received_bytes);
    OUT_LITERAL(o, ",\"error\":");
    string_or_null(o, http->error);
    OUT_LITERAL(o, ",\"due_ns\":");
    json_out_number(o, s->due_ns);
    OUT_LITERAL(o, ",\"sent_ns\":");
    json_out_number(o, s->sent_ns);
    OUT_LITERAL(o, ",\"first_byte_ns\":");
    json_out_number(o, s->first_byte_ns);
    OUT_LITERAL(o, ",\"connection\":");
    number_or_null(o, http->connection, 0);
    OUT_LITERAL(o, "}");
}

void view_span_members(const struct span *s, struct out *o)
{
    char text[SPAN_TEXT_BYTES];

    OUT_LITERAL(o, "\"id\":");
    out_number(o, s->id);
    OUT_LITERAL(o, ",\"parent\":");
    number_or_null(o, s->parent, SPAN_NONE);
    OUT_LITERAL(o, ",\"armed_by\":");
    number_or_null(o, s->armed_by, SPAN_NONE);
    OUT_LITERAL(o, ",\"kind\":");
    json_out_string(o, s->kind->kind);
    OUT_LITERAL(o, ",\"name\":");
    json_out_string(o, span_name(s, text));
    OUT_LITERAL(o, ",\"lane\":");
    string_or_null(o, s->lane == LANE_UNKNOWN ? NULL : span_lane_name(s->lane, text));
    OUT_LITERAL(o, ",\"iteration\":");
    number_or_null(o, s->iteration, 0);
    OUT_LITERAL(o, ",\"phase\":");
    string_or_null(o, s->called_back_ns == SPAN_UNKNOWN ? NULL : span_phase_name(s->kind->phase));
    OUT_LITERAL(o, ",\"node_name\":");
    string_or_null(o, s->kind->node_name);
    out_instants(s, o);
    out_durations(s, o);
    OUT_LITERAL(o, ",\"status\":");
    json_out_string(o, span_status_text(s->status, text));
    if (s->http != NULL)
        view_http_member(s, o);
}

int view_ndjson(const struct result *r, const struct view_style *style, struct out *o,
                struct err *e)
{
    struct span s;

    (void)style;
    (void)e;
    for (uint32_t run = 0; run < r->run_count; run++) {
        const struct recorder *spans = &r->runs[run].recorder;

        for (uint32_t i = 0; i < spans->count; i++) {
            recorder_get(spans, i, &s);
            OUT_LITERAL(o, "{\"run\":");
            out_number(o, run + 1);
            OUT_LITERAL(o, ",\"role\":");
            json_out_string(o, document_role(&r->runs[run]));
            OUT_LITERAL(o, ",\"experiment\":");
            json_out_string(o, r->experiment->name);
            if (r->interrupted)
                OUT_LITERAL(o, ",\"interrupted\":true,");
            else
                OUT_LITERAL(o, ",\"interrupted\":false,");
            view_span_members(&s, o);
            OUT_LITERAL(o, "}\n");
        }
    }
    return 0;
}
