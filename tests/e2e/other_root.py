#!/usr/bin/env python3
"""A program in a root of its own (a container, a chroot), which is gone when the report is made.

Its libc is another build than the one outside, which must not be taken for it. The trace has what the
modules export; with the files, by --sysroot or --symbols, the report has all functions and lines, and
addr2line says which.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from answers import addr2line_answers, call_sites
from binaries import output
from harness import check, check_equal, environment, finish, library, report, require, skip

SOURCES = pathlib.Path(__file__).parent / "programs"
HOME = "/opt/boxed"  # nothing is there outside
MODULES = ("boxed", "libboxed.so")
INSIDE = f"LD_PRELOAD={HOME}/libtrace.so LIBTRACE_OUTPUT=/out/t.trace exec {HOME}/boxed"
UNSHARE = ("unshare", "--map-root-user", "--mount")

# How to get into the root: what a shell does that may do all of root's work in namespaces of its own. The last two
# need a kernel that lets it mount these.
WAYS = {
    "chroot": f"exec chroot $ROOT /bin/dash -c '{INSIDE}'",
    "pivot_root": f"mount --bind $ROOT $ROOT && cd $ROOT && pivot_root . old && cd / && {INSIDE}",
    "overlay": "mount -t overlay overlay -o lowerdir=$ROOT,upperdir=$PLACE/upper,workdir=$PLACE/work "
               f"$PLACE/merged && cd $PLACE/merged && pivot_root . old && cd / && {INSIDE}",
    "tmpfs": "mount -t tmpfs none $PLACE/merged && cp -a $ROOT/. $PLACE/merged && "
             "mount --bind $ROOT/out $PLACE/merged/out && cd $PLACE/merged && "
             f"pivot_root . old && cd / && {INSIDE}",
}


def needed(path):
    """A file and what the loader loads for it."""
    return [path, *re.findall(r"(/\S+) \(0x", output("ldd", path))]


def change_build_id(path):
    """Make a file another build of the same code."""
    build_id = bytes.fromhex(re.search(r"Build ID: (\w+)", output("readelf", "-nW", path))[1])
    content = pathlib.Path(path).read_bytes()
    check_equal(content.count(build_id), 1, f"{path}: its build-id")
    pathlib.Path(path).write_bytes(content.replace(build_id, build_id[::-1]))


def make_root(root):
    """A tree with the program, and all that it needs; its own files are built with -g."""
    unwinder = next(line.split()[-1] for line in output("/sbin/ldconfig", "-p").splitlines()
                    if "libunwind-x86_64.so.8" in line)
    for directory in (HOME, "/out", "/old", "/bin"):
        os.makedirs(root + directory)
    for path in {*needed("/bin/dash"), *needed(unwinder)}:
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        shutil.copy(os.path.realpath(path), root + path)
    shutil.copy(library, f"{root}{HOME}/libtrace.so")
    for path in pathlib.Path(root).rglob("libc.so.6"):
        change_build_id(path)
    command = ["gcc", "-O1", "-g", "-Wl,--build-id"]
    subprocess.run([*command, "-shared", "-fPIC", "-Wl,-soname,libboxed.so", SOURCES / "boxed_library.c", "-o",
                    f"{root}{HOME}/libboxed.so"], check=True)
    subprocess.run([*command, SOURCES / "boxed.c", f"{root}{HOME}/libboxed.so", f"-Wl,-rpath,{HOME}", "-o",
                    f"{root}{HOME}/boxed"], check=True)


def run_inside(way, place, root):
    """The trace, taken out of the root, or None where this is not allowed."""
    for directory in ("upper", "work", "merged"):
        os.mkdir(f"{place}/{directory}")
    done = subprocess.run([*UNSHARE, "/bin/sh", "-c", WAYS[way]],
                          env=environment(ROOT=root, PLACE=place), check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    written = [f"{root}/out/t.trace", f"{place}/upper/out/t.trace"]
    found = [path for path in written if os.path.exists(path)]
    if not found and way in ("overlay", "tmpfs"):
        print(f"{way}: not possible here: {done.stdout.strip()}")
        return None
    if not check(found and done.returncode == 0, f"{way}: {done.stdout}"):
        return None
    return shutil.move(found[0], f"{place}/boxed.trace")


def frames_of(trace, place, *options):
    """{(module, function, line)} of all frames."""
    outcome = report(["--by", "traceback", "--top", "0", "--format", "json", "--allocated", *options, trace], place)
    check_equal(outcome.status, 0, outcome.stderr)
    frames = [frame for row in json.loads(outcome.stdout)["statistics"] for frame in row["traceback"]]
    return {(os.path.basename(frame["module"] or ""), frame["function"], frame["line"] or 0)
            for frame in frames}


def lines_of_addr2line(trace, files):
    """{(module, function, line)} of the frames in the program's own modules."""
    found = set()
    for path, addresses in call_sites(trace).items():
        name = os.path.basename(path)
        if name in MODULES:
            for answer in addr2line_answers(f"{files}{HOME}/{name}", addresses):
                found.update((name, function, int(number)) for function, _, number in answer if function != "_start")
    return found


def own(frames):
    return {frame for frame in frames if frame[0] in MODULES and frame[1] != "_start"}


def check_way(way, place):
    root, kept, stripped = f"{place}/root", f"{place}/kept", f"{place}/stripped"
    make_root(root)
    shutil.copytree(root, kept)
    trace = run_inside(way, place, root)
    if trace is None:
        return
    shutil.rmtree(root)
    frames = frames_of(trace, place)
    names = {frame[:2] for frame in frames}
    check(("libboxed.so", "boxed_allocate") in names, f"{way}: without files: {sorted(map(str, names))}")
    check(("libc.so.6", "qsort") in names or ("libc.so.6", "qsort_r") in names,
          f"{way}: without files: {sorted(map(str, names))}")
    check(not names & {("libboxed.so", "hidden"), ("boxed", "main")}, f"{way}: named by nothing: {names}")
    said = report(["--summary", trace], place).stdout
    check(re.search(r"libc\.so\.6 is not used: its build-id", said), f"{way}: {said}")
    expected = lines_of_addr2line(trace, kept)
    check({function for _, function, _ in expected} == {"main", "compare", "boxed_allocate", "hidden"},
          f"{way}: addr2line {expected}")
    check_equal(own(frames_of(trace, place, "--sysroot", kept)), expected, f"{way}: --sysroot")
    shutil.copytree(kept, stripped)
    for name in MODULES:
        subprocess.run(["strip", f"{stripped}{HOME}/{name}"], check=True)
    frames = frames_of(trace, place, "--sysroot", stripped)
    check(not any(line for _, _, line in own(frames)), f"{way}: lines of stripped files: {frames}")
    for options in (["--sysroot", stripped], []):
        frames = frames_of(trace, place, *options, "--symbols", f"{kept}{HOME}")
        check_equal(own(frames), expected, f"{way}: --symbols {options}")
    print(f"{way}: {len(names)} names without files, {len(expected)} lines with them")


def main():
    require(library)
    if not all(map(shutil.which, ("gcc", "addr2line", "readelf", "unshare", "dash"))):
        skip("needs gcc, binutils, unshare and dash")
    if subprocess.run([*UNSHARE, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        skip("no namespaces for this user")
    for way in WAYS:
        with tempfile.TemporaryDirectory() as place:
            check_way(way, place)
    finish("programs in a root of their own")


if __name__ == "__main__":
    sys.exit(main())
