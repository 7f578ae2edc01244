#!/usr/bin/env python3
"""Names of code whose file is gone when the report is made: a library in memory (memfd), one that was
deleted, one that was replaced, the vdso, and a program that was deleted. The trace has what they
export. A file that is there again is known by its build-id, and one without is not believed.

Whether the names are right: readelf says what the plugin and the vdso export, and the vdso's
functions are asked for by the program under these names.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile

from harness import (check, check_equal, finish, programs, report, require, run_traced, summary,
                     traces)

PLUGIN = programs / "fleeting_plugin.so"


def frames_of(trace, directory):
    """(module, function) of all frames of all stacks."""
    outcome = report(["--by", "traceback", "--top", "0", "--format", "json", trace], directory)
    check_equal(outcome.status, 0, f"trace-report {trace}: {outcome.stderr}")
    frames = [frame for line in json.loads(outcome.stdout)["statistics"] for frame in line["traceback"]]
    return {(os.path.basename(frame["module"] or ""), frame["function"]) for frame in frames}, outcome.stderr


def only_trace(outcome, directory):
    check_equal(outcome.status, 0, f"the program: {outcome.stderr}")
    files = traces(directory)
    check_equal(len(files), 1, "number of traces")
    return files[0]


def check_plugin(how, directory):
    """A plugin that is gone, and where the kernel leaves a trace of it, put back."""
    outcome = run_traced([programs / "fleeting", how, PLUGIN, directory], directory)
    trace = only_trace(outcome, directory)
    name = "memfd:fleeting (deleted)" if how == "memfd" else "fleeting_copy.so"
    frames, _ = frames_of(trace, directory)
    check((name, "fleeting_allocate") in frames, f"{how}: {sorted(map(str, frames))}")
    return trace, name


def check_replaced(directory):
    """Another library is now where the plugin was: its names are not taken, and it is said why."""
    trace, name = check_plugin("deleted", directory)
    shutil.copy(next(path for path in ("/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6")
                     if os.path.exists(path)), f"{directory}/{name}")
    frames, said = frames_of(trace, directory)
    check((name, "fleeting_allocate") in frames, f"replaced: {frames}")
    check("is not used: its build-id" in said, f"replaced: {said}")


def check_deleted_program(directory):
    """A program that is deleted while it runs and is there again later."""
    program = f"{directory}/program"
    shutil.copy(programs / "fleeting", program)
    outcome = run_traced(["/bin/sh", "-c", f"exec {program} memfd {PLUGIN} {directory}"], directory)
    check_equal(outcome.status, 0, outcome.stderr)
    trace = next(path for path in traces(directory)
                 if summary(path, directory)["traces"][0]["program"] == program)
    os.rename(program, f"{directory}/elsewhere")
    frames, said = frames_of(trace, directory)
    check(("program", "main") not in frames, f"a program that is gone: {frames}")
    os.rename(f"{directory}/elsewhere", program)
    frames, said = frames_of(trace, directory)
    check(("program", "main") in frames, f"a program that is there again: {frames} {said}")


def check_many(directory):
    """A program with thousands of symbols: what it exports is called the same with its file and without."""
    python, program = "/usr/bin/python3.11", f"{directory}/python"
    if not os.path.exists(python) or shutil.which("objcopy") is None:
        print("no python3.11, no objcopy: a large symbol table is not tried")
        return
    # Without its build-id, for nobody is to find its debug information.
    subprocess.run(["objcopy", "--remove-section", ".note.gnu.build-id", python, program], check=True)
    trace = only_trace(run_traced([program, "-I", "-S", "-c", "pass"], directory), directory)
    expected, _ = frames_of(trace, directory)
    os.unlink(program)
    frames, _ = frames_of(trace, directory)
    check_equal(sorted(map(str, frames)), sorted(map(str, expected)), "a program with many symbols")
    print(f"a program with many symbols: {len(frames)} functions")


def check_vdso(directory):
    trace = only_trace(run_traced([programs / "fleeting", "vdso"], directory), directory)
    frames, said = frames_of(trace, directory)
    named = {function for module, function in frames if "vdso" in module}
    if not named:
        print("the clock of this machine is not read in the vdso: not compared")
        return
    check(named - {None} <= vdso_functions() and named - {None},
          f"vdso: {named}, which exports {vdso_functions()}")
    check("vdso" not in said, f"vdso: {said}")


def vdso_functions():
    """What the vdso of this machine exports, from its image in this very process."""
    with open("/proc/self/maps", encoding="ascii") as maps:
        start, end = next(re.match(r"(\w+)-(\w+)", line).groups() for line in maps if "[vdso]" in line)
    with open("/proc/self/mem", "rb") as memory, tempfile.NamedTemporaryFile() as image:
        memory.seek(int(start, 16))
        image.write(memory.read(int(end, 16) - int(start, 16)))
        image.flush()
        text = subprocess.run(["readelf", "--dyn-syms", "-W", image.name], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False).stdout
    return {line.split()[7].split("@")[0] for line in text.splitlines() if " FUNC " in line}


def main():
    require(programs / "fleeting", PLUGIN)
    for step in (lambda directory: check_plugin("memfd", directory),
                 lambda directory: check_plugin("deleted", directory),
                 check_replaced, check_deleted_program, check_many, check_vdso):
        with tempfile.TemporaryDirectory() as directory:
            step(directory)
    finish("code without a file")


if __name__ == "__main__":
    main()
