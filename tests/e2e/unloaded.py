#!/usr/bin/env python3
"""Plugins that are unloaded before the end, another one at the same address after each: every block has the
lines of the one that was there. addr2line says which lines these are, asked about each plugin's own file.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from answers import addr2line_answers, call_sites
from harness import check, check_equal, finish, programs, report, require, run_traced, skip, traces

ROUNDS, FIRST_BYTES = 4, 5000
NAMES = ("first", "second")
PLUGIN = """#include <stdlib.h>
static inline void *{name}_inlined(size_t bytes)
{{
    void *volatile block = malloc(bytes);
    return block;
}}
{space}
__attribute__((noinline)) static void *{name}_static(size_t bytes)
{{
    void *volatile block = {name}_inlined(bytes);
    return block;
}}
void *allocate(size_t bytes)
{{
    void *volatile block = {name}_static(bytes);
    return block;
}}
"""


def build(directory, name):
    """Returns the plugin's path. The code of both is the same, the names and lines are not."""
    source = pathlib.Path(directory) / f"{name}.c"
    source.write_text(PLUGIN.format(name=name, space="\n" * 7 * NAMES.index(name)))
    path = f"{directory}/{name}.so"
    subprocess.run(["gcc", "-O2", "-g", "-shared", "-fPIC", "-Wl,--build-id", str(source), "-o", path], check=True)
    return path


def expected_lines(trace, path):
    """(function, file, line) of all that addr2line says of a plugin's addresses."""
    answers = addr2line_answers(path, call_sites(trace).get(path, []))
    return {(function, os.path.basename(file), int(number)) for answer in answers for function, file, number in answer}


def stacks_of(trace, directory):
    """By bytes of all blocks of a stack: its frames, as {(module, function, file, line)}."""
    outcome = report(["--by", "traceback", "--allocated", "--top", "0", "--format", "json", trace], directory)
    check_equal(outcome.status, 0, outcome.stderr)
    return {row["size"]: {(frame["module"], frame["function"], os.path.basename(frame["file"] or ""),
                           frame["line"]) for frame in row["traceback"]}
            for row in json.loads(outcome.stdout)["statistics"]}


def check_plugins(directory):
    paths = [build(directory, name) for name in NAMES]
    outcome = run_traced([programs / "unloaded", *paths], directory)
    check_equal(outcome.status, 0, outcome.stderr)
    places = outcome.stdout.split()
    check_equal(len(places), ROUNDS, "rounds")
    trace = traces(directory)[0]
    expected = [expected_lines(trace, path) for path in paths]
    for name, lines in zip(NAMES, expected):
        check_equal({function for function, _, _ in lines}, {f"{name}_inlined", f"{name}_static", "allocate"},
                    f"addr2line of {name}")
    seen = stacks_of(trace, directory)
    for i, (path, lines) in enumerate(zip(paths, expected)):
        frames = seen.get(sum(FIRST_BYTES + round for round in range(i, ROUNDS, 2)), set())
        check_equal({frame[1:] for frame in frames if frame[0] in paths}, lines, f"blocks of {NAMES[i]}")
        check_equal({frame[0] for frame in frames} & set(paths), {path}, f"modules of {NAMES[i]}")
    check(len(set(places)) < ROUNDS, f"no plugin came where another was: {places}")
    print(f"{ROUNDS} plugins at {len(set(places))} places")


def main():
    require(programs / "unloaded")
    if shutil.which("gcc") is None or shutil.which("addr2line") is None:
        skip("needs gcc and binutils")
    with tempfile.TemporaryDirectory() as directory:
        check_plugins(directory)
    finish("plugins that are gone")


if __name__ == "__main__":
    main()
