/* What a server says of a request, in a field of its answer, as a client reads it.
 *
 * What must hold: a value that is refused leaves nothing known; one that is taken has a worker, its
 * parts in their ranges and its instants in order, and is the same after it was written and read
 * again. */
#include "fuzz.h"

#include "net/span_field.h"

static bool is_same(const struct span_field *a, const struct span_field *b)
{
    return a->host == b->host && a->worker == b->worker && a->thread == b->thread &&
           a->pid == b->pid && strcmp(a->kind, b->kind) == 0 && a->received_ns == b->received_ns &&
           a->submitted_ns == b->submitted_ns && a->started_ns == b->started_ns &&
           a->finished_ns == b->finished_ns && a->called_back_ns == b->called_back_ns &&
           a->answered_ns == b->answered_ns;
}

static void check_taken(const struct span_field *f)
{
    const uint64_t instants[] = {f->received_ns, f->submitted_ns,   f->started_ns,
                                 f->finished_ns, f->called_back_ns, f->answered_ns};
    uint64_t last_ns = 0;
    MUST(f->worker >= 1 && f->worker <= SPAN_FIELD_WORKER_MOST);
    MUST(f->thread <= SPAN_FIELD_THREAD_MOST && f->pid >= 0);
    MUST(memchr(f->kind, '\0', sizeof f->kind) != NULL);
    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
        MUST(instants[i] == SPAN_UNKNOWN || instants[i] >= last_ns);
        last_ns = instants[i] == SPAN_UNKNOWN ? last_ns : instants[i];
    }
}

static void check_written(const struct span_field *f)
{
    static const char name[] = "Uvlab-Span: ";
    struct span_field again, wanted = *f;
    char text[SPAN_FIELD_BYTES], *at;
    size_t length = span_field_write(f, text, sizeof text);
    MUST(length < sizeof text && strlen(text) == length);
    at = strstr(text, name);
    MUST(at != NULL && length >= 2 && strcmp(text + length - 2, "\r\n") == 0);
    at += sizeof name - 1;
    MUST(span_field_parse(at, (size_t)(text + length - 2 - at), &again));
    if (f->kind[0] == '\0') { /* nothing was done elsewhere, so that nothing is said of it */
        wanted.thread = 0;
        wanted.submitted_ns = wanted.started_ns = SPAN_UNKNOWN;
        wanted.finished_ns = wanted.called_back_ns = SPAN_UNKNOWN;
    }
    MUST(is_same(&again, &wanted));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *exact = malloc(bytes > 0 ? bytes : 1);
    struct span_field f;
    MUST(exact != NULL);
    memcpy(exact, data, bytes);
    if (span_field_parse(exact, bytes, &f)) {
        check_taken(&f);
        check_written(&f);
    } else {
        MUST(is_same(&f, &span_field_unknown));
    }
    free(exact);
    return 0;
}
