#!/usr/bin/env python3
"""Who allocates and who frees, by module: a program of two libraries knows it by construction. With
and without the recording that it takes."""
import csv
import io
import json
import os
import tempfile

from harness import (check, check_equal, finish, library, programs, report, report_tool,
                     require, run, run_tool, run_traced, summary, traces)

MODULES = ("libledger_maker.so", "libledger_user.so", "ledger")


def ledger_of(trace, directory):
    """What the report has: (allocated by, freed by) -> (count, bytes), with "-" for all allocated."""
    shown = report(["--by", "module", "--top", "0", "--format", "json", trace], directory)
    if not check_equal((shown.status, shown.stderr), (0, ""), "the report"):
        return {}
    found = {}
    for row in json.loads(shown.stdout)["statistics"]:
        maker = os.path.basename(row["module"])
        ledger = row["ledger"]
        found[maker, "-"] = ledger["allocated_count"], ledger["allocated_size"]
        check_equal(ledger["allocated_size"] - sum(by["size"] for by in ledger["freed_by"]),
                    row["size"], f"{maker}: what is live")
        for by in ledger["freed_by"]:
            freer = os.path.basename(by["module"] or "?")
            check_equal(by["is_itself"], freer == maker, f"{maker}: itself")
            if by["count"] > 0:
                found[maker, freer] = by["count"], by["size"]
    return found


def check_construction(directory):
    """The program's own numbers; what libc allocates for threads is nobody's of the three."""
    outcome = run_traced([programs / "ledger"], directory, {"LIBTRACE_FREES": "1"})
    check_equal((outcome.status, outcome.stderr), (0, ""), "ledger")
    known = {(maker, freer): (int(count), int(size)) for maker, freer, count, size
             in (line.split() for line in outcome.stdout.splitlines()) if int(count) > 0}
    trace = traces(directory)[-1]
    found = {pair: row for pair, row in ledger_of(trace, directory).items() if pair[0] in MODULES}
    check_equal(found, known, "who freed whose")
    check(len(known) > 8, f"only {len(known)} pairs")
    totals = summary(trace, directory)["summary"]
    check_equal(totals["lost_events"], 0, "lost")
    shown = report(["--by", "module", "--top", "0", trace], directory).stdout
    check("by libledger_user.so" in shown and " by itself" in shown, f"text: {shown}")
    rows = csv.DictReader(io.StringIO(
        report(["--by", "module", "--top", "0", "--format", "csv", trace], directory).stdout))
    for row in rows:
        maker = os.path.basename(row["key"])
        if maker in MODULES:
            freers = [known[maker, name] for name in MODULES if (maker, name) in known]
            counts = [int(row[f"freed_by_{who}_count"]) for who in ("itself", "others")]
            check_equal(sum(counts), sum(count for count, _ in freers), f"{maker}: CSV")
            check_equal(int(row["allocated_size"]), known[maker, "-"][1], f"{maker}: CSV allocated")
            check_equal({os.path.basename(name) for name in row["others"].split()},
                        {name for name in MODULES if name != maker and (maker, name) in known},
                        f"{maker}: CSV names")


def check_not_recorded(directory):
    """Without the recording a line says how to get it, and the table is the usual one."""
    run_traced([programs / "ledger"], directory)
    trace = traces(directory)[-1]
    shown = report(["--by", "module", trace], directory)
    check("trace-run --frees" in shown.stderr, f"no advice: {shown.stderr}")
    check("allocated" not in shown.stdout, f"a ledger of nothing: {shown.stdout}")
    shown = report(["--by", "lineno", trace], directory)
    check_equal(shown.stderr, "", "advice where it is of no use")


def check_launcher(directory):
    outcome = run([run_tool, "-q", "--frees", "-o", f"{directory}/t.%p.trace", programs / "ledger"],
                  directory)
    check_equal((outcome.status, outcome.stderr), (0, ""), "trace-run --frees")
    found = ledger_of(traces(directory)[-1], directory)
    check(("libledger_maker.so", "libledger_user.so") in found, f"trace-run --frees: {found}")


def main():
    require(library, report_tool, run_tool, programs / "ledger")
    for test in (check_construction, check_not_recorded, check_launcher):
        with tempfile.TemporaryDirectory() as directory:
            test(os.path.realpath(directory))
    finish("ledger")


main()
