#!/usr/bin/env python3
"""Of two thousand blocks that are live at the end, the three places that grow: --growth names them
and no others, and says so to automatic tests. Beside the lines of --leaks it is the same."""
import json
import re
import tempfile

from harness import check, check_equal, finish, programs, report_tool, run, run_traced, traces

with tempfile.TemporaryDirectory() as directory:
    outcome = run_traced([programs / "growing"], directory, {"LIBTRACE_PICTURE": "exit"})
    check_equal(outcome.status, 0, "exit status under libtrace.so")
    trace = traces(directory)[0]
    leaks = json.loads(run([report_tool, "--by=size", "--top=0", "--format=json", trace],
                           directory).stdout)
    check(len(leaks["statistics"]) >= 2000, "sizes that are live at the end")
    report = run([report_tool, "--growth", "--format=json", trace], directory)
    growing = json.loads(report.stdout)["statistics"]
    check_equal({line["line"] for line in growing}, set(outcome.counts.values()), "lines that grow")
    names = next(line for line in growing if line["line"] == outcome.counts["names"])
    check_equal((names["count"], names["growth"]["born"]), (1, 1), "a reallocated block is one")
    check_equal(names["growth"]["jumps"], names["size"] // 8 - 1, "jumps of a reallocated block")
    nodes = next(line for line in growing if line["line"] == outcome.counts["node"])
    check_equal(nodes["growth"]["born"], nodes["count"], "nodes are never freed")
    check_equal(nodes["growth"]["last_free_s"], None, "last free of a node")
    rates = {line["key"]: line["growth"]["bytes_per_s"] for line in growing}
    heap = json.loads(run([report_tool, "--leaks", "--top=0", "--format=json", trace], directory).stdout)["heap"]
    beside = {line["key"]: line["growth"]["bytes_per_s"] for line in heap["lines"] if line["growth"]["bytes_per_s"] > 0}
    check_equal(beside, rates, "growth beside the lines of --leaks")
    text = run([report_tool, "--leaks", "--top=0", trace], directory).stdout
    told = [line for line in text.splitlines() if re.search(r", growing \d[\d.]* [KMG]?i?B/s$", line)]
    check_equal({line.split(": ")[0] for line in told}, set(rates), "growth beside the lines of --leaks, as text")
    for rule, status in (("growth>0", 3), ("growth>=3", 3), ("growth>3", 0), ("growth>1TiB", 0)):
        check_equal(run([report_tool, "--fail-if", rule, trace], directory).status, status, rule)
finish("growth")
