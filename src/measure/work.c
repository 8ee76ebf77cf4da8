/* The table of the kinds of work, and what each does. Adding a kind is adding a row, its name to
 * the list below, and the function that it calls.
 *
 * The setup functions run on the main thread before a run; the calls run on the pool's threads,
 * where a work_context is read-only. */
#include "measure/work.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <uv.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/wide.h"
#include "measure/clock.h"
#include "measure/given_file.h"
#include "measure/spin.h"

const char *const work_digests[] = {"sha1", "sha256", "sha384", "sha512", NULL};

/* OpenSSL makes its context when it is first used, and crashes when there was no memory for it; so
 * it is made, and asked for, before any call. */
static int openssl_setup(struct work_context *c, struct err *e)
{
    (void)c;
    if (OSSL_LIB_CTX_get0_global_default() == NULL)
        return err_no_memory(e, "OpenSSL");
    return 0;
}

/* --- pbkdf2: what crypto.pbkdf2('a', 'b', iterations, keylen, digest) computes --- */

static int pbkdf2_setup(struct work_context *c, struct err *e)
{
    if (openssl_setup(c, e) != 0)
        return -1;
    c->digest = EVP_MD_fetch(NULL, work_digests[c->options->digest], NULL);
    if (c->digest == NULL)
        return err_set(e, STATUS_FAILED, "OpenSSL has no digest '%s', or no memory for it",
                       work_digests[c->options->digest]);
    return 0;
}

static void pbkdf2_teardown(struct work_context *c)
{
    EVP_MD_free(c->digest);
}

static size_t pbkdf2_output_bytes(const struct work_options *o)
{
    return o->keylen;
}

static int pbkdf2_call(const struct work_context *c, unsigned char *output)
{
    const unsigned char salt[] = {'b'};

    if (PKCS5_PBKDF2_HMAC("a", 1, salt, sizeof salt, (int)c->options->iterations, c->digest,
                          (int)c->options->keylen, output) != 1)
        return SPAN_FAILED_CRYPTO;
    return SPAN_OK;
}

/* --- scrypt: crypto.scrypt('a', 'b', 64, { N, r, p }) with Node's default limit on memory lifted
 * --- */

enum { SCRYPT_KEY_BYTES = 64 };

static int scrypt_setup(struct work_context *c, struct err *e)
{
    uint64_t n = c->options->scrypt_cost;

    if ((n & (n - 1)) != 0)
        return err_set(e, STATUS_USAGE, "--cost %llu: must be a power of two",
                       (unsigned long long)n);
    return openssl_setup(c, e);
}

static size_t scrypt_output_bytes(const struct work_options *o)
{
    (void)o;
    return SCRYPT_KEY_BYTES;
}

/* V of RFC 7914, the array that makes scrypt hard. */
static uint64_t scrypt_working_bytes(const struct work_options *o)
{
    return 128 * o->scrypt_cost * o->scrypt_block_size;
}

static int scrypt_call(const struct work_context *c, unsigned char *output)
{
    const struct work_options *o = c->options;

    if (EVP_PBE_scrypt("a", 1, (const unsigned char *)"b", 1, o->scrypt_cost, o->scrypt_block_size,
                       o->scrypt_parallelization, UINT64_MAX, output, SCRYPT_KEY_BYTES) != 1)
        return SPAN_FAILED_CRYPTO;
    return SPAN_OK;
}

/* --- random: crypto.randomBytes(size) --- */

static size_t size_output_bytes(const struct work_options *o)
{
    return o->size_bytes;
}

static int random_call(const struct work_context *c, unsigned char *output)
{
    return RAND_bytes(output, (int)c->options->size_bytes) == 1 ? SPAN_OK : SPAN_FAILED_CRYPTO;
}

/* --- file: open, fstat, read to the end, close, all in one job --- */

enum { FILE_PIECE_BYTES = 64 * 1024 };

static int file_setup(struct work_context *c, struct err *e)
{
    c->path = c->options->file != NULL ? c->options->file : "/proc/self/exe";
    return given_file_check(c->path, NULL, e);
}

static size_t file_output_bytes(const struct work_options *o)
{
    (void)o;
    return FILE_PIECE_BYTES;
}

static int read_all(int fd, unsigned char *piece)
{
    struct stat st;
    off_t done = 0;

    if (fstat(fd, &st) != 0)
        return -errno;
    for (;;) {
        ssize_t n = read(fd, piece, FILE_PIECE_BYTES);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        done += n;
    }
    return S_ISREG(st.st_mode) && done < st.st_size ? SPAN_FAILED_SHORT_READ : SPAN_OK;
}

static int file_call(const struct work_context *c, unsigned char *output)
{
    int fd = open(c->path, O_RDONLY | O_CLOEXEC);
    int status;

    if (fd < 0)
        return -errno;
    status = read_all(fd, output);
    if (close(fd) != 0 && status == SPAN_OK)
        status = -errno;
    return status;
}

/* --- zlib: zlib.deflate(buffer) at its default level --- */

/* Text-like input: words of a small vocabulary in an order from a fixed generator, so that every
 * run everywhere compresses the same bytes. */
static int zlib_setup(struct work_context *c, struct err *e)
{
    static const char *const words[] = {
        "the ",   "loop ", "asks, ", "a thread ", "answers; ", "who ",   "waits ", "for ",
        "whom? ", "pool ", "timer ", "poll ",     "check\n",   "close ", "42 ",    "callback "};
    uint64_t size = c->options->size_bytes;
    uint32_t state = 20090527;

    c->input = mem_alloc(size);
    if (c->input == NULL)
        return err_no_memory(e, "what is to be compressed");
    for (uint64_t at = 0; at < size;) {
        const char *word;

        state = state * 1664525u + 1013904223u;
        word = words[state >> 28];
        while (*word != '\0' && at < size)
            c->input[at++] = (unsigned char)*word++;
    }
    return 0;
}

static void zlib_teardown(struct work_context *c)
{
    mem_free(c->input);
}

static size_t zlib_output_bytes(const struct work_options *o)
{
    return compressBound(o->size_bytes);
}

static int zlib_call(const struct work_context *c, unsigned char *output)
{
    uLongf length = compressBound(c->options->size_bytes);

    if (compress2(output, &length, c->input, c->options->size_bytes, Z_DEFAULT_COMPRESSION) != Z_OK)
        return SPAN_FAILED_COMPRESSION;
    return SPAN_OK;
}

/* --- spin: a calibrated amount of work --- */

/* Every process calibrates for itself, and none finds quite the same as the one before. */
static int spin_setup(struct work_context *c, struct err *e)
{
    c->rounds = c->options->rounds;
    if (c->rounds > 0)
        return 0;
    return spin_rounds(c->options->duration_ns, &c->rounds, e);
}

static int spin_call(const struct work_context *c, unsigned char *output)
{
    (void)output;
    spin(c->rounds);
    return SPAN_OK;
}

/* --- sleep: blocked, as in a slow system call --- */

static int sleep_call(const struct work_context *c, unsigned char *output)
{
    struct timespec left = {(time_t)(c->options->duration_ns / 1000000000u),
                            (long)(c->options->duration_ns % 1000000000u)};
    int rc;

    (void)output;
    do
        rc = clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left);
    while (rc == EINTR);
    return -rc;
}

/* --- The table. --- */

/* clang-format off */
#define POOLED(kind_, label_, node_, traits_) \
    .span = {.kind = kind_, .label = label_, .phase = PHASE_POLL, .node_name = node_, \
             .traits = SPAN_POOLED | (traits_)}

#define USES(...) .options = (const char *const[]){__VA_ARGS__, NULL}
const struct work work_table[WORK_KINDS] = {
    [WORK_PBKDF2] = {
        .name = "pbkdf2", .help = "a key by PBKDF2-HMAC, as crypto.pbkdf2() derives it",
        POOLED("pbkdf2", "hash", "crypto.pbkdf2", SPAN_CPU_BOUND), .measures_cpu = true,
        .setup = pbkdf2_setup, .teardown = pbkdf2_teardown, USES("iterations", "keylen", "digest"),
        .output_bytes = pbkdf2_output_bytes, .call = pbkdf2_call,
    },
    [WORK_SCRYPT] = {
        .name = "scrypt", .help = "a key by scrypt, as crypto.scrypt() derives it",
        POOLED("scrypt", "scrypt", "crypto.scrypt", SPAN_CPU_BOUND), .measures_cpu = true,
        .setup = scrypt_setup, .output_bytes = scrypt_output_bytes,
        .working_bytes = scrypt_working_bytes, .call = scrypt_call,
        USES("cost", "block-size", "parallelization"),
    },
    [WORK_RANDOM] = {
        .name = "random", .help = "random bytes, as crypto.randomBytes() makes them",
        POOLED("random", "random", "crypto.randomBytes", SPAN_CPU_BOUND), .measures_cpu = true,
        .setup = openssl_setup, .output_bytes = size_output_bytes, .call = random_call, USES("size"),
    },
    [WORK_FILE] = {
        .name = "file", .help = "open, fstat, read and close a file, in one job",
        POOLED("file", "file", NULL, 0), USES("file"), /* fs.readFile() is several */
        .setup = file_setup, .output_bytes = file_output_bytes, .call = file_call,
    },
    [WORK_DNS] = {
        .name = "dns", .help = "look a name up by getaddrinfo(), as dns.lookup() does",
        POOLED("dns", "lookup", "dns.lookup", SPAN_SLOW_IO),
        .measures_cpu = true, .is_lookup = true, USES("host"),
    },
    [WORK_ZLIB] = {
        .name = "zlib", .help = "compress a buffer, as zlib.deflate() does",
        POOLED("zlib", "deflate", "zlib.deflate", SPAN_CPU_BOUND), .measures_cpu = true,
        .setup = zlib_setup, .teardown = zlib_teardown, USES("size"),
        .output_bytes = zlib_output_bytes, .call = zlib_call,
    },
    [WORK_SPIN] = {
        .name = "spin", .help = "a calibrated amount of computing",
        POOLED("spin", "spin", NULL, SPAN_CPU_BOUND), .measures_cpu = true,
        .setup = spin_setup, .call = spin_call, USES("duration", "rounds"),
    },
    [WORK_SLEEP] = {
        .name = "sleep", .help = "blocked and idle, as in a slow system call",
        POOLED("sleep", "sleep", NULL, 0), USES("duration"),
        .measures_cpu = true, .call = sleep_call,
    },
    [WORK_NONE] = {
        .name = "none", .help = "nothing: the cost of the pool itself",
        POOLED("none", "job", NULL, SPAN_BLURRED),
    },
};

const char *const work_names[] = {
    "pbkdf2", "scrypt", "random", "file", "dns", "zlib", "spin", "sleep", "none", NULL,
};

#define KIND_OF(row) &work_table[row].span
const struct span_kind *const work_span_kinds[] = {
    KIND_OF(WORK_PBKDF2), KIND_OF(WORK_SCRYPT), KIND_OF(WORK_RANDOM), KIND_OF(WORK_FILE),
    KIND_OF(WORK_DNS), KIND_OF(WORK_ZLIB), KIND_OF(WORK_SPIN), KIND_OF(WORK_SLEEP),
    KIND_OF(WORK_NONE), NULL,
};
/* clang-format on */

_Static_assert(sizeof work_names / sizeof *work_names == WORK_KINDS + 1, "a name for every row");
_Static_assert(sizeof work_span_kinds / sizeof *work_span_kinds == WORK_KINDS + 1,
               "a kind for every row");

const struct work *work_at(unsigned index)
{
    return index < WORK_KINDS ? &work_table[index] : NULL;
}

const struct work *work_find(const char *name, size_t length)
{
    for (unsigned i = 0; i < WORK_KINDS; i++)
        if (strlen(work_table[i].name) == length && memcmp(work_table[i].name, name, length) == 0)
            return &work_table[i];
    return NULL;
}

int work_refuse_hash_options(const struct param_set *set, const char *why, struct err *e)
{
    const char *name = param_given(set, work_table[WORK_PBKDF2].options);

    return name == NULL ? 0 : err_set(e, STATUS_USAGE, "--%s: %s", name, why);
}

int work_context_init(struct work_context *c, const struct work *work,
                      const struct work_options *options, struct err *e)
{
    *c = (struct work_context){.work = work, .options = options};
    if (work->setup != NULL && work->setup(c, e) != 0) {
        work_context_free(c);
        return -1;
    }
    return 0;
}

void work_context_free(struct work_context *c)
{
    if (c->work != NULL && c->work->teardown != NULL)
        c->work->teardown(c);
    *c = (struct work_context){0};
}
