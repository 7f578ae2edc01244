#!/usr/bin/env python3
"""Heap pictures: a program says of its blocks who refers to them, and the picture must say the same.

The exit status, the output and the rest of the trace must not know that a picture was taken.
"""
import collections
import dataclasses
import subprocess
import tempfile

from harness import (IS_ALL, build, check, check_equal, finish, library, programs, require, run_traced,
                     seen_counts, traces)

STILL, AT_EXIT = 1, 2  # flags of a picture
PICTURES = 1000 if IS_ALL else 10
PYTHON = "/usr/bin/python3.11"
SIGNALLED = """
import os, signal, time
kept = [bytearray(100000) for _ in range(10)]
os.kill(os.getpid(), signal.SIGUSR2)
more = [bytearray(1000) for _ in range(10000)]
print("alive")
"""
ALLOCATING = """
import time
kept = [bytearray(10000) for _ in range(100)]
time.sleep(1.1)
for _ in range(100000):
    kept[0] = bytearray(600)
print("alive")
"""


@dataclasses.dataclass
class Picture:
    """One picture of a trace, by numbers of blocks and regions."""
    head: dict
    end: dict
    blocks: dict   # number -> (address, size)
    regions: dict  # number -> kind
    incoming: dict  # block -> list of (block number or kind of region, offset)
    pictures: int  # in the trace
    lost: int      # pictures that are missing


def pairs(words):
    return {name: int(value) for name, value in zip(words[::2], words[1::2])}


def read_picture(trace, which=0):
    """Read one; None if it is not there or not whole."""
    outcome = subprocess.run([programs / "picture_tool", trace, str(which)], capture_output=True,
                             text=True, check=False)
    picture = Picture({}, {}, {}, {}, collections.defaultdict(list), 0, 0)
    for line in outcome.stdout.splitlines():
        kind, *words = line.split(" ")
        if kind == "pictures":
            picture.pictures = int(words[0])
        elif kind == "head":
            picture.head = {"name": words[0], **pairs(words[1:])}
        elif kind == "block":
            picture.blocks[int(words[0])] = (int(words[1], 16), int(words[2]))
        elif kind == "region":
            picture.regions[int(words[0])] = words[1]
        elif kind == "from":
            picture.incoming[int(words[2])].append((int(words[0]), int(words[3])))
        elif kind == "root":
            picture.incoming[int(words[2])].append(("@" + picture.regions[int(words[0])], int(words[3])))
        elif kind == "end":
            picture.end = pairs(words)
        elif kind == "status":
            picture.lost = int(words[4])
    return picture if outcome.returncode == 0 else None


def check_said(picture, stdout, what):
    """Compare with what the program says: NAME ADDRESS SIZE KIND[+OFFSET]."""
    numbers = {address: number for number, (address, _) in picture.blocks.items()}
    said = [line.split() for line in stdout.splitlines()]
    named = {name: numbers.get(int(address, 16)) for name, address, *_ in said}
    check(len(said) >= 15, f"{what}: the program says little: {stdout}")
    for name, address, size, kind in said:
        number = named[name]
        if not check(number is not None, f"{what}: {name} at {address} is not in the picture"):
            continue
        check_equal(picture.blocks[number][1], int(size), f"{what}: size of {name}")
        referrer, _, offset = kind.partition("+")
        expected = [] if kind == "nobody" else [(named.get(referrer, referrer), int(offset or 0))]
        check_equal(picture.incoming[number], expected, f"{what}: who refers to {name}")
    print(f"{what}: {len(said)} blocks of {len(picture.blocks)}, {picture.end}")


def take(arguments, variables, expected_head):
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_traced([programs / "pictured", *arguments], directory, variables)
        what = f"pictured {' '.join(arguments)}"
        check_equal(outcome.status, 0, f"{what}: {outcome.stderr}")
        check_equal(outcome.stderr, "", f"{what}: stderr")
        picture = read_picture(traces(directory)[0])
        if check(picture is not None, f"{what}: there is no whole picture"):
            for name, value in expected_head.items():
                check_equal(picture.head[name], value, f"{what}: {name}")
            check_equal((picture.pictures, picture.lost), (1, 0), f"{what}: pictures, lost")
            check_equal(picture.end["blocks"], len(picture.blocks), f"{what}: blocks looked at")
            check_equal(picture.end["unreadable"], 0, f"{what}: words that could not be read")
            check(picture.end["pause_us"] > 0, f"{what}: it does not say how long it held the program up")
            check_said(picture, outcome.stdout, what)


def check_off_unless_asked():
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_traced([programs / "pictured"], directory)
        check_equal(outcome.status, 0, "without a picture")
        check(read_picture(traces(directory)[0]) is None, "a picture is taken unasked")


def check_trigger(name, program, variables):
    """A picture comes while a program that knows nothing of it goes on."""
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_traced([PYTHON, "-c", program], directory, variables)
        check_equal((outcome.status, outcome.stdout, outcome.stderr), (0, "alive\n", ""), f"{name}: outcome")
        picture = read_picture(traces(directory)[0])
        if check(picture is not None, f"{name}: there is no whole picture"):
            check_equal(picture.head["name"], name, f"{name}: name")
            # A later one may be lost on a busy machine, where its time is up before it is written.
            check_equal(picture.head["flags"] & AT_EXIT, 0, f"{name}: at exit")
            check(len(picture.blocks) > 10, f"{name}: {len(picture.blocks)} blocks")


def check_counts_are_the_same():
    """The picture at the end has the blocks that are live at the end."""
    with tempfile.TemporaryDirectory() as directory:
        run_traced([programs / "pictured"], directory, {"LIBTRACE_PICTURE": "exit"})
        trace = traces(directory)[0]
        picture = read_picture(trace)
        seen = seen_counts(trace, directory)
        check_equal(len(picture.blocks), seen["live_blocks"], "blocks in the picture, and live")
        check_equal(sum(size for _, size in picture.blocks.values()), seen["live_bytes"],
                    "bytes in the picture, and live")


def unreachable(picture):
    """The blocks that no chain of pointers from a root leads to."""
    outgoing = collections.defaultdict(list)
    reached, left = set(), []
    for target, referrers in picture.incoming.items():
        for referrer, _ in referrers:
            if isinstance(referrer, str):
                left.append(target)
            else:
                outgoing[referrer].append(target)
    while left:
        block = left.pop()
        if block not in reached:
            reached.add(block)
            left.extend(outgoing[block])
    return picture.blocks.keys() - reached


def check_moving():
    """A thread is in the middle of realloc(): what that block points to is not lost."""
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_traced([programs / "realloced"], directory,
                             {"LD_PRELOAD": f"{library} {programs}/realloc_middle.so"})
        check_equal((outcome.status, outcome.stderr), (0, ""), "moving: status, stderr")
        picture = read_picture(traces(directory)[0])
        if check(picture is not None, "moving: there is no whole picture"):
            check_equal(sorted(size for _, size in picture.blocks.values()), [48, 48], "moving: blocks")
            check_equal(len(unreachable(picture)), 0, "moving: blocks that seem lost")


def check_threads():
    """Ten threads allocate, free and reallocate, and lose nothing: nothing may look lost."""
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_traced([build / "tests" / "hazards" / "pictures", "threads", PICTURES], directory)
        check_equal((outcome.status, outcome.stderr), (0, ""), "threads: status, stderr")
        check("0 calls interrupted" in outcome.stdout, f"threads: {outcome.stdout}")
        trace = traces(directory)[0]
        still = blocks = 0
        for which in range(PICTURES + 1):
            picture = read_picture(trace, which)
            if not check(picture is not None, f"threads: picture {which} is not whole"):
                break
            blocks += len(picture.blocks)
            still += picture.head["flags"] & STILL
            check_equal(picture.lost, 0, "threads: pictures that are missing")
            if picture.head["flags"] & STILL:
                lost = unreachable(picture)
                check(not lost, f"threads: picture {which} of {len(picture.blocks)} blocks: seem lost: "
                                f"{[picture.blocks[number] for number in lost][:9]}")
        print(f"threads: {PICTURES + 1} pictures, {still} of them with threads standing still, {blocks} blocks")


def main():
    require(library, programs / "pictured", programs / "picture_tool", build / "tests" / "hazards" / "pictures")
    take([], {"LIBTRACE_PICTURE": "exit"}, {"name": "exit", "flags": STILL | AT_EXIT, "threads": 1,
                                           "young": 0})
    take(["here"], {}, {"name": "here", "flags": STILL, "threads": 1, "young": 0})
    check_off_unless_asked()
    check_trigger("signal", SIGNALLED, {"LIBTRACE_PICTURE_SIGNAL": "USR2"})
    check_trigger("interval", ALLOCATING, {"LIBTRACE_PICTURE": "1s"})
    check_counts_are_the_same()
    check_moving()
    check_threads()
    finish("pictures")


if __name__ == "__main__":
    main()
