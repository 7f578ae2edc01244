#!/usr/bin/env python3
"""Each variable of libtrace(7) does what the manual page says."""
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

from harness import (COUNTS, check, check_equal, environment, finish, library, programs, report,
                     report_tool, require, run_traced, seen_counts, summary, traces)


def check_output(directory):
    """LIBTRACE_OUTPUT: every conversion."""
    started = time.time()
    pattern = f"{directory}/%e-%h-%t-%n-100%%.out"
    outcome = run_traced([programs / "zeroed"], directory, {"LIBTRACE_OUTPUT": pattern})
    check_equal(outcome.stderr, "", "output: stderr")
    names = [path.name for path in pathlib.Path(directory).glob("*.out")]
    found = re.fullmatch(r"zeroed-(.+)-(\d+)-(\d+)-100%\.out", names[0] if names else "")
    if check(found, f"output: file names {names}"):
        check_equal(found[1], os.uname().nodename, "output: %h")
        check(abs(int(found[2]) - started) < 10, f"output: %t is {found[2]}, it is {started}")
    run_traced([programs / "zeroed"], directory, {"LIBTRACE_OUTPUT": pattern})
    run_traced([programs / "zeroed"], directory, {"LIBTRACE_OUTPUT": f"{directory}/%n.out"})
    run_traced([programs / "zeroed"], directory, {"LIBTRACE_OUTPUT": f"{directory}/%n.out"})
    names = {path.name for path in pathlib.Path(directory).glob("?.out")}
    check_equal(names, {"1.out", "2.out"}, "output: %n")


def deepest(trace, directory):
    """Frames of the longest stack in a report."""
    shown = report(["--by", "traceback", "--allocated", "--top", "0", "--no-inline", "--format",
                    "json", trace], directory)
    return max(len(line["traceback"]) for line in json.loads(shown.stdout)["statistics"])


def check_depth(directory):
    """LIBTRACE_DEPTH: no stack is deeper, and the summary says how many were cut."""
    for depth, is_cut in ((1, True), (50, True), (1024, False)):
        for old in traces(directory):
            old.unlink()
        run_traced([programs / "recursion"], directory, {"LIBTRACE_DEPTH": depth})
        (trace,) = traces(directory)
        totals = summary(trace, directory)["summary"]
        check_equal(totals["cut_stacks"] > 0, is_cut, f"depth {depth}: cut stacks")
        frames = deepest(trace, directory)
        check(frames == depth if is_cut else 200 < frames < 250,
              f"depth {depth}: {frames} frames in a stack")


def check_start(directory):
    """LIBTRACE_START=0: nothing is recorded but what the program asks for."""
    outcome = run_traced([programs / "controlled"], directory, {"LIBTRACE_START": 0})
    check_equal(outcome.status, 0, "start: exit status")
    (trace,) = traces(directory)
    check_equal(seen_counts(trace, directory), outcome.counts, "start: counts")
    shown = report(["--at", "half", trace], directory)
    check("200 B live in 1 block" in shown.stdout, f"start: snapshot: {shown.stdout}{shown.stderr}")
    trace.unlink()
    outcome = run_traced([programs / "zeroed"], directory, {"LIBTRACE_START": 0})
    for trace in traces(directory):
        check_equal(seen_counts(trace, directory), dict.fromkeys(COUNTS, 0), "never started: counts")
        trace.unlink()


def check_children(directory):
    """LIBTRACE_CHILDREN: one trace for each process, or one for the first alone."""
    script = "(exit 0); /bin/true; exit 3"
    for follows, least, most in ((1, 2, 4), (0, 1, 1)):
        for old in traces(directory):
            old.unlink()
        outcome = run_traced(["bash", "-c", script], directory, {"LIBTRACE_CHILDREN": follows})
        check_equal(outcome.status, 3, f"children {follows}: exit status")
        check_equal(outcome.stderr, "", f"children {follows}: stderr")
        count = len(traces(directory))
        check(least <= count <= most, f"children {follows}: {count} traces")


def check_snapshot_signal(directory):
    """LIBTRACE_SNAPSHOT_SIGNAL: a snapshot each time, and the program notices nothing."""
    process = subprocess.Popen(
        [programs / "controlled", "pause"], cwd=directory, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, bufsize=1,
        env=environment(LD_PRELOAD=library, LIBTRACE_OUTPUT=f"{directory}/t.%p.trace",
                        LIBTRACE_SNAPSHOT_SIGNAL="SIGUSR2"))
    process.stdout.readline()
    for _ in range(2):
        process.send_signal(signal.SIGUSR2)
        time.sleep(0.2)
    try:
        process.stdin.write("\n")
        process.stdin.close()
    except BrokenPipeError:
        pass
    check_equal(process.wait(timeout=10), 0, "snapshot signal: exit status")
    (trace,) = traces(directory)
    for moment in ("#1", "#2"):
        shown = report(["--at", moment, trace], directory)
        check("20 B live in 1 block" in shown.stdout,
              f"snapshot signal: {moment}: {shown.stdout}{shown.stderr}")
    shown = report([trace], directory)
    check("50 B live in 2 blocks" in shown.stdout, f"snapshot signal: at end: {shown.stdout}")


def snapshots(trace, directory):
    """The rows of --snapshots, without the last one, which is the end."""
    shown = report(["--snapshots", "--format", "json", trace], directory)
    rows = json.loads(shown.stdout)["snapshots"]
    check(rows[-1]["number"] is None and rows[-1]["name"] == "end", f"no end in {rows}")
    return rows[:-1]


def check_snapshots_by_size(directory):
    """LIBTRACE_SNAPSHOT_EVERY=SIZE: one as soon as so much more was allocated, no sooner."""
    outcome = run_traced([programs / "steps"], directory, {"LIBTRACE_SNAPSHOT_EVERY": "10MiB"})
    (trace,) = traces(directory)
    rows = snapshots(trace, directory)
    names = [row["name"] for row in rows]
    expected = outcome.counts["bytes"] // (10 << 20)
    check_equal(names, [f"after {10 * (i + 1)} MiB" for i in range(expected)], "by size: names")
    for i, row in enumerate(rows):
        shown = report(["--allocated", "--at", f"#{i + 1}", "--format", "json", trace], directory)
        allocated = json.loads(shown.stdout)["total"]["size"]
        # the program waits two ticks of any kernel's clock after each MiB
        check((i + 1) * (10 << 20) <= allocated <= (i + 1) * (10 << 20) + (1 << 20),
              f"by size: {row} after {allocated}")


def check_snapshots_by_time(directory):
    """LIBTRACE_SNAPSHOT_EVERY=TIME: at the first event after each, however late it comes."""
    run_traced([programs / "steps"], directory, {"LIBTRACE_SNAPSHOT_EVERY": "0.1s"})
    (trace,) = traces(directory)
    rows = snapshots(trace, directory)
    check(len(rows) >= 5, f"by time: {rows}")
    for row in rows:
        due = float(row["name"].removeprefix("after ").removesuffix(" s"))
        check(due <= row["time_s"], f"by time: too early: {row}")
        check(row["rss_bytes"] >= row["live_bytes"], f"by time: RSS: {row}")
    check_equal(len({row["name"] for row in rows}), len(rows), "by time: names")


def check_resident(directory):
    """Samples of the resident set: the program's own, at the same places."""
    outcome = run_traced([programs / "steps", "rss"], directory)
    (trace,) = traces(directory)
    rows = snapshots(trace, directory)
    own = [int(line) for line in outcome.stdout.split()]
    check_equal(len(rows), len(own), "rss: snapshots")
    for row, bytes_ in zip(rows, own):
        check(abs(row["rss_bytes"] - bytes_) < 1 << 20, f"rss: {row}, the program saw {bytes_}")
    totals = summary(trace, directory)["summary"]
    check(max(own) - (1 << 20) < totals["peak_rss_bytes"] < max(own) + (8 << 20),
          f"rss: peak {totals['peak_rss_bytes']}, the program saw {max(own)}")
    shown = report(["--timeline", "--format", "json", trace], directory)
    points = json.loads(shown.stdout)["timeline"]
    check_equal(max(point["peak_rss_bytes"] or 0 for point in points), totals["peak_rss_bytes"],
                "rss: peak of the timeline")
    check("RSS over time" in report(["--timeline", trace], directory).stdout, "rss: no chart")


def check_verbose(directory):
    """LIBTRACE_VERBOSE: a line at the start and one at the end, which name the trace."""
    outcome = run_traced([programs / "zeroed"], directory, {"LIBTRACE_VERBOSE": 1})
    (trace,) = traces(directory)
    lines = outcome.stderr.splitlines()
    check(len(lines) == 2 and all(line.startswith("libtrace: ") for line in lines),
          f"verbose: {outcome.stderr!r}")
    check(str(trace) in outcome.stderr, f"verbose: the trace is not named: {outcome.stderr!r}")


def main():
    require(library, report_tool, programs / "controlled")
    for test in (check_output, check_depth, check_start, check_children, check_snapshot_signal,
                 check_snapshots_by_size, check_snapshots_by_time, check_resident, check_verbose):
        with tempfile.TemporaryDirectory() as directory:
            print(test.__doc__)
            try:
                test(os.path.realpath(directory))
            except ValueError as error:  # not the one trace that there should be
                check(False, f"{test.__name__}: {error}")
    finish("settings")


main()
