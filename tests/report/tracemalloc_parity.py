"""Random blocks, once as a trace for trace-report and once as a Snapshot for CPython's tracemalloc:
the same statistics and differences must come out, line by line and in the same order, filtered alike.

usage: tracemalloc_parity.py TRACE_REPORT [SEED]
TRACE_REPORT takes its symbols from tables (tests/support/table_symbolizer.c).
"""
import collections
import os
import random
import subprocess
import sys
import tempfile
import tracemalloc

import synthetic

# 25 cases a round, each with a command line of its own.
ROUNDS = 400 if os.environ.get("LIBTRACE_TEST_ALL") == "1" else 20
BIAS = 0x400000
DOMAINS = (0, 0, 0, 1, 1, 7, 389047, 2 ** 32 - 1)
GROUPS = (("lineno", False), ("filename", False), ("traceback", False), ("lineno", True),
          ("filename", True))
FILES = ["a.c", "b.c", "lib/a.c", "lib/util/x.c", "/abs/main.c", "z.h"]


class Case:
    """One random program: frames, stacks, and the blocks that are left."""

    def __init__(self, rng):
        self.frames = [(rng.choice(FILES), rng.randrange(1, 40)) for _ in range(rng.randrange(1, 60))]
        self.stacks = [tuple(rng.randrange(len(self.frames)) for _ in range(rng.randrange(1, 8)))
                       for _ in range(rng.randrange(1, 50))]
        sizes = [rng.choice((0, 1, 16, 24, 100, 1000, 5000, 123456, 1 << 20)) for _ in range(6)]
        self.blocks = [(rng.choice(self.stacks), rng.choice(sizes), rng.choice(DOMAINS))
                       for _ in range(rng.randrange(1, 400))]

    def later(self, rng):
        """Return how many blocks of each kind are freed later on, and the blocks that are left then."""
        freed = [block for block in self.blocks if rng.random() < 0.4]
        left = list(self.blocks)
        for block in freed:
            left.remove(block)
        sizes = [block[1] for block in self.blocks] + [rng.randrange(10000)]
        left += [(rng.choice(self.stacks), rng.choice(sizes), rng.choice(DOMAINS)) for _ in range(rng.randrange(200))]
        return freed, left

    def write(self, directory, file_name="t.trace", blocks=None, before=(), freed=()):
        """Write table and trace. Stacks are written oldest frame first.

        Those in before are allocated first; then come a snapshot and the end of those freed.
        """
        blocks = self.blocks if blocks is None else list(blocks)
        with open(os.path.join(directory, "app"), "w", encoding="utf-8") as table:
            for number, (name, line) in enumerate(self.frames):
                table.write(f"{number + 1:#x} {name} {line} f{number}\n")
        trace = synthetic.Trace()
        trace.process("/bin/app", "/")
        trace.module(1, BIAS, "app")
        nodes, sites = {}, {}
        for stack, size, domain in [*before, *blocks]:
            parent = synthetic.WHOLE
            for depth in range(1, len(stack) + 1):
                prefix = stack[:depth]
                if prefix not in nodes:
                    nodes[prefix] = synthetic.FIRST + len(nodes)
                    trace.stack(nodes[prefix], parent, 1, BIAS + prefix[-1] + 2)
                parent = nodes[prefix]
            if (stack, size, domain) not in sites:
                number = sites[stack, size, domain] = 1 + len(sites)
                definitions = [lambda: trace.site(0, number, parent, size)]
                definitions += [lambda: trace.domain(0, number, domain)] if domain else []
                for define in definitions if number % 2 else reversed(definitions):
                    define()
        for block in before:
            trace.allocate(0, sites[block])
        if before:
            trace.at(0, 5, 1)
            trace.snapshot(0, "before")
        for block in freed:
            trace.free(0, sites[block], 5)
        for block in blocks:
            trace.allocate(0, sites[block])
        with open(os.path.join(directory, file_name), "wb") as file:
            file.write(trace.to_bytes())

    def snapshot(self, blocks=None):
        traces = [(domain, size, tuple(self.frames[frame] for frame in reversed(stack)), len(stack))
                  for stack, size, domain in (self.blocks if blocks is None else blocks)]
        return tracemalloc.Snapshot(traces, 256)


def random_filters(rng):
    """Return tracemalloc's filters and our arguments for them."""
    filters, arguments = [], []
    all_frames = rng.random() < 0.4
    for _ in range(rng.randrange(3)):
        inclusive = rng.random() < 0.5
        domain = rng.choice((None, rng.choice(DOMAINS)))
        if domain is not None and rng.random() < 0.5:
            filters.append(tracemalloc.DomainFilter(inclusive, domain))
            arguments += rng.choice((["--domain", str(domain)], ["--filter", f"@{domain}"])
                                    ) if inclusive else ["--exclude", f"@{domain}"]
            continue
        pattern = rng.choice(("lib/*", "*/a.c", "*.h", "*[ab].c", "/abs/*", "lib/?.c", "*"))
        line = rng.choice((None, None, rng.randrange(1, 40)))
        filters.append(tracemalloc.Filter(inclusive, pattern, line, all_frames, domain))
        arguments += ["--filter" if inclusive else "--exclude",
                      pattern + (f":{line}" if line is not None else "") +
                      (f"@{domain}" if domain is not None else "")]
    return filters, arguments + (["--all-frames"] if all_frames else [])


def expected_lines(statistics, by, limit, most_recent_first):
    lines = []
    for statistic in statistics:
        if by != "traceback":
            lines.append(str(statistic))
            continue
        # Python names a traceback by its oldest frame, we by the one that allocated.
        text = str(statistic)
        numbers = text[len(str(statistic.traceback)):]
        lines.append(f"{statistic.traceback[-1]}{numbers}")
        lines += statistic.traceback.format(limit, most_recent_first)
    return lines


def check_report(command, directory, expected):
    """Return how many reports were not as expected: 0 or 1."""
    result = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    got = result.stdout.splitlines()[1:] if expected else []
    if result.returncode == 0 and got == expected:
        return 0
    print(f"FAILED: {command}: exit {result.returncode} {result.stderr}")
    for line, other in zip(got + [""] * len(expected), expected + [""] * len(got)):
        if line != other:
            print(f"  got      {line}\n  expected {other}")
            break
    return 1


def run_comparisons(report, rng, directory):
    """Compare two moments of a trace, two traces, and a trace with saved statistics."""
    case = Case(rng)
    freed, left = case.later(rng)
    kept = collections.Counter(case.blocks) - collections.Counter(freed)
    new = collections.Counter(left) - kept
    case.write(directory, "moments.trace", new.elements(), case.blocks, freed)
    case.write(directory, "old.trace")
    case.write(directory, "new.trace", left)
    failures = 0
    subprocess.run([report, "--save-statistics=old.json", "--top=1", "old.trace"], cwd=directory,
                   capture_output=True, check=True)
    for by, cumulative in GROUPS:
        filters, arguments = random_filters(rng)
        limit = rng.choice((None, 1, 3, -1))
        statistics = case.snapshot(left).filter_traces(filters).compare_to(
            case.snapshot().filter_traces(filters), by, cumulative)
        expected = expected_lines(statistics, by, limit, False)
        options = ["--top", "0", "--by", by, *arguments]
        options += ["--cumulative"] if cumulative else []
        options += [f"--limit={limit}"] if limit is not None else []
        for words in (["--compare-to", "before", "moments.trace"],
                      ["--compare-to=#1", "--at", "100%", "moments.trace"],
                      ["--compare-to", "old.trace", "new.trace"],
                      ["--compare-to", "old.json", "new.trace"]):
            failures += check_report([report, *options, *words], directory, expected)
    return failures


def run_round(report, rng, directory):
    case = Case(rng)
    case.write(directory)
    failures = 0
    for by, cumulative in GROUPS:
        filters, arguments = random_filters(rng)
        limit = rng.choice((None, 0, 1, 2, 3, 100, -1, -2))
        most_recent_first = rng.random() < 0.3
        statistics = case.snapshot().filter_traces(filters).statistics(by, cumulative)
        expected = expected_lines(statistics, by, limit, most_recent_first)
        command = [report, "--top", "0", "--by", by, *arguments, "t.trace"]
        command += ["--cumulative"] if cumulative else []
        command += [f"--limit={limit}"] if limit is not None else []
        command += ["--most-recent-first"] if most_recent_first else []
        failures += check_report(command, directory, expected)
    return failures


def main():
    report = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2 ** 32)
    rng = random.Random(seed)
    failures = 0
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(ROUNDS):
            failures += run_round(report, rng, directory)
            failures += run_comparisons(report, rng, directory)
    print(f"tracemalloc_parity: {ROUNDS} rounds, {failures} failed, seed {seed}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
