#!/usr/bin/env python3
"""Whole programs, run without and with libtrace.so; what they leave and say must be the same.

    run.py <build directory> [<program> ...]

Each function of programs.py does a program's work in an empty directory and returns what must not
depend on the tracer: test results, checksums, exit codes. Afterwards all traces of the run are read
at once: none may be damaged, and no event lost. A program that is not installed is skipped with a
word. Takes a quarter of an hour: tests/run.sh does it with --all.
"""
import json
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import programs  # noqa: E402
from harness import check, check_equal, environment, finish, library, report, report_tool, require  # noqa: E402

MAY_BE_LOST = 0


def work(program, directory, is_traced):
    """Returns what the program's function returns, the seconds, and the directory of the traces."""
    place = pathlib.Path(directory) / ("traced" if is_traced else "plain")
    traces = place / "traces"
    (place / "work").mkdir(parents=True)
    traces.mkdir()
    for path in (pathlib.Path(directory), place, place / "work", traces):
        path.chmod(0o777)  # some programs change their user
    variables = {"LANG": "C.UTF-8", "HOME": str(place / "work")}
    if is_traced:
        variables.update(LD_PRELOAD=str(library), LIBTRACE_OUTPUT=f"{traces}/%e.%p.%n.trace")
    begin = time.monotonic()
    result = program(place / "work", environment(**variables))
    return result, time.monotonic() - begin, traces


def check_traces(name, traces):
    files = sorted(traces.iterdir())
    if not check(files, f"{name}: no trace"):
        return "no trace"
    outcome = report(["--summary", "--format", "json", *files], traces)
    if not check_equal(outcome.status, 0, f"{name}: trace-report: {outcome.stderr[-500:]}"):
        return "not readable"
    totals = json.loads(outcome.stdout)["summary"]
    check(totals["lost_events"] <= MAY_BE_LOST, f"{name}: {totals['lost_events']} events lost")
    check_equal(totals["unwind_corrections"], 0, f"{name}: unwinder corrected")
    return (f"{len(files)} traces, {sum(file.stat().st_size for file in files) >> 10} KiB, "
            f"{totals['allocations']} allocations, {totals['unknown_frees']} unknown and "
            f"{totals['implied_frees']} implied frees")


def check_program(name):
    program, needs = programs.PROGRAMS[name]
    missing = [path for path in needs if not os.path.exists(path)]
    if missing:
        print(f"{name}: skipped: {missing[0]} is not there")
        return
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o777)
        plain, plain_seconds, _ = work(program, directory, False)
        traced, seconds, traces = work(program, directory, True)
        for key in sorted(plain.keys() | traced.keys()):
            check_equal(traced.get(key), plain.get(key), f"{name}: {key}")
        check(plain, f"{name}: nothing to compare")
        print(f"{name}: {plain_seconds:.1f} s, traced {seconds:.1f} s; {check_traces(name, traces)}",
              flush=True)


def main():
    require(library, report_tool)
    for name in sys.argv[2:] or programs.PROGRAMS:
        check_program(name)
    finish("real programs")


main()
