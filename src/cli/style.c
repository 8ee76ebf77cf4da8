/* Colour and character set, by the conventions of Unix. Main thread. */
#include "cli/style.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static bool wants_colour(unsigned choice, bool terminal)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (choice != COLOR_AUTO)
        return choice == COLOR_ALWAYS;
    return terminal && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
           term[0] != '\0' && strcmp(term, "dumb") != 0;
}

/* The locale is asked without being installed: numbers and messages must not depend on it. */
static bool locale_is_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    bool utf8;
    if (locale == (locale_t)0)
        return false;
    utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

struct view_style style_make(const struct view_options *view, const struct out *o)
{
    return (struct view_style){
        .timeline = view->timeline || view->by_thread,
        .by_lane = view->by_thread,
        .all_rows = view->all,
        .no_spans = !view->spans,
        .colour = wants_colour(view->color, out_is_terminal(o)),
        .unicode = !view->ascii && locale_is_utf8(),
        .columns = out_columns(o),
    };
}
