#!/usr/bin/env python3
"""Objects that a program tracks itself, from C and from C++: the programs compare what is traced
with what they know; here reports by domain are compared with what they print, and with SQL."""
import json
import os
import sqlite3
import tempfile

from harness import (build, check, check_equal, finish, library, programs, report, report_tool,
                     require, run, run_traced, summary, traces)

PROGRAMS = ("domains", "domains_cxx")
SAMPLE = build / "samples" / "object_pool"


def rows_of(arguments, directory):
    """The statistics of one report: key -> (count, size)."""
    shown = report(["--format", "json", "--top", "0", *arguments], directory)
    if not check_equal(shown.status, 0, f"{arguments}: {shown.stderr}"):
        return {}
    return {row["domain"] if row["domain"] is not None else row["key"]: (row["count"], row["size"])
            for row in json.loads(shown.stdout)["statistics"]}


def sum_of(rows):
    return tuple(sum(row[i] for row in rows.values()) for i in (0, 1))


def check_plain(program, directory):
    outcome = run([programs / program, "plain"], directory)
    check_equal((outcome.status, outcome.stdout, outcome.stderr), (0, "", ""), f"{program} plain")


def check_children(program, known, children):
    """Each child's trace has its own objects, and no others."""
    for trace, pid in children:
        rows = rows_of(["--by", "domain", trace], trace.parent)
        check_equal({domain: row for domain, row in rows.items() if domain}, {9: known[pid]},
                    f"{program}: child {pid}")


def check_traced(program, directory):
    outcome = run_traced([programs / program, "traced"], directory)
    if not check_equal((outcome.status, outcome.stderr), (0, ""), f"{program} traced"):
        return
    known = {int(name): (int(count), int(size)) for name, count, size
             in (line.split() for line in outcome.stdout.splitlines())}
    files = {int(path.name.split(".")[1]): path for path in traces(directory)}
    parent = next(path for pid, path in files.items() if pid not in known)
    check_children(program, known, [(path, pid) for pid, path in files.items() if path != parent])
    known = {domain: row for domain, row in known.items() if domain not in files}
    rows = rows_of(["--by", "domain", parent], directory)
    check_equal({domain: row for domain, row in rows.items() if domain}, known,
                f"{program}: by domain")
    everything = rows_of([parent], directory)
    for domain, row in known.items():
        check_equal(sum_of(rows_of(["--domain", str(domain), parent], directory)), row,
                    f"{program}: --domain {domain}")
        rest = sum_of(rows_of(["--exclude", f"@{domain}", parent], directory))
        check_equal(tuple(a + b for a, b in zip(rest, row)), sum_of(everything),
                    f"{program}: --exclude @{domain}")
    totals = summary(parent, directory)["summary"]
    check_equal((totals["tracked_blocks"], totals["tracked_bytes"]), sum_of(known),
                f"{program}: tracked")
    check_equal(report(["--format", "sqlite", "-o", "t.db", parent], directory).status, 0, "sqlite")
    with sqlite3.connect(os.path.join(directory, "t.db")) as database:
        found = database.execute(
            "SELECT domain, sum(allocations - frees), sum(size * (allocations - frees)) FROM sites"
            " WHERE domain != 0 GROUP BY domain HAVING sum(allocations - frees) > 0").fetchall()
    check_equal({domain: (count, size) for domain, count, size in found}, known,
                f"{program}: sqlite")
    saved = report(["--save-statistics", "t.json", parent], directory)
    check_equal(saved.status, 0, f"{program}: saved statistics")
    shown = report(["--compare-to", "t.json", "--by", "domain", "--format", "json", parent],
                   directory)
    for row in json.loads(shown.stdout or '{"statistics": []}')["statistics"]:
        check_equal((row["size_diff"], row["count_diff"]), (0, 0),
                    f"{program}: compared with what was saved")


def check_sample(directory):
    """The sample: 20 particles of 32 bytes stay in each of 100 frames, and 50 go again, out of
    chunks of 1024."""
    check_equal(run([SAMPLE], directory).stdout, "100 frames drawn\n", "the sample alone")
    outcome = run_traced([SAMPLE], directory)
    check_equal((outcome.status, outcome.stdout, outcome.stderr), (0, "100 frames drawn\n", ""),
                "the sample traced")
    trace = traces(directory)[-1]
    shown = report(["--domain", "1", "--skip", "take_particle", "--by", "function", trace],
                   directory)
    check("add_smoke: size=62.5 KiB, count=2000, average=32 B" in shown.stdout,
          f"the sample's particles: {shown.stdout}")
    shown = report(["--domain", "0", "--by", "function", trace], directory)
    chunks = -(-(100 * 20 + 50) // 1024)
    check(f"add_chunk: size={32 * chunks}.0 KiB, count={chunks}, average=32.0 KiB" in shown.stdout,
          f"the sample's chunks: {shown.stdout}")


def main():
    require(library, report_tool, SAMPLE, *[programs / program for program in PROGRAMS])
    for program in PROGRAMS:
        for test in (check_plain, check_traced):
            with tempfile.TemporaryDirectory() as directory:
                test(program, os.path.realpath(directory))
    with tempfile.TemporaryDirectory() as directory:
        check_sample(os.path.realpath(directory))
    finish("domains")


main()
