#!/usr/bin/env python3
"""What a pointer inside a block looks like: each of memcheck's heuristics, with its bytes and blocks.

memcheck says how much of what it calls reachable it owes to which heuristic; the pictures of the same programs
have to say the same of their pointers. Without heuristics memcheck has to call all of it possibly lost, or the
programs prove nothing.
"""
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import build, check, check_equal, environment, finish, library, programs, require  # noqa: E402

# By the codes of docs/format.md, 7.5.
LOOKS = {0: None, 1: "stdstring", 2: "newarray", 3: "multipleinheritance", 4: "length64"}
SOURCES = ("heuristics", "old_string", "array_new", "bases", "length", "inside_global")


def picture_of(program, directory):
    """Returns ({block: bytes}, {source: [(block, offset, looks)]}); the roots are the source None."""
    file = pathlib.Path(directory) / f"{program.name}.trace"
    subprocess.run([program], check=False, stdout=subprocess.DEVNULL,
                   env=environment(LD_PRELOAD=library, LIBTRACE_PICTURE="exit", LIBTRACE_OUTPUT=file))
    facts = subprocess.run([programs / "picture_tool", file], check=True, capture_output=True, text=True).stdout
    sizes, pointers = {}, collections.defaultdict(list)
    for words in map(str.split, facts.splitlines()):
        if words[0] == "block":
            sizes[int(words[1])] = int(words[3])
        elif words[0] in ("root", "from"):
            source = None if words[0] == "root" else int(words[1])
            pointers[source].append(tuple(map(int, words[3:6])))
    return sizes, pointers


def recorded(program, directory):
    """Blocks that a heuristic makes reachable: {name: [bytes, blocks]}."""
    sizes, pointers = picture_of(program, directory)
    waiting, reached = [None], set()
    starts, looks = set(), collections.defaultdict(set)
    while waiting:
        for target, offset, code in pointers[waiting.pop()]:
            if offset == 0:
                starts.add(target)
            else:
                looks[target].add(code)
            if target not in reached and (offset == 0 or code != 0):
                reached.add(target)
                waiting.append(target)
    found = collections.defaultdict(lambda: [0, 0])
    for block in reached - starts:
        check_equal(len(looks[block]), 1, f"{program.name}: looks of block {block}")
        name = LOOKS[max(looks[block])]
        found[name][0] += sizes[block]
        found[name][1] += 1
    return dict(found)


def number(text):
    return int(text.replace(",", ""))


def memcheck(program, heuristics):
    """({heuristic: [bytes, blocks]}, [bytes, blocks] possibly lost)."""
    done = subprocess.run(["valgrind", "--leak-check=full", f"--leak-check-heuristics={heuristics}", program],
                          check=True, capture_output=True, text=True, env=environment())
    found = {name: [number(size), number(blocks)] for name, size, blocks in
             re.findall(r"(stdstring|length64|newarray|multipleinheritance) *: ([\d,]+) bytes in ([\d,]+) blocks",
                        done.stderr)}
    possible = re.search(r"possibly lost: ([\d,]+) bytes in ([\d,]+) blocks", done.stderr)
    return found, [number(word) for word in possible.groups()] if possible else [0, 0]


def main():
    require(library, programs / "picture_tool", *(build / "tests" / "leaks" / name for name in SOURCES))
    seen = set()
    with tempfile.TemporaryDirectory() as directory:
        for source in SOURCES:
            program = build / "tests" / "leaks" / source
            wanted, possible = memcheck(program, "all")
            _, possible_without = memcheck(program, "none")
            got = recorded(program, directory)
            check_equal(got, wanted, f"{source}: reachable by heuristics")
            check((possible_without != possible) == bool(wanted),
                  f"{source}: possibly lost {possible}, without heuristics {possible_without}")
            seen |= set(got)
    check_equal(seen, set(LOOKS.values()) - {None}, "heuristics seen")
    finish("heuristics")


main()
