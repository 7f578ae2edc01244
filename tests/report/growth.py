"""Random programs that run for seconds: what grows, and its evidence, as Python works them out.

usage: growth.py TRACE_REPORT [SEED]
TRACE_REPORT takes its symbols from tables (tests/support/table_symbolizer.c).

Slopes are the median of all pairs of Python's statistics; levels, births, ages and jumps are counted
here, block by block.
"""
import collections
import csv
import io
import itertools
import json
import os
import statistics
import subprocess

import rounds
import synthetic

ROUNDS = 30
SAMPLES = 64
BIAS = 0x400000


class Line:
    """A line of source that allocates: its live blocks, and what happened to them."""

    def __init__(self, number):
        self.number = number
        self.blocks = []  # (size, birth)
        self.levels = []
        self.counts = collections.Counter()
        self.last_free = None

    def slope(self):
        pairs = itertools.combinations(enumerate(self.levels), 2)
        return statistics.median((b - a) / (k - i) for (i, a), (k, b) in pairs)

    def rises(self):
        return sum(b > a for a, b in zip(self.levels, self.levels[1:]))


class Program:
    """Writes the trace while it runs."""

    def __init__(self, ticks, start, directory):
        self.ticks = ticks
        self.start = start  # tick of the clear, if there is one
        self.sites = {}
        self.trace = synthetic.Trace()
        self.trace.process("/bin/app", "/")
        self.trace.module(1, BIAS, "app")
        self.table = open(os.path.join(directory, "app"), "w", encoding="utf-8")
        self.lines = []
        self.first_line = 1

    def add_line(self):
        line = Line(len(self.lines) + self.first_line)
        self.table.write(f"{line.number:#x} a.c {line.number} f\n")
        self.trace.stack(line.number + 2, synthetic.WHOLE, 1, BIAS + line.number + 1)
        self.lines.append(line)
        return line

    def site(self, line, size):
        key = line.number, size
        if key not in self.sites:
            self.sites[key] = len(self.sites) + 1
            self.trace.site(0, self.sites[key], line.number + 2, size)
        return self.sites[key]

    def interval(self, tick):
        return tick * SAMPLES // self.ticks

    def allocate(self, line, size, now):
        self.trace.allocate(0, self.site(line, size))
        line.blocks.append((size, now))
        line.counts["born"] += 1

    def free(self, line, block, now):
        line.blocks.remove(block)
        self.trace.free(0, self.site(line, block[0]), now - block[1])
        inside = self.interval(block[1]) == self.interval(now)
        line.counts["freed_inside" if inside else "freed_later"] += 1
        line.last_free = self.start + now

    def reallocate(self, line, block, size, now):
        line.blocks.remove(block)
        self.trace.reallocate(0, self.site(line, block[0]), now - block[1], self.site(line, size))
        line.blocks.append((size, now))
        if size > block[0]:
            line.counts["jumps"] += 1
            line.counts["jump_bytes"] += size - block[0]

    def sample(self):
        for line in self.lines:
            line.levels.append(sum(size for size, _ in line.blocks))


def begin_before_clear(program, rng):
    """Let a line that only grows run, then clear. Return the sites of blocks that are left."""
    line = program.add_line()
    left = []
    for tick in sorted(rng.sample(range(program.start), min(program.start, 100))):
        program.trace.at(0, tick, tick)
        left.append(program.site(line, 1000 + len(left)))
        program.trace.allocate(0, left[-1])
    program.trace.at(0, program.start, program.start)
    program.trace.clear(0, len(program.sites) + 1)
    program.lines.clear()
    program.first_line = line.number + 1
    return left


def behave(program, line, kind, rng, now):
    """Do what a line of this kind does now and then."""
    share = now / program.ticks
    if kind == "grows" or kind == "stops" and share < 0.3:
        # steadily enough that a quarter of a short run cannot look like the end of it by chance
        program.allocate(line, rng.choice((40, 50, 60)), now)
        if line.blocks and rng.random() < 0.2:
            program.free(line, rng.choice(line.blocks), now)
    elif kind == "vector":
        if not line.blocks:
            program.allocate(line, 16, now)
        elif share * 4000 > line.blocks[0][0]:
            program.reallocate(line, line.blocks[0], line.blocks[0][0] * 2, now)
    elif kind == "churns":
        program.allocate(line, 50, now)
        if len(line.blocks) > 5:
            program.free(line, line.blocks[0], now)
    elif kind == "once" and not line.blocks:
        program.allocate(line, rng.randrange(1, 10000), now)


def make(rng, directory):
    """Return {line number: (kind, Line)}."""
    ticks = rng.choice((256, 1000, 5003, 60000))
    program = Program(ticks, rng.choice((0, 0, 1, 300, 5000)), directory)
    old = begin_before_clear(program, rng) if program.start else []
    kinds = {program.add_line().number: rng.choice(("grows", "stops", "vector", "churns", "once"))
             for _ in range(rng.randrange(1, 9))}
    marker = program.add_line()  # gives the trace its length
    kinds[marker.number] = "once"
    moments = sorted(rng.sample(range(ticks - 1), min(ticks - 1, 2000))) + [ticks - 1]
    due = 1
    for now in moments:
        while due <= SAMPLES and ticks * due // SAMPLES <= now:
            program.sample()
            due += 1
        program.trace.at(0, program.start + now, program.start + now + 1)
        if old and rng.random() < 0.1:
            program.trace.free(0, old.pop(), now + 1)
        for line in program.lines:
            if now == ticks - 1 or rng.random() < 0.5:
                behave(program, line, kinds[line.number], rng, now)
    while due <= SAMPLES:
        program.sample()
        due += 1
    program.table.close()
    with open(os.path.join(directory, "t.trace"), "wb") as file:
        file.write(program.trace.to_bytes())
    return ticks, {line.number: (kinds[line.number], line) for line in program.lines}


def run(report, directory, form):
    result = subprocess.run([report, "--growth", "--top=0", f"--format={form}", "t.trace"],
                            cwd=directory, capture_output=True, text=True, check=True)
    return result.stdout


def check_line(got, line, ticks):
    """Compare the report's evidence for one line with what was counted."""
    growth = got["growth"]
    rate = line.slope() * SAMPLES * 1000 / ticks
    assert abs(growth["bytes_per_s"] - rate) <= 0.001 + abs(rate) * 1e-9, (growth, rate)
    assert 0 < growth["least_bytes_per_s"] <= growth["bytes_per_s"] + 0.001
    assert growth["levels"] == line.levels, "levels"
    assert growth["rises"] == line.rises() and growth["steps"] == SAMPLES - 1, "rises"
    for name in ("born", "freed_inside", "freed_later", "jumps", "jump_bytes"):
        assert growth[name] == line.counts[name], (name, growth[name], line.counts[name])
    last = None if growth["last_free_s"] is None else round(growth["last_free_s"] * 1000)
    assert last == line.last_free, "last free"
    assert got["size"] == line.levels[-1] and got["count"] == len(line.blocks), "size and count"


def run_round(report, rng, directory):
    ticks, lines = make(rng, directory)
    document = json.loads(run(report, directory, "json"))
    got = {statistic["line"]: statistic for statistic in document["statistics"]}
    expected = {number for number, (kind, _) in lines.items() if kind in ("grows", "vector")}
    assert got.keys() == expected, (got.keys(), {n: kind for n, (kind, _) in lines.items()})
    for number, statistic in got.items():
        check_line(statistic, lines[number][1], ticks)
    rates = [line["growth"]["bytes_per_s"] for line in document["statistics"]]
    assert rates == sorted(rates, reverse=True), "steepest first"
    steady = document["growth"]["steady"]
    rest = [line for number, (_, line) in lines.items() if number not in got]
    assert document["growth"]["groups"] == len(got) and steady["groups"] == len(rest), "groups"
    assert steady["size"] == sum(line.levels[-1] for line in rest), "what does not grow"
    rows = list(csv.DictReader(io.StringIO(run(report, directory, "csv"), newline="")))
    for row, line in zip(rows, document["statistics"], strict=True):
        for name, value in line["growth"].items():
            if name != "levels":
                assert (float(row[name]) if row[name] else None) == value, (name, row, line)


if __name__ == "__main__":
    rounds.run(run_round, ROUNDS)
