"""What the runners of the tests share: how a program of each variant is run, how what the sanitizers
and valgrind have to say is collected, and that no process outlives its runner. Standard library only."""

import functools
import os
import pathlib
import re
import signal
import subprocess
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent
# valgrind 3.19 knows no pidfd_open(2), says so in five lines, and answers ENOSYS, as an older kernel
# would: it is uvlab that has to get along without.
UNHEARD_OF = re.compile(r"^--\d+-- WARNING: unhandled amd64-linux syscall: 434\n(?:--\d+-- .*\n){4}", re.M)
NAMES = ("release", "debug", "asan", "tsan", "torture", "clang", "valgrind")

# How much longer than the release variant a test may take.
SLOWER = {"debug": 2, "asan": 3, "torture": 3, "tsan": 4, "valgrind": 15}


@functools.lru_cache(maxsize=None)
def _no_randomisation() -> tuple:
    """gcc 12's thread sanitizer cannot place its shadow memory where the kernel randomises addresses
    by more than 28 bits. Without randomisation it always can; some containers forbid to ask for that,
    and there it has to do without."""
    command = ("setarch", "-R")
    try:
        allowed = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        allowed = False
    return command if allowed else ()


_running = set()  # leaders of the process groups that were begun and are not known to have ended


def run_group(command: list, limit_s: float, **options) -> tuple:
    """Runs a command in a session of its own, in which all that it leaves behind is killed when its time
    is over, or the runner's. Returns the process, what it wrote (standard output and error), and
    whether it was in time."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             start_new_session=True, **options)
    _running.add(child.pid)
    try:
        return child, child.communicate(timeout=limit_s), True
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        return child, child.communicate(), False
    finally:
        _running.discard(child.pid)


def end_with_runner() -> None:
    """From now on, SIGINT, SIGTERM and SIGHUP end what run_group() has begun, and the runner."""
    def end(number: int, _frame) -> None:
        for leader in list(_running):
            try:
                os.killpg(leader, signal.SIGKILL)
            except ProcessLookupError:
                pass
        os._exit(128 + number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


class Variant:
    """Runs programs of one variant and collects the complaints of its checkers in a folder, so that
    they are seen whatever the test does with its standard error and its exit status."""

    def __init__(self, name: str):
        self.name = name
        self.factor = SLOWER.get(name, 1) * float(os.environ.get("UVLAB_TIMEOUT_FACTOR", "1"))
        self._folder = tempfile.TemporaryDirectory(prefix="uvlab-complaints.")
        # Tests give up root in the middle, and must still be able to complain.
        os.chmod(self._folder.name, 0o1777)
        self._log = os.path.join(self._folder.name, "log")

    def wrapper(self) -> list:
        """What is put before a program."""
        if self.name == "tsan":
            return list(_no_randomisation())
        if self.name == "valgrind":
            return ["valgrind", "--quiet", "--error-exitcode=97", "--leak-check=full",
                    "--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect",
                    "--fair-sched=yes", "--num-callers=30", "--child-silent-after-fork=no",
                    f"--suppressions={TESTS}/valgrind.supp", f"--log-file={self._log}.%p"]
        return []

    def environment(self) -> dict:
        """What is added to the environment. The exit statuses are none that uvlab has."""
        address = f"exitcode=99:log_path={self._log}:allocator_may_return_null=1:detect_leaks=1"
        if self.name in ("asan", "torture"):
            return {
                "ASAN_OPTIONS": address + ":detect_stack_use_after_return=1",
                "UBSAN_OPTIONS": f"print_stacktrace=1:exitcode=99:log_path={self._log}",
                "LSAN_OPTIONS": "exitcode=99",
            }
        if self.name == "tsan":
            return {"TSAN_OPTIONS": f"exitcode=98:log_path={self._log}:second_deadlock_stack=1"
                                    f":suppressions={TESTS}/tsan.supp"}
        return {}

    def complaints(self) -> str:
        """What the checkers wrote since this was called last."""
        text = ""
        for path in sorted(pathlib.Path(self._folder.name).iterdir()):
            text += path.read_text(errors="replace")
            path.unlink()
        return UNHEARD_OF.sub("", text).strip()
