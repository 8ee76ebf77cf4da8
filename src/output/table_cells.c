/* What stands in a cell of the table of calls: one column of one call. What is unknown is "-"; what
 * a column does not apply to is left empty. Main thread; nothing is allocated. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "output/table.h"

enum { DEPTH_MOST = 8 };
_Static_assert((int)TABLE_CELL_BYTES >= (int)SPAN_TEXT_BYTES + 2 * DEPTH_MOST, "names fit");

static void cell_armed_by(const struct run *run, char buf[TABLE_CELL_BYTES], const struct span *s)
{
    char name[SPAN_TEXT_BYTES];
    struct span cause;

    if (s->armed_by == SPAN_NONE || s->armed_by == 0 || s->armed_by > run->recorder.count) {
        snprintf(buf, TABLE_CELL_BYTES, "%s",
                 run->recorder.armed_by != NULL ? "main program" : "-");
        return;
    }
    recorder_get(&run->recorder, s->armed_by - 1, &cause);
    snprintf(buf, TABLE_CELL_BYTES, "%s", span_name(&cause, name));
}

/* "ok", or the short name of what went wrong: what it means is said under the table. */
static void cell_status(char buf[TABLE_CELL_BYTES], int status)
{
    char text[SPAN_TEXT_BYTES];
    const char *whole = span_status_text(status, text);
    snprintf(buf, TABLE_CELL_BYTES, "%.*s", (int)strcspn(whole, ":"), whole);
}

/* "200", "200 reused" */
static void cell_answer(char buf[TABLE_CELL_BYTES], const struct span_http *http)
{
    if (http->answer == 0)
        snprintf(buf, TABLE_CELL_BYTES, "-");
    else
        snprintf(buf, TABLE_CELL_BYTES, "%u%s", http->answer, http->reused ? " reused" : "");
}

/* Its unit takes as many columns as the longest, so that digits stand below each other. */
static void cell_bytes(char buf[TABLE_CELL_BYTES], const struct span_http *http)
{
    char size[UNITS_TEXT_BYTES];

    units_format_size(size, http->received_bytes);
    snprintf(buf, TABLE_CELL_BYTES, "%s%s", size, strchr(size, 'i') == NULL ? "  " : "");
}

/* The columns that hold an instant, and those that hold a duration. */
static bool column_instant(enum column column, const struct span *s, uint64_t *ns)
{
    switch (column) {
    case COLUMN_DUE:
        *ns = s->due_ns;
        return true;
    case COLUMN_SUBMITTED:
        *ns = s->submitted_ns;
        return true;
    case COLUMN_FIRST_BYTE:
        *ns = s->first_byte_ns;
        return true;
    case COLUMN_CALLED_BACK:
        *ns = s->called_back_ns;
        return true;
    default:
        return false;
    }
}

static bool column_duration(enum column column, const struct span *s, uint64_t *ns)
{
    switch (column) {
    case COLUMN_WAITED:
        *ns = span_waited_ns(s);
        return true;
    case COLUMN_RAN:
        *ns = span_ran_ns(s);
        return true;
    case COLUMN_CPU:
        *ns = s->cpu_ns;
        return true;
    case COLUMN_RETURNED:
        *ns = span_returned_ns(s);
        return true;
    case COLUMN_TOTAL:
        *ns = s->due_ns != SPAN_UNKNOWN ? span_since_due_ns(s) : span_total_ns(s);
        return true;
    default:
        return false;
    }
}

/* The columns that hold a word; NULL or "" when it is not known. */
static const char *column_word(enum column column, const struct span *s, char text[SPAN_TEXT_BYTES])
{
    char within[SPAN_LANE_BYTES];

    switch (column) {
    case COLUMN_LANE:
        if (s->lane >= LANE_WORKER && s->parent != SPAN_NONE && lane_thread(s->lane) > 0)
            snprintf(text, SPAN_TEXT_BYTES, "its %s", /* its request's */
                     span_lane_within(s->lane, within));
        else
            span_lane_name(s->lane, text);
        return text;
    case COLUMN_PHASE:
        return s->called_back_ns == SPAN_UNKNOWN ? NULL : span_phase_name(s->kind->phase);
    case COLUMN_NODE_NAME:
        return s->kind->node_name;
    case COLUMN_ITERATION:
        snprintf(text, SPAN_TEXT_BYTES, "%" PRIu32, s->iteration);
        return s->iteration == 0 ? NULL : text;
    case COLUMN_CONNECTION:
        snprintf(text, SPAN_TEXT_BYTES, "%" PRIu32, s->http->connection);
        return s->http->connection == 0 ? NULL : text;
    default:
        return NULL;
    }
}

/* Whether the column is about such calls at all. */
static bool applies(enum column column, const struct span *s)
{
    if (column == COLUMN_ANSWER || column == COLUMN_BYTES || column == COLUMN_DUE ||
        column == COLUMN_FIRST_BYTE || column == COLUMN_CONNECTION)
        return s->http != NULL;
    if (column == COLUMN_RETURNED || column == COLUMN_CALLED_BACK)
        return s->called_back_ns == SPAN_UNKNOWN || table_is_callback(s);
    return true;
}

void table_cell(const struct table *t, const struct run *run, const struct span *s, unsigned depth,
                enum column column, char buf[TABLE_CELL_BYTES])
{
    char text[SPAN_TEXT_BYTES], duration[UNITS_TEXT_BYTES];
    const char *word;
    uint64_t ns;

    if (!applies(column, s)) {
        buf[0] = '\0';
    } else if (column_instant(column, s, &ns)) {
        snprintf(buf, TABLE_CELL_BYTES, "%s", table_instant(t, duration, ns));
    } else if (column_duration(column, s, &ns)) {
        snprintf(buf, TABLE_CELL_BYTES, "%s", table_duration_aligned(t, duration, ns));
    } else if (column == COLUMN_CALL) {
        int indent = 2 * (int)(depth < DEPTH_MOST ? depth : DEPTH_MOST);
        snprintf(buf, TABLE_CELL_BYTES, "%*s%s", indent, "", span_name(s, text));
    } else if (column == COLUMN_STATUS) {
        cell_status(buf, s->status);
    } else if (column == COLUMN_ARMED_BY) {
        cell_armed_by(run, buf, s);
    } else if (column == COLUMN_ANSWER) {
        cell_answer(buf, s->http);
    } else if (column == COLUMN_BYTES) {
        cell_bytes(buf, s->http);
    } else {
        word = column_word(column, s, text);
        snprintf(buf, TABLE_CELL_BYTES, "%s", word == NULL || word[0] == '\0' ? "-" : word);
    }
}
