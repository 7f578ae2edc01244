#!/usr/bin/env python3
"""No event has become dearer: instructions under callgrind, against recorded bounds.

Takes the build directory. Each program runs plain and traced, for few rounds and for many; the
difference of the differences is what the tracer adds to one round, start and end left out. Counts
repeat to a few in a thousand whatever else the machine does. They leave out the kernel. valgrind shows
no vDSO, so it is a tracer whose clock stands still that is counted (still_clock.c).

Whoever makes an event cheaper lowers the bound in the same change; a bound is raised with a reason.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
FEW, MANY = 16_384, 49_152
SPREAD = 1.02  # compilers' patch releases differ by less

# program, its second argument, instructions that the tracer may add to a pair of an allocation and a free
BOUNDS = (
    ("pairs", 20, 245),
    ("recursion", 20, 783),
    ("sizes", 1, 350),
)

build = pathlib.Path(sys.argv[1]).resolve()


def instructions(program, rounds, argument, variables, directory):
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}",
               build / "tests" / "bench" / program, str(rounds), str(argument)]
    done = subprocess.run(command, env={**os.environ, **variables}, cwd=directory, check=True,
                          capture_output=True, text=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def added(program, argument, directory):
    """Instructions that the tracer adds to one round."""
    traced = {"LD_PRELOAD": str(build / "lib" / "libtrace-still.so"), "LIBTRACE_OUTPUT": f"{directory}/%p.trace"}
    counts = [[instructions(program, rounds, argument, variables, directory) for rounds in (FEW, MANY)]
              for variables in ({}, traced)]
    (plain_few, plain_many), (traced_few, traced_many) = counts
    return (traced_many - traced_few - (plain_many - plain_few)) / (MANY - FEW)


def main():
    if shutil.which("valgrind") is None:
        print("skipped: no valgrind")
        sys.exit(SKIPPED)
    is_within = True
    with tempfile.TemporaryDirectory() as directory:
        for program, argument, bound in BOUNDS:
            count = added(program, argument, directory)
            is_good = count <= bound * SPREAD
            is_within = is_within and is_good
            print(f"{program} {argument}: {count:.0f} instructions a pair, bound {bound}: "
                  f"{'good' if is_good else 'FAILED: dearer than it was'}")
    sys.exit(0 if is_within else 1)


main()
