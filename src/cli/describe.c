/* The words for what a row of an option table accepts. Pure functions of constant tables. */
#include "cli/describe.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"

const struct exit_status_row exit_status_rows[] = {
    {STATUS_OK, "success"},
    {STATUS_FAILED, "the run failed, or some of its calls did"},
    {STATUS_USAGE, "the command line was wrong; nothing was run"},
    {STATUS_CLAIM, "under --check: a claim failed, or (compare) something became slower"},
    {STATUS_INTERRUPTED, "interrupted; what had been measured was written"},
    {STATUS_OK, NULL},
};

bool describe_includes(const struct param *p, enum describe_part part)
{
    bool view = (p->flags & PARAM_VIEW) != 0;
    return p->help != NULL && (part == DESCRIBE_ALL || view == (part == DESCRIBE_VIEW));
}

const char *describe_operand(const struct experiment *x, char *buf, size_t bytes)
{
    return param_metavar(param_find(x->params, x->operand, strlen(x->operand)), buf, bytes);
}

static void add_bound(struct text *t, const struct param *p, uint64_t value)
{
    char buf[UNITS_TEXT_BYTES];
    text_add(t, "%s", param_write_number(p, value, buf));
}

static void add_range(struct text *t, const struct param *p)
{
    if (p->max == UINT64_MAX) {
        text_add(t, "at least ");
        add_bound(t, p, p->min);
        return;
    }
    text_add(t, "from ");
    add_bound(t, p, p->min);
    text_add(t, " to ");
    add_bound(t, p, p->max);
}

void describe_limits(const struct param *p, bool choices, struct text *t)
{
    const char *separator = "";
    if (p->preset != NULL && p->type == PARAM_TYPE_FLAG) {
        text_add(t, "default; --no-%s takes it back", p->name);
        separator = "; ";
    } else if (p->preset != NULL) {
        text_add(t, "default %s", p->preset);
        separator = "; ";
    }
    if (param_is_number(p)) {
        text_add(t, "%s", separator);
        add_range(t, p);
        if (p->word != NULL)
            text_add(t, ", or %s", p->word);
        separator = "; ";
    } else if (p->type == PARAM_TYPE_CHOICE && choices) {
        text_add(t, "%sone of ", separator);
        for (size_t i = 0; p->choices[i] != NULL; i++)
            text_add(t, "%s%s", i == 0 ? "" : ", ", p->choices[i]);
        separator = "; ";
    } else if (p->type == PARAM_TYPE_LIST) {
        text_add(t, "%smay be given several times", separator);
        separator = "; ";
    }
    if (p->environment != NULL)
        text_add(t, "%senvironment %s", separator, p->environment);
}
