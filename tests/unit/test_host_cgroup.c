/* What control groups allow, from recorded /proc and group files: every arrangement that is met in
 * practice, and files that are missing or rubbish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/made_root.h"

static double quota(void)
{
    struct host_facts h;

    host_gather(&h);
    return h.cpu_quota;
}

#define assert_quota(wanted) assert_true(quota() == (wanted))
#define assert_no_quota() assert_true(quota() < 0)
#define assert_available(wanted) assert_true(host_memory_available_bytes() == (uint64_t)(wanted))

static void put_v2(const char *group)
{
    char line[256];

    snprintf(line, sizeof line, "0::%s\n", group);
    put("/proc/self/cgroup", line);
    put("/proc/self/mountinfo", "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                                "25 22 0:5 / /proc rw - proc proc rw\n"
                                "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 master:3 - cgroup2 "
                                "cgroup2 rw,nsdelegate\n");
}

static void put_v1(const char *group)
{
    char lines[512];

    snprintf(lines, sizeof lines, "9:name=systemd:/x\n5:cpuset:/y\n4:cpu,cpuacct:%s\n3:memory:%s\n",
             group, group);
    put("/proc/self/cgroup", lines);
    put("/proc/self/mountinfo",
        "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
        "31 30 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
        "32 30 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
        "33 30 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:7 - cgroup cgroup rw,cpu,cpuacct\n"
        "34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
}

static void put_v1_quota(const char *folder, const char *quota_us, const char *period_us)
{
    char path[512];

    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    put(path, quota_us);
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    put(path, period_us);
}

/* --- CPU quota --- */

static void test_quota_of_v2(void **state)
{
    (void)state;
    put_v2("/app");
    assert_no_quota();
    put("/sys/fs/cgroup/app/cpu.max", "150000 100000\n");
    assert_quota(1.5);
    put("/sys/fs/cgroup/app/cpu.max", "max 100000\n");
    assert_no_quota();
}

static void test_least_quota_of_all_levels_of_v2(void **state)
{
    (void)state;
    put_v2("/a/b/c");
    put("/sys/fs/cgroup/a/b/c/cpu.max", "400000 100000\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/a/cpu.max", "100000 50000\n");
    put("/sys/fs/cgroup/other/cpu.max", "1000 100000\n");
    assert_quota(2.0);
    put("/sys/fs/cgroup/cpu.max", "25000 100000\n"); /* a container's root may have a limit */
    assert_quota(0.25);
    put("/sys/fs/cgroup/a/b/c/cpu.max", "12500 100000\n");
    assert_quota(0.125);
}

static void test_quota_of_v1(void **state)
{
    (void)state;
    put_v1("/docker/abc");
    assert_no_quota();
    put_v1_quota("/sys/fs/cgroup/cpu,cpuacct", "-1\n", "100000\n");
    assert_no_quota();
    put_v1_quota("/sys/fs/cgroup/cpu,cpuacct/docker/abc", "300000\n", "100000\n");
    assert_quota(3.0);
    put_v1_quota("/sys/fs/cgroup/cpu,cpuacct/docker", "50000\n", "100000\n");
    assert_quota(0.5);
    /* The folder of another controller must not be taken for the cpu controller's. */
    put_v1_quota("/sys/fs/cgroup/cpuset/docker/abc", "1000\n", "100000\n");
    assert_quota(0.5);
}

static void test_quota_of_v1_in_a_container_that_sees_its_own_group(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "4:cpu,cpuacct:/docker/abc/sub\n");
    put("/proc/self/mountinfo",
        "33 30 0:30 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n");
    put_v1_quota("/sys/fs/cgroup/cpu", "200000\n", "100000\n");
    assert_quota(2.0);
    put_v1_quota("/sys/fs/cgroup/cpu/sub", "100000\n", "100000\n");
    assert_quota(1.0);
}

static void test_similar_names_are_not_the_mounted_group(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/docker/abcdef\n");
    put("/proc/self/mountinfo", "30 22 0:26 /docker/abc /one rw - cgroup2 cgroup2 rw\n"
                                "31 22 0:26 / /all rw - cgroup2 cgroup2 rw\n");
    put("/one/cpu.max", "10000 100000\n");
    put("/onedef/cpu.max", "10000 100000\n");
    put("/all/docker/abcdef/cpu.max", "700000 100000\n");
    assert_quota(7.0);
}

static void test_hybrid_takes_the_least_of_both(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "4:cpu:/v1\n0::/v2\n");
    put("/proc/self/mountinfo", "33 30 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                                "40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    put_v1_quota("/sys/fs/cgroup/cpu/v1", "200000\n", "100000\n");
    assert_quota(2.0);
    put("/sys/fs/cgroup/unified/v2/cpu.max", "300000 100000\n");
    assert_quota(2.0);
    put("/sys/fs/cgroup/unified/cpu.max", "100000 100000\n");
    assert_quota(1.0);
}

static void test_group_that_is_not_there_counts_what_is_above_it(void **state)
{
    (void)state;
    put_v2("/system.slice/docker-1234.scope");
    put("/sys/fs/cgroup/cpu.max", "250000 100000\n");
    assert_quota(2.5);
    put("/sys/fs/cgroup/system.slice/cpu.max", "200000 100000\n");
    assert_quota(2.0);
}

static void test_group_outside_of_what_is_mounted_counts_the_mount(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/../../elsewhere\n");
    put("/proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    put("/sys/elsewhere/cpu.max", "10000 100000\n"); /* where the dots would lead */
    assert_quota(0.5);
    put("/proc/self/cgroup", "0::/there\n");
    put("/proc/self/mountinfo", "30 22 0:26 /here /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    assert_quota(0.5);
}

static void test_paths_with_blanks(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/my group\n");
    put("/proc/self/mountinfo", "30 22 0:26 / /mnt/a\\040b\\134c rw - cgroup2 cgroup2 rw\n");
    put("/mnt/a b\\c/my group/cpu.max", "150000 100000\n");
    assert_quota(1.5);
}

static void test_mount_at_the_root_and_empty_source(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/g\n");
    put("/proc/self/mountinfo", "30 22 0:26 / / rw - cgroup2  rw\n");
    put("/g/cpu.max", "150000 100000\n");
    put("/cpu.max", "120000 100000\n");
    assert_quota(1.2);
}

/* What does not fit of a long line must not be taken for a line of its own. */
static void test_long_lines_before_the_one_that_counts(void **state)
{
    enum { FITS = 8191 };
    static char lines[40000];
    int length = snprintf(lines, sizeof lines, "29 1 0:50 / / rw - overlay overlay rw,lowerdir=");

    (void)state;
    memset(lines + length, 'x', 3 * FITS);
    snprintf(lines + 3 * FITS, 200,
             "28 22 0:26 / /evil rw - cgroup2 cgroup2 rw\n"
             "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"); /* no newline at the end */
    put("/proc/self/mountinfo", lines);
    put("/proc/self/cgroup", "0::/");
    put("/evil/cpu.max", "10000 100000\n");
    put("/sys/fs/cgroup/cpu.max", "150000 100000");
    assert_quota(1.5);
}

static void test_rubbish_is_no_quota(void **state)
{
    static const char *const rubbish[] = {"",
                                          "\n",
                                          "abc\n",
                                          "-5 100000\n",
                                          "100000\n",
                                          "100000 0\n",
                                          "0 0",
                                          "0 100000",
                                          "max",
                                          "max max\n",
                                          "100000 -100000",
                                          "99999999999999999999 1",
                                          " ",
                                          "1e5 1e5\n",
                                          "\x80\xff 1",
                                          "100000 x\n",
                                          "18446744073709551616 100000"};

    (void)state;
    put_v2("/g");
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        put("/sys/fs/cgroup/g/cpu.max", rubbish[i]);
        assert_no_quota();
    }
    put_v1("/g");
    put_v1_quota("/sys/fs/cgroup/cpu,cpuacct/g", "100000 rubbish\n", "100000\n");
    assert_no_quota();
    put_v1_quota("/sys/fs/cgroup/cpu,cpuacct/g", "100000\n", "0\n");
    assert_no_quota();
    put_v1_quota("/sys/fs/cgroup/cpu,cpuacct/g", "100000\n", "");
    assert_no_quota();
}

static void test_rubbish_in_proc_is_no_quota(void **state)
{
    static const char *const mounts[] = {
        "",
        "30 22 0:26\n",
        " - \n",
        " - cgroup2 cgroup2 rw\n",
        "30 22 0:26 / /sys/fs/cgroup rw cgroup2 cgroup2 rw\n",
        "30 22 0:26 / /sys/fs/cgroup rw - cgroup2\n",
        "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 \n",
        "30 22 0:26 x y rw - cgroup2 cgroup2 rw\n",
        "30 22 0:26 \\000 \\057\\ rw - cgroup2 cgroup2 rw\n",
    };
    static const char *const groups[] = {"", ":", "::", "0:", "0::", "0::x", "\n\n", "0::/g"};

    (void)state;
    put_v2("/g");
    put("/sys/fs/cgroup/g/cpu.max", "150000 100000\n");
    assert_quota(1.5);
    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
        put("/proc/self/mountinfo", mounts[i]);
        assert_no_quota();
    }
    put_v2("/g");
    for (size_t i = 0; i + 1 < sizeof groups / sizeof groups[0]; i++) {
        put("/proc/self/cgroup", groups[i]);
        assert_no_quota();
    }
    put("/proc/self/cgroup", groups[sizeof groups / sizeof groups[0] - 1]);
    assert_quota(1.5);
}

static void test_group_paths_that_are_too_long(void **state)
{
    static char line[7000];

    (void)state;
    put_v2("/");
    put("/sys/fs/cgroup/cpu.max", "150000 100000\n");
    memcpy(line, "0::/", 4);
    memset(line + 4, 'g', 6000);
    put("/proc/self/cgroup", line);
    assert_no_quota();
    for (size_t i = 4; i < 4000; i++) /* as long as a path may be, and as deep */
        line[i] = i % 2 == 0 ? 'g' : '/';
    line[4000] = '\0';
    put("/proc/self/cgroup", line);
    assert_quota(1.5);
}

/* --- Memory --- */

static void test_memory_of_v2(void **state)
{
    (void)state;
    put_v2("/a/b");
    put("/proc/meminfo", "MemAvailable: 9000 kB\n");
    put("/sys/fs/cgroup/a/b/memory.max", "max\n");
    put("/sys/fs/cgroup/a/b/memory.current", "700000\n");
    assert_available(9000 * 1024);
    put("/sys/fs/cgroup/a/b/memory.max", "1000000\n");
    assert_available(300000);
    put("/sys/fs/cgroup/a/b/memory.stat",
        "anon 5\nfile 600000\ninactive_file_x 7\ninactive_file 100000\nactive_file 500000\n");
    assert_available(400000);
    put("/sys/fs/cgroup/a/memory.max", "2000000\n"); /* shared with others, so less is left */
    put("/sys/fs/cgroup/a/memory.current", "1900000\n");
    assert_available(100000);
    put("/sys/fs/cgroup/a/memory.current", "2000001\n");
    assert_available(0);
}

static void test_memory_high_limits_as_well(void **state)
{
    (void)state;
    put_v2("/a");
    put("/sys/fs/cgroup/a/memory.high", "500000\n");
    put("/sys/fs/cgroup/a/memory.current", "100000\n");
    assert_available(400000);
    put("/sys/fs/cgroup/a/memory.max", "300000\n");
    assert_available(200000);
    put("/sys/fs/cgroup/a/memory.high", "max\n");
    assert_available(200000);
}

static void test_memory_of_v1(void **state)
{
    (void)state;
    put_v1("/docker/abc");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "123456\n");
    assert_available(HOST_UNKNOWN);
    put("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "1000000\n");
    put("/sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "900000\n");
    assert_available(100000);
    put("/sys/fs/cgroup/memory/docker/abc/memory.stat",
        "inactive_file 1\ntotal_inactive_file 50000\n");
    assert_available(150000);
    put("/sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "30000\n");
    assert_available(30000); /* its usage is unknown: the limit is the best that is known */
}

static void test_reclaimable_beyond_usage_frees_no_more_than_the_limit(void **state)
{
    (void)state;
    put_v2("/a");
    put("/sys/fs/cgroup/a/memory.max", "1000\n");
    put("/sys/fs/cgroup/a/memory.current", "500\n");
    put("/sys/fs/cgroup/a/memory.stat", "inactive_file 18446744073709551615\n");
    assert_available(1000);
}

static void test_folders_in_the_place_of_group_files(void **state)
{
    (void)state;
    put_v2("/g");
    put("/sys/fs/cgroup/g/cpu.max/x", "");
    put("/sys/fs/cgroup/g/memory.max/x", "");
    assert_no_quota();
    assert_available(HOST_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOT(test_quota_of_v2),
        IN_ROOT(test_least_quota_of_all_levels_of_v2),
        IN_ROOT(test_quota_of_v1),
        IN_ROOT(test_quota_of_v1_in_a_container_that_sees_its_own_group),
        IN_ROOT(test_similar_names_are_not_the_mounted_group),
        IN_ROOT(test_hybrid_takes_the_least_of_both),
        IN_ROOT(test_group_that_is_not_there_counts_what_is_above_it),
        IN_ROOT(test_group_outside_of_what_is_mounted_counts_the_mount),
        IN_ROOT(test_paths_with_blanks),
        IN_ROOT(test_mount_at_the_root_and_empty_source),
        IN_ROOT(test_long_lines_before_the_one_that_counts),
        IN_ROOT(test_rubbish_is_no_quota),
        IN_ROOT(test_rubbish_in_proc_is_no_quota),
        IN_ROOT(test_group_paths_that_are_too_long),
        IN_ROOT(test_memory_of_v2),
        IN_ROOT(test_memory_high_limits_as_well),
        IN_ROOT(test_memory_of_v1),
        IN_ROOT(test_reclaimable_beyond_usage_frees_no_more_than_the_limit),
        IN_ROOT(test_folders_in_the_place_of_group_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
