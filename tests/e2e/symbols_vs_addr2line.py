"""Source positions of call sites, compared with `addr2line -aCfi`, frame by frame.

Files: libc and python3.11 with their -dbg packages, where installed, symbols_sample.cpp as
g++ and clang++ build it in several ways, and symbols_sample.rs, if rustc is there, with either kind of
mangled names. Every address is that of a call instruction's last byte
(return address minus one), of small files that of other instructions, too. A difference is a failure unless it is one of EXCEPTIONS, each of which
is a function that looks at one frame and knows why the tools differ.

In short, each way to write debug information once; with tests/run.sh --all more of everything.
"""
import collections
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import compiled
import harness

PER_FILE = 2000 if harness.IS_ALL else 1000
PER_PACKAGED_FILE = 4000 if harness.IS_ALL else 1000
LEAST_COMPARED = 1000
SLICE_BYTES = 16384
PADDING = ("nop", "nopw", "nopl", "cs", "data16", "xchg")  # between functions: nobody's
source = pathlib.Path(__file__).with_name("symbols_sample.cpp")
tool = harness.programs / "symbolize_tool"
packaged = ["/usr/bin/python3.11", "/lib/x86_64-linux-gnu/libc.so.6"]
rust_source = source.with_suffix(".rs")
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


def output(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, **options).stdout


# Files


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


def compile_sample(directory, compiler, flags, sources):
    """Returns whether this compiler can."""
    return subprocess.run([compiler, "-std=c++17", *flags, *sources, "-o", "sample"], cwd=directory,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def build_sample(directory, compiler, flags):
    """The sample's path, or None where this compiler is not here or cannot build it so."""
    if shutil.which(compiler) is None:
        return None
    path = f"{directory}/{compiler}{''.join(flags).replace('/', '')}"
    with compiled.directory(compiler, flags, {source.name: source.read_text()}, compile_sample) as place:
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


# Answers: for each address, a list of (function, file, line)


def parse(text):
    answers = []
    for line in text.splitlines():
        if line.startswith("0x"):
            answers.append([])
        else:
            answers[-1].append(re.sub(r" \(discriminator \d+\)$", "", line))
    return [[(lines[i], *lines[i + 1].rsplit(":", 1)) for i in range(0, len(lines) - 1, 2)]
            for lines in answers]


def our_answers(path, addresses):
    lines = "".join(f"{path} {address:x}\n" for address in addresses)
    return parse(output(str(tool), input=lines))


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


# Exceptions


class Case:
    """What an exception may look at: a file, and one frame of one address in it."""

    def __init__(self, seconds, is_clang_dwarf5, symbols):
        self.seconds = seconds  # llvm-symbolizer's answers
        self.is_clang_dwarf5 = is_clang_dwarf5
        self.symbols = symbols  # (start, end, demangled name), sorted
        self.address = self.ours = self.theirs = None
        self.index = 0

    @property
    def second(self):
        """What llvm-symbolizer says, if it is installed."""
        return self.seconds.get(self.address)

    def symbol(self):
        """Names of the symbols that contain the address."""
        return {name for start, end, name in self.symbols if start <= self.address < end}

    def second_agrees(self):
        """Whether llvm-symbolizer, if installed, sees our files and lines in all frames."""
        return self.second is None or positions(self.ours) == positions(self.second)


def positions(answer):
    return [(os.path.normpath(file), line.replace("?", "0")) for _, file, line in answer]


def names_the_object_file(case):
    """Where only a symbol is known, addr2line gives the object's STT_FILE symbol for a file."""
    ours, theirs = case.ours[case.index], case.theirs[case.index]
    return ours[0] == theirs[0] and ours[1:] == ("??", "?") and theirs[2] == "?"


def is_not_linked(case):
    """Whether the names are those of a C++ function without a linker name (an unnamed namespace, an inlined
    extern "C").

    addr2line takes the symbol that contains the address, even for an inlined function, or on its
    second look at the same function, the plain name. We take the symbol that the function begins
    with, and the plain name only for inlined functions.
    """
    ours, theirs = case.ours[case.index][0], case.theirs[case.index][0]
    is_plain = theirs.split("<")[0] in ours and "::" not in theirs.split("<")[0]
    return theirs in case.symbol() or is_plain


def names_what_is_not_linked(case):
    """Files and lines must be the same."""
    return case.ours[case.index][1:] == case.theirs[case.index][1:] and is_not_linked(case)


def starts_at_file_0(case):
    """binutils before 2.42 (PR 30783): rows of DWARF 5 that set no file get file 0, not 1."""
    ours, theirs = case.ours[case.index], case.theirs[case.index]
    return (case.index == 0 and (ours[0] == theirs[0] or is_not_linked(case)) and ours[2] == theirs[2] and
            case.second_agrees())


def cannot_read_indexed_ranges(case):
    """binutils 2.40 does not read DW_FORM_rnglistx, and so misses clang's inlined functions."""
    return case.is_clang_dwarf5 and case.second is not None and case.second_agrees()


# Of one frame, both answers having as many; and of a whole answer.
EXCEPTIONS = [names_the_object_file, names_what_is_not_linked, starts_at_file_0]
WHOLE_EXCEPTIONS = [cannot_read_indexed_ranges]


def symbols_of(path):
    found = []
    for line in output("nm", "-SC", "--defined-only", path).splitlines():
        match = re.match(r"([0-9a-f]+) ([0-9a-f]+) [tTwWi] (.*)", line)
        if match:
            start = int(match[1], 16)
            found.append((start, start + int(match[2], 16), match[3]))
    return found


def explain(case):
    """The names of the exceptions that cover the differences, None for one that none covers."""
    reasons = []
    frames = zip(case.ours, case.theirs) if len(case.ours) == len(case.theirs) else []
    for case.index, (ours, theirs) in enumerate(frames):
        if ours != theirs:
            reasons.append(next((e.__name__ for e in EXCEPTIONS if e(case)), None))
    if not reasons or None in reasons:
        reasons = [next((e.__name__ for e in WHOLE_EXCEPTIONS if e(case)), None)]
    return reasons


def compare_answer(case, counts):
    """Count how an answer compares. Returns whether all differences are explained."""
    reasons = explain(case) if case.ours != case.theirs else ["same"]
    counts["UNEXPLAINED" if None in reasons else reasons[0]] += 1
    return None not in reasons


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
        jobs = [pool.submit(compare_packaged, path) for path in packaged]
        jobs += [pool.submit(compare_sample, directory, *way) for way in ways()]
        jobs += [pool.submit(compare_rust, directory, *way) for way in rust_ways]
        compared = sum(job.result() for job in jobs)
    harness.check(compared >= LEAST_COMPARED, f"only {compared} addresses compared")
    harness.finish(f"symbols of {compared} addresses")


if __name__ == "__main__":
    sys.exit(main())
