#!/usr/bin/env python3
"""Every captured stack equals unw_backtrace() on the same spot, frame by frame.

libtrace-verify.so is libtrace.so with a switch on: it takes each stack a second time, with the
half of libunwind that libtrace.so does not use, and counts differences. Real programs, at least
a million captures.
"""
import pathlib
import re
import shutil
import tempfile

from harness import IS_ALL, build, check, check_equal, finish, programs, require, run

LEAST_CAPTURES = 1_000_000
verifier = build / "lib" / "libtrace-verify.so"

PYTHON = """
import json, re
def work(n):
    for i in range(n):
        table = {'key %d' % j: str(i * j) for j in range(10)}
        json.loads(json.dumps(table))
        re.sub('[0-9]+', lambda m: m.group() * 2, 'a1b22c333')
"""
PYTHON += f"work({20000 if IS_ALL else 10000})"
SQL = ("with recursive c(x) as (select 1 union all select x + 1 from c where x < 50000) "
       "select count(*), max(hex(x)) from c;")
PERL = "my %h; for my $i (1..20000) { $h{\"k$i\"} = [1..5]; } print scalar(keys %h), \"\\n\""
sample = pathlib.Path(__file__).with_name("symbols_sample.cpp")


def verified(outcome):
    """(stacks, differences) of all processes of a run."""
    found = re.findall(r"verified (\d+) stacks, (\d+) differences", outcome.stderr)
    return [sum(int(pair[i]) for pair in found) for i in (0, 1)]


def main():
    require(verifier, programs / "threads", programs / "recursion")
    total = 0
    with tempfile.TemporaryDirectory() as directory:
        for command in (["/usr/bin/python3.11", "-c", PYTHON], ["sqlite3", ":memory:", SQL],
                        ["perl", "-e", PERL], ["g++", "-std=c++17", "-O1", "-c", str(sample)],
                        ["git", "--no-pager", "help", "-a"], [programs / "threads"],
                        [programs / "recursion"]):
            name = str(command[0]).rsplit("/", 1)[-1]
            if shutil.which(command[0]) is None:
                print(f"{name}: not installed")
                continue
            outcome = run(command, directory, {"LD_PRELOAD": verifier, "PYTHONMALLOC": "malloc",
                                               "LIBTRACE_OUTPUT": f"{directory}/t.%p.trace"})
            stacks, differences = verified(outcome)
            check_equal(outcome.status, 0, f"{name}: exit status")
            check(stacks > 0, f"{name}: nothing was compared: {outcome.stderr}")
            check_equal(differences, 0, f"{name}: stacks that differ ({outcome.stderr})")
            print(f"{name}: {stacks} stacks")
            total += stacks
    check(total >= LEAST_CAPTURES, f"only {total} stacks")
    finish(f"{total} stacks verified")


main()
