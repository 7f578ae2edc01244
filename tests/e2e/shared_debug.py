#!/usr/bin/env python3
"""Debug information that dwz moved to a file which several programs share (.gnu_debugaltlink): the answers are
those from before. Without that file, or with another one in its place, that is said; a program without any
debug information has no use for it, whatever dwz has left in it.
"""
import os
import shutil
import subprocess
import sys

import compiled
from answers import ask
from binaries import SAMPLE, call_addresses, output
from harness import check, check_equal, finish, skip

ADDRESSES = 1000


def share(directory, names, common):
    """Returns whether dwz can."""
    return subprocess.run(["dwz", "-m", common, "-M", f"{directory}/{common}", *names], cwd=directory,
                          check=False).returncode == 0 and os.path.exists(f"{directory}/{common}")


def make_programs(directory, compiler, flags, sources):
    for name, level in (("one", "-O1"), ("two", "-O2"), ("three", "-Os")):
        subprocess.run([compiler, "-std=c++17", level, *flags, *sources, "-o", name], cwd=directory, check=True)
    return True


def check_version(directory, version):
    shutil.copy(f"{directory}/three", f"{directory}/four")
    path = f"{directory}/one"
    addresses = call_addresses(path, ADDRESSES)
    before, said = ask(path, addresses)
    check_equal(said, "", f"DWARF {version}, as it was")
    if not share(directory, ("one", "two"), "common") or not share(directory, ("three", "four"), "other"):
        print(f"DWARF {version}: dwz cannot share it")
        return
    check("debugaltlink" in output("readelf", "-SW", path), "no part of it is elsewhere")
    after, said = ask(path, addresses)
    check_equal(said, "", f"DWARF {version}, shared")
    different = [(a, b) for a, b in zip(before, after) if a != b]
    check(len(before) == len(after) and not different, f"DWARF {version}: {len(different)} differ: {different[:1]}")
    os.rename(f"{directory}/common", f"{directory}/kept")
    for replaced in (False, True):
        got, said = ask(path, addresses)
        check("(shared debug information, build-id" in said, f"DWARF {version}, missing: {said}")
        check(sum(answer[0][2] != "?" for answer in got) > ADDRESSES // 2, "lines are lost with the names")
        if not replaced:
            shutil.copy(f"{directory}/other", f"{directory}/common")
    link = f"{directory}/link"
    subprocess.run(["objcopy", f"--dump-section=.gnu_debugaltlink={link}", path, f"{directory}/copy"], check=True)
    subprocess.run(["strip", path], check=True)
    if "debugaltlink" not in output("readelf", "-SW", path):  # as dh_strip leaves it
        subprocess.run(["objcopy", f"--add-section=.gnu_debugaltlink={link}", path], check=True)
    _, said = ask(path, addresses)
    check("no debug information: install" in said, f"DWARF {version}, stripped: {said}")
    print(f"DWARF {version}: {len(addresses)} addresses")


def main():
    if not all(map(shutil.which, ("g++", "dwz", "objcopy", "readelf"))):
        skip("needs g++, dwz and binutils")
    for version in (4, 5):
        with compiled.directory("g++", [f"-gdwarf-{version}", "-Wl,--build-id"], {SAMPLE.name: SAMPLE.read_text()},
                                make_programs) as directory:
            check_version(directory, version)
    finish("shared debug information")


if __name__ == "__main__":
    sys.exit(main())
