/* The embedded origin: an HTTP(S) server on a loopback port, in a process of its own, so that what
 * it does is not done on the loop that is measured. It is gone with the process that started it,
 * also when that is killed. */
#ifndef UVLAB_NET_ORIGIN_H
#define UVLAB_NET_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/param.h"

struct origin_options {
    uint64_t delay_ns; /* from a request's last byte to its answer: the distance to a real server */
    uint64_t size_bytes; /* of the page */
};

/* clang-format off */
#define ORIGIN_PARAMS(T, o, delay_) \
    PARAM_DURATION(T, o.delay_ns, "origin-delay", 0, delay_, 0, 3600000000000, \
                   "how long the embedded server takes to answer"), \
    PARAM_SIZE(T, o.size_bytes, "origin-size", 0, "4k", 0, 1 << 30, \
               "bytes of the embedded server's page")
/* clang-format on */

struct origin;

/* Starts the server with a fresh certificate (`plain`: without TLS) on a free port of 127.0.0.1,
 * and of ::1 where this host has it. `connections`: how many will be open at once; the file limit
 * is raised for them. When this returns the port accepts connections. NULL after filling *e
 * (STATUS_FAILED). Main thread, while the process has no other. */
struct origin *origin_start(const struct origin_options *options, bool plain, uint64_t connections,
                            struct err *e);

/* "https://localhost:PORT/", or with the address instead of the name. Valid until origin_stop(). */
const char *origin_url(const struct origin *o, bool by_name);
/* The certificate that is to be trusted, in PEM, NUL-terminated; NULL without TLS. */
const char *origin_certificate(const struct origin *o);
unsigned origin_port(const struct origin *o);
pid_t origin_pid(const struct origin *o);

/* Whether its process is there still; if it is suspected to be ending, half a second is waited for
 * that. Any thread. */
bool origin_is_alive(const struct origin *o, bool suspected);

/* Ends the process and waits for it. NULL is allowed. Main thread. */
void origin_stop(struct origin *o);

#endif
