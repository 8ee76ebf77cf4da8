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
    {"curl_easy_init", offsetof(struct curl_lib, easy_init)},
    {"curl_easy_duphandle", offsetof(struct curl_lib, easy_duphandle)},
    {"curl_easy_cleanup", offsetof(struct curl_lib, easy_cleanup)},
    {"curl_easy_setopt", offsetof(struct curl_lib, easy_setopt)},
    {"curl_easy_getinfo", offsetof(struct curl_lib, easy_getinfo)},
    {"curl_easy_strerror", offsetof(struct curl_lib, easy_strerror)},
    {"curl_multi_init", offsetof(struct curl_lib, multi_init)},
    {"curl_multi_cleanup", offsetof(struct curl_lib, multi_cleanup)},
    {"curl_multi_setopt", offsetof(struct curl_lib, multi_setopt)},
    {"curl_multi_add_handle", offsetof(struct curl_lib, multi_add_handle)},
    {"curl_multi_remove_handle", offsetof(struct curl_lib, multi_remove_handle)},
    {"curl_multi_socket_action", offsetof(struct curl_lib, multi_socket_action)},
    {"curl_multi_info_read", offsetof(struct curl_lib, multi_info_read)},
    {"curl_multi_assign", offsetof(struct curl_lib, multi_assign)},
    {"curl_multi_timeout", offsetof(struct curl_lib, multi_timeout)},
    {"curl_multi_strerror", offsetof(struct curl_lib, multi_strerror)},
    {"curl_slist_append", offsetof(struct curl_lib, slist_append)},
    {"curl_slist_free_all", offsetof(struct curl_lib, slist_free_all)},
    {"curl_url", offsetof(struct curl_lib, url)},
    {"curl_url_cleanup", offsetof(struct curl_lib, url_cleanup)},
    {"curl_url_set", offsetof(struct curl_lib, url_set)},
    {"curl_url_get", offsetof(struct curl_lib, url_get)},
    {"curl_url_strerror", offsetof(struct curl_lib, url_strerror)},
    {"curl_free", offsetof(struct curl_lib, free_text)},
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
    void *handle = dlopen(library_name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
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
