"""Programs and libraries whose symbols tests ask about, and what binutils says is in them."""
import os
import pathlib
import random
import re
import subprocess

SAMPLE = pathlib.Path(__file__).with_name("symbols_sample.cpp")
PACKAGED = ["/usr/bin/python3.11", "/lib/x86_64-linux-gnu/libc.so.6"]
SLICE_BYTES = 16384
PADDING = ("nop", "nopw", "nopl", "cs", "data16", "xchg")  # between functions: nobody's


def output(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, **options).stdout


def debug_file(path):
    """The separate debug file that the build-id names, or None."""
    found = re.search(r"Build ID: (\w\w)(\w+)", output("readelf", "-nW", path))
    name = f"/usr/lib/debug/.build-id/{found[1]}/{found[2]}.debug" if found else ""
    return name if os.path.exists(name) else None


def text_section(path):
    found = re.search(r" \.text +PROGBITS +(\w+) +\w+ +(\w+)", output("readelf", "-SW", path))
    return int(found[1], 16), int(found[2], 16)


def call_addresses(path, wanted):
    """@wanted addresses inside call instructions, of slices of .text that are spread over all of it; where there
    are not so many, inside other instructions, too."""
    start, size = text_section(path)
    slices = list(range(start, start + size, SLICE_BYTES))
    random.Random(1).shuffle(slices)
    calls, others = set(), set()
    for first in slices:
        end = min(first + SLICE_BYTES, start + size)
        before = None
        for line in output("objdump", "-d", "--no-show-raw-insn", f"--start-address={first:#x}",
                           f"--stop-address={end:#x}", path).splitlines():
            instruction = re.match(r" *([0-9a-f]+):\t(\S+)", line)
            if instruction:
                if before and before not in PADDING:
                    (calls if before.startswith("call") else others).add(int(instruction[1], 16) - 1)
                before = instruction[2]
        if len(calls) > 4 * wanted:
            break
    chosen = random.Random(2).sample(sorted(calls), min(wanted, len(calls)))
    return sorted(chosen + random.Random(3).sample(sorted(others), min(wanted - len(chosen), len(others))))


def symbols_of(path):
    found = []
    for line in output("nm", "-SC", "--defined-only", path).splitlines():
        match = re.match(r"([0-9a-f]+) ([0-9a-f]+) [tTwWi] (.*)", line)
        if match:
            start = int(match[1], 16)
            found.append((start, start + int(match[2], 16), match[3]))
    return found
