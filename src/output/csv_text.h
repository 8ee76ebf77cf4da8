/* Texts in CSV (RFC 4180). */
#ifndef UVLAB_OUTPUT_CSV_TEXT_H
#define UVLAB_OUTPUT_CSV_TEXT_H

#include "output/out.h"

/* Writes a field, quoted when it must be; no comma. Any thread that owns o. */
void csv_text(struct out *o, const char *s);

#endif
