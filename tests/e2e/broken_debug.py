"""Broken debug files, cut off and mangled, inside the debug sections: an answer for every address, in
bounded time and memory, and a warning where names or lines are missing for it.

Debian 12's libdwarf corrupts memory on some of them: those that it does not survive must be told.
Few files in short; tests/run.sh --all tries a thousand.
"""
import collections
import concurrent.futures
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile

import harness
from answers import TOOL, parse
from binaries import SAMPLE, call_addresses, output

FILES = 1000 if harness.IS_ALL else 60
ADDRESSES = 100
SECONDS_MOST = 30  # of CPU; a child may take 5 and more for the size of its file
MIB_MOST = 2048


def make_files(directory):
    """The sample without debug information, a debug file beside it, and where its sections are."""
    subprocess.run(["g++", "-std=c++17", "-O1", "-gdwarf-5", "-Wl,--build-id", str(SAMPLE), "-o",
                    "prog"], cwd=directory, check=True)
    subprocess.run("objcopy --only-keep-debug prog good.debug && strip prog && "
                   "objcopy --add-gnu-debuglink=good.debug prog", shell=True, cwd=directory, check=True)
    sections = []
    for line in output("readelf", "-SW", f"{directory}/good.debug").splitlines():
        found = re.search(r"(\.debug_\S+) +PROGBITS +\w+ (\w+) (\w+)", line)
        if found:
            sections.append((int(found[2], 16), int(found[3], 16)))
    with open(f"{directory}/good.debug", "rb") as file:
        return file.read(), sections


def break_file(good, sections, number):
    """Cut it off, or set bytes in one or all of its debug sections."""
    chance = random.Random(number)
    if number % 4 == 0:
        return good[:chance.randrange(sections[0][0], len(good))]
    broken = bytearray(good)
    start, size = chance.choice(sections)
    for _ in range(chance.choice((1, 4, 30, 300))):
        if number % 4 == 1:
            start, size = chance.choice(sections)
        broken[start + chance.randrange(size)] = chance.choice((0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)))
    return bytes(broken)


def resolve(directory, addresses):
    """What the symbolizer says: (answers, warning, exit status)."""
    text = "".join(f"{directory}/prog {address:x}\n" for address in addresses)
    done = subprocess.run([str(TOOL)], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, errors="replace", check=False, timeout=10 * SECONDS_MOST)
    return (parse(done.stdout) if done.returncode == 0 else []), done.stderr, done.returncode


def try_file(program, good, sections, number, addresses, expected):
    """Returns what became of one broken file, and what is wrong about it or None."""
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(program, f"{directory}/prog")
        with open(f"{directory}/good.debug", "wb") as file:
            file.write(break_file(good, sections, number))
        answers, warning, status = resolve(directory, addresses)
    if status != 0 or len(answers) != len(addresses):
        return "failed", f"file {number}: status {status}, {len(answers)} answers: {warning}"
    lost = sum(1 for ours, right in zip(answers, expected)
               if right[0][2] not in "?0" and ours[0][2] in ("?", "0"))
    if lost == len(addresses) and not warning:
        return "silent", f"file {number}: no line at all, and no warning"
    if "libdwarf failed" in warning:
        return "libdwarf did not survive it", None
    return ("warned of" if warning else "read to the end"), None


def main():
    if shutil.which("g++") is None or shutil.which("objcopy") is None:
        harness.skip("needs g++ and binutils")
    outcomes = collections.Counter()
    with tempfile.TemporaryDirectory() as directory, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        good, sections = make_files(directory)
        program = f"{directory}/prog"
        addresses = call_addresses(program, ADDRESSES)
        expected, warning, status = resolve(directory, addresses)
        harness.check_equal((status, warning), (0, ""), "the file as it was")
        jobs = [pool.submit(try_file, program, good, sections, number, addresses, expected)
                for number in range(FILES)]
        for job in jobs:
            outcome, wrong = job.result()
            outcomes[outcome] += 1
            harness.check(wrong is None, wrong)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "asan" not in str(harness.build):
        harness.check(usage.ru_maxrss <= MIB_MOST * 1024, f"{usage.ru_maxrss} KiB of memory")
    print(f"{usage.ru_utime + usage.ru_stime:.1f} s of CPU for all, {usage.ru_maxrss >> 10} MiB at most;",
          dict(outcomes))
    harness.finish(f"{FILES} broken files")


if __name__ == "__main__":
    sys.exit(main())
