#!/usr/bin/env python3
"""Names of code that a program makes while it runs: those of its /tmp/perf-PID.map, which is what perf reads.

The map goes into the trace when the program ends: it may be deleted then. A program that was killed could
not save it, so the report looks for it, and takes none that was written before the program began, or by
another user, or through a link.
"""
import json
import os
import shutil
import tempfile

from harness import check, check_equal, finish, programs, report, require, run_traced, skip, traces

OURS = ["jit::inner(int, char const*)", "jit_outer with spaces"]


def names_of(trace, directory):
    """Functions of the stack of 5000 bytes that are in a map, innermost first."""
    outcome = report(["--by", "traceback", "--top", "0", "--format", "json", trace], directory)
    check_equal(outcome.status, 0, outcome.stderr)
    check("perf-" not in outcome.stderr, f"the map is warned of: {outcome.stderr}")
    line = next(line for line in json.loads(outcome.stdout)["statistics"] if line["size"] == 5000)
    return [frame["function"] for frame in reversed(line["traceback"])
            if frame["module"] is None or "perf-" in frame["module"]]


def run(how, directory):
    """Returns the trace and the path of the map."""
    outcome = run_traced([programs / "jit", how], directory)
    if outcome.status == 77:
        skip("no memory may be writable and executable here")
    return traces(directory)[0], outcome.stdout.strip()


def check_saved(directory):
    trace, path = run("exit", directory)
    os.unlink(path)
    check_equal(sorted(names_of(trace, directory)), OURS, "the map that was saved")


def check_killed(directory):
    trace, path = run("kill", directory)
    try:
        check_equal(sorted(names_of(trace, directory)), OURS, "the map of a program that was killed")
        copy = f"{directory}/copy"
        shutil.copy2(path, copy)
        os.utime(path, (1, 1))
        check_equal(set(names_of(trace, directory)), {None}, "a map from before the program")
        os.unlink(path)
        os.symlink(copy, path)
        check_equal(set(names_of(trace, directory)), {None}, "a link to a map")
    finally:
        os.unlink(path)
    check_equal(set(names_of(trace, directory)), {None}, "no map")


def main():
    require(programs / "jit")
    for step in (check_saved, check_killed):
        with tempfile.TemporaryDirectory() as directory:
            step(directory)
    finish("code made at run time")


if __name__ == "__main__":
    main()
