"""Random levels of live bytes over time, as a .dat file: memory_profiler's own reader must find them.

usage: mprof_parity.py TRACE_REPORT [SEED]
TRACE_REPORT takes its symbols from tables (tests/support/table_symbolizer.c). Exits 77 without
memory_profiler.
"""
import os
import subprocess
import sys

import rounds
import synthetic

try:
    import mprof
except ImportError:
    print("skipped: memory_profiler is not installed")
    sys.exit(77)

START_S = 1_800_000_000
MIB = 1 << 20
TICKS = 1000  # fewer than the points of a timeline: a point is a tick


def make(rng, directory, name):
    """Return (most bytes in each tick, bytes at the end, spans by name)."""
    trace = synthetic.Trace()
    trace.process("/bin/app", "/", ["app", "a b"])
    trace.stack(3, synthetic.WHOLE, 0, 1)
    sizes = [rng.randrange(1, 50 * MIB) for _ in range(5)]
    for site, size in enumerate(sizes, 1):
        trace.site(0, site, 3, size)
    live, now, most, opened, spans = [], 0, [0], {}, {}
    epoch = 0
    names = ["load", "a name", "parse"]
    while now < TICKS - 1:
        step = rng.randrange(1, 50)
        level = sum(sizes[site - 1] for site in live)
        most += [level] * min(step, TICKS - 1 - now)
        now = min(now + step, TICKS - 1)
        epoch += 1
        trace.at(0, now, epoch)
        if rng.random() < 0.3:
            word = rng.choice(names)
            trace.snapshot(0, word)
            if word in opened:
                spans.setdefault(word.replace(" ", "_"), []).append((*opened.pop(word), now, level))
            else:
                opened[word] = now, level
        for _ in range(rng.randrange(4)):
            if live and rng.random() < 0.4:
                trace.free(0, live.pop(), 0)
            else:
                live.append(rng.randrange(1, 6))
                trace.allocate(0, live[-1])
            most[-1] = max(most[-1], sum(sizes[site - 1] for site in live))
    trace.header["end_tick"] = now
    with open(os.path.join(directory, name), "wb") as file:
        file.write(trace.to_bytes())
    return most, sum(sizes[site - 1] for site in live), spans


def check_levels(got, most, end):
    """got: (MiB, time) of each line."""
    assert len(got) == len(most) + 1, (len(got), len(most))
    for tick, ((mib, time), level) in enumerate(zip(got, most + [end])):
        assert abs(mib - level / MIB) <= 1e-6, (tick, mib, level / MIB)
        assert abs(time - START_S - min(tick, len(most) - 1) / 1000) < 1e-4, (tick, time)


def run_round(report, rng, directory):
    most, end, spans = make(rng, directory, "a.trace")
    child_most, child_end, _ = make(rng, directory, "b.trace")
    subprocess.run([report, "--format=mprof", "-o", "t.dat", "a.trace", "b.trace"], cwd=directory,
                   check=True)
    path = os.path.join(directory, "t.dat")
    profile = mprof.read_mprofile_file(path)
    assert profile["cmd_line"] == "app a b\n", profile["cmd_line"]
    check_levels(list(zip(profile["mem_usage"], profile["timestamp"])), most, end)
    assert list(profile["children"]) == ["1"]
    check_levels(profile["children"]["1"], child_most, child_end)
    got = {name: [(round((span[0] - START_S) * 1000), span[2], round((span[1] - START_S) * 1000),
                   span[3]) for span in found]
           for name, found in profile["func_timestamp"].items()}
    assert got.keys() == spans.keys(), (got, spans)
    for name, found in spans.items():
        for (start, mib, stop, last), (begin, level, finish, level_then) in zip(
                got[name], found, strict=True):
            assert (start, stop) == (begin, finish), (name, got, spans)
            assert abs(mib - level / MIB) < 1e-4 and abs(last - level_then / MIB) < 1e-4, name
    levels = [span[4] for found in profile["func_timestamp"].values() for span in found]
    assert all(level >= 0 for level in levels)
    peak = subprocess.run([sys.executable, "-m", "mprof", "peak", path], capture_output=True,
                          text=True, check=True)
    assert f"\t{max(most) / MIB:.3f} MiB" in peak.stdout, (peak.stdout, max(most) / MIB)


if __name__ == "__main__":
    rounds.run(run_round, 20)
