#!/usr/bin/env python3
"""Programs that do not come to their end: the trace is complete all the same.

A program prints its counts and dies at once, of a signal, by abort() or _exit(): the report still
comes, tells whether the end was a normal one, and has the very counts. A program whose threads are
killed in the middle of their work, many times over: the report has at least what was counted before.
"""
import random
import signal
import tempfile
import time

from harness import (COUNTS, check, check_equal, finish, library, programs, report, report_tool,
                     require, run_traced, seen_counts, signal_name, traces)

KILLS = 10
THREADS = 3  # of killed.c

# how the program ends: (its status, whether the report is to call that a normal end)
ENDS = {
    "exit": (4, True),
    "_exit": (5, True),
    "kill": (-signal.SIGKILL, False),
    "abort": (-signal.SIGABRT, False),
    "crash": (-signal.SIGSEGV, False),
}
NOT_NORMAL = "did not end normally"


def summary_text(trace, directory):
    outcome = report(["--summary", trace], directory)
    check_equal(outcome.status, 0, f"trace-report --summary {trace}: {outcome.stderr}")
    return outcome.stdout + outcome.stderr


def check_end(end, status, is_normal):
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_traced([programs / "killed", end], directory)
        check_equal(signal_name(outcome.status), signal_name(status), f"{end}: exit status")
        files = traces(directory)
        if not check_equal(len(files), 1, f"{end}: number of traces"):
            return
        seen = seen_counts(files[0], directory)
        for name in COUNTS:
            check_equal(seen[name], outcome.counts[name], f"{end}: {name}")
        text = summary_text(files[0], directory)
        check((NOT_NORMAL not in text) == is_normal,
              f"{end}: the summary {'says' if is_normal else 'does not say'} '{NOT_NORMAL}': {text}")
        print(f"{end}: {signal_name(outcome.status)}, {seen['allocations']} allocations")


def check_kill_in_the_middle(delay):
    def kill_later(process):
        time.sleep(delay)
        process.kill()

    with tempfile.TemporaryDirectory() as directory:
        outcome = run_traced([programs / "killed", "endless"], directory, while_running=kill_later)
        check_equal(outcome.status, -signal.SIGKILL, "endless: exit status")
        seen = seen_counts(traces(directory)[0], directory)
        # The program counts an allocation after the call, a free before it: each thread may have
        # been killed between counting a free and making it.
        for name, ahead in (("allocations", 0), ("frees", THREADS), ("bytes", 0)):
            check((seen[name] or 0) >= outcome.counts[name] - ahead,
                  f"endless, killed after {delay:.3f} s: {name} {seen[name]}, but the program had "
                  f"counted {outcome.counts[name]}")
        if None not in seen.values():
            check_equal(seen["allocations"] - seen["frees"], seen["live_blocks"],
                        f"endless, killed after {delay:.3f} s: blocks that are left")
        check(NOT_NORMAL in summary_text(traces(directory)[0], directory),
              "endless: the summary does not say that it was killed")


def main():
    require(library, report_tool, programs / "killed")
    for end, (status, is_normal) in ENDS.items():
        check_end(end, status, is_normal)
    delays = random.Random(1)
    for _ in range(KILLS):
        check_kill_in_the_middle(delays.uniform(0.0, 0.3))
    print(f"endless: killed {KILLS} times")
    finish("kill")


main()
