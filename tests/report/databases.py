"""Random blocks as traces, as a database: what the sqlite3 program sums must be what happened.

usage: databases.py TRACE_REPORT [SEED]
TRACE_REPORT takes its symbols from tables (tests/support/table_symbolizer.c). Exits 77 where it was
built without sqlite3, or there is no sqlite3 program.
"""
import collections
import json
import os
import shutil
import subprocess
import sys

import rounds
import synthetic
import tracemalloc_parity


def query(directory, text, name="t.db"):
    result = subprocess.run(["sqlite3", "-json", name, text], cwd=directory, capture_output=True,
                            text=True, check=True)
    return [tuple(row.values()) for row in json.loads(result.stdout or "[]")]


def check_resident(report, rng, directory):
    """Samples of the resident set, the last one of a tick beside the largest."""
    trace, samples = synthetic.Trace(), {}
    for tick in sorted(rng.sample(range(1, 500), 20)):
        trace.at(0, tick, tick)
        samples[tick] = [rng.randrange(1, 1 << 40) for _ in range(rng.randrange(1, 3))]
        for size in samples[tick]:
            trace.resident(0, size)
    trace.snapshot(0, "now")
    with open(os.path.join(directory, "r.trace"), "wb") as file:
        file.write(trace.to_bytes())
    subprocess.run([report, "--format=sqlite", "-o", "r.db", "r.trace"], cwd=directory, check=True)
    ticks = sorted(samples)
    expected = []
    for tick in range(ticks[0], ticks[-1] + 1):
        last = expected[-1][1] if expected else 0
        sizes = samples.get(tick, [])
        expected.append((tick, ([last] + sizes)[-1], max([last] + sizes)))
    assert query(directory, "SELECT round(time_s * 1000), rss_bytes, peak_rss_bytes FROM rss",
                 "r.db") == expected
    assert query(directory, "SELECT rss_bytes FROM snapshots", "r.db") == [(expected[-1][1],)]
    assert query(directory, "SELECT peak_rss_bytes FROM traces", "r.db") == [
        (max(max(sizes) for sizes in samples.values()),)]


def run_round(report, rng, directory):
    case = tracemalloc_parity.Case(rng)
    freed, left = case.later(rng)
    kept = collections.Counter(case.blocks) - collections.Counter(freed)
    new = list((collections.Counter(left) - kept).elements())
    case.write(directory, "old.trace", new, case.blocks, freed)
    case.write(directory, "only.trace")
    subprocess.run([report, "--format=sqlite", "-o", "t.db", "old.trace", "only.trace"],
                   cwd=directory, check=True)
    assert query(directory, "PRAGMA integrity_check") == [("ok",)]
    assert query(directory, "PRAGMA foreign_key_check") == []

    # Totals, from the sites and from the traces.
    born = [case.blocks + new, case.blocks]
    live = [left, case.blocks]
    expected = [(number, len(blocks), sum(size for _, size, _ in blocks), len(rest),
                 sum(size for _, size, _ in rest))
                for number, blocks, rest in zip((1, 2), born, live)]
    assert query(directory, "SELECT trace, sum(allocations), sum(size * allocations),"
                 " sum(allocations - frees), sum(size * (allocations - frees)) FROM sites"
                 " GROUP BY trace ORDER BY trace") == expected
    assert query(directory, "SELECT trace, allocations, bytes_allocated, live_blocks, live_bytes"
                 " FROM traces ORDER BY trace") == expected

    # What each domain has, of the first trace.
    domains = collections.Counter()
    for _, size, domain in left:
        domains[domain] += size
    assert dict(query(directory, "SELECT domain, sum(size * (allocations - frees)) FROM sites"
                      " WHERE trace = 1 AND allocations > frees GROUP BY domain")) == domains, "domains"

    # Each call stack, innermost frame first, with what is live.
    sums = collections.Counter()
    for stack, size, _ in left + case.blocks:
        sums[",".join(f"f{frame}" for frame in reversed(stack))] += size
    got = collections.Counter()
    for stack, size in query(
            directory, "SELECT (SELECT group_concat(function) FROM (SELECT function FROM stacks"
            " JOIN frames USING(frame) WHERE stack = s.stack ORDER BY depth)),"
            " size * (allocations - frees) FROM sites s"):
        got[stack] += size
    assert got == sums, "stacks"

    # Lines as the text report has them.
    document = json.loads(subprocess.run(
        [report, "--top=0", "--format=json", "old.trace", "only.trace"], cwd=directory,
        capture_output=True, check=True).stdout)
    lines = {(line["file"], line["line"]): (line["size"], line["count"])
             for line in document["statistics"]}
    assert {(place, line): (size, count) for place, line, size, count in query(
        directory, "SELECT place, line, size, count FROM lines WHERE count > 0")} == lines, "lines"

    # What was live over time: at each moment, and at the end.
    assert query(directory, "SELECT trace, sum(size * live_blocks) FROM site_levels WHERE moment = 63"
                 " GROUP BY trace ORDER BY trace") == [(row[0], row[4]) for row in expected]
    assert query(directory, "SELECT name, live_bytes, live_blocks FROM snapshots") == [
        ("before", sum(size for _, size, _ in case.blocks), len(case.blocks))]
    check_resident(report, rng, directory)
    assert query(directory, "SELECT max(t.peak_bytes) = max(r.peak_bytes) FROM timeline t"
                 " JOIN traces r USING(trace) GROUP BY trace") == [(1,), (1,)]


if __name__ == "__main__":
    if shutil.which("sqlite3") is None:
        print("skipped: there is no sqlite3 program")
        sys.exit(77)
    probe = subprocess.run([os.path.abspath(sys.argv[1]), "--format=sqlite", "-o", os.devnull, "x"],
                           capture_output=True, text=True, check=False)
    if "without sqlite3" in probe.stderr:
        print("skipped:", probe.stderr.strip())
        sys.exit(77)
    rounds.run(run_round, 12)
