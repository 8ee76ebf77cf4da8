/* uvlab: where the process begins. The first word says which experiment or command runs; everything
 * else is theirs. Only src/cli/ writes to standard error. Main thread. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <uv.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/registry.h"
#include "net/app_child.h"

/* The libraries that are linked, as they are at run time. libcurl is not: it is loaded by what
 * needs it, and `uvlab env` tells its version. */
static int print_version(struct err *e)
{
    struct text t = TEXT_EMPTY;
    text_add(&t, "uvlab %s\nlibuv %s, OpenSSL %s, cJSON %s, zlib %s\n", UVLAB_VERSION,
             uv_version_string(), OpenSSL_version(OPENSSL_VERSION_STRING), cJSON_Version(),
             zlibVersion());
    return command_print(&t, e);
}

static int print_overview(struct err *e)
{
    struct text t = TEXT_EMPTY;
    help_overview(&t);
    return command_print(&t, e);
}

static int say_usage(void)
{
    fprintf(stderr, "usage: uvlab EXPERIMENT [OPTION]...\n"
                    "       uvlab COMMAND [OPTION]...\n"
                    "experiments:");
    for (size_t i = 0; registry[i] != NULL; i++)
        fprintf(stderr, " %s", registry[i]->name);
    fprintf(stderr, "\ncommands:   ");
    for (size_t i = 0; commands[i] != NULL; i++)
        fprintf(stderr, " %s", commands[i]->name);
    fprintf(stderr, "\n'uvlab help' says more\n");
    return STATUS_USAGE;
}

static int dispatch(int argc, char **argv, struct err *e)
{
    const char *word = argv[1];
    const struct experiment *x = registry_find(word);
    const struct command *c = command_find(word);
    if (x != NULL)
        return cmd_run(x, argc - 2, argv + 2, e);
    if (c != NULL)
        return command_run(c, argc - 2, argv + 2, e);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return print_overview(e);
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        return print_version(e);
    if (word[0] == '-')
        return err_set(e, STATUS_USAGE,
                       "'%s': an experiment or a command comes first; see 'uvlab help'", word);
    return command_unknown(word, e);
}

/* Someone may start us with a standard descriptor closed. A file that is opened would then get its
 * number, and a warning could end up in a result. The place is taken the wrong way round, so that
 * using it still fails. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return; /* without a /dev there is nothing to hold it with */
}

int main(int argc, char **argv)
{
    struct err e;
    int status;
    if (app_child_is(argc, argv))
        app_child_main(argv);
#ifdef UVLAB_TORTURE
    mem_fuse_init();
#endif
    hold_standard_descriptors();
    /* A pipe whose reader has gone is an error of writing, reported like any other. */
    signal(SIGPIPE, SIG_IGN);
    mem_adopt_cjson();
    if (argc < 2)
        return say_usage();
    status = dispatch(argc, argv, &e);
    status = status < 0 ? (int)command_report(&e) : status;
    /* Ends the pool's threads while OpenSSL can still free what it holds for each of them; libuv
     * would do it by itself, but after OpenSSL has been taken down. */
    uv_library_shutdown();
    return status;
}
