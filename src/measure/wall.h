/* The wall clock: when something was made, for people. No instant of a measurement comes from it.
 */
#ifndef UVLAB_MEASURE_WALL_H
#define UVLAB_MEASURE_WALL_H

#include <stdbool.h>
#include <stdint.h>

enum { WALL_TEXT_BYTES = 32 };

/* Milliseconds since 1970, UTC. */
uint64_t wall_now_ms(void);

/* "2026-01-31T09:30:00.000Z". Returns buf. */
char *wall_write(char buf[WALL_TEXT_BYTES], uint64_t ms);

/* What wall_write() wrote; false when it is anything else. */
bool wall_read(const char *text, uint64_t *ms);

#endif
