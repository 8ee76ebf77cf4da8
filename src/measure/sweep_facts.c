/* The plain data of a sweep: adding to it, asking it, giving it back. One owner, main thread. */
#include "measure/sweep_facts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "measure/pool.h"

uint32_t sweep_value_of(const struct sweep *s, uint32_t point, unsigned axis)
{
    for (unsigned i = s->axis_count - 1; i > axis; i--)
        point /= s->axes[i].count;
    return point % s->axes[axis].count;
}

const char *sweep_point_name(const struct sweep *s, uint32_t point, char *buf, size_t bytes)
{
    size_t used = 0;

    buf[0] = '\0';
    for (unsigned i = 0; i < s->axis_count && used < bytes; i++)
        used += (size_t)snprintf(buf + used, bytes - used, "%s%s %s", i == 0 ? "" : ", ",
                                 s->axes[i].param->name,
                                 s->axes[i].values[sweep_value_of(s, point, i)].text);
    buf[text_cut(buf, bytes - 1)] = '\0'; /* no character in two */
    text_make_printable(buf);
    return buf;
}

/* What "max" of means stands for: as host_cpus_usable() counts, of the machine that was measured.
 */
static uint64_t cpus_usable(const struct sweep *s)
{
    if (s->cpus_allowed == 0)
        return SWEEP_UNKNOWN;
    return s->cpu_quota > 0 ? (uint64_t)ceil(s->cpu_quota) : s->cpus_allowed;
}

uint64_t sweep_axis_default(const struct sweep *s, const struct sweep_axis *axis)
{
    const struct param *p = axis->param;
    uint64_t number = SWEEP_UNKNOWN;

    if (p->from_environment == pool_size_of_environment)
        return POOL_DEFAULT;
    if (p->preset == NULL)
        return SWEEP_UNKNOWN;
    if (p->word != NULL && strcmp(p->preset, p->word) == 0)
        return (p->flags & PARAM_MEANS) != 0 ? cpus_usable(s) : SWEEP_UNKNOWN;
    if (p->type == PARAM_TYPE_COUNT)
        units_parse_count(p->preset, &number);
    else if (p->type == PARAM_TYPE_DURATION)
        units_parse_duration(p->preset, &number);
    else if (p->type == PARAM_TYPE_SIZE)
        units_parse_size(p->preset, &number);
    else if (p->type == PARAM_TYPE_PERCENT)
        units_parse_percent(p->preset, &number);
    return number;
}

static double known(uint64_t value)
{
    return value == SWEEP_UNKNOWN ? NAN : (double)value;
}

double sweep_run_value(const struct sweep *s, const struct sweep_run *run)
{
    if (run->error != NULL)
        return NAN;
    switch (s->by) {
    case SWEEP_BY_REQUEST:
        return run->answered == 0 ? NAN : known(run->elapsed_ns) / known(run->answered);
    case SWEEP_BY_LATENCY:
        return known(run->latency_p50_ns);
    case SWEEP_BY_P99:
        return known(run->latency_p99_ns);
    case SWEEP_BY_CPU:
        return known(run->cpu_ns);
    case SWEEP_BY_AUTO:
    case SWEEP_BY_ELAPSED:
        break;
    }
    return known(run->elapsed_ns);
}

void sweep_run_free(struct sweep_run *run)
{
    mem_free(run->error);
    mem_free(run->json);
    run->error = run->json = NULL;
}

int sweep_add_run(struct sweep *s, struct sweep_run *run, struct err *e)
{
    if (s->run_count == s->run_capacity) {
        size_t wanted = s->run_capacity == 0 ? 64 : 2 * s->run_capacity;
        struct sweep_run *grown = mem_resize(s->runs, wanted * sizeof *grown);

        if (grown == NULL) {
            sweep_run_free(run);
            return err_no_memory(e, "the runs of the sweep");
        }
        s->runs = grown;
        s->run_capacity = wanted;
    }
    s->runs[s->run_count++] = *run;
    return 0;
}

int sweep_warn(struct sweep *s, struct err *e, const char *format, ...)
{
    struct text t = TEXT_EMPTY;
    char buf[400], **grown;
    va_list args;

    va_start(args, format);
    vsnprintf(buf, sizeof buf, format, args);
    va_end(args);
    text_make_printable(buf);
    for (size_t i = 0; i < s->warning_count; i++)
        if (strcmp(s->warnings[i], buf) == 0)
            return 0;
    text_add(&t, "%s", buf);
    grown = mem_resize(s->warnings, (s->warning_count + 1) * sizeof *grown);
    if (grown != NULL)
        s->warnings = grown;
    if (grown == NULL || !text_ok(&t) || t.data == NULL) {
        text_free(&t);
        return err_no_memory(e, "a warning");
    }
    s->warnings[s->warning_count++] = t.data;
    return 0;
}

void sweep_free(struct sweep *s)
{
    for (unsigned i = 0; i < s->axis_count; i++) {
        for (uint32_t k = 0; k < s->axes[i].count; k++)
            mem_free(s->axes[i].values[k].text);
        mem_free(s->axes[i].values);
    }
    for (size_t i = 0; i < s->run_count; i++)
        sweep_run_free(&s->runs[i]);
    for (size_t i = 0; i < s->warning_count; i++)
        mem_free(s->warnings[i]);
    mem_free(s->runs);
    mem_free(s->warnings);
    mem_free(s->parameters);
    mem_free(s->environment);
    *s = (struct sweep){0};
}
