#!/usr/bin/env python3
"""Measures what tracing costs, and prints it as a table and as JSON. Called by run.sh.

Each round runs a program plain, under libtrace.so and under heaptrack, one after the other, so that
what else the machine does meets all three alike; ratios are taken within a round, and the median
of the rounds is printed. Memory is sampled in a round of its own, since that takes time.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import tools
from workloads import workloads

QUICK_ROUNDS = 2
ROUNDS = 9
HEAPTRACK_ROUNDS = 3  # it takes most of the time, and its figures need no third digit
REPORT_ROW = "python3.11"
MIB = 1 << 20


def median_of(rounds, value):
    return statistics.median(map(value, rounds))


def describe(workload, rounds, memory):
    """What is known of a program under one tool. rounds: (plain, traced) pairs; memory: one pair."""
    plain, traced = memory
    result = {
        "wall_ratio": median_of(rounds, lambda pair: pair[1].wall / pair[0].wall),
        "cpu_ratio": median_of(rounds, lambda pair: pair[1].cpu / max(pair[0].cpu, 1e-3)),
        "extra_ms": median_of(rounds, lambda pair: pair[1].wall - pair[0].wall) * 1e3 / workload.repeat,
        "extra_cpu_ms": median_of(rounds, lambda pair: pair[1].cpu - pair[0].cpu) * 1e3 / workload.repeat,
        "peak_ratio": traced.peak / plain.peak,
        "extra_mib": (traced.peak - plain.peak) / MIB,
        "trace_bytes": traced.trace,
    }
    if workload.pairs:
        result["extra_ns_a_pair"] = median_of(
            rounds, lambda pair: pair[1].cpu - pair[0].cpu) * 1e9 / workload.pairs
    return result


def measure(workload, plain, traced_tools, rounds):
    """Returns the figures of one program. traced_tools: (tool, rounds at most)."""
    costs = {tool.name: [] for tool, _ in traced_tools}
    plain_walls = []
    for number in range(rounds):
        base = plain.measure(workload)
        plain_walls.append(base.wall)
        for tool, most in traced_tools:
            if number < most:
                costs[tool.name].append((base, tool.measure(workload)))
    base = plain.measure(workload, with_memory=True)
    result = {"name": workload.name, "plain_s": statistics.median(plain_walls) / workload.repeat}
    events = 0
    for tool, _ in traced_tools:
        memory = tool.measure(workload, with_memory=True)
        events = max(events, memory.events)
        result[tool.name] = describe(workload, costs[tool.name], (base, memory))
        if events:
            result[tool.name]["trace_bytes_an_event"] = memory.trace / events
    result["events"] = events
    return result


def measure_reports(workload, plain, build, directory, rounds):
    """Recording and report, ours against heaptrack's, as a share of heaptrack's time."""
    ours = tools.LibtraceReport(directory, build)
    theirs = tools.HeaptrackReport(directory)
    pairs = [(theirs.measure(workload), ours.measure(workload)) for _ in range(rounds)]
    return {
        "name": workload.name,
        "libtrace_s": median_of(pairs, lambda pair: pair[1].wall),
        "heaptrack_s": median_of(pairs, lambda pair: pair[0].wall),
        "wall_ratio": median_of(pairs, lambda pair: pair[1].wall / pair[0].wall),
    }


def measure_replay(build, is_quick):
    """Events a second that the analyzer replays, in millions, of a made-up trace."""
    output = subprocess.run([build / "tests" / "bench" / "replay_rate", "4" if is_quick else "40"],
                            check=True, capture_output=True, text=True).stdout
    return {what: float(rate) for what, rate in
            re.findall(r"^(.*): replayed in .*, ([0-9.]+) million a second$", output, re.M)}


COLUMNS = "{:24} {:>8} | {:>6} {:>6} {:>8} {:>8} {:>6} {:>8} | {:>6} {:>6} {:>8} {:>6}"


def print_head():
    print(COLUMNS.format("", "plain", "libtr.", "", "extra", "extra", "B an", "extra",
                         "heapt.", "", "extra", "B an"))
    print(COLUMNS.format("program", "s", "wall", "CPU", "ns/pair", "ms/run", "event", "MiB",
                         "wall", "CPU", "ns/pair", "event"))


def print_row(row):
    ours, theirs = row["libtrace.so"], row.get("heaptrack", {})

    def number(figures, name, form):
        return form.format(figures[name]) if name in figures else "-"

    print(COLUMNS.format(
        row["name"], f"{row['plain_s']:.3f}",
        number(ours, "wall_ratio", "{:.2f}"), number(ours, "cpu_ratio", "{:.2f}"),
        number(ours, "extra_ns_a_pair", "{:.1f}"), number(ours, "extra_ms", "{:.2f}"),
        number(ours, "trace_bytes_an_event", "{:.2f}"), number(ours, "extra_mib", "{:.1f}"),
        number(theirs, "wall_ratio", "{:.2f}"), number(theirs, "cpu_ratio", "{:.2f}"),
        number(theirs, "extra_ns_a_pair", "{:.0f}"),
        number(theirs, "trace_bytes_an_event", "{:.2f}")), flush=True)


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", text, re.M)
    return {"model": model.group(1) if model else "unknown",
            "processors": len(re.findall(r"^processor\b", text, re.M)),
            "load": pathlib.Path("/proc/loadavg").read_text().split()[0]}


def main():
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("names", nargs="*", help="rows to measure; all by default")
    parser.add_argument("--quick", action="store_true", help="small programs, few rounds")
    parser.add_argument("--rounds", type=int, help="rounds of each program")
    parser.add_argument("--alone", action="store_true", help="without heaptrack, which takes most of the time")
    options = parser.parse_intermixed_args()
    build = options.build.resolve()
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    result = {"machine": machine(), "rounds": rounds, "quick": options.quick, "programs": []}
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        plain = tools.Plain(directory)
        traced = [(tools.Libtrace(directory, build), rounds)]
        if not options.alone:
            traced.append((tools.Heaptrack(directory), HEAPTRACK_ROUNDS))
        print_head()
        for workload in workloads(build, directory, options.quick):
            if options.names and workload.name not in options.names:
                continue
            row = measure(workload, plain, traced, rounds)
            print_row(row)
            result["programs"].append(row)
            if workload.name == REPORT_ROW and not options.alone:
                result["record_and_report"] = measure_reports(workload, plain, build, directory,
                                                              min(rounds, HEAPTRACK_ROUNDS))
        if not options.names:
            result["replay_million_events_a_second"] = measure_replay(build, options.quick)
    for what in ("record_and_report", "replay_million_events_a_second"):
        if what in result:
            print(f"{what.replace('_', ' ')}: {result[what]}")
    print(json.dumps(result))


try:
    main()
except (RuntimeError, subprocess.CalledProcessError) as error:
    sys.exit(f"run.sh: {error}")
