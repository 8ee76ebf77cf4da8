/* What uvlab's threadpool experiment is compared with: the same jobs on the same libuv, by a
 * program that records nothing. Usage: bare_pool THREADS JOBS none|pbkdf2. Prints the nanoseconds
 * from the first submission to the last callback. The pool's threads are started and seen
 * beforehand, as uvlab does it, so that neither pays for their creation in what is compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <uv.h>

enum { KEY_BYTES = 512, ITERATIONS = 100000 };

static const EVP_MD *digest;
static unsigned char *keys;
static uv_work_t *requests;
static uint64_t last_ns;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void none_work(uv_work_t *request)
{
    (void)request;
}

static void pbkdf2_work(uv_work_t *request)
{
    const unsigned char salt[] = {'b'};

    if (PKCS5_PBKDF2_HMAC("a", 1, salt, sizeof salt, ITERATIONS, digest, KEY_BYTES,
                          keys + (size_t)(request - requests) * KEY_BYTES) != 1)
        abort();
}

static size_t left;

static void done(uv_work_t *request, int status)
{
    (void)request;
    (void)status;
    if (--left == 0)
        last_ns = now_ns();
}

int main(int argc, char **argv)
{
    size_t threads, jobs;
    uv_work_cb work;
    uv_loop_t loop;
    uint64_t first_ns;

    if (argc != 4) {
        fprintf(stderr, "usage: bare_pool THREADS JOBS none|pbkdf2\n");
        return 2;
    }
    threads = strtoul(argv[1], NULL, 10);
    jobs = strtoul(argv[2], NULL, 10);
    work = strcmp(argv[3], "pbkdf2") == 0 ? pbkdf2_work : none_work;
    setenv("UV_THREADPOOL_SIZE", argv[1], 1);
    uv_loop_init(&loop);
    requests = malloc((jobs > threads ? jobs : threads) * sizeof *requests);
    if (requests == NULL)
        return 1;
    memset(requests, 0, jobs * sizeof *requests);
    if (work == pbkdf2_work) {
        digest = EVP_MD_fetch(NULL, "sha512", NULL);
        keys = malloc(jobs * KEY_BYTES);
    }
    left = threads;
    for (size_t i = 0; i < threads; i++)
        uv_queue_work(&loop, &requests[i], none_work, done);
    uv_run(&loop, UV_RUN_DEFAULT);
    left = jobs;
    first_ns = now_ns();
    for (size_t i = 0; i < jobs; i++)
        uv_queue_work(&loop, &requests[i], work, done);
    uv_run(&loop, UV_RUN_DEFAULT);
    printf("%llu\n", (unsigned long long)(last_ns - first_ns));
    uv_loop_close(&loop);
    free(requests);
    free(keys);
    return 0;
}
