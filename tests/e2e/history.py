#!/usr/bin/env python3
"""Programs with a known history: what the trace says equals what they did.

Each program in programs/ counts its own allocations. These counts, the trace's totals and valgrind's
"total heap usage" must be equal, number for number. Three things stand between them, and each is
measured, not guessed:

- What the runtime allocates for itself (a table of thread-local storage for each thread, libstdc++'s
  emergency pool) is in the trace and in valgrind's totals but unknown to the program. An idle run of
  the same program, which does everything but its own allocations, tells how much that is.
- A few calls mean something else to valgrind (see the table): they are compared without it.
- valgrind frees libc's own memory at exit unless told not to.
"""
import re
import shutil
import tempfile

from harness import (COUNTS, check, check_equal, finish, library, programs, report_tool, require, run,
                     run_traced, seen_counts, traces)

# name: (arguments for comparison with valgrind, or None with the reason; whether it has an idle
# mode; whether the program knows all of its counts, or only what is live at its end)
PROGRAMS = {
    "alignment": (["portable"], False, True),      # valgrind has no pvalloc
    "cxx_new": (["portable"], True, True),         # valgrind's operator new cannot throw
    "failed_resize": (None, False, True),          # valgrind counts a failed realloc as a success
    "failures": (["portable"], False, True),       # valgrind does not always set errno
    "libc_strings": ([], False, False),            # libc's own reallocs are not the program's to know
    "realloc_chain": ([], False, True),
    "recursion": ([], False, True),
    "threads": ([], True, True),
    "zeroed": ([], False, True),
}


def trace_counts(name, arguments):
    """Run a program traced. Returns its own counts and the trace's."""
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_traced([programs / name, *arguments], directory)
        check_equal(outcome.status, 0, f"{name}: exit status under libtrace.so")
        check_equal(outcome.stderr, "", f"{name}: stderr under libtrace.so")
        files = traces(directory)
        if not check_equal(len(files), 1, f"{name}: number of traces"):
            return outcome.counts, dict.fromkeys(COUNTS)
        return outcome.counts, seen_counts(files[0], directory)


def valgrind_counts(name, arguments):
    with tempfile.TemporaryDirectory() as directory:
        outcome = run(["valgrind", "--leak-check=no", "--run-libc-freeres=no",
                       "--run-cxx-freeres=no", programs / name, *arguments], directory)
        total = re.search(r"total heap usage: ([\d,]+) allocs, ([\d,]+) frees, ([\d,]+) bytes",
                          outcome.stderr)
        live = re.search(r"in use at exit: ([\d,]+) bytes in ([\d,]+) blocks", outcome.stderr)
        if not check(total and live, f"{name}: no totals from valgrind: {outcome.stderr}"):
            return dict.fromkeys(COUNTS)
        numbers = [int(text.replace(",", "")) for text in total.groups() + live.groups()]
        return dict(zip(("allocations", "frees", "bytes", "live_bytes", "live_blocks"), numbers))


def minus(counts, others):
    """What is left when the idle run's counts are taken off. Unknown numbers stay unknown."""
    return {name: None if None in (counts[name], others[name]) else counts[name] - others[name]
            for name in COUNTS}


def compare(name, judge, got, expected, fields):
    for field in fields:
        check_equal(got[field], expected[field], f"{name}: {field} against {judge}")


def main():
    require(library, report_tool, *(programs / name for name in PROGRAMS))
    has_valgrind = check(shutil.which("valgrind"), "valgrind is not installed")
    for name, (arguments, has_idle, knows_all) in PROGRAMS.items():
        nothing = dict.fromkeys(COUNTS, 0)
        idle = trace_counts(name, ["idle"])[1] if has_idle else nothing
        own, seen = trace_counts(name, [])
        compare(name, "the program", minus(seen, idle), own, COUNTS if knows_all else COUNTS[3:])
        print(f"{name}: {seen['allocations']} allocations, {seen['frees']} frees, "
              f"{seen['bytes']} bytes")
        if arguments is not None and has_valgrind:
            valgrind_idle = valgrind_counts(name, ["idle"]) if has_idle else nothing
            seen = trace_counts(name, arguments)[1] if arguments else seen
            compare(name, "valgrind", minus(seen, idle),
                    minus(valgrind_counts(name, arguments), valgrind_idle), COUNTS)
            # Without its bytes, even the runtime's part is the same in both.
            compare(name, "valgrind, idle", idle, valgrind_idle, ("allocations", "frees"))
    finish("history")


main()
