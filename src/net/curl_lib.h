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
};

/* Loads libcurl and makes it ready, with uvlab's allocator, on the first call; later calls answer
 * with the same table, which is valid until curl_lib_close(). Returns NULL after filling *e when it
 * is not installed, lacks a function or cannot start; a later call then tries again.
 * Main thread, while no other thread runs. */
const struct curl_lib *curl_lib_open(struct err *e);

/* Gives back what libcurl holds. Allowed when it was never opened. Main thread. */
void curl_lib_close(void);

#endif
