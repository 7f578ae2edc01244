"""Answers about addresses, ours and those of other tools: for each, a list of (function, file, line)."""
import collections
import os
import re
import shutil
import subprocess

import harness
from binaries import output

TOOL = harness.programs / "symbolize_tool"


def call_sites(trace):
    """The addresses in a trace, sorted, by file."""
    found = collections.defaultdict(set)
    for line in output(str(harness.programs / "addresses_tool"), str(trace)).splitlines():
        path, address = line.rsplit(" ", 1)
        found[path].add(int(address, 16))
    return {path: sorted(addresses) for path, addresses in found.items()}


def parse(text):
    answers = []
    for line in text.splitlines():
        if line.startswith("0x"):
            answers.append([])
        else:
            answers[-1].append(re.sub(r" \(discriminator \d+\)$", "", line))
    return [[(lines[i], *lines[i + 1].rsplit(":", 1)) for i in range(0, len(lines) - 1, 2)]
            for lines in answers]


def ask(path, addresses, *options, environment=None):
    """Ours, and what is said beside them."""
    lines = "".join(f"{path} {address:x}\n" for address in addresses)
    done = subprocess.run([str(TOOL), *options], check=True, text=True, errors="replace", capture_output=True,
                          env=environment, input=lines)
    return parse(done.stdout), done.stderr


def our_answers(path, addresses):
    return ask(path, addresses)[0]


def addr2line_answers(path, addresses):
    return parse(output("addr2line", "-aCfi", "-e", path,
                        input="".join(f"{address:#x}\n" for address in addresses)))


def llvm_answers(path, addresses):
    """By address; empty without it. Its demangler writes types in its own way: only files and lines are compared."""
    if shutil.which("llvm-symbolizer") is None:
        return {}
    lines = "".join(f"{address:#x}\n" for address in addresses)
    return dict(zip(addresses, parse(output("llvm-symbolizer", "-afi", "--output-style=GNU",
                                            f"--obj={path}", input=lines))))


def positions(answer):
    return [(os.path.normpath(file), line.replace("?", "0")) for _, file, line in answer]
