/* CSV as in RFC 4180, with a header and plain line feeds: a row per span, the same fields as in
 * JSON. What is unknown is an empty field. Nothing is kept between two spans. Main thread. */
#include <string.h>

#include "output/csv_text.h"
#include "output/document.h"
#include "output/view.h"

static const char header[] =
    "run,role,experiment,id,parent,armed_by,kind,name,lane,iteration,phase,node_name,submitted_ns,"
    "started_ns,finished_ns,called_back_ns,waited_ns,ran_ns,returned_ns,total_ns,cpu_ns,status,"
    "interrupted,answer,http_version,reused,received_bytes,error,due_ns,sent_ns,first_byte_ns,"
    "connection\n";

/* Each field but the last has its comma behind it. */
static void text_field(struct out *o, const char *s)
{
    if (s != NULL)
        csv_text(o, s);
    out_bytes(o, ",", 1);
}

static void number_field(struct out *o, uint64_t n, uint64_t none)
{
    if (n != none)
        out_number(o, n);
    out_bytes(o, ",", 1);
}

/* The last fields; empty for calls that are no requests. */
static void http_fields(const struct span *s, struct out *o)
{
    const struct span_http *http = s->http;

    if (http == NULL) {
        out_bytes(o, ",,,,,,,,", 8);
        return;
    }
    number_field(o, http->answer, 0);
    text_field(o, span_http_version(http));
    text_field(o, http->reused ? "true" : "false");
    number_field(o, http->received_bytes, SPAN_UNKNOWN);
    text_field(o, http->error);
    number_field(o, s->due_ns, SPAN_UNKNOWN);
    number_field(o, s->sent_ns, SPAN_UNKNOWN);
    number_field(o, s->first_byte_ns, SPAN_UNKNOWN);
    if (http->connection != 0)
        out_number(o, http->connection);
}

static void out_row(const struct span *s, bool interrupted, struct out *o)
{
    char text[SPAN_TEXT_BYTES];
    const uint64_t times[] = {
        s->submitted_ns,     s->started_ns,     s->finished_ns,
        s->called_back_ns,   span_waited_ns(s), span_ran_ns(s),
        span_returned_ns(s), span_total_ns(s),  s->cpu_ns,
    };

    number_field(o, s->id, 0);
    number_field(o, s->parent, SPAN_NONE);
    number_field(o, s->armed_by, SPAN_NONE);
    text_field(o, s->kind->kind);
    text_field(o, span_name(s, text));
    text_field(o, s->lane == LANE_UNKNOWN ? NULL : span_lane_name(s->lane, text));
    number_field(o, s->iteration, 0);
    text_field(o, s->called_back_ns == SPAN_UNKNOWN ? NULL : span_phase_name(s->kind->phase));
    text_field(o, s->kind->node_name);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        number_field(o, times[i], SPAN_UNKNOWN);
    text_field(o, span_status_text(s->status, text));
    text_field(o, interrupted ? "true" : "false");
    http_fields(s, o);
    out_bytes(o, "\n", 1);
}

int view_csv(const struct result *r, const struct view_style *style, struct out *o, struct err *e)
{
    struct span s;

    (void)style;
    (void)e;
    out_bytes(o, header, sizeof header - 1);
    for (uint32_t run = 0; run < r->run_count; run++) {
        const struct recorder *spans = &r->runs[run].recorder;

        for (uint32_t i = 0; i < spans->count; i++) {
            recorder_get(spans, i, &s);
            number_field(o, run + 1, 0);
            text_field(o, document_role(&r->runs[run]));
            text_field(o, r->experiment->name);
            out_row(&s, r->interrupted, o);
        }
    }
    return 0;
}
