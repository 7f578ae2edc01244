#!/usr/bin/env python3
"""What is said of functions that the linker folds into one, and of those that jump where others call.

Folded ones (--icf=all of gold, lld and mold) share their code, so whichever the debug information tells of
has the blocks of all: the report agrees with addr2line on which. A function that ends in a tail call is in no
stack: gdb does not have it either, and the block belongs to the function that called it.
"""
import json
import pathlib
import shutil
import subprocess
import tempfile

from answers import addr2line_answers
from binaries import output
from harness import check, check_equal, finish, library, report, require, run_traced, skip, traces

SOURCE = pathlib.Path(__file__).parent / "programs" / "linker_tricks.c"
LINKERS = {"bfd": "ld.bfd", "gold": "ld.gold", "lld": "ld.lld", "mold": "mold"}


def build(linker, directory):
    """The program's path, or None where this linker is not here."""
    if shutil.which(LINKERS[linker]) is None:
        return None
    path = f"{directory}/{linker}"
    folding = [] if linker == "bfd" else ["-Wl,--icf=all"]
    done = subprocess.run(["gcc", "-O2", "-g", "-ffunction-sections", str(SOURCE), f"-fuse-ld={linker}", *folding,
                           "-o", path], check=False, stderr=subprocess.DEVNULL)
    return path if done.returncode == 0 else None


def address_of(path, function):
    for line in output("nm", path).splitlines():
        if line.endswith(f" {function}"):
            return int(line.split()[0], 16)
    return None


def functions_of(trace, directory):
    """By size: the functions of the stack, innermost first."""
    outcome = report(["--by", "traceback", "--allocated", "--top", "0", "--format", "json", trace], directory)
    check_equal(outcome.status, 0, outcome.stderr)
    return {line["size"]: [frame["function"] for frame in reversed(line["traceback"])]
            for line in json.loads(outcome.stdout)["statistics"]}


def check_linker(linker, directory):
    path = build(linker, directory)
    if path is None:
        print(f"{linker}: not here")
        return
    outcome = run_traced([path], directory)
    check_equal(outcome.status, 0, outcome.stderr)
    seen = functions_of(traces(directory)[0], directory)
    twins = [address_of(path, "first_twin"), address_of(path, "second_twin")]
    is_folded = twins[0] == twins[1]
    check_equal(is_folded, linker != "bfd", f"{linker}: folded")
    if is_folded:
        addr2line = addr2line_answers(path, [twins[0]])[0][0][0]
        stacks = [stack for size, stack in seen.items() if size in (1001, 2001, 3002)]
        check(stacks and all(stack[0] == addr2line for stack in stacks), f"{linker}: {seen}, addr2line {addr2line}")
    else:
        check_equal([seen[1001][0], seen[2001][0]], ["first_twin", "second_twin"], linker)
    check_equal(seen[3000][:2], ["calls_it", "main"], f"{linker}: a tail call")
    print(f"{linker}: {'folded' if is_folded else 'not folded'}")


def main():
    require(library)
    if shutil.which("gcc") is None or shutil.which("addr2line") is None:
        skip("needs gcc and binutils")
    for linker in LINKERS:
        with tempfile.TemporaryDirectory() as directory:
            check_linker(linker, directory)
    finish("folded functions and tail calls")


if __name__ == "__main__":
    main()
