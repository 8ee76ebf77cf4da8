/* libcurl at arm's length: dlopen() instead of linking.
 *
 * The file name has the version of libcurl's binary interface in it (libcurl.so.4), which has not
 * changed since 2006, so that a table filled by name is as safe as linking. The one copy of the
 * table is owned here, and written by the main thread alone, before anything uses it. */
#include "net/curl_lib.h"

#include <assert.h>
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"

static const char library_name[] = "libcurl.so.4";

static struct {
    void *handle; /* NULL: not open */
    struct curl_lib functions;
} loaded;

static const struct {
    const char *name;
    size_t offset; /* of the pointer in struct curl_lib */
} symbols[] = {
    {"curl_version_info", offsetof(struct curl_lib, version_info)},
    {"curl_global_init_mem", offsetof(struct curl_lib, global_init_mem)},
    {"curl_global_cleanup", offsetof(struct curl_lib, global_cleanup)},
};

/* dlsym() returns an object pointer, which ISO C does not let us convert to a function pointer;
 * POSIX promises that both have the same representation, so the bytes are copied. */
static int find_symbols(void *handle, struct curl_lib *lib, struct err *e)
{
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *address = dlsym(handle, symbols[i].name);
        if (address == NULL)
            return err_set(e, STATUS_FAILED, "cannot use %s: it has no %s()", library_name,
                           symbols[i].name);
        memcpy((char *)lib + symbols[i].offset, &address, sizeof address);
    }
    return 0;
}

const struct curl_lib *curl_lib_open(struct err *e)
{
    struct curl_lib lib = {0};
    CURLcode code;
    if (loaded.handle != NULL)
        return &loaded.functions;
    void *handle = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        err_set(e, STATUS_FAILED, "cannot load libcurl: %s", dlerror());
        return NULL;
    }
    if (find_symbols(handle, &lib, e) < 0)
        goto fail;
    assert(lib.global_init_mem != NULL); /* all are, or find_symbols() would have failed */
    code = lib.global_init_mem(CURL_GLOBAL_DEFAULT, mem_alloc, mem_free, mem_resize, mem_copy_text,
                               mem_zeroed);
    if (code != CURLE_OK) {
        err_set(e, STATUS_FAILED, "cannot start libcurl: error %d of curl_global_init()",
                (int)code);
        goto fail;
    }
    loaded.functions = lib;
    loaded.handle = handle;
    return &loaded.functions;
fail:
    dlclose(handle);
    return NULL;
}

void curl_lib_close(void)
{
    if (loaded.handle == NULL)
        return;
    loaded.functions.global_cleanup();
    dlclose(loaded.handle);
    loaded.handle = NULL;
}
