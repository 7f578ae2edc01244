"""Source positions of call sites, compared with `addr2line -aCfi`, frame by frame.

Files: libc and python3.11 with their -dbg packages, where installed, symbols_sample.cpp as
g++ and clang++ build it in several ways, and symbols_sample.rs, if rustc is there, with either kind of
mangled names. Every address is that of a call instruction's last byte (return address minus one),
of small files that of other instructions, too. A difference is a failure unless it is one of known_differences.py.

In short, each way to write debug information once; with tests/run.sh --all more of everything.
"""
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

import compiled
import harness
from answers import addr2line_answers, llvm_answers, our_answers
from binaries import PACKAGED, SAMPLE, call_addresses, debug_file, symbols_of
from known_differences import Case, compare_answer

PER_FILE = 2000 if harness.IS_ALL else 1000
PER_PACKAGED_FILE = 4000 if harness.IS_ALL else 1000
LEAST_COMPARED = 1000
rust_source = SAMPLE.with_suffix(".rs")
# -gsplit-dwarf has a test of its own, split_dwarf.py.
builds = [["-O0", "-g"], ["-O2", "-gdwarf-2"], ["-O2", "-gdwarf-3"], ["-O2", "-gdwarf-4"],
          ["-O2", "-gdwarf-5", "-gz"], ["-O2", "-g", "-flto"],
          ["-O2", "-g1", "-ffunction-sections", "-Wl,--gc-sections"]]
clang_builds = [["-O0", "-g"], ["-O2", "-gdwarf-2"], ["-O2", "-gdwarf-3"], ["-O2", "-gdwarf-4"],
                ["-O2", "-gdwarf-5", "-gz"], ["-O2", "-g", "-flto"]]
rust_ways = [("v0", "2"), ("legacy", "2")] + ([("v0", "0"), ("legacy", "0")] if harness.IS_ALL else [])
more_builds = [["-O2", "-g"], ["-O3", "-g", "-flto"], ["-O1", "-g1"], ["-O2", "-gdwarf-2", "-gz"], ["-Os", "-g"],
               ["-O2", "-gdwarf-4", "-flto"], ["-O3", "-g", "-fno-omit-frame-pointer"],
               ["-O2", "-gdwarf-4", "-fdebug-types-section"], ["-O2", "-gdwarf-5", "-gdwarf64"],
               ["-O2", "-g", "-static"], ["-O2", "-g", "-fsanitize=undefined"]]


def compile_sample(directory, compiler, flags, sources):
    """Returns whether this compiler can."""
    return subprocess.run([compiler, "-std=c++17", *flags, *sources, "-o", "sample"], cwd=directory,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def build_sample(directory, compiler, flags):
    """The sample's path, or None where this compiler is not here or cannot build it so."""
    if shutil.which(compiler) is None:
        return None
    path = f"{directory}/{compiler}{''.join(flags).replace('/', '')}"
    with compiled.directory(compiler, flags, {SAMPLE.name: SAMPLE.read_text()}, compile_sample) as place:
        return shutil.copy(place / "sample", path) if place is not None else None


def build_rust(directory, mangling, level):
    """The Rust sample's path, or None where rustc is not there or too old."""
    rustc = shutil.which("rustc") or shutil.which("rustc", path=os.path.expanduser("~/.cargo/bin"))
    path = f"{directory}/rust-{mangling}-{level}"
    # The kind of mangling that is not the default is for those only who say that they know.
    done = rustc and subprocess.run([rustc, "-Z", "unstable-options", "-g", "-C", f"opt-level={level}", "-C",
                                     f"symbol-mangling-version={mangling}", "-o", path, str(rust_source)],
                                    env={**os.environ, "RUSTC_BOOTSTRAP": "1"}, check=False,
                                    stderr=subprocess.DEVNULL)
    return path if done and done.returncode == 0 else None


def ways():
    """(compiler, flags) of each way to build the sample."""
    for compiler in ("g++", "clang++"):
        short = [flags for flags in builds if compiler == "g++" or flags in clang_builds]
        for flags in builds + more_builds if harness.IS_ALL else short:
            yield compiler, flags


def compare_file(path, oracle_path, wanted, is_clang_dwarf5, label):
    """Returns how many addresses were compared."""
    addresses = call_addresses(path, wanted)
    counts = collections.Counter()
    ours = our_answers(path, addresses)
    theirs = addr2line_answers(oracle_path, addresses)
    harness.check_equal((len(ours), len(theirs)), (len(addresses),) * 2, f"{label}: answers")
    different = [address for address, a, b in zip(addresses, ours, theirs) if a != b]
    case = Case(llvm_answers(oracle_path, different), is_clang_dwarf5, symbols_of(oracle_path))
    for case.address, case.ours, case.theirs in zip(addresses, ours, theirs):
        harness.check(compare_answer(case, counts),
                      f"{label} {case.address:#x}:\n  ours      {case.ours}\n"
                      f"  addr2line {case.theirs}")
    print(f"{label}: {len(addresses)} addresses, {sum(map(len, ours))} frames:",
          ", ".join(f"{count} {what}" for what, count in counts.most_common()))
    return len(addresses)


def compare_packaged(path):
    debug = debug_file(path) if os.path.exists(path) else None
    if debug is None:
        print(f"{path}: no debug file installed, not compared")
        return 0
    return compare_file(path, debug, PER_PACKAGED_FILE, False, path)


def compare_sample(directory, compiler, flags):
    path = build_sample(directory, compiler, flags)
    if path is None:
        print(f"{compiler} {' '.join(flags)}: not built here")
        return 0
    is_clang_dwarf5 = (compiler == "clang++" and "-O0" not in flags and
                       not any(re.fullmatch("-gdwarf-[234]|-s", flag) for flag in flags))
    count = compare_file(path, path, PER_FILE, is_clang_dwarf5, f"{compiler} {' '.join(flags)}")
    if flags == ["-O0", "-g"]:
        count += compare_zstd(path, compiler)
    if flags == ["-O2", "-gdwarf-4"]:
        subprocess.run(["strip", path], check=True)
        count += compare_file(path, path, PER_FILE, False, f"{compiler} {' '.join(flags)}, stripped")
    return count


def compare_zstd(path, compiler):
    """The same file with its debug information packed by zstd, where objcopy can; addr2line reads the original."""
    packed = f"{path}-zstd"
    done = subprocess.run(["objcopy", "--compress-debug-sections=zstd", path, packed], check=False,
                          stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        return 0
    return compare_file(packed, path, PER_FILE, compiler == "clang++", f"{compiler}, packed by zstd")


def compare_rust(directory, mangling, level):
    path = build_rust(directory, mangling, level)
    if path is None:
        print(f"Rust, {mangling}: not built here")
        return 0
    return compare_file(path, path, PER_FILE, False, f"rustc {mangling} opt-level={level}")


def main():
    if shutil.which("addr2line") is None or shutil.which("objdump") is None:
        harness.skip("needs binutils")
    with tempfile.TemporaryDirectory() as directory, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(compare_packaged, path) for path in PACKAGED]
        jobs += [pool.submit(compare_sample, directory, *way) for way in ways()]
        jobs += [pool.submit(compare_rust, directory, *way) for way in rust_ways]
        compared = sum(job.result() for job in jobs)
    harness.check(compared >= LEAST_COMPARED, f"only {compared} addresses compared")
    harness.finish(f"symbols of {compared} addresses")


if __name__ == "__main__":
    sys.exit(main())
