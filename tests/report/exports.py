"""Random blocks as a trace, exported: what other tools would read must add up to the same blocks.

usage: exports.py TRACE_REPORT [SEED]
TRACE_REPORT takes its symbols from tables (tests/support/table_symbolizer.c).
"""
import collections
import gzip
import os
import random
import re
import subprocess
import sys
import tempfile

import synthetic
import tracemalloc_parity

ROUNDS = 25


def export(report, directory, *arguments):
    result = subprocess.run([report, *arguments], cwd=directory, capture_output=True, check=False)
    if result.returncode != 0:
        raise AssertionError(f"{arguments}: exit {result.returncode}: {result.stderr}")
    return result.stdout


def stacks_of(blocks, weight):
    """Return the sum of weights for each stack, as flamegraph.pl names it."""
    sums = collections.Counter()
    for stack, size, _ in blocks:
        sums[";".join(f"f{frame}" for frame in stack)] += weight(size)
    return +sums  # without those that have nothing


def read_folded(text):
    """Read as flamegraph.pl does: all up to the last blank is the stack."""
    sums = collections.Counter()
    for line in text.decode().splitlines():
        stack, number = re.fullmatch(r"(.*)\s+?(\d+)", line).groups()
        sums[stack] += int(number)
    return sums


def check_folded(report, rng, directory):
    case = tracemalloc_parity.Case(rng)
    case.write(directory)
    got = read_folded(export(report, directory, "--format", "folded", "t.trace"))
    assert got == stacks_of(case.blocks, lambda size: size), "sizes"
    got = read_folded(export(report, directory, "--format", "folded", "--sort", "count", "t.trace"))
    assert got == stacks_of(case.blocks, lambda size: 1), "counts"
    few = read_folded(export(report, directory, "--format", "folded", "--top", "3", "t.trace"))
    assert sum(few.values()) == sum(size for _, size, _ in case.blocks), "--top"


def varint_at(data, at):
    """Return (value, where it ends)."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def fields_of(data):
    """Yield (number, value) of a protobuf message: integers for varints, bytes for the rest."""
    at = 0
    while at < len(data):
        tag, at = varint_at(data, at)
        value, at = varint_at(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
            assert at <= len(data), "a field that is cut"
        else:
            assert tag & 7 == 0, f"wire type {tag & 7}"
        yield tag >> 3, value


def integers(value):
    """Return a repeated integer field, packed or not, as a list."""
    if isinstance(value, int):
        return [value]
    numbers, at = [], 0
    while at < len(value):
        number, at = varint_at(value, at)
        numbers.append(number)
    return numbers


class Profile:
    """A profile.proto, by the field numbers of its definition."""

    def __init__(self, data):
        lists = collections.defaultdict(list)
        for number, value in fields_of(gzip.decompress(data)):
            lists[number].append(value)
        assert set(lists) <= {1, 2, 3, 4, 5, 6, 9, 10, 14}, f"fields {set(lists)}"
        self.strings = [value.decode() for value in lists[6]]
        assert self.strings[0] == "" and len(set(self.strings)) == len(self.strings)
        self.types = [tuple(self.strings[self.record(value)[field]] for field in (1, 2))
                      for value in lists[1]]
        self.default_type = self.strings[lists[14][0]]
        self.time_nanos, self.duration_nanos = lists[9], lists[10]
        self.mappings = self.by_id(lists[3])
        self.locations = self.by_id(lists[4])
        self.functions = self.by_id(lists[5])
        self.samples = [self.record(value, (1, 2), (3,)) for value in lists[2]]

    @staticmethod
    def record(data, repeated=(), messages=()):
        record = collections.defaultdict(int, {number: [] for number in (*repeated, *messages)})
        for number, value in fields_of(data):
            if number in repeated:
                record[number] += integers(value)
            elif number in messages:
                record[number].append(value)
            else:
                assert number not in record, f"field {number} twice"
                record[number] = value
        return record

    def by_id(self, messages):
        records = {}
        for data in messages:
            record = collections.defaultdict(int)
            lines = []
            for number, value in fields_of(data):
                if number == 4 and isinstance(value, bytes):
                    lines.append(self.record(value))
                else:
                    record[number] = value
            record["lines"] = lines
            assert record[1] > 0 and record[1] not in records, "an id twice, or 0"
            records[record[1]] = record
        return records

    def labels(self, sample):
        """Return (key, number) of the labels of a sample."""
        labels = [self.record(data) for data in sample[3]]
        assert all(set(label) == {1, 3} for label in labels), "labels are numbers"
        return tuple((self.strings[label[1]], label[3]) for label in labels)

    def stack(self, sample):
        """Return (function, file, line, address, module) of each frame, outermost first."""
        frames = []
        for number in sample[1]:
            location = self.locations[number]
            module = self.strings[self.mappings[location[2]][5]] if location[2] else None
            for line in location["lines"]:
                function = self.functions[line[1]]
                assert function[2] == function[3], "system_name"
                frames.append((self.strings[function[2]], self.strings[function[4]], line[2],
                               location[3], module))
        return tuple(reversed(frames))


def check_pprof(report, rng, directory):
    case = tracemalloc_parity.Case(rng)
    freed, _ = case.later(rng)
    case.write(directory, "t.trace", [], case.blocks, freed)
    profile = Profile(export(report, directory, "--format", "pprof", "t.trace"))
    assert profile.types == [("alloc_objects", "count"), ("alloc_space", "bytes"),
                             ("inuse_objects", "count"), ("inuse_space", "bytes")], profile.types
    assert profile.default_type == "inuse_space"
    assert profile.time_nanos == [1_800_000_000 * 10 ** 9] and profile.duration_nanos == [5 * 10 ** 6]
    (mapping,) = profile.mappings.values()
    assert (profile.strings[mapping[5]], profile.strings[mapping[6]]) == ("app", "")
    assert [mapping[field] for field in (7, 8, 9, 10)] == [1, 1, 1, 1]
    expected = collections.defaultdict(lambda: [0, 0, 0, 0])
    for blocks, sign in ((case.blocks, 1), (freed, -1)):
        for stack, size, domain in blocks:
            values = expected[tuple((f"f{frame}", *case.frames[frame], frame + 1, "app")
                                    for frame in stack), (("domain", domain),) if domain else ()]
            if sign > 0:
                values[0] += 1
                values[1] += size
            values[2] += sign
            values[3] += sign * size
    got = {}
    for sample in profile.samples:
        key = profile.stack(sample), profile.labels(sample)
        assert key not in got, "a stack twice"
        got[key] = sample[2]
    assert got == dict(expected), "samples"


def check_pprof_mappings(report, directory):
    """Inlined frames share a location; a module has its build-id; there may be no module."""
    trace = synthetic.Trace()
    trace.module(1, 0x400000, "app", bytes(range(20)))
    trace.stack(3, synthetic.WHOLE, 1, 0x400000 + 0x101)
    trace.stack(4, 3, 1, 0x400000 + 0x601)
    trace.stack(5, synthetic.WHOLE, 0, 0x1234)
    for site, stack in ((1, 4), (2, 5), (3, synthetic.WHOLE)):
        trace.site(0, site, stack, 10 * site)
        trace.allocate(0, site)
    with open(os.path.join(directory, "app"), "w", encoding="utf-8") as table:
        table.write("0x100 main.c 3 main\n0x600 in.h 7 inner\n0x600 work.c 5 work\n")
    with open(os.path.join(directory, "t.trace"), "wb") as file:
        file.write(trace.to_bytes())
    export(report, directory, "--format", "pprof", "-o", "t.pb.gz", "t.trace")
    with open(os.path.join(directory, "t.pb.gz"), "rb") as file:
        profile = Profile(file.read())
    (mapping,) = profile.mappings.values()
    assert profile.strings[mapping[6]] == bytes(range(20)).hex(), "build-id"
    stacks = {profile.stack(sample): sample for sample in profile.samples}
    inlined = stacks[("main", "main.c", 3, 0x100, "app"), ("work", "work.c", 5, 0x600, "app"),
                     ("inner", "in.h", 7, 0x600, "app")]
    assert len(inlined[1]) == 2 and inlined[2] == [1, 10, 1, 10], "inlined"
    assert stacks[()][2] == [1, 30, 1, 30], "an empty stack"
    assert any(len(stack) == 1 and stack[0][4] is None for stack in stacks), "no module"


def main():
    report = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2 ** 32)
    rng = random.Random(seed)
    print(f"exports: {ROUNDS} rounds, seed {seed}")
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(ROUNDS):
            check_folded(report, rng, directory)
            check_pprof(report, rng, directory)
        check_pprof_mappings(report, directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
