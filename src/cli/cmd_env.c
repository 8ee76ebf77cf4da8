/* `uvlab env`: what results would be measured in, and with which libraries. The facts are those
 * that every result carries; libcurl, which nothing else here needs, is loaded to be asked. A
 * libcurl that is not installed is a fact too, not an error. Main thread. */
#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/units.h"
#include "base/version.h"
#include "measure/clock.h"
#include "measure/host.h"
#include "measure/pool.h"
#include "measure/result.h"
#include "net/curl_lib.h"
#include "output/document.h"
#include "output/json_text.h"
#include "output/out.h"

enum env_format { ENV_TABLE, ENV_JSON };
static const char *const env_formats[] = {"table", "json", NULL};

struct env_options {
    unsigned format; /* enum env_format */
};

static const struct param env_params[] = {
    PARAM_CHOICE(struct env_options, format, "format", 'f', 0, "table", env_formats,
                 "how to write the facts"),
    PARAM_END,
};

struct env_facts {
    struct host_facts host;
    const char *clock;
    const char *no_tsc; /* why the time stamp counter is not used, or NULL */
    uint64_t memory_available_bytes;
    uint64_t pool_size; /* that libuv would choose now */
    enum pool_size_source pool_source;
    char libcurl[32], libcurl_tls[64]; /* "" without libcurl */
    char no_libcurl[sizeof((struct err *)0)->text];
};

static void copy(char *to, size_t bytes, const char *from)
{
    snprintf(to, bytes, "%s", from != NULL ? from : "");
}

static void gather_libcurl(struct env_facts *f)
{
    struct err e;
    const struct curl_lib *curl = curl_lib_open(&e);
    const curl_version_info_data *info;
    if (curl == NULL) {
        copy(f->no_libcurl, sizeof f->no_libcurl, e.text);
        return;
    }
    info = curl->version_info(CURLVERSION_NOW);
    copy(f->libcurl, sizeof f->libcurl, info->version);
    copy(f->libcurl_tls, sizeof f->libcurl_tls, info->ssl_version);
    curl_lib_close();
}

/* As every result would warn of it. */
static void warn_of_pool_size(const char *size)
{
    char warning[POOL_WARNING_BYTES];
    if (size != NULL && pool_doubt_environment(size, warning)) {
        text_make_printable(warning);
        fprintf(stderr, "uvlab: warning: %s\n", warning);
    }
}

static int gather(struct env_facts *f, struct err *e)
{
    const char *size = getenv("UV_THREADPOOL_SIZE");
    *f = (struct env_facts){0};
    host_gather(&f->host);
    f->memory_available_bytes = host_memory_available_bytes();
    if (clock_init(CLOCK_CHOICE_AUTO, e) < 0)
        return -1;
    f->clock = clock_name();
    clock_tsc_usable(&f->no_tsc);
    f->pool_size = size != NULL ? pool_size_of_environment(size) : POOL_DEFAULT;
    f->pool_source = size != NULL ? POOL_SIZE_ENVIRONMENT : POOL_SIZE_LIBUV;
    gather_libcurl(f);
    return 0;
}

/* --- For people. --- */

static void row(struct text *t, const char *name, const char *value)
{
    text_add(t, "%-14s %s\n", name, value[0] != '\0' ? value : "-");
}

static void row_bytes(struct text *t, const char *name, uint64_t bytes)
{
    char buf[UNITS_TEXT_BYTES];
    row(t, name, bytes != HOST_UNKNOWN ? units_format_size(buf, bytes) : "-");
}

static void add_machine(struct text *t, const struct env_facts *f)
{
    const struct host_facts *h = &f->host;
    char line[128];
    row(t, "CPU", h->cpu);
    snprintf(line, sizeof line, "%" PRIu64 " online, %" PRIu64 " allowed", h->cpus_online,
             h->cpus_allowed);
    row(t, "CPUs", line);
    snprintf(line, sizeof line, "%.2f CPUs", h->cpu_quota);
    row(t, "CPU quota", h->cpu_quota < 0 ? "none" : line);
    row_bytes(t, "memory", h->memory_bytes);
    row_bytes(t, "available", f->memory_available_bytes);
    snprintf(line, sizeof line, "%.2f", h->load_average);
    row(t, "load average", h->load_average < 0 ? "-" : line);
    row(t, "kernel", h->kernel);
    if (f->no_tsc == NULL)
        row(t, "clock", f->clock);
    else
        text_add(t, "%-14s %s (%s)\n", "clock", f->clock, f->no_tsc);
    text_add(t, "%-14s %" PRIu64 " thread%s (%s)\n", "pool size", f->pool_size,
             f->pool_size == 1 ? "" : "s", pool_size_source_name(f->pool_source));
}

static void add_libraries(struct text *t, const struct env_facts *f)
{
    const struct host_facts *h = &f->host;
    row(t, "uvlab", UVLAB_VERSION);
    if (strcmp(h->libuv, h->libuv_built) == 0)
        row(t, "libuv", h->libuv);
    else
        text_add(t, "%-14s %s (compiled with %s)\n", "libuv", h->libuv, h->libuv_built);
    row(t, "OpenSSL", h->openssl);
    row(t, "cJSON", h->cjson);
    row(t, "zlib", h->zlib);
    if (f->libcurl[0] != '\0')
        text_add(t, "%-14s %s (%s)\n", "libcurl", f->libcurl, f->libcurl_tls);
    else
        text_add(t, "%-14s - (%s)\n", "libcurl", f->no_libcurl);
}

/* --- For programs. --- */

/* The facts as a result without runs has them, so that the keys are those of every result. NULL
 * when memory is short. */
static cJSON *make_document(const struct env_facts *f)
{
    struct result result = {
        .host = f->host,
        .pool = {.size = (uint32_t)f->pool_size, .source = f->pool_source},
        .clock = f->clock,
        .others_cpu_ns = HOST_UNKNOWN,
        .stolen_ns = HOST_UNKNOWN,
        .watched_ns = HOST_UNKNOWN,
    };
    cJSON *document = cJSON_CreateObject();
    copy(result.libcurl, sizeof result.libcurl, f->libcurl);
    if (document != NULL && json_put(document, "schema", json_text("uvlab.environment/1")) &&
        json_put(document, "environment", document_environment(&result)) &&
        json_put(document, "memory_available_bytes", json_number(f->memory_available_bytes)))
        return document;
    cJSON_Delete(document);
    return NULL;
}

static int print_json(const struct env_facts *f, struct err *e)
{
    cJSON *document = make_document(f);
    struct out *o = document != NULL ? out_open(NULL, e) : NULL;
    int status = -1;
    if (document == NULL) {
        err_no_memory(e, "the document");
    } else if (o != NULL && !json_write(o, document, 0, 2)) {
        err_no_memory(e, "the document");
        out_abandon(o);
    } else if (o != NULL) {
        out_text(o, "\n");
        status = out_close(o, e) < 0 ? -1 : STATUS_OK;
    }
    cJSON_Delete(document);
    return status;
}

static int print_table(const struct env_facts *f, struct err *e)
{
    struct text t = TEXT_EMPTY;
    add_machine(&t, f);
    add_libraries(&t, f);
    return command_print(&t, e);
}

static int env_run(const void *options, const char *const *operands, struct err *e)
{
    const struct env_options *o = options;
    struct env_facts facts;
    (void)operands;
    if (gather(&facts, e) < 0)
        return -1;
    warn_of_pool_size(getenv("UV_THREADPOOL_SIZE"));
    return o->format == ENV_JSON ? print_json(&facts, e) : print_table(&facts, e);
}

const struct command command_env = {
    .name = "env",
    .summary = "the machine, and the versions of all libraries, as results record them",
    .params = env_params,
    .options_size = sizeof(struct env_options),
    .run = env_run,
};
