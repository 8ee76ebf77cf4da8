/* The one rule that CSV has for texts: who holds a comma, a quote or a line break is put in quotes,
 * and quotes in it are doubled. The caller owns the output; any thread. */
#include "output/csv_text.h"

#include <string.h>

void csv_text(struct out *o, const char *s)
{
    if (s[strcspn(s, ",\"\r\n")] == '\0') {
        out_text(o, s);
        return;
    }
    out_bytes(o, "\"", 1);
    for (const char *quote; (quote = strchr(s, '"')) != NULL; s = quote + 1) {
        out_bytes(o, s, (size_t)(quote - s));
        out_bytes(o, "\"\"", 2);
    }
    out_text(o, s);
    out_bytes(o, "\"", 1);
}
