/* The load generator's way from bytes to an answer (net/load_answer.c).
 *
 * An input is what a server sends, and eight bytes behind it: the first says whether the request
 * was HEAD (1) and whether the server then ends its side (2), the others in which pieces it comes
 * (each a number of bytes, in turn; 0: all that is left).
 *
 * What must hold: how the bytes are cut into pieces changes nothing; the same answer again, which
 * is recalled and not parsed, says the same; a complete answer has a status that is one, and what
 * it says of a worker can be read or not, but no further than it goes. */
#include "fuzz.h"

#include "net/load_inner.h"

enum { TAIL_BYTES = 8, IS_HEAD = 1, ENDS = 2 };

/* What was made of the bytes. */
struct seen {
    enum load_fed fed;
    struct load_answer answer;
    size_t used; /* of the bytes, until the answer was complete or bad */
};

static struct load_client client;
static struct load load = {.client = &client};
static struct load_memo memos[1];
static struct load_thread thread = {.load = &load, .memos = memos};
static struct load_shard shard = {.thread = &thread};
static struct load_connection connection = {.shard = &shard};

/* In memory of exactly their size. */
static enum load_fed feed(const char *bytes, size_t length, bool last)
{
    char *exact = malloc(length > 0 ? length : 1);
    const char *why = NULL;
    enum load_fed fed;
    MUST(exact != NULL);
    memcpy(exact, bytes, length);
    fed = load_answer_feed(&connection, exact, length, last, &why);
    MUST(fed != LOAD_FED_BAD || (why != NULL && why[0] != '\0'));
    free(exact);
    return fed;
}

static struct seen read_answer(const char *bytes, size_t length, const uint8_t *pieces, bool ends)
{
    struct seen seen = {.fed = LOAD_FED_MORE};
    load_answer_start(&connection);
    for (unsigned i = 0; seen.used < length && seen.fed == LOAD_FED_MORE;
         i = (i + 1) % (TAIL_BYTES - 1)) {
        size_t left = length - seen.used;
        size_t piece = pieces == NULL || pieces[i] == 0 || pieces[i] > left ? left : pieces[i];
        seen.fed = feed(bytes + seen.used, piece, false);
        seen.used += piece;
    }
    if (seen.fed == LOAD_FED_MORE && ends)
        seen.fed = feed("", 0, true);
    seen.answer = connection.answer;
    return seen;
}

static void check_complete(const struct load_answer *a)
{
    struct span_field f;
    char *field = malloc(a->field_bytes > 0 ? a->field_bytes : 1);
    MUST(field != NULL);
    MUST(a->complete && a->begun && a->status >= 200 && a->status <= 999);
    MUST(a->version == 10 || (a->version > 10 && a->version < 20));
    MUST(a->field_bytes <= sizeof a->field);
    memcpy(field, a->field, a->field_bytes);
    if (span_field_parse(field, a->field_bytes, &f))
        MUST(f.worker >= 1);
    free(field);
}

static void check_same(const struct seen *a, const struct seen *b)
{
    MUST(a->fed == b->fed);
    if (a->fed != LOAD_FED_COMPLETE)
        return;
    MUST(a->answer.status == b->answer.status && a->answer.version == b->answer.version);
    MUST(a->answer.body_bytes == b->answer.body_bytes);
    MUST(a->answer.field_twice == b->answer.field_twice);
    MUST(a->answer.field_twice || /* then it is not looked at */
         (a->answer.field_bytes == b->answer.field_bytes &&
          memcmp(a->answer.field, b->answer.field, a->answer.field_bytes) == 0));
    /* Bytes behind the answer are seen only if they come with its end. */
    MUST(a->answer.keep == b->answer.keep || a->used != b->used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct seen pieces, whole, again;
    const uint8_t *tail = data + bytes - TAIL_BYTES;
    const char *text = (const char *)data;
    size_t length = bytes - TAIL_BYTES;
    bool ends;
    if (bytes < TAIL_BYTES)
        return 0;
    ends = (tail[0] & ENDS) != 0;
    client.is_head = (tail[0] & IS_HEAD) != 0;
    memos[0].length = 0;
    pieces = read_answer(text, length, tail + 1, ends);
    whole = read_answer(text, length, NULL, ends);
    again = read_answer(text, length, NULL, ends);
    if (pieces.fed == LOAD_FED_COMPLETE)
        check_complete(&pieces.answer);
    check_same(&pieces, &whole);
    check_same(&whole, &again);
    MUST(whole.answer.keep == again.answer.keep || whole.fed != LOAD_FED_COMPLETE);
    return 0;
}
