#!/usr/bin/env python3
"""Names of roots: the local that keeps a block, with its function, and the variable and its line, as the source has them."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import build, check, check_equal, environment, finish, library, report, require  # noqa: E402

WAYS = [["gcc", "-g", "-O0", "-gsplit-dwarf"], ["gcc", "-gdwarf-4", "-O0"], ["gcc", "-g", "-O2"], ["gcc", "-gdwarf-3", "-O2"],
        ["clang", "-g", "-O0"], ["clang", "-g", "-O2"]]
LOCALS = ["innermost middle", "main kept", "nobody -", "outer given", "outer record", "outer within", "worker own"]


def check_locals(program, directory, left_out=()):
    file = f"{directory}/{program.name}.trace"
    done = subprocess.run([program], check=True, capture_output=True, text=True,
                          env=environment(LD_PRELOAD=library, LIBTRACE_OUTPUT=file))
    held = [line.split() for line in done.stdout.splitlines()]
    check_equal(sorted(f"{function} {variable}" for _, function, variable in held), LOCALS, "locals")
    threads = {}
    for address, function, variable in held:
        if variable in left_out:
            continue
        outcome = report(["--why", address, "--at", "held", "--top", "0", "--format", "json", file], directory)
        check_equal(outcome.status, 0, f"--why {address}: {outcome.stderr}")
        heap = json.loads(outcome.stdout)["heap"]
        if not heap["pictures"][0]["registers_known"] and function == "worker":
            print("the registers of other threads are not known here")
            continue
        roots = [chain["root"] for chain in heap["chains"]]
        if function == "nobody":
            check(not any(root.startswith("stack ") for root in roots), f"{program.name}: the tracer's own stack: {roots}")
            continue
        wanted = f"{function}'s local {variable} (thread "
        found = [root for root in roots if root.startswith(wanted)]
        if check(len(found) == 1, f"{program.name}, {function}, {variable}: {roots}"):
            threads[function] = found[0][len(wanted):]
    check_equal(len({threads.get(function) for function in ("innermost", "main", "outer")}), 1, f"threads: {threads}")
    check(threads.get("worker") != threads.get("main"), f"threads: {threads}")


def compile_held(directory):
    """The same source in other ways, as far as there are compilers for them."""
    source = pathlib.Path(__file__).with_name("held.c")
    include = pathlib.Path(__file__).resolve().parents[2] / "include"
    for number, words in enumerate(WAYS):
        program = pathlib.Path(directory) / f"held{number}"
        command = [*words, "-fno-builtin", "-pthread", f"-I{include}", f"-I{source.parent}", source, "-o", program]
        if shutil.which(words[0]) is None:
            print(f"{words[0]}: not installed")
        elif subprocess.run(command, cwd=directory, check=False).returncode == 0:
            yield program, ["given", "record"] if "-O2" in words else []  # those are in registers
        else:
            check(False, f"{words}: does not compile")


def check_variables(directory):
    program = build / "tests" / "leaks" / "named"
    file = f"{directory}/named.trace"
    done = subprocess.run([program], check=True, capture_output=True, text=True,
                          env=environment(LD_PRELOAD=library, LIBTRACE_PICTURE="exit", LIBTRACE_OUTPUT=file))
    sources = {name: pathlib.Path(__file__).with_name(name).read_text().splitlines()
               for name in ("named.c", "named_library.c")}
    kept = [line.split() for line in done.stdout.splitlines()]
    check_equal(len(kept), 5, "variables")
    for address, variable in kept:
        name = "named_library.c" if variable.startswith("library") else "named.c"
        declared = [number for number, line in enumerate(sources[name], 1) if line.endswith(f"volatile {variable};")]
        kind = "thread-local" if variable.startswith(("thread", "library")) else "global"
        outcome = report(["--why", address, "--format", "json", file], directory)
        roots = [chain["root"] for chain in json.loads(outcome.stdout)["heap"]["chains"]]
        wanted = rf"{kind} variable {variable}(\.\d+)? \(\S*{name}:{declared[0]}\)"
        check(len(roots) == 1 and re.match(wanted, roots[0]), f"{variable}, line {declared}: {roots}")


def check_register(directory):
    program = build / "tests" / "leaks" / "register"
    file = f"{directory}/register.trace"
    subprocess.run([program], check=True, env=environment(LD_PRELOAD=library, LIBTRACE_PICTURE="exit",
                                                          LIBTRACE_OUTPUT=file))
    outcome = report(["--why", "leaks.h", "--format", "json", file], directory)
    heap = json.loads(outcome.stdout)["heap"]
    if not heap["pictures"][0]["registers_known"]:
        print("the registers of other threads are not known here")
        return
    roots = [chain["root"] for chain in heap["chains"]]
    check(any(re.fullmatch(r"register \(thread register \d+\)", root) for root in roots), f"register: {roots}")


def main():
    require(library, *(build / "tests" / "leaks" / name for name in ("held", "named", "register")))
    with tempfile.TemporaryDirectory() as directory:
        check_locals(build / "tests" / "leaks" / "held", directory)
        for program, left_out in compile_held(directory):
            check_locals(program, directory, left_out)
        check_variables(directory)
        check_register(directory)
    finish("names of roots")


main()
