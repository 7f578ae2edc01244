"""What the end-to-end tests share: where things are, how a program is run, how a trace is read.

Each test is a script that takes the build directory, says what it compares, and exits 0 when all
of it holds, 1 when something does not, 77 when it cannot be run here (ctest counts that as skipped).
"""
import fcntl
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

SKIPPED = 77
IS_ALL = os.environ.get("LIBTRACE_TEST_ALL") == "1"  # tests/run.sh --all: take the time it takes
RUN_SECONDS = 120
ORACLE_FD = 3
COUNTS = ("allocations", "frees", "bytes", "live_blocks", "live_bytes")

build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release").resolve()
library = build / "lib" / "libtrace.so"
report_tool = build / "bin" / "trace-report"
run_tool = build / "bin" / "trace-run"
programs = build / "tests" / "e2e"

# Answers about symbols are not kept: those of an earlier build must not be taken for this one's.
os.environ["XDG_CACHE_HOME"] = os.devnull

_failures = 0

# A program's counts go to its descriptor 3, so 3 is kept occupied here: nothing else may get it.
_null = fcntl.fcntl(os.open(os.devnull, os.O_RDWR), fcntl.F_DUPFD_CLOEXEC, 10)
os.dup2(_null, ORACLE_FD, inheritable=False)


def check(condition, text):
    """Count and print what does not hold. Returns the condition."""
    global _failures
    if not condition:
        _failures += 1
        print(f"FAILED: {text}")
    return condition


def check_equal(got, expected, text):
    return check(got == expected, f"{text}: {got!r}, expected {expected!r}")


def finish(what):
    """Print the verdict and exit."""
    print(f"{what}: {'all as expected' if _failures == 0 else f'{_failures} failed'}")
    sys.exit(1 if _failures else 0)


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


class Outcome:
    """A finished process: status (negative: the signal), stdout, stderr, and its oracle's lines."""

    def __init__(self, status, stdout, stderr, oracle):
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        self.oracle = [parse_counts(line) for line in oracle.splitlines(True) if line[-1] == "\n"]

    @property
    def counts(self):
        return self.oracle[-1] if self.oracle else None


def parse_counts(line):
    return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", line)}


def environment(**changes):
    """This process's environment without what would disturb a test; None removes a variable."""
    merged = {name: value for name, value in os.environ.items()
              if not name.startswith("LIBTRACE_") and name != "LD_PRELOAD"}
    merged.update({name: str(value) for name, value in changes.items() if value is not None})
    return merged


def run(command, directory, variables=None, stdin=None, while_running=None):
    """Run a command; the counts that it prints to its descriptor 3 are the outcome's oracle.

    while_running: called with the Popen object once the program has printed its first counts.
    """
    read_end, write_end = os.pipe()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(write_end, ORACLE_FD)
        os.close(write_end)
        process = subprocess.Popen([str(word) for word in command], cwd=directory, stdin=stdin,
                                   env=environment(**(variables or {})), stdout=out, stderr=err,
                                   pass_fds=(ORACLE_FD,))
        os.dup2(_null, ORACLE_FD, inheritable=False)
        oracle = b""
        if while_running:
            oracle = os.read(read_end, 65536)
            while_running(process)
        with os.fdopen(read_end, "rb") as pipe:
            oracle += pipe.read()
        status = process.wait(timeout=RUN_SECONDS)
        out.seek(0)
        err.seek(0)
        return Outcome(status, out.read().decode(errors="replace"),
                       err.read().decode(errors="replace"), oracle.decode())


def run_traced(command, directory, variables=None, **options):
    """Run a command under libtrace.so; what it writes is directory/t.*.trace unless told otherwise."""
    settings = {"LIBTRACE_OUTPUT": f"{directory}/t.%p.trace", "LD_PRELOAD": library}
    settings.update(variables or {})
    return run(command, directory, settings, **options)


def traces(directory):
    return sorted(pathlib.Path(directory).glob("t.*.trace"))


def report(arguments, directory):
    """Run trace-report. Returns the outcome."""
    return run([report_tool, *arguments], directory)


def summary(trace, directory):
    """The JSON object of a trace's summary; an empty one, and a failure, if there is none."""
    outcome = report(["--summary", "--format", "json", trace], directory)
    if check_equal(outcome.status, 0, f"trace-report --summary {trace}: {outcome.stderr}"):
        try:
            return json.loads(outcome.stdout)
        except ValueError as error:
            check(False, f"trace-report --summary {trace}: not JSON ({error})")
    return {"summary": {}, "trace": {}}


def seen_counts(trace, directory):
    """The counts of a trace under the oracle's names."""
    totals = summary(trace, directory)["summary"]
    names = dict(zip(COUNTS, ("allocations", "frees", "bytes_allocated", "live_blocks", "live_bytes")))
    return {name: totals.get(field) for name, field in names.items()}


def signal_name(status):
    return signal.Signals(-status).name if status < 0 else f"status {status}"


def require(*paths):
    """Fail at once when something was not built."""
    for path in paths:
        if not pathlib.Path(path).exists():
            print(f"FAILED: {path} is not there: build it first")
            sys.exit(1)
