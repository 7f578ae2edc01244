#!/usr/bin/env python3
"""Names of variables that are not on a stack, and where they are declared: global, static, thread-local
ones, in a program and in a library, in each form of debug information.

nm says where each is, and the source in which line: it has the name in a comment. Each is asked for by
an address in the middle of it.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from answers import ask
from binaries import output
from harness import IS_ALL, check, check_equal, finish, skip

SOURCE = """#include <stddef.h>
long shared[4] = {1}; // shared
static long own[2]; // own
static __thread long per_thread[3] = {1}; // per_thread
thread_local_ long in_every_thread = 2; // in_every_thread
namespace_
long in_here = 3; // in_here
namespace_end_
long *reach(int which);

long *reach(int which)
{
    static long counted[5]; // counted
    static __thread long counted_apart[2]; // counted_apart
    if (which > 3) {
        static long deep = 3; // deep
        return which > 4 ? &deep : &in_here;
    }
    return which == 0 ? shared : which == 1 ? own : which == 2 ? counted : which == 3 ? per_thread : counted_apart;
}
"""
LANGUAGES = {
    ".c": ("#define thread_local_ __thread", "", ""),
    ".cc": ("#define thread_local_ thread_local", "namespace place {", "struct item { static long made; }; "
            "long item::made = 4; // made\\n}\\nusing place::in_here;"),
}
MAIN = "long *reach(int which);\\nint main(void) { return (int)*reach(0) - 1; }\\n"
WAYS = [[f"-gdwarf-{version}"] for version in (2, 3, 4, 5)] + [["-gdwarf-4", "-gsplit-dwarf"],
                                                                  ["-gdwarf-5", "-gsplit-dwarf"]]
MORE_WAYS = [["-gdwarf-5", "-gz"], ["-gdwarf-5", "-flto"], ["-gdwarf-4", "-fdebug-types-section"]]
COMPILERS = {".c": ("gcc", "clang"), ".cc": ("g++", "clang++")}


def write_sources(directory, ending):
    """{name of a variable: its line}."""
    first, begin, end = (text.replace("\\n", chr(10)) for text in LANGUAGES[ending])
    text = SOURCE.replace("namespace_end_", end).replace("namespace_", begin)
    text = text.replace("thread_local_", first.split()[-1])
    if ending == ".cc":
        text = text.replace("long *reach(int which);", 'extern "C" long *reach(int which);', 1)
    pathlib.Path(directory, f"data{ending}").write_text(text)
    pathlib.Path(directory, "main.c").write_text(MAIN.replace("\\n", chr(10)))
    return {found[1]: number for number, line in enumerate(text.splitlines(), 1)
            if (found := re.search(r"// (\w+)$", line))}


def build(directory, compiler, ending, flags, is_library):
    """The file's path, or None where this compiler is not here or cannot."""
    if shutil.which(compiler) is None:
        return None
    command = [compiler, "-O1", "-fPIC", *flags, "-c", f"data{ending}", "-o", "data.o"]
    link = [compiler, *flags, "data.o", *(["-shared"] if is_library else ["main.o"]), "-o", "file"]
    for step in (command, ["gcc", "-c", "main.c", "-o", "main.o"], link):
        if subprocess.run(step, cwd=directory, stderr=subprocess.DEVNULL, check=False).returncode != 0:
            return None
    return f"{directory}/file"


def variables_of(path):
    """[(plain name, demangled name, an address in its middle, whether it is thread-local)]."""
    found = []
    for line in output("readelf", "-sWC", path).splitlines():
        match = re.match(r" *\d+: (\w+) +(\w+) (OBJECT|TLS) +\w+ +\w+ +\d+ (.*)$", line)
        if match:
            # static ones of a function: gcc adds a number to the name, clang puts the function before it
            name = re.sub(r"\.\d+$|^reach\.", "", match[4].split("::")[-1].split("@")[0])
            found.append((name, match[4], int(match[1], 16) + int(match[2], 0) // 2, match[3] == "TLS"))
    return found


def check_file(path, lines, label):
    compared = set()
    for is_local in (False, True):
        wanted = [variable for variable in variables_of(path) if variable[0] in lines and variable[3] == is_local]
        got = ask(path, [address for _, _, address, _ in wanted], "--thread-local" if is_local else "--data")[0]
        check_equal(len(got), len(wanted), f"{label}: answers")
        for (name, symbol, _, _), ((function, file, line), *_) in zip(wanted, got):
            check(name in function and (line == str(lines[name])) and "data." in file,
                  f"{label}: {symbol}: {function} at {file}:{line}, expected line {lines[name]}")
            compared.add(name)
    check_equal(compared, set(lines), f"{label}: variables")
    return len(compared)


def main():
    if not all(map(shutil.which, ("gcc", "g++", "readelf"))):
        skip("needs gcc and binutils")
    for ending, compilers in COMPILERS.items():
        for flags in WAYS + (MORE_WAYS if IS_ALL else []):
            for compiler in compilers:
                for is_library in (False, True):
                    label = f"{compiler} {' '.join(flags)}{' -shared' if is_library else ''}"
                    with tempfile.TemporaryDirectory() as directory:
                        lines = write_sources(directory, ending)
                        path = build(directory, compiler, ending, flags, is_library)
                        count = check_file(path, lines, label) if path else "not built here:"
                        print(f"{label}: {count} variables")
    finish("variables")


if __name__ == "__main__":
    sys.exit(main())
