/* A terminal whose whole screen is drawn again and again, or, where standard output is none, plain
 * text. Main thread. */
#ifndef UVLAB_CLI_SCREEN_H
#define UVLAB_CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "base/err.h"

struct screen {
    bool on; /* a terminal is drawn on */
    unsigned lines, columns;
    int signals;
    bool keys;         /* are read, from standard input */
    struct termios as; /* it was */
};

enum screen_event { SCREEN_DUE, SCREEN_QUIT, SCREEN_RESIZED };

/* Takes the terminal, if standard output is one that can be drawn on, and SIGINT, SIGTERM and
 * SIGWINCH. STATUS_FAILED. */
int screen_begin(struct screen *s, struct err *e);
/* Leaves the terminal as it was. */
void screen_end(struct screen *s);

/* How large it is now. */
void screen_measure(struct screen *s);
/* Shows the text in place of what was there, cut to the screen; or writes it. STATUS_FAILED: it
 * could not be written. */
int screen_show(const struct screen *s, const char *text, size_t length, struct err *e);
/* Waits until then (CLOCK_MONOTONIC), for the wish to end (q, SIGINT, SIGTERM), or for another
 * size.
 */
enum screen_event screen_wait(const struct screen *s, uint64_t until_ns);

#endif
