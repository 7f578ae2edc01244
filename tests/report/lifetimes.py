"""Random allocations and frees of two threads: lifetimes and temporary blocks as counted here, and the
same again from saved statistics.

usage: lifetimes.py TRACE_REPORT [SEED]
TRACE_REPORT takes its symbols from tables (tests/support/table_symbolizer.c).
"""
import collections
import json
import os
import statistics
import subprocess

import rounds
import synthetic

ROUNDS = 12
SITES = 8


def make(rng, directory, name="t.trace"):
    """Write a trace. Return (ages, temporary): those of each site."""
    trace = synthetic.Trace()
    trace.process("/bin/app", "/")
    trace.module(1, 0x400000, "app")
    with open(os.path.join(directory, "app"), "w", encoding="utf-8") as table:
        for site in range(1, SITES + 1):
            table.write(f"{site:#x} a.c {site} f{site}\n")
            trace.stack(site + 2, synthetic.WHOLE, 1, 0x400000 + site + 1)
            trace.site(site % 2, site, site + 2, site)
    ages, temporary = collections.defaultdict(list), collections.Counter()
    live, latest, now = [], {}, 0
    for step in range(rng.randrange(1, 600)):
        # A block is known by its site and birth, so those of a tick are of different sites.
        now += rng.choice((1, 1, 2, 10, 300, 20000))
        for stream in (0, 1):
            trace.at(stream, now, step)
        for site in rng.sample(range(1, SITES + 1), rng.randrange(3)):
            if rng.random() < 0.1:
                trace.pair(site % 2, site)
                ages[site].append(0)
                temporary[site] += 1
                latest[site % 2] = None
                continue
            trace.allocate(site % 2, site)
            live.append((site, now))
            latest[site % 2] = (site, now)
            if rng.random() < 0.3 and live:
                block = rng.choice((live[-1], rng.choice(live)))
                stream = rng.randrange(2)
                live.remove(block)
                trace.free(stream, block[0], now - block[1])
                ages[block[0]].append(now - block[1])
                if latest.get(stream) == block:
                    temporary[block[0]] += 1
                    latest[stream] = None
    with open(os.path.join(directory, name), "wb") as file:
        file.write(trace.to_bytes())
    return ages, temporary


def report_of(report, directory, *options):
    command = [report, *options, "--top", "0", "--format", "json", "t.trace"]
    result = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)
    return {line["line"]: line for line in json.loads(result.stdout)["statistics"]}


def run_round(report, rng, directory):
    ages, temporary = make(rng, directory)
    got = report_of(report, directory, "--lifetimes")
    assert got.keys() == ages.keys(), "sites with freed blocks"
    for site, line in got.items():
        median = statistics.median_low(ages[site])
        assert line["count"] == len(ages[site]), "freed blocks"
        assert round(line["longest_lifetime_s"] * 1000) == max(ages[site]), "the longest"
        error = abs(round(line["median_lifetime_s"] * 1000) - median)
        assert error <= (0 if median < 16 else median / 16), f"median {median}: {error} off"
    got = report_of(report, directory, "--temporary")
    assert {site: line["count"] for site, line in got.items()} == dict(temporary), "temporary"
    check_saved(report, rng, directory, temporary)


def check_saved(report, rng, directory, temporary):
    """What is saved compares as the trace does that it is from, whatever is compared."""
    _, old = make(rng, directory, "old.trace")
    subprocess.run([report, "--save-statistics=old.json", "old.trace"], cwd=directory,
                   capture_output=True, check=True)
    got = report_of(report, directory, "--temporary", "--compare-to=old.json")
    expected = {site: (temporary[site], temporary[site] - old[site])
                for site in old.keys() | temporary.keys()}
    assert {site: (line["count"], line["count_diff"]) for site, line in got.items()} == expected
    for what in ("--at=end", "--allocated", "--freed", "--temporary", "--lifetimes"):
        by = rng.choice(("lineno", "function", "module", "thread", "size", "traceback"))
        compared = [subprocess.run([report, what, f"--by={by}", "--format=csv", "--top=0",
                                    f"--compare-to={other}", "t.trace"], cwd=directory,
                                   capture_output=True, check=True).stdout
                    for other in ("old.trace", "old.json")]
        assert compared[0] == compared[1], (what, by, compared)


if __name__ == "__main__":
    rounds.run(run_round, ROUNDS)
