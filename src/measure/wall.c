/* Dates as results have them: ISO 8601, UTC, milliseconds. Pure but for wall_now_ms(); any thread.
 */
#include "measure/wall.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t wall_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

char *wall_write(char buf[WALL_TEXT_BYTES], uint64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    size_t length = 0;

    if (gmtime_r(&seconds, &utc) != NULL)
        length = strftime(buf, WALL_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(buf + length, WALL_TEXT_BYTES - length, ".%03dZ", (int)(ms % 1000));
    return buf;
}

bool wall_read(const char *text, uint64_t *ms)
{
    struct tm utc = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    char again[WALL_TEXT_BYTES];
    time_t seconds;

    if (rest == NULL || strlen(rest) != strlen(".000Z") || rest[0] != '.')
        return false;
    seconds = timegm(&utc);
    if (seconds < 0)
        return false;
    *ms = (uint64_t)seconds * 1000;
    for (size_t i = 1, weight = 100; i <= 3; i++, weight /= 10)
        *ms += (uint64_t)(unsigned char)(rest[i] - '0') * weight;
    return strcmp(wall_write(again, *ms), text) == 0;
}
