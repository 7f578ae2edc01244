#!/usr/bin/env python3
"""The manual pages are whole: groff has no complaint, and they name just the options there are."""
import pathlib
import re
import subprocess

from harness import check, check_equal, environment, finish, report_tool, require, run_tool

source = pathlib.Path(__file__).resolve().parents[2]
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES",
            "LIMITS", "SEE ALSO"]


def page_text(name):
    path = source / "docs" / "man" / name
    done = subprocess.run(["groff", "-man", "-Tascii", "-P-cbou", "-ww", "-rHY=0", path],
                          capture_output=True, text=True, env=environment(MANWIDTH="200"))
    check_equal(done.stderr, "", f"{name}: groff")
    headings = re.findall(r"^\.SH \"?([A-Z ]+)", path.read_text(), re.M)
    check_equal([heading for heading in headings if heading in SECTIONS], SECTIONS,
                f"{name}: sections")
    return done.stdout


def long_options(text):
    """Options as they stand at the beginning of a line, perhaps after a short one."""
    return set(re.findall(r"^\s+(?:-[\w?](?: \w+)?, )?(--[a-z][a-z-]+)", text, re.M))


def main():
    require(run_tool, report_tool)
    for tool, page in ((run_tool, "trace-run.1"), (report_tool, "trace-report.1")):
        shown = subprocess.run([tool, "--help"], capture_output=True, text=True).stdout
        known = long_options(shown)
        described = long_options(page_text(page))
        check(len(known) > 5, f"{page}: no options found in --help")
        for option in sorted(known ^ described):
            check(False, f"{page}: {option} is {'not described' if option in known else 'no option'}")
        print(f"{page}: {len(known)} options")
    table = (source / "preload" / "config.c").read_text()
    variables = set(re.findall(r'\{"(LIBTRACE_[A-Z_]+)"', table))
    described = set(re.findall(r"^\s+(LIBTRACE_[A-Z_]+)$", page_text("libtrace.7"), re.M))
    check_equal(described, variables, "libtrace.7: variables")
    print(f"libtrace.7: {len(variables)} variables")
    finish("manual pages")


main()
