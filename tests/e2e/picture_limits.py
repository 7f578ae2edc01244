#!/usr/bin/env python3
"""Heap pictures where something is scarce or refused: one word about it, and the rest is as it ever is.

A thousand in one process (a hundred, unless it is tests/run.sh --all); memory that was never touched; where
nobody may trace; a full disk; and blocks so young that a register alone may know them.
"""
import json
import os
import subprocess
import tempfile

from harness import (IS_ALL, build, check, check_equal, finish, library, programs, report, require, run, run_traced,
                     traces)
from pictures import STILL, read_picture

MANY = 1000 if IS_ALL else 100
TRIES = 10  # as limited.c has it
LIMITED = programs / "limited"
LEAKS = build / "tests" / "leaks"
UNKNOWN = "The registers of other threads are not known"


def words(line):
    parts = line.split()
    return {name: int(value) for name, value in zip(parts[::2], parts[1::2])}


def check_many():
    """All are exact, and nothing is left of them: no zombie but the last, no descriptor, no memory."""
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_traced([LIMITED, "many", MANY], directory)
        check_equal((outcome.status, outcome.stderr), (0, ""), "many: status, stderr")
        left = words(outcome.stdout)
        check_equal((left["mappings"], left["descriptors"]), (0, 0), "many: what is left of pictures")
        check(left["children"] <= 1, f"many: {outcome.stdout}")
        (trace,) = traces(directory)
        expected = None
        longest = 0
        for which in range(1, MANY + 1):
            picture = read_picture(trace, which)
            if not check(picture is not None, f"many: picture {which} is not whole"):
                break
            expected = expected or picture.blocks
            check_equal((picture.blocks, picture.lost), (expected, 0), f"many: blocks of picture {which}")
            longest = max(longest, picture.end["pause_us"])
        check(sorted(size for _, size in expected.values() if size <= 1000)[:1000:250] == [1, 251, 501, 751],
              "many: the blocks that are kept")
        print(f"many: {MANY} pictures of {len(expected)} blocks; held up for {longest / 1000} ms at most")


def check_untouched():
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_traced([LIMITED, "untouched"], directory)
        check_equal((outcome.status, outcome.stderr), (0, ""), "untouched: status, stderr")
        seen = words(outcome.stdout)
        check(seen["faults"] < seen["pages"] / 20, f"untouched: pages are read in: {outcome.stdout}")
        check_equal(seen["file"], 0, "untouched: blocks of a file that were read in")
        picture = read_picture(traces(directory)[0])
        sizes = {number: size for number, (_, size) in picture.blocks.items()}
        small = next(number for number, size in sizes.items() if size == 77)
        huge = next(number for number, size in sizes.items() if size == 1 << 30)
        check((huge, 0) in picture.incoming[small], "untouched: the pointer in the page that was touched")
        print(f"untouched: {outcome.stdout.strip()}")


def run_refused(command, directory):
    """Run a program where ptrace fails."""
    return run([LIMITED, "refused", *command], directory,
               {"LIBTRACE_OUTPUT": f"{directory}/t.%p.trace", "PRELOAD": library, "LIBTRACE_PICTURE": "exit"})


def leaks(trace, directory, *arguments):
    outcome = report(["--leaks", "--format", "json", *arguments, trace], directory)
    check_equal(outcome.status, 0, f"--leaks {trace}: {outcome.stderr}")
    return json.loads(outcome.stdout)["heap"]


def check_refused():
    """Stacks alone count: a block that only another thread's stack knows is not lost."""
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_refused([LEAKS / "thread_stack"], directory)
        check_equal((outcome.status, outcome.stderr), (0, ""), "refused: status, stderr")
        (trace,) = traces(directory)
        picture = read_picture(trace)
        check_equal((picture.head["flags"] & STILL, picture.head["threads"]), (0, 2), "refused: still, threads")
        kept = next(number for number, (_, size) in picture.blocks.items() if size == 110)
        check(("@stack", 0) in picture.incoming[kept], f"refused: who refers: {picture.incoming[kept]}")
        heap = leaks(trace, directory)
        check_equal(heap["pictures"][0]["registers_known"], False, "refused: what the report says")
        check_equal(heap["classes"]["definite"]["count"], 0, "refused: lost blocks")
        check(UNKNOWN in report(["--leaks", trace], directory).stdout, "refused: --leaks says nothing")
    with tempfile.TemporaryDirectory() as directory:
        run_traced([LEAKS / "thread_stack"], directory, {"LIBTRACE_PICTURE": "exit"})
        (trace,) = traces(directory)
        check(leaks(trace, directory)["pictures"][0]["registers_known"], "allowed: registers are not known")
        check(UNKNOWN not in report(["--leaks", trace], directory).stdout, "allowed: --leaks says otherwise")


def check_full():
    """The disk is full in the middle of a picture: a word, an incomplete picture, and a trace that is whole."""
    blocks = 300000  # whose picture takes 3 MB, and their events 1 MB
    with tempfile.TemporaryDirectory() as directory:
        mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", directory],
                                                       check=False, capture_output=True).returncode == 0
        if not mounted:
            print("full: no file system can be mounted here")
            return
        try:
            outcome = run_traced([build / "tests" / "bench" / "heap_picture", blocks, 1], directory)
            check_equal((outcome.status, outcome.stderr),
                        (0, "libtrace: a heap picture is not whole: its writer was ended, or had no memory or disk "
                            "left\n"), "full: status, stderr")
            (trace,) = traces(directory)
            text = report(["--leaks", trace], directory)
            check_equal((text.status, "It is incomplete" in text.stdout), (0, True), f"full: {text.stdout[:300]}")
            summary = json.loads(report(["--format", "json", trace], directory).stdout)["summary"]
            check_equal(summary["lost_events"], 0, "full: events")
            check_equal(summary["live_blocks"] >= blocks, True, f"full: blocks: {summary}")
        finally:
            subprocess.run(["umount", directory], check=True)


def check_young():
    """Where threads run on, what is lost was young once, in the pictures that came in time."""
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_refused([LIMITED, "young"], directory)
        check_equal((outcome.status, outcome.stderr), (0, ""), "young: status, stderr")
        (trace,) = traces(directory)
        early = [leaks(trace, directory, "--at", str(i))["classes"] for i in range(TRIES)]
        late = leaks(trace, directory, "--at", "late")["classes"]
        check(any(classes["young"]["size"] % 55 == 0 and classes["young"]["size"] > 0 for classes in early),
              f"young: no block is ever young: {early}")
        check_equal((late["young"]["count"], late["definite"]["size"]), (0, TRIES * 55), "young: late, young and lost")
        print(f"young: {[classes['young']['count'] for classes in early]}, then {late['definite']['count']} lost")
    with tempfile.TemporaryDirectory() as directory:
        run_traced([LIMITED, "young"], directory)
        early = [leaks(traces(directory)[0], directory, "--at", str(i))["classes"] for i in range(TRIES)]
        check(all(classes["young"]["count"] == 0 for classes in early), "young: though registers are known")


def main():
    require(library, LIMITED, LEAKS / "thread_stack")
    check_many()
    check_untouched()
    check_refused()
    check_full()
    check_young()
    finish("picture limits")


if __name__ == "__main__":
    main()
