#!/usr/bin/env python3
"""Names of roots: the function whose local keeps a block, as the program itself has it."""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import build, check, check_equal, environment, finish, library, report, require  # noqa: E402

FUNCTIONS = ["innermost", "main", "outer", "worker"]


def check_locals(directory):
    program = build / "tests" / "leaks" / "held"
    file = f"{directory}/held.trace"
    done = subprocess.run([program], check=True, capture_output=True, text=True,
                          env=environment(LD_PRELOAD=library, LIBTRACE_OUTPUT=file))
    held = [line.split() for line in done.stdout.splitlines()]
    check_equal(sorted(function for _, function in held), FUNCTIONS, "functions")
    threads = {}
    for address, function in held:
        outcome = report(["--why", address, "--at", "held", "--top", "0", "--format", "json", file], directory)
        check_equal(outcome.status, 0, f"--why {address}: {outcome.stderr}")
        heap = json.loads(outcome.stdout)["heap"]
        if not heap["pictures"][0]["registers_known"] and function == "worker":
            print("the registers of other threads are not known here")
            continue
        roots = [chain["root"] for chain in heap["chains"]]
        wanted = f"{function}'s local (thread "
        found = [root for root in roots if root.startswith(wanted)]
        if check(len(found) == 1, f"{function}: {roots}"):
            threads[function] = found[0][len(wanted):]
    check_equal(len({threads.get(function) for function in ("innermost", "main", "outer")}), 1, f"threads: {threads}")
    check(threads.get("worker") != threads.get("main"), f"threads: {threads}")


def main():
    require(library, build / "tests" / "leaks" / "held")
    with tempfile.TemporaryDirectory() as directory:
        check_locals(directory)
    finish("names of roots")


main()
