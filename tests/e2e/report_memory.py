#!/usr/bin/env python3
"""Memory of trace-report follows call sites, not events: a trace of six times as many events of the
same 50,000 sites takes it hardly more memory, and 64 MiB are enough."""
import os
import resource
import subprocess
import tempfile

from harness import build, check, check_equal, environment, finish, report_tool, require, run_traced, traces

MANY_SITES = build / "tests" / "bench" / "many_sites"
MOST_BYTES = 64 << 20
CALLS = (400_000, 2_400_000)
REPORTS = (["--top=0"], ["--at=peak", "--by=traceback"], ["--timeline"], ["--lifetimes"],
           ["--temporary", "--by=size"], ["--growth"])


def most_memory(arguments, directory):
    """Return the largest resident set of a trace-report, in bytes."""
    process = subprocess.Popen([report_tool, *arguments], cwd=directory, env=environment(),
                               stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    check_equal(process.returncode, 0, f"trace-report {arguments}")
    return usage.ru_maxrss << 10


def check_limit(trace, directory):
    """A report that runs into a limit says so, names it, and says what helps."""
    told = 0
    for mib in range(4, 33):
        size = mib << 20
        outcome = subprocess.run([report_tool, "--by=traceback", trace], cwd=directory, env=environment(),
                                 capture_output=True, text=True, check=False,
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size)))
        if outcome.returncode == 0:
            break
        if outcome.stderr.startswith("trace-report: "):  # else the loader had not even room for libraries
            advice = "memory is limited to " + (f"{size >> 10} KiB" if mib < 10 else f"{mib}.0 MiB")
            check("no memory" in outcome.stderr and advice in outcome.stderr
                  and "ulimit -v unlimited" in outcome.stderr, f"{mib} MiB: {outcome.stderr}")
            told += 1
    check(told > 0, "no report ran out of memory")


def main():
    require(MANY_SITES, report_tool)
    with tempfile.TemporaryDirectory() as directory:
        recorded = []
        for calls in CALLS:
            outcome = run_traced([MANY_SITES, calls, 4], directory,
                                 {"LIBTRACE_OUTPUT": f"{directory}/t.{calls}.trace"})
            check_equal(outcome.status, 0, f"{calls} calls under libtrace.so")
            recorded.append(f"{directory}/t.{calls}.trace")
        check_equal(len(traces(directory)), len(CALLS), "traces")
        for options in REPORTS:
            few, many = (most_memory([*options, trace], directory) for trace in recorded)
            print(f"{' '.join(options)}: {few >> 10} KiB, then {many >> 10} KiB")
            if "--growth" not in options:  # it notes up to 64 levels of each site, if they change
                # half as much again, of six times the events: sites whose blocks get to more different ages
                check(many <= few * 3 // 2, f"{options}: memory grows with events")
            check(many <= MOST_BYTES, f"{options}: more than 64 MiB")
        check_limit(recorded[1], directory)
    finish("memory of trace-report")


main()
