#!/usr/bin/env python3
"""The C API, from C and from C++: the programs compare every answer with what they know themselves;
here the report is compared with that, too."""
import os
import tempfile

from harness import (check, check_equal, finish, library, programs, report, report_tool, require,
                     run, run_traced, seen_counts, summary, traces)

PROGRAMS = ("api", "api_cxx", "api_fixed")


def check_plain(program, directory):
    """Without libtrace.so: every function is there, and does nothing."""
    outcome = run([programs / program, "plain"], directory)
    check_equal((outcome.status, outcome.stdout, outcome.stderr), (0, "", ""), f"{program} plain")


def check_traced(program, directory):
    """With libtrace.so: the program's own sums, and after a clear nothing from before."""
    outcome = run_traced([programs / program, "traced"], directory)
    check_equal((outcome.status, outcome.stderr), (0, ""), f"{program} traced")
    pid = max(traces(directory), key=lambda path: path.stat().st_size)
    seen = seen_counts(pid, directory)
    if check(outcome.counts, f"{program}: it did not print its counts"):
        for name in ("live_blocks", "live_bytes"):
            check_equal(seen[name], outcome.counts[name], f"{program}: {name} at end")
    check_equal(summary(pid, directory)["summary"]["clears"], 3, f"{program}: clears")
    shown = report(["--at", "before", "--by", "size", pid], directory)
    check("<size 121 KiB>" in shown.stdout or "123456" in shown.stdout or "121 KiB" in shown.stdout,
          f"{program}: the snapshot before the clear: {shown.stdout}{shown.stderr}")
    shown = report(["--allocated", "--top", "0", pid], directory)
    check("121 KiB" not in shown.stdout, f"{program}: cleared, and yet allocated: {shown.stdout}")


def main():
    require(library, report_tool, *[programs / program for program in PROGRAMS])
    for program in PROGRAMS:
        for test in (check_plain, check_traced):
            with tempfile.TemporaryDirectory() as directory:
                test(program, os.path.realpath(directory))
    finish("api")


main()
