/* How the result may look where it goes: decided from the options, the environment and the
 * terminal. */
#ifndef UVLAB_CLI_STYLE_H
#define UVLAB_CLI_STYLE_H

#include "cli/common.h"
#include "output/out.h"
#include "output/view.h"

/* Colour: --color always and never decide; auto is a terminal that is not "dumb", with NO_COLOR
 * unset or empty. Unicode: not with --ascii; else when the locale's character set is UTF-8, on a
 * terminal and elsewhere alike, so that a table looks the same in a file (in the C locale it is
 * ASCII). */
struct view_style style_make(const struct view_options *view, const struct out *o);

#endif
