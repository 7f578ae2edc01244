#!/usr/bin/env python3
"""Programs that nobody here wrote: python3.11, sqlite3, and a C++ program of many templates.

Totals are valgrind's. valgrind adds variables to the environment, which python copies, so of
python two runs of different length are compared: what the longer one allocates more.
The report names files and lines; of the call sites in the trace, 200 of each file with debug
information are looked up by us and by addr2line.
"""
import collections
import random
import re
import shutil
import subprocess
import tempfile

from answers import addr2line_answers, call_sites, llvm_answers, our_answers
from binaries import SAMPLE, debug_file, output, symbols_of
from harness import (check, check_equal, environment, finish, library, programs, report, report_tool,
                     require, run_traced, summary, traces)
from known_differences import Case, compare_answer

PYTHON = "/usr/bin/python3.11"
ADDRESSES = 200
LEAST_ALLOCATIONS = 1_000_000
TOTAL = re.compile(r"total heap usage: ([\d,]+) allocs, ([\d,]+) frees, ([\d,]+) bytes")

SCRIPT = """
kept = []
for i in range({rounds}):
    table = {{'key %d' % j: str(i * j) for j in range(10)}}
    if i % 100 == 0:
        kept.append(table)
    words = [str(n) for n in range(10)]
"""
SQL = """create table t(a integer primary key, b text);
with recursive c(x) as (select 1 union all select x + 1 from c where x < 20000)
insert into t select x, hex(x) from c;
create index i on t(b);
select count(*), max(b) from t;"""
PYTHON_VARIABLES = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}


def python(rounds):
    return [PYTHON, "-Sc", SCRIPT.format(rounds=rounds)]


def traced_totals(command, directory, variables):
    for old in traces(directory):
        old.unlink()
    outcome = run_traced(command, directory, variables)
    check_equal(outcome.status, 0, f"{command[0]}: exit status ({outcome.stderr})")
    totals = summary(traces(directory)[0], directory)["summary"]
    for field in ("lost_events", "unknown_frees", "implied_frees", "unwind_corrections"):
        check_equal(totals[field], 0, f"{command[0]}: {field}")
    return totals["allocations"], totals["bytes_allocated"]


def valgrind_totals(command, variables):
    done = subprocess.run(["valgrind", "--leak-check=no", "--run-libc-freeres=no", *command],
                          env=environment(**variables), text=True, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    found = TOTAL.search(done.stderr)
    return tuple(int(found[i].replace(",", "")) for i in (1, 3))


def check_totals(directory):
    if shutil.which("valgrind") is None:
        print("no valgrind: totals are not compared")
        return
    sqlite = ["sqlite3", ":memory:", SQL]
    check_equal(traced_totals(sqlite, directory, {}), valgrind_totals(sqlite, {}),
                "sqlite3: (allocations, bytes), expected is valgrind's")
    ours, theirs = (
        [long - short for short, long in zip(totals(python(100)), totals(python(400)))]
        for totals in (lambda command: traced_totals(command, directory, PYTHON_VARIABLES),
                       lambda command: valgrind_totals(command, PYTHON_VARIABLES)))
    check_equal(ours, theirs, "python3.11: (allocations, bytes) of 300 rounds, expected is valgrind's")
    print(f"valgrind agrees: python3.11 allocates {ours[0]} blocks, {ours[1]} bytes in 300 rounds")


def has_lines(path):
    return " .debug_line " in output("readelf", "-SW", path)


def check_call_sites(trace, label):
    """Compare call sites with addr2line. Returns how many."""
    compared = 0
    for path, addresses in sorted(call_sites(trace).items()):
        if not path.startswith("/"):
            continue  # the vdso
        oracle = debug_file(path) or path
        if not has_lines(oracle):
            continue
        chosen = sorted(random.Random(3).sample(addresses, min(ADDRESSES, len(addresses))))
        counts = collections.Counter()
        case = Case(llvm_answers(oracle, chosen), False, symbols_of(oracle))
        for case.address, case.ours, case.theirs in zip(
                chosen, our_answers(path, chosen), addr2line_answers(oracle, chosen)):
            check(compare_answer(case, counts),
                  f"{label} {path} {case.address:#x}:\n  ours      {case.ours}\n"
                  f"  addr2line {case.theirs}")
        print(f"{label}: {len(chosen)} call sites in {path}:",
              ", ".join(f"{count} {what}" for what, count in counts.most_common()))
        compared += len(chosen)
    return compared


def check_lines(trace, directory, pattern, label):
    """The report names source lines that match."""
    outcome = report(["--by", "lineno", "--allocated", "--top", "10", trace], directory)
    check_equal(outcome.status, 0, f"{label}: trace-report {outcome.stderr}")
    check(re.search(pattern + r":\d+: size=.*, count=\d+, average=", outcome.stdout),
          f"{label}: no line of {pattern} in\n{outcome.stdout}")


def check_program(command, variables, pattern, least, directory):
    label = command[0].rsplit("/", 1)[-1]
    count, _ = traced_totals(command, directory, variables)
    check(count >= least, f"{label}: only {count} allocations")
    trace = traces(directory)[0]
    if pattern:
        check_lines(trace, directory, pattern, label)
    return check_call_sites(trace, label)


def main():
    require(library, report_tool, programs / "addresses_tool", programs / "symbolize_tool")
    with tempfile.TemporaryDirectory() as directory:
        check_totals(directory)
        has_debug = debug_file(PYTHON) is not None
        compared = check_program(python(20000), PYTHON_VARIABLES,
                                 r"Objects/\w+\.c" if has_debug else None, LEAST_ALLOCATIONS, directory)
        compared += check_program(["sqlite3", ":memory:", SQL], {}, None, 10000, directory)
        sample = f"{directory}/sample"
        subprocess.run(["g++", "-std=c++17", "-O2", "-g", str(SAMPLE), "-o", sample], check=True)
        compared += check_program([sample], {}, r"symbols_sample\.cpp", 1, directory)
        check(compared >= ADDRESSES, f"only {compared} call sites compared")
    finish(f"real programs, {compared} call sites")


main()
