/* The runs of a sweep, a line each: as JSON with the parameters of their points in front, and as
 * CSV. In the order in which they ended. Main thread; reads the sweep. */
#include <math.h>
#include <string.h>

#include "output/csv_text.h"
#include "output/document.h"
#include "output/json_text.h"
#include "output/sweep_parts.h"

/* A run's own JSON is an object: its members follow those that are put in front. */
static bool write_line(const struct sweep_points *p, const struct sweep_run *run, struct out *o)
{
    cJSON *values = sweep_point_values(p, run->point, SWEEP_VALUES_ALL);
    bool ok;

    out_text(o, "{\"experiment\":");
    json_out_string(o, p->sweep->experiment->name);
    out_text(o, ",\"parameters\":");
    ok = values != NULL && json_write(o, values, 0, 0);
    cJSON_Delete(values);
    out_text(o, ",");
    out_text(o, run->json + 1);
    out_text(o, "\n");
    return ok;
}

int view_sweep_ndjson(const struct sweep_shown *shown, struct out *o, struct err *e)
{
    const struct sweep *s = shown->sweep;

    for (size_t i = 0; i < s->run_count; i++) {
        if (!write_line(&shown->points, &s->runs[i], o))
            return err_no_memory(e, "the lines of the sweep");
    }
    return 0;
}

/* --- CSV --- */

static void number_field(struct out *o, uint64_t n)
{
    if (n != SWEEP_UNKNOWN)
        out_number(o, n);
    out_bytes(o, ",", 1);
}

static void csv_header(const struct sweep *s, struct out *o)
{
    char key[DOCUMENT_KEY_BYTES];

    for (unsigned i = 0; i < s->axis_count; i++) {
        csv_text(o, document_key(s->axes[i].param, key));
        out_text(o, ",");
    }
    out_text(o, "point,round,process_ns,elapsed_ns,cpu_ns,answered,latency_p50_ns,latency_p99_ns,"
                "calls,total_ns,waited_ns,ran_ns,returned_ns,error\n");
}

static void csv_row(const struct sweep *s, const struct sweep_run *run, struct out *o)
{
    const uint64_t numbers[] = {
        run->point,
        run->round,
        run->process_ns,
        run->elapsed_ns,
        run->cpu_ns,
        run->answered,
        run->latency_p50_ns,
        run->latency_p99_ns,
        run->calls.count,
        run->calls.total_ns,
        run->calls.waited_ns,
        run->calls.ran_ns,
        run->calls.returned_ns,
    };

    for (unsigned i = 0; i < s->axis_count; i++) {
        const struct sweep_axis *axis = &s->axes[i];
        const struct sweep_value *value = &axis->values[sweep_value_of(s, run->point, i)];

        if (param_is_number(axis->param)) {
            number_field(o, value->number);
        } else {
            csv_text(o, value->text);
            out_text(o, ",");
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        number_field(o, numbers[i]);
    if (run->error != NULL)
        csv_text(o, run->error);
    out_text(o, "\n");
}

int view_sweep_csv(const struct sweep_shown *shown, struct out *o, struct err *e)
{
    const struct sweep *s = shown->sweep;

    (void)e;
    csv_header(s, o);
    for (size_t i = 0; i < s->run_count; i++)
        csv_row(s, &s->runs[i], o);
    return 0;
}
