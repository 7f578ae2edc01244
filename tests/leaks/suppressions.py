#!/usr/bin/env python3
"""Files of suppressions: the program built with LeakSanitizer and the plain one under libtrace.so lose the same."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import build, check, check_equal, environment, finish, library, report, require, skip  # noqa: E402

PROGRAMS = build / "tests" / "leaks"
LEAKED = 23  # LeakSanitizer's exit status when there is something
FAILED = 3  # trace-report's, when a rule of --fail-if holds

FILES = {
    "none": "# nothing but a comment\n\n",
    "a function": "leak:lose_one\n",
    "part of a name": "leak:cache_\n",
    "a pattern": "leak:cache*ll\n",
    "a whole name": "leak:^vendor_list$\n",
    "a name that is longer": "leak:^vendor_lis$\n",
    "an owner": "leak:owner_of_text\n",
    "two": "leak:lose_one\nleak:vendor_node\n",
    "a file": "leak:suppressed.c\n",
    "a module": "leak:suppressed\n",
    "everything": "leak:*\n",
    "nobody": "leak:no_such_function\n",
}


def sanitizer(file):
    """((bytes, blocks) lost, exit status); None if LeakSanitizer cannot run here."""
    options = f"suppressions={file}:print_suppressions=0:use_unaligned=0:exitcode={LEAKED}"
    done = subprocess.run([PROGRAMS / "suppressed_lsan"], check=False, capture_output=True, text=True,
                          env=environment(LSAN_OPTIONS=options))
    if "LeakSanitizer has encountered a fatal error" in done.stderr:
        return None
    found = re.search(r"SUMMARY: \w+: (\d+) byte\(s\) leaked in (\d+) allocation", done.stderr)
    return (int(found[1]), int(found[2])) if found else (0, 0), done.returncode


def ours(trace, file, directory):
    outcome = report(["--leaks", "--suppressions", file, "--fail-if", "lost>0", "--format", "json", trace], directory)
    heap = json.loads(outcome.stdout)["heap"]
    lost = [sum(heap["classes"][name][what] for name in ("definite", "indirect")) for what in ("size", "count")]
    suppressed = (heap["suppressed"]["size"], heap["suppressed"]["count"])
    return tuple(lost), suppressed, outcome.status


def main():
    require(library, PROGRAMS / "suppressed", PROGRAMS / "suppressed_lsan")
    with tempfile.TemporaryDirectory() as directory:
        trace = f"{directory}/suppressed.trace"
        subprocess.run([PROGRAMS / "suppressed"], check=True,
                       env=environment(LD_PRELOAD=library, LIBTRACE_PICTURE="exit", LIBTRACE_OUTPUT=trace))
        file = pathlib.Path(directory) / "known.supp"
        totals = set()
        losses = set()
        for name, text in FILES.items():
            file.write_text(text)
            theirs = sanitizer(file)
            if theirs is None:
                skip("LeakSanitizer cannot run here")
            lost, suppressed, status = ours(trace, file, directory)
            check_equal(lost, theirs[0], f"{name}: lost")
            check_equal(status == FAILED, theirs[1] == LEAKED, f"{name}: exit status {status}, theirs {theirs[1]}")
            check(status in (0, FAILED), f"{name}: exit status {status}")
            losses.add(lost)
            totals.add((lost[0] + suppressed[0], lost[1] + suppressed[1]))
        check_equal(len(totals), 1, "lost and suppressed together")
        check(len(losses) >= 6 and (0, 0) in losses, f"different losses: {losses}")
    finish("suppressions")


main()
