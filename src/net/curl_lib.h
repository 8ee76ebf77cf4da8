/* libcurl, loaded when it is first needed. Linking it would make the dynamic linker map and
 * relocate its three dozen libraries at every start of uvlab, also for `uvlab --version`; so its
 * functions are reached through this table instead, and its types come from its own header. */
#ifndef UVLAB_NET_CURL_LIB_H
#define UVLAB_NET_CURL_LIB_H

#include <curl/curl.h>

#include "base/err.h"

/* Its functions, by their own types. To use another one: a member here, a row in curl_lib.c. */
struct curl_lib {
    __typeof__(&curl_version_info) version_info;
    __typeof__(&curl_global_init_mem) global_init_mem;
    __typeof__(&curl_global_cleanup) global_cleanup;
    __typeof__(&curl_easy_init) easy_init;
    __typeof__(&curl_easy_duphandle) easy_duphandle;
    __typeof__(&curl_easy_cleanup) easy_cleanup;
    __typeof__(&curl_easy_setopt) easy_setopt; /* unchecked by the compiler: numbers are long */
    __typeof__(&curl_easy_getinfo) easy_getinfo;
    __typeof__(&curl_easy_strerror) easy_strerror;
    __typeof__(&curl_multi_init) multi_init;
    __typeof__(&curl_multi_cleanup) multi_cleanup;
    __typeof__(&curl_multi_setopt) multi_setopt;
    __typeof__(&curl_multi_add_handle) multi_add_handle;
    __typeof__(&curl_multi_remove_handle) multi_remove_handle;
    __typeof__(&curl_multi_socket_action) multi_socket_action;
    __typeof__(&curl_multi_info_read) multi_info_read;
    __typeof__(&curl_multi_assign) multi_assign;
    __typeof__(&curl_multi_timeout) multi_timeout;
    __typeof__(&curl_multi_strerror) multi_strerror;
    __typeof__(&curl_slist_append) slist_append;
    __typeof__(&curl_slist_free_all) slist_free_all;
    __typeof__(&curl_url) url;
    __typeof__(&curl_url_cleanup) url_cleanup;
    __typeof__(&curl_url_set) url_set;
    __typeof__(&curl_url_get) url_get;
    __typeof__(&curl_url_strerror) url_strerror;
    __typeof__(&curl_free) free_text;
};

/* Loads libcurl and makes it ready, with uvlab's allocator, on the first call; later calls answer
 * with the same table, which is valid until curl_lib_close(). Returns NULL after filling *e when it
 * is not installed, lacks a function or cannot start; a later call then tries again.
 * Main thread, while no other thread runs. */
const struct curl_lib *curl_lib_open(struct err *e);

/* Gives back what libcurl holds. Its code stays in the process: threads of lookups that were given
 * up may still be in it. Allowed when it was never opened. Main thread. */
void curl_lib_close(void);

#endif
