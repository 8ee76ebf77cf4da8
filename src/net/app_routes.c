/* Which route a request is for, and whether what it says makes sense. The answers that need no work
 * come from here, at once and without an allocation. Thread of the loop. */
#include "net/app_inner.h"

#include <string.h>

#include "base/units.h"
#include "net/http_target.h"

enum { VALUE_BYTES = 32 };

struct route {
    const char *path;
    void (*run)(struct app *a, struct http_request *r, uint64_t value);
    const char *name; /* of the value in the query; NULL: none */
    uint64_t absent, least, most;
    const char *accepted; /* what to say of a value that is not */
};

static void answer_fast(struct app *a, struct http_request *r, uint64_t unused);

#define MS(path_, run_, absent_)                                                                   \
    {                                                                                              \
        path_, run_, "ms", absent_, 0, APP_MS_MOST,                                                \
            path_ ": ms must be a whole number of milliseconds from 0 to 600000, given once.\n"    \
    }
static const struct route routes[] = {
    {.path = "/fast", .run = answer_fast},
    {.path = "/", .run = app_hash},
    MS("/block", app_block, APP_BLOCK_MS),
    MS("/sleep", app_sleep, APP_SLEEP_MS),
    MS("/spin", app_spin, APP_SPIN_MS),
    {.path = "/file", .run = app_file},
    {"/count", app_count, "n", APP_COUNT, 1, APP_COUNT_MOST,
     "/count: n must be a whole number from 1 to 1e12, given once.\n"},
    MS("/thread", app_thread, APP_SPIN_MS),
    MS("/process", app_process, APP_SPIN_MS),
    {.path = "/stats", .run = app_stats},
};
_Static_assert(APP_MS_MOST == 600000 && APP_COUNT_MOST == 1000000000000, "as the texts say");

static const char unknown_path[] =
    "There is no such path here. There are / /fast /block?ms= /sleep?ms= /spin?ms= /file "
    "/count?n= /thread?ms= /process?ms= and /stats.\n";
static const char wrong_method[] = "Only GET and HEAD are answered here.\n";

static void answer_with(struct http_request *r, unsigned status, const char *text, size_t length,
                        const char *fields)
{
    const struct http_answer answer = {.status = status,
                                       .type = "text/plain; charset=utf-8",
                                       .fields = fields,
                                       .piece = text,
                                       .piece_bytes = length,
                                       .body_bytes = length};
    http_request_answer(r, &answer);
}

void app_answer(struct http_request *r, unsigned status, const char *text)
{
    answer_with(r, status, text, strlen(text), NULL);
}

static void answer_fast(struct app *a, struct http_request *r, uint64_t unused)
{
    static const char text[] = "This was fast";
    (void)a;
    (void)unused;
    answer_with(r, HTTP_STATUS_OK, text, sizeof text - 1, NULL);
}

static const struct route *route_of(const struct http_target *t)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (http_target_is(t, routes[i].path))
            return &routes[i];
    return NULL;
}

/* False for a value that is not accepted. */
static bool value_of(const struct route *route, const struct http_target *t, uint64_t *value)
{
    char text[VALUE_BYTES];
    *value = route->absent;
    if (route->name == NULL)
        return true;
    switch (http_query_value(t, route->name, text, sizeof text)) {
    case HTTP_QUERY_NONE:
        return true;
    case HTTP_QUERY_FOUND:
        return units_parse_count(text, value) == 0 && *value >= route->least &&
               *value <= route->most;
    case HTTP_QUERY_WRONG:
        break;
    }
    return false;
}

static void request_cb(void *context, struct http_request *r)
{
    struct app *a = context;
    struct http_target t = http_target_split(r->target);
    const struct route *route = route_of(&t);
    uint64_t value;
    board_add(&a->options.slot->own.in_flight, 1);
    if (route == NULL)
        answer_with(r, HTTP_STATUS_NOT_FOUND, unknown_path, sizeof unknown_path - 1, NULL);
    else if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0)
        answer_with(r, HTTP_STATUS_METHOD_NOT_ALLOWED, wrong_method, sizeof wrong_method - 1,
                    "Allow: GET, HEAD\r\n");
    else if (!value_of(route, &t, &value))
        app_answer(r, HTTP_STATUS_BAD_REQUEST, route->accepted);
    else
        route->run(a, r, value);
}

static void over_cb(void *context, struct http_request *r, bool sent)
{
    struct app *a = context;
    board_add(&a->options.slot->own.in_flight, -1);
    if (sent)
        board_add(&a->options.slot->own.requests, 1);
    delay_remove(&a->sleeping, &r->delay);
    if (r->data != NULL)
        app_call_over(r->data);
}

static size_t fields_cb(void *context, const struct http_request *r, char *to)
{
    const struct app *a = context;
    const struct app_call *call = r->data;
    struct span_field f = call != NULL ? call->field : a->field;
    if (r->received_ns > 0)
        f.received_ns = r->received_ns;
    f.answered_ns = clock_read_monotonic();
    return span_field_write(&f, to, HTTP_FIELDS_BYTES_MOST);
}

const struct http_handler app_handler = {
    .request = request_cb, .over = over_cb, .fields = fields_cb};
