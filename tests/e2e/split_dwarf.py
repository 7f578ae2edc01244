"""Split debug information (-gsplit-dwarf), compared with llvm-symbolizer, name by name as the linker
knows them, and line by line.

Two files make a program, so that each unit has a skeleton, addresses and ranges of its own. The
trees are in .dwo files, then in a package (.dwp), then gone, then those of another build.
addr2line is no judge here: that of binutils 2.40 reads the names of DWARF 5 wrongly.
"""
import os
import re
import shutil
import subprocess
import sys

import compiled
import harness
from answers import ask, parse
from binaries import SAMPLE, call_addresses, output

PER_FILE = 2000 if harness.IS_ALL else 1000
WAYS = [("g++", ["-gdwarf-4"]), ("g++", ["-gdwarf-5"]), ("clang++", ["-gdwarf-4"]), ("clang++", ["-gdwarf-5"])]
MORE_WAYS = [("g++", ["-gdwarf-5", "-gz"]), ("clang++", ["-O0"]),
             ("g++", ["-O0"])]


def second_source():
    """The sample once more, in a namespace."""
    lines = SAMPLE.read_text().splitlines()
    headers = [line for line in lines if line.startswith("#include")]
    rest = [line for line in lines if not line.startswith("#include")]
    renames = [f"#define {name} second_{name}" for name in ("main", "sink", "c_exported")]
    return "\n".join(headers + renames + ["namespace second {"] + rest + ["}", ""])


def compile_two(directory, compiler, flags, sources):
    """Returns whether the compiler can. The program is two, in @directory."""
    command = [compiler, "-std=c++17", "-O2", "-g", "-gsplit-dwarf", *flags]
    objects = [re.sub("cpp$", "o", name) for name in sources]
    for name, made in zip(sources, objects):
        if subprocess.run(command + ["-c", name, "-o", made], cwd=directory, stderr=subprocess.DEVNULL,
                          check=False).returncode != 0:
            return False
    subprocess.run(command + [*objects, "-o", "two"], cwd=directory, check=True)
    return True


def ours(path, addresses, *options):
    """Answers and warnings."""
    return ask(path, addresses, "--no-demangle", *options)


def theirs(path, addresses):
    return parse(output(
        "llvm-symbolizer", "-afi", "--no-demangle", "--output-style=GNU", f"--obj={path}",
        input="".join(f"{address:#x}\n" for address in addresses)))


def normal(answer):
    """An answer without what the tools write differently: unknown lines, parts of functions, and
    which of a destructor's names, where they are one function (D1, of a whole object, and D2)."""
    return [(re.sub(r"\.(cold|part|constprop|isra).*", "", re.sub(r"([CD])[12]E", r"\1E", name)), os.path.normpath(file),
             line.replace("?", "0")) for name, file, line in answer]


def compare(got, expected, label):
    # Where only a symbol is known, llvm-symbolizer gives the object's STT_FILE symbol for a file.
    different = [(a, b) for a, b in zip(got, expected)
                 if normal(a) != normal(b) and not (a[0][1] == "??" and b[0][2] in "?0")]
    harness.check(len(got) == len(expected) and not different,
                  f"{label}: {len(different)} of {len(expected)} differ, first:\n  {different[:1]}")
    inlined = sum(len(answer) > 1 for answer in got)
    harness.check(inlined > len(got) // 10, f"{label}: only {inlined} with inlined frames")
    print(f"{label}: {len(got)} addresses, {inlined} with inlined frames")


def make_package(directory, compiler, flags):
    """Returns whether there is one. llvm-dwp 14 does not come to an end with DWARF 5 of GCC."""
    if shutil.which("llvm-dwp") is None or (compiler == "g++" and "-gdwarf-5" in flags):
        return False
    return subprocess.run(["llvm-dwp", "-e", "two", "-o", "two.dwp"], cwd=directory, timeout=60,
                          check=False).returncode == 0


def check_way(directory, compiler, flags):
    label = f"{compiler} {' '.join(flags)}"
    if directory is None:
        print(f"{label}: cannot be built here, not compared")
        return
    path = f"{directory}/two"
    addresses = call_addresses(path, PER_FILE)
    expected = theirs(path, addresses)
    compare(ours(path, addresses)[0], expected, f"{label}, .dwo")
    os.mkdir(f"{directory}/kept")
    is_packed = make_package(directory, compiler, flags)
    for name in ("first.dwo", "second.dwo"):
        os.rename(f"{directory}/{name}", f"{directory}/kept/{name}")
    if is_packed:
        compare(ours(path, addresses)[0], expected, f"{label}, .dwp")
        os.remove(f"{path}.dwp")
    else:
        print(f"{label}: no package can be made here, not compared")
    compare(ours(path, addresses, "--symbols", f"{directory}/kept")[0], expected,
            f"{label}, --symbols")
    got, warnings = ours(path, addresses)
    harness.check(".dwo is missing" in warnings, f"{label}: no word of what is missing: {warnings}")
    lines = [answer[0][2] for answer in got]
    harness.check(sum(line not in ("?", "0") for line in lines) > len(lines) // 2,
                  f"{label}: lines are lost with the trees")
    shutil.copy(f"{directory}/kept/first.dwo", f"{directory}/second.dwo")
    shutil.copy(f"{directory}/kept/second.dwo", f"{directory}/first.dwo")
    _, warnings = ours(path, addresses)
    harness.check("is not used: it is of another build" in warnings,
                  f"{label}: a foreign file is not refused: {warnings}")


def main():
    if shutil.which("llvm-symbolizer") is None or shutil.which("objdump") is None:
        harness.skip("needs llvm-symbolizer and binutils")
    sources = {"first.cpp": SAMPLE.read_text(), "second.cpp": second_source()}
    for compiler, flags in WAYS + (MORE_WAYS if harness.IS_ALL else []):
        if shutil.which(compiler) is not None:
            with compiled.directory(compiler, flags, sources, compile_two) as directory:
                check_way(directory, compiler, flags)
    harness.finish("split debug information")


if __name__ == "__main__":
    sys.exit(main())
