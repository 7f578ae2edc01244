#!/usr/bin/env python3
"""What bash completes: every option that there is and no other, the words that an option takes, traces,
directories, commands."""
import pathlib
import re
import shutil
import subprocess
import tempfile

from completed import is_taken, long_options
from harness import check, check_equal, environment, finish, report_tool, require, run_tool, skip

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "completions" / "trace-report.bash"
# What readline does: words broken at blanks and equals signs; the command, the current word, the last.
BASH = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_trace_tools "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def complete(directory, tool, *words):
    broken = [part for word in words for part in re.split("(=)", word) if part or not word]
    done = subprocess.run(["bash", "-c", BASH, "bash", SCRIPT, tool, *broken], cwd=directory,
                          capture_output=True, text=True, env=environment(), check=False)
    check_equal(done.stderr, "", f"{words}: bash")
    return {line for line in done.stdout.splitlines() if line}


def check_words(directory, option, some):
    """All that is completed is taken, and some are known to be among it."""
    words = complete(directory, report_tool, f"{option}=")
    check(some <= words, f"{option}: {words}")
    for word in words:
        check(is_taken(report_tool, option, word), f"{option}={word}")
    check_equal(complete(directory, report_tool, option, sorted(some)[0][:4]) & some,
                {sorted(some)[0]}, f"{option}: a word that is begun")


def main():
    if shutil.which("bash") is None:
        skip("there is no bash")
    require(report_tool, run_tool)
    with tempfile.TemporaryDirectory() as directory:
        for name in ("a.trace", "b.trace", "notes.txt"):
            pathlib.Path(directory, name).touch()
        pathlib.Path(directory, "sub").mkdir()
        for tool in (report_tool, run_tool):
            known = long_options(tool)
            check(len(known) > 5, f"{tool}: no options in --help")
            check_equal(complete(directory, tool, "--"), known, f"{tool.name}: options")
        check_equal(complete(directory, report_tool, "--gro"), {"--growth"}, "an option that is begun")
        check_words(directory, "--by", {"function", "thread"})
        check_words(directory, "--sort", {"average"})
        check_words(directory, "--format", {"folded", "sqlite"})
        check_equal(complete(directory, report_tool, ""), {"a.trace", "b.trace", "sub"}, "traces")
        check_equal(complete(directory, report_tool, "--growth", "b"), {"b.trace"}, "after a switch")
        check_equal(complete(directory, report_tool, "--at=p"), {"peak"}, "moments")
        check_equal(complete(directory, report_tool, "--symbols="), {"sub"}, "directories")
        check_equal(complete(directory, report_tool, "-o", "n"), {"notes.txt"}, "files")
        check_equal(complete(directory, report_tool, "--top", ""), set(), "numbers")
        check("SIGUSR2" in complete(directory, run_tool, "--snapshot-signal=SIGU"), "signals")
        check("sort" in complete(directory, run_tool, "sor"), "commands")
    finish("completion")


main()
