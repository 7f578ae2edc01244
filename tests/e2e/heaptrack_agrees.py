#!/usr/bin/env python3
"""The same programs under heaptrack: as many allocations, the same peak, as much left at the end.

heaptrack brings libstdc++ into every program, whose pool counts as an allocation then; that it is
nothing else, a program that allocates hardly anything shows. heaptrack prints three digits: numbers
are equal if they print alike. It loses track of failed and of empty reallocations, so the program
that is about those is not here, and a peak of several threads depends on their timing.
"""
import pathlib
import re
import shutil
import tempfile

from harness import check, check_equal, finish, programs, run, run_traced, skip, summary, traces

POOL_BYTES = 72704
UNITS = {"B": 1, "K": 1e3, "M": 1e6, "G": 1e9}
# program: has the peak to be the same?
PROGRAMS = {"growing": True, "recursion": True, "zeroed": True, "threads": False}


def seen_by_heaptrack(program, directory):
    """Return (allocations, (digits, unit) of the peak, the same of what is left)."""
    run(["heaptrack", "-o", f"{directory}/heaptrack", program], directory)
    (data,) = pathlib.Path(directory).glob("heaptrack.*")
    text = run(["heaptrack_print", data], directory).stdout
    calls = int(re.search(r"^calls to allocation functions: (\d+)", text, re.M).group(1))
    sizes = [re.search(rf"^{name}: ([\d.]+)([BKMG])", text, re.M).groups()
             for name in ("peak heap memory consumption", "total memory leaked")]
    return calls, *sizes


def seen_here(program, directory):
    run_traced([program], directory)
    totals = summary(traces(directory)[0], directory)["summary"]
    return totals["allocations"], totals["peak_bytes"], totals["live_bytes"]


def prints_as(number, size):
    """Would heaptrack print the number so?"""
    digits, unit = size
    decimals = len(digits.partition(".")[2])
    return abs(number / UNITS[unit] - float(digits)) <= 0.5001 * 10 ** -decimals


def compare(program, has_peak):
    """Return how many allocations more heaptrack has seen."""
    with tempfile.TemporaryDirectory() as directory:
        calls, peak, left = seen_by_heaptrack(program, directory)
        own_calls, own_peak, own_left = seen_here(program, directory)
    check(not has_peak or prints_as(own_peak + POOL_BYTES, peak),
          f"{program}: peak {own_peak} and the pool, not {peak}")
    check(prints_as(own_left, left), f"{program}: {own_left} left, not {left}")
    return calls - own_calls


if shutil.which("heaptrack") is None or shutil.which("heaptrack_print") is None:
    skip("heaptrack is not installed")
more = compare(pathlib.Path("/bin/true"), True)
for name, has_peak in PROGRAMS.items():
    check_equal(compare(programs / name, has_peak), more, f"{name}: allocations that differ")
finish("heaptrack_agrees")
