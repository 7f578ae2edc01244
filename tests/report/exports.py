"""Random blocks as a trace, exported: what other tools would read must add up to the same blocks.

usage: exports.py TRACE_REPORT [SEED]
TRACE_REPORT takes its symbols from tables (tests/support/table_symbolizer.c).
"""
import collections
import os
import random
import re
import subprocess
import sys
import tempfile

import tracemalloc_parity

ROUNDS = 25


def export(report, directory, *arguments):
    result = subprocess.run([report, *arguments], cwd=directory, capture_output=True, check=False)
    if result.returncode != 0:
        raise AssertionError(f"{arguments}: exit {result.returncode}: {result.stderr}")
    return result.stdout


def stacks_of(blocks, weight):
    """Return the sum of weights for each stack, as flamegraph.pl names it."""
    sums = collections.Counter()
    for stack, size in blocks:
        sums[";".join(f"f{frame}" for frame in stack)] += weight(size)
    return +sums  # without those that have nothing


def read_folded(text):
    """Read as flamegraph.pl does: all up to the last blank is the stack."""
    sums = collections.Counter()
    for line in text.decode().splitlines():
        stack, number = re.fullmatch(r"(.*)\s+?(\d+)", line).groups()
        sums[stack] += int(number)
    return sums


def check_folded(report, rng, directory):
    case = tracemalloc_parity.Case(rng)
    case.write(directory)
    got = read_folded(export(report, directory, "--format", "folded", "t.trace"))
    assert got == stacks_of(case.blocks, lambda size: size), "sizes"
    got = read_folded(export(report, directory, "--format", "folded", "--sort", "count", "t.trace"))
    assert got == stacks_of(case.blocks, lambda size: 1), "counts"
    few = read_folded(export(report, directory, "--format", "folded", "--top", "3", "t.trace"))
    assert sum(few.values()) == sum(size for _, size in case.blocks), "--top"


def main():
    report = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2 ** 32)
    rng = random.Random(seed)
    print(f"exports: {ROUNDS} rounds, seed {seed}")
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(ROUNDS):
            check_folded(report, rng, directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
