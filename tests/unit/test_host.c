/* Host facts from recorded /proc files, and from those that are missing or rubbish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/made_root.h"

static struct host_facts gather(void)
{
    struct host_facts h;

    host_gather(&h);
    return h;
}

#define assert_available(wanted) assert_true(host_memory_available_bytes() == (uint64_t)(wanted))

static void test_usable_cpus(void **state)
{
    struct host_facts h = {.cpus_online = 8, .cpus_allowed = 4, .cpu_quota = -1};

    (void)state;
    assert_int_equal(host_cpus_usable(&h), 4);
    h.cpu_quota = 2.5;
    assert_int_equal(host_cpus_usable(&h), 3);
    h.cpu_quota = 2.0;
    assert_int_equal(host_cpus_usable(&h), 2);
    h.cpu_quota = 0.1;
    assert_int_equal(host_cpus_usable(&h), 1);
    h.cpu_quota = 0;
    assert_int_equal(host_cpus_usable(&h), 1);
    h.cpu_quota = 1e30;
    assert_int_equal(host_cpus_usable(&h), 4);
    h.cpus_allowed = HOST_UNKNOWN;
    assert_int_equal(host_cpus_usable(&h), 8);
    h.cpus_online = HOST_UNKNOWN;
    assert_int_equal(host_cpus_usable(&h), 1);
    h.cpus_allowed = 0;
    assert_int_equal(host_cpus_usable(&h), 1);
}

static void test_memory_of_the_machine(void **state)
{
    (void)state;
    assert_true(host_memory_available_bytes() == HOST_UNKNOWN);
    assert_true(gather().memory_bytes == HOST_UNKNOWN);
    put("/proc/meminfo", "MemTotal:       16000 kB\nMemFree:  10 kB\nMemAvailable:    8000 kB\n");
    assert_true(gather().memory_bytes == UINT64_C(16000) * 1024);
    assert_available(8000 * 1024);
    put("/proc/meminfo", "MemTotal: x kB\nMemAvailable: -3 kB\nMemAvailableX: 4 kB\n");
    assert_true(gather().memory_bytes == HOST_UNKNOWN);
    assert_available(HOST_UNKNOWN);
    put("/proc/meminfo", "MemTotal: 18446744073709551615 kB\nMemAvailable: 18014398509481984 kB\n");
    assert_true(gather().memory_bytes == HOST_UNKNOWN);
    assert_available(HOST_UNKNOWN);
}

static void test_address_space_limit(void **state)
{
    struct rlimit old, less;
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
    less = old;
    less.rlim_cur = UINT64_C(1) << 62; /* more than anything maps, so nothing fails */
    if (less.rlim_cur > old.rlim_max)
        skip();
    put("/proc/self/statm", "1000 200 100 1 0 50 0\n");
    assert_int_equal(setrlimit(RLIMIT_AS, &less), 0);
    assert_available(less.rlim_cur - 1000 * page_bytes);
    put("/proc/self/statm", "18446744073709551615 2\n");
    assert_available(0);
    put("/proc/self/statm", "rubbish\n");
    assert_available(less.rlim_cur);
    assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
}

static void assert_cpu(const char *cpuinfo, const char *wanted)
{
    put("/proc/cpuinfo", cpuinfo);
    assert_string_equal(gather().cpu, wanted);
}

static void test_cpu_model(void **state)
{
    (void)state;
    assert_cpu("processor\t: 0\nmodel\t\t: 85\nmodel name\t: Intel(R)  Xeon(R) CPU   @ 2.00GHz \n"
               "processor\t: 1\nmodel name\t: Other\n",
               "Intel(R) Xeon(R) CPU @ 2.00GHz");
    assert_cpu("processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n",
               "Arm Neoverse-N1");
    assert_cpu("CPU implementer\t: 0x41\nCPU part\t: 0xd08\nHardware\t: BCM2835\n"
               "Model\t\t: Raspberry Pi 4 Model B Rev 1.4\n",
               "Arm Cortex-A72");
    assert_cpu("CPU implementer\t: 0x48\nCPU part\t: 0xd01\nHardware\t: Kunpeng board\n",
               "Kunpeng board");
    assert_cpu("CPU implementer\t: 0x48\nCPU part\t: 0xd01\n", "CPU implementer 0x48 part 0xd01");
    assert_cpu("CPU implementer\t: 0x48\n", "CPU implementer 0x48 part ?");
    assert_cpu("processor\t: 0\ncpu\t\t: POWER9 (raw), altivec supported\nclock\t\t: 2.3GHz\n",
               "POWER9 (raw), altivec supported");
    assert_cpu("hart\t: 0\nisa\t: rv64imafdc\nuarch\t: sifive,u74-mc\n", "sifive,u74-mc");
    assert_cpu("system type\t: Loongson\ncpu model\t: ICT Loongson-3\n", "ICT Loongson-3");
    assert_cpu("model name\t:\nmodel name\t: \n", "");
    assert_cpu("model names\t: no\nmodel name no\n", "");
    assert_cpu("", "");
}

static void test_cpu_model_from_the_device_tree(void **state)
{
    static const char model[] = "Some Board Rev 2"; /* its NUL is in the file */

    (void)state;
    put_bytes("/proc/device-tree/model", model, sizeof model);
    assert_cpu("CPU implementer\t: 0x48\nCPU part\t: 0xd01\n", "Some Board Rev 2");
}

static void test_hostile_cpu_models(void **state)
{
    char line[600] = "model name\t: ";
    size_t begin = strlen(line);

    (void)state;
    assert_cpu("model name\t: evil\x1b[31m\x80 name\n", "evil?[31m? name");
    memset(line + begin, 'x', 500);
    put("/proc/cpuinfo", line);
    assert_int_equal(strlen(gather().cpu), HOST_TEXT_BYTES - 1);
}

static void test_load_average(void **state)
{
    static const char *const rubbish[] = {"", "x", "1", "1.", "1.5 2", "-1.00", ".50", "nan"};

    (void)state;
    assert_true(gather().load_average < 0);
    put("/proc/loadavg", "12.07 0.58 0.59 1/389 12345\n");
    assert_true(gather().load_average > 12.069 && gather().load_average < 12.071);
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        put("/proc/loadavg", rubbish[i]);
        assert_true(gather().load_average < 0);
    }
}

static void test_thread_count(void **state)
{
    (void)state;
    assert_true(host_thread_count() == HOST_UNKNOWN);
    put("/proc/self/status", "Name:\tThreads: 9\nThreads_x:\t8\nThreads:\t5\n");
    assert_int_equal(host_thread_count(), 5);
    put("/proc/self/status", "Name:\tx\nThreads:\tmany\n");
    assert_true(host_thread_count() == HOST_UNKNOWN);
    host_set_root(NULL);
    assert_true(host_thread_count() >= 1);
}

static void test_machine_cpu(void **state)
{
    uint64_t busy, stolen, tick_ns = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);

    (void)state;
    host_machine_cpu(&busy, &stolen);
    assert_true(busy == HOST_UNKNOWN && stolen == HOST_UNKNOWN);
    /*                   user nice sys idle  iowait irq softirq steal guest */
    put("/proc/stat", "cpu  100 20 30 99999 88888 4 5 77 50 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n");
    host_machine_cpu(&busy, &stolen);
    assert_true(busy == 159 * tick_ns);
    assert_true(stolen == 77 * tick_ns);
}

static void test_rubbish_of_machine_cpu(void **state)
{
    static const char *const rubbish[] = {
        "",
        "cpu",
        "cpu  \n",
        "cpu  1 2 3 4 5 6 7\n",
        "cpu0 1 2 3 4 5 6 7 8 9 0\n",
        "cpu  1 2 x 4 5 6 7 8\n",
        "cpu  18446744073709551615 1 1 1 1 1 1 1\n",
        "cpu  18446744073709551616 1 1 1 1 1 1 1\n",
    };
    uint64_t busy, stolen;

    (void)state;
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        put("/proc/stat", rubbish[i]);
        host_machine_cpu(&busy, &stolen);
        assert_true(busy == HOST_UNKNOWN && stolen == HOST_UNKNOWN);
    }
    put("/proc/stat", "cpu  18446744073709551610 1 1 1 1 1 1 7\n");
    host_machine_cpu(&busy, &stolen);
    assert_true(busy == HOST_UNKNOWN); /* so many ticks are more nanoseconds than fit */
}

/* Returns 0, or the number of the step at which something was wrong. */
enum { NOT_ALLOWED = 77 };

static int raise_files(void)
{
    struct rlimit limit = {.rlim_cur = 100, .rlim_max = 200}, now;

    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) /* valgrind keeps the hard limit for itself */
        return NOT_ALLOWED;
    if (host_raise_file_limit(50) != 100) /* never lowered */
        return 2;
    if (host_raise_file_limit(150) != 150)
        return 3;
    if (getrlimit(RLIMIT_NOFILE, &now) != 0 || now.rlim_cur != 150 || now.rlim_max != 200)
        return 4;
    if (host_raise_file_limit(UINT64_MAX - 1) != 200) /* as far as it may */
        return 5;
    return getrlimit(RLIMIT_NOFILE, &now) != 0 || now.rlim_cur != 200;
}

static void test_the_limit_of_files_is_raised(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(raise_files());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_ALLOWED)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_a_root_without_anything(void **state)
{
    struct host_facts h;

    (void)state;
    host_gather(&h);
    assert_string_equal(h.cpu, "");
    assert_true(h.cpus_online >= 1 && h.cpus_allowed >= 1);
    assert_true(h.cpu_quota < 0 && h.load_average < 0);
    assert_true(h.memory_bytes == HOST_UNKNOWN);
    assert_true(strncmp(h.kernel, "Linux ", 6) == 0);
    assert_true(strlen(h.libuv) >= 5 && strlen(h.libuv_built) >= 5);
    assert_true(strlen(h.openssl) >= 5 && strlen(h.cjson) >= 5 && strlen(h.zlib) >= 3);
}

static void test_this_machine(void **state)
{
    struct host_facts h;

    (void)state;
    host_set_root(NULL);
    host_gather(&h);
    assert_true(h.cpus_allowed >= 1);
    assert_true(host_cpus_usable(&h) >= 1 && host_cpus_usable(&h) <= h.cpus_allowed);
    if (h.memory_bytes != HOST_UNKNOWN)
        assert_true(host_memory_available_bytes() <= h.memory_bytes);
}

static void test_folders_in_the_place_of_files(void **state)
{
    (void)state;
    put("/proc/cpuinfo/x", "");
    put("/proc/meminfo/x", "");
    put("/proc/self/status/x", "");
    assert_string_equal(gather().cpu, "");
    assert_available(HOST_UNKNOWN);
    assert_true(host_thread_count() == HOST_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOT(test_usable_cpus),
        IN_ROOT(test_memory_of_the_machine),
        IN_ROOT(test_address_space_limit),
        IN_ROOT(test_cpu_model),
        IN_ROOT(test_cpu_model_from_the_device_tree),
        IN_ROOT(test_hostile_cpu_models),
        IN_ROOT(test_load_average),
        IN_ROOT(test_thread_count),
        IN_ROOT(test_machine_cpu),
        IN_ROOT(test_rubbish_of_machine_cpu),
        IN_ROOT(test_the_limit_of_files_is_raised),
        IN_ROOT(test_a_root_without_anything),
        IN_ROOT(test_this_machine),
        IN_ROOT(test_folders_in_the_place_of_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
