"""Answers kept between reports: what the second one says with the debug information gone is what the
first one said, which is what addr2line says. A cache that is cut off, mangled or of another version
costs the answers in it, nothing else; answers that a missing debug file left incomplete are not kept.
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile

import harness
from answers import ask
from binaries import SAMPLE, call_addresses

MANGLED = 200 if harness.IS_ALL else 10


def make_program(directory):
    """Returns (path, stripped): the sample, and itself without debug information."""
    subprocess.run(["g++", "-std=c++17", "-O1", "-g", "-Wl,--build-id", str(SAMPLE), "-o",
                    "prog"], cwd=directory, check=True)
    subprocess.run(["objcopy", "--strip-debug", "prog", "stripped"], cwd=directory, check=True)
    return f"{directory}/prog", f"{directory}/stripped"


def ours(path, addresses, cache):
    return ask(path, addresses, "--cache", cache)[0]


def mangle(text, number):
    """A broken cache: cut off, or some bytes of it others."""
    chance = random.Random(number)
    if number % 2 == 0:
        return text[:chance.randrange(len(text))]
    broken = bytearray(text)
    for _ in range(chance.randrange(1, 20)):
        broken[chance.randrange(len(broken))] = chance.randrange(256)
    return bytes(broken)


def main():
    if shutil.which("g++") is None or shutil.which("objdump") is None:
        harness.skip("needs g++ and binutils")
    with tempfile.TemporaryDirectory() as directory:
        path, stripped = make_program(directory)
        cache = f"{directory}/home/cache"
        addresses = call_addresses(path, 400)
        half = addresses[::2]
        incomplete = ours(stripped, addresses, cache)
        harness.check(not os.path.exists(cache), "answers without debug information are kept")
        first = ours(path, half, cache)
        expected = ours(path, addresses, cache)
        harness.check_equal(expected[::2], first, "half of the addresses, then all")
        harness.check_equal(expected, ours(path, addresses, f"{directory}/other"), "with a cache")
        os.replace(stripped, path)
        harness.check_equal(ours(path, addresses, cache), expected, "the debug information gone")
        name, = os.listdir(cache)
        with open(f"{cache}/{name}", "rb") as file:
            good = file.read()
        for number in range(MANGLED):
            with open(f"{cache}/{name}", "wb") as file:
                file.write(mangle(good, number))
            harness.check_equal(len(ours(path, addresses, cache)), len(addresses),
                                f"mangled cache {number}: answers")
        with open(f"{cache}/{name}", "wb") as file:
            file.write(b"tracsym0" + good[8:])
        harness.check_equal(ours(path, addresses, cache), incomplete, "a cache of another version")
    harness.finish(f"{len(addresses)} addresses")


if __name__ == "__main__":
    sys.exit(main())
