#!/usr/bin/env python3
"""Lost, kept, and who says so: each program of this directory under libtrace.so, valgrind, and LeakSanitizer.

Bytes and blocks that are lost definitely, indirectly and possibly have to be valgrind's; their sum but the
possible ones has to be LeakSanitizer's, which takes a pointer inside for one to the start. Where one of them says
something else, EXPLAINED says why, and that difference has to be there: an explanation that no longer holds is
a failure, too.
"""
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import build, check, environment, finish, library, report_tool, require  # noqa: E402

PROGRAMS = build / "tests" / "leaks"
SOURCES = pathlib.Path(__file__).resolve().parent
WORKERS = 2
CLASSES = ("definite", "indirect", "possible")

# (who, program): why they do not agree.
DTV = ("the loader's table of a thread's variables, known by its inside, has entries for libtrace.so's variables, "
       "too")
EXPLAINED = {
    ("valgrind", "arena"): DTV,
    ("valgrind", "held"): DTV,
    ("valgrind", "register"): DTV,
    ("valgrind", "thread_stack"): DTV,
    ("valgrind", "tls_thread"): DTV,
    ("LeakSanitizer", "tls_thread"): "it takes no notice of variables of threads that have ended",
    ("LeakSanitizer", "mapping"): "it does not look into mappings that the program made",
    ("LeakSanitizer", "quick"): "it does not run at _exit()",
    ("LeakSanitizer", "empty"): "it counts a block of no bytes as one byte",
}


def trace(program, directory):
    """What trace-report --leaks says: {class: (bytes, blocks)}."""
    file = pathlib.Path(directory) / "program.trace"
    subprocess.run([program], check=False, stdout=subprocess.DEVNULL,
                   env=environment(LD_PRELOAD=library, LIBTRACE_PICTURE="exit", LIBTRACE_OUTPUT=file))
    shown = subprocess.run([report_tool, "--leaks", "--format=json", file], check=True,
                           capture_output=True, text=True).stdout
    classes = json.loads(shown)["heap"]["classes"]
    return {name: (classes[name]["size"], classes[name]["count"]) for name in CLASSES}


def valgrind(program, directory):
    log = pathlib.Path(directory) / "valgrind.log"
    subprocess.run(["valgrind", "--leak-check=full", "--show-leak-kinds=all", "--run-libc-freeres=no",
                    "--run-cxx-freeres=no", f"--log-file={log}", program],
                   check=False, stdout=subprocess.DEVNULL, env=environment())
    text = log.read_text()
    result = {name: (0, 0) for name in CLASSES}
    for name, size, count in re.findall(r"(definite|indirect|possib)ly lost: ([\d,]+) bytes in ([\d,]+) blocks", text):
        name = "possible" if name == "possib" else name
        result[name] = (int(size.replace(",", "")), int(count.replace(",", "")))
    assert "All heap blocks were freed" in text or "still reachable:" in text, text
    return result


def sanitizer_library():
    """liblsan as gcc has it, or None."""
    found = subprocess.run(["gcc", "-print-file-name=liblsan.so"], capture_output=True, text=True, check=False)
    path = pathlib.Path(found.stdout.strip())
    return path.resolve() if path.is_absolute() and path.exists() else None


def sanitizer(program, preload):
    """What LeakSanitizer calls leaked, (bytes, blocks); None if it cannot run here."""
    done = subprocess.run([program], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env=environment(LD_PRELOAD=preload, LSAN_OPTIONS="exitcode=0:use_unaligned=0"))
    if "LeakSanitizer has encountered a fatal error" in done.stderr:
        return None
    found = re.search(r"SUMMARY: \w+: (\d+) byte\(s\) leaked in (\d+) allocation", done.stderr)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def compare(program, preload):
    with tempfile.TemporaryDirectory() as directory:
        ours = trace(program, directory)
        results = {"valgrind": (ours, valgrind(program, directory))}
        if preload is not None:
            lost = tuple(map(sum, zip(ours["definite"], ours["indirect"])))
            results["LeakSanitizer"] = (lost, sanitizer(program, preload))
    return program.name, results


def main():
    require(report_tool)
    programs = sorted(PROGRAMS / source.stem for source in SOURCES.glob("*.c*")
                      if (PROGRAMS / source.stem).exists())
    preload = sanitizer_library()
    agreed = {"valgrind": 0, "LeakSanitizer": 0}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for name, results in pool.map(lambda program: compare(program, preload), programs):
            for who, (ours, theirs) in results.items():
                if theirs is None:
                    continue
                why = EXPLAINED.get((who, name))
                if why == DTV:  # only what is known by its inside may differ
                    check([ours[lost] for lost in CLASSES[:2]] == [theirs[lost] for lost in CLASSES[:2]],
                          f"{name}: {ours}, {who}: {theirs}")
                agreed[who] += ours == theirs
                check((ours == theirs) == (why is None),
                      f"{name}: {ours}, {who}: {theirs}" + (f", though {why}" if why else ""))
    check(len(programs) >= 50, f"only {len(programs)} programs")
    print(f"{len(programs)} programs; as valgrind says: {agreed['valgrind']}, as LeakSanitizer: "
          f"{agreed['LeakSanitizer']}, explained: {len(EXPLAINED)}")
    finish("leaks")


main()
