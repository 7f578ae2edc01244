"""Random levels of RSS and live bytes over time, as a .dat file: memory_profiler's own reader must find
the RSS, or what was live where there are no samples of it.

usage: mprof_parity.py TRACE_REPORT [SEED]
TRACE_REPORT takes its symbols from tables (tests/support/table_symbolizer.c). Exits 77 without
memory_profiler.
"""
import importlib.util
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


class Levels:
    """A series with a value for each tick: the most at any time in it, None before there is one."""

    def __init__(self, first):
        self.now = first
        self.most = [first]

    def go_on(self, ticks):
        self.most += [self.now] * ticks

    def become(self, level):
        self.now = level
        self.most[-1] = max(self.most[-1] or 0, level)


class Run:
    """A process: what is written into a trace, and what it means."""

    def __init__(self, rng, is_sampled):
        self.rng = rng
        self.live, self.resident = Levels(0), Levels(None)
        self.shown = self.resident if is_sampled else self.live
        self.opened, self.spans = {}, {}  # by name
        self.trace = synthetic.Trace()
        self.trace.process("/bin/app", "/", ["app", "a b"])
        self.trace.stack(3, synthetic.WHOLE, 0, 1)
        self.sizes = [rng.randrange(1, 50 * MIB) for _ in range(5)]
        for site, size in enumerate(self.sizes, 1):
            self.trace.site(0, site, 3, size)
        self.blocks = []
        self.play(is_sampled)

    def play(self, is_sampled):
        tick = epoch = 0
        while tick < TICKS - 1:
            step = min(self.rng.randrange(1, 50), TICKS - 1 - tick)
            for series in (self.live, self.resident):
                series.go_on(step)
            tick += step
            epoch += 1
            self.trace.at(0, tick, epoch)
            if is_sampled and self.rng.random() < 0.6:
                self.sample()
            if self.rng.random() < 0.3:
                if is_sampled:
                    self.sample()
                self.mark(self.rng.choice(("load", "a name", "parse")), tick)
            for _ in range(self.rng.randrange(4)):
                self.change()
        self.trace.header["end_tick"] = tick

    def sample(self):
        self.resident.become(self.rng.randrange(1, 1 << 40))
        self.trace.resident(0, self.resident.now)

    def mark(self, name, tick):
        self.trace.snapshot(0, name)
        word = name.replace(" ", "_")
        if word in self.opened:
            self.spans.setdefault(word, []).append((*self.opened.pop(word), tick, self.shown.now))
        else:
            self.opened[word] = tick, self.shown.now

    def change(self):
        if self.blocks and self.rng.random() < 0.4:
            self.trace.free(0, self.blocks.pop(), 0)
        else:
            self.blocks.append(self.rng.randrange(1, 6))
            self.trace.allocate(0, self.blocks[-1])
        self.live.become(sum(self.sizes[site - 1] for site in self.blocks))

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self.trace.to_bytes())


def check_levels(got, series):
    """got: (MiB, time) of each line: one for each tick that has a level, one for the end."""
    expected = [(tick, level) for tick, level in enumerate(series.most) if level is not None]
    expected.append((len(series.most) - 1, series.now))
    assert len(got) == len(expected), (len(got), len(expected))
    for (mib, time), (tick, level) in zip(got, expected):
        assert abs(mib - level / MIB) <= 1e-6, (tick, mib, level / MIB)
        assert abs(time - START_S - tick / 1000) < 1e-4, (tick, time)


def check_spans(found, spans):
    assert found.keys() == spans.keys(), (found, spans)
    for name, expected in spans.items():
        for span, (begin, level, end, level_then) in zip(found[name], expected, strict=True):
            assert [round((time - START_S) * 1000) for time in span[:2]] == [begin, end], (name, span)
            assert abs(span[2] - level / MIB) < 1e-4 and abs(span[3] - level_then / MIB) < 1e-4, name
            assert span[4] >= 0, (name, span)


def live_lines(path, child):
    with open(path, encoding="utf-8") as file:
        words = [line.split() for line in file]
    return [(float(mib), float(time)) for field, *values in words if field == "LIVE"
            for number, mib, time in [values] if number == child]


def check_plot(directory, path):
    """mprof draws a picture of it."""
    picture = os.path.join(directory, "t.png")
    subprocess.run([sys.executable, "-m", "mprof", "plot", "--output", picture, path],
                   env={**os.environ, "MPLBACKEND": "Agg", "MPLCONFIGDIR": directory}, check=True,
                   capture_output=True)
    with open(picture, "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n", "no picture"


def run_round(report, rng, directory, is_plotted=False):
    is_sampled = rng.random() < 0.7
    run, child = Run(rng, is_sampled), Run(rng, True)
    run.write(os.path.join(directory, "a.trace"))
    child.write(os.path.join(directory, "b.trace"))
    subprocess.run([report, "--format=mprof", "-o", "t.dat", "a.trace", "b.trace"], cwd=directory,
                   check=True)
    path = os.path.join(directory, "t.dat")
    profile = mprof.read_mprofile_file(path)
    assert profile["cmd_line"] == "app a b\n", profile["cmd_line"]
    check_levels(list(zip(profile["mem_usage"], profile["timestamp"])), run.shown)
    assert list(profile["children"]) == ["1"]
    check_levels(profile["children"]["1"], child.resident)
    check_levels(live_lines(path, "1"), child.live)
    if is_sampled:
        check_levels(live_lines(path, "0"), run.live)
    else:
        assert live_lines(path, "0") == []
    check_spans(profile["func_timestamp"], run.spans)
    peak = subprocess.run([sys.executable, "-m", "mprof", "peak", path], capture_output=True,
                          text=True, check=True)
    most = max(level for level in run.shown.most if level is not None) / MIB
    assert f"\t{most:.3f} MiB" in peak.stdout, (peak.stdout, most)
    if is_plotted:
        check_plot(directory, path)


def run_plotted_round(report, rng, directory):
    run_round(report, rng, directory, True)


if __name__ == "__main__":
    rounds.run(run_round, 20)
    if importlib.util.find_spec("matplotlib") is None:
        print("mprof plot is not run: python3-matplotlib is not installed")
    else:
        rounds.run(run_plotted_round, 1)
