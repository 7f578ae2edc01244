"""Random blocks, once as a trace for trace-report and once as a Snapshot for CPython's tracemalloc:
the same statistics and differences must come out, line by line and in the same order, filtered alike.

Starting trace-report takes longer than anything else, so a round has several programs that are asked
the same with one command line, each for a report of its own.

usage: tracemalloc_parity.py TRACE_REPORT [SEED]
TRACE_REPORT takes its symbols from tables (tests/support/table_symbolizer.c).
"""
import collections
import copy
import os
import random
import subprocess
import sys
import tempfile
import tracemalloc

import tabled

ROUNDS = 40 if os.environ.get("LIBTRACE_TEST_ALL") == "1" else 10
PROGRAMS = 10  # of a round; each is a case for each of 25 command lines
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
        self.sizes = [rng.choice((0, 1, 16, 24, 100, 1000, 5000, 123456, 1 << 20))
                      for _ in range(6)]
        self.blocks = self.random_blocks(rng, self.sizes, rng.randrange(1, 400))

    def random_blocks(self, rng, sizes, count):
        return [(rng.choice(self.stacks), rng.choice(sizes), rng.choice(DOMAINS))
                for _ in range(count)]

    def sibling(self, rng):
        """Return a program with the same frames and stacks, and other blocks."""
        other = copy.copy(self)
        other.blocks = self.random_blocks(rng, self.sizes, rng.randrange(1, 400))
        return other

    def later(self, rng):
        """Return how many blocks of each kind are freed later on, and the blocks that are left then."""
        freed = [block for block in self.blocks if rng.random() < 0.4]
        left = list(self.blocks)
        for block in freed:
            left.remove(block)
        sizes = [block[1] for block in self.blocks] + [rng.randrange(10000)]
        return freed, left + self.random_blocks(rng, sizes, rng.randrange(200))

    def write(self, directory, file_name="t.trace", blocks=None, before=(), freed=()):
        """Write table and trace. Stacks are written oldest frame first.

        Those in before are allocated first; then come a snapshot and the end of those freed.
        """
        blocks = self.blocks if blocks is None else list(blocks)
        trace = tabled.TabledTrace(directory, self.frames)
        sites = {}
        for stack, size, domain in [*before, *blocks]:
            parent = trace.stack_of(stack)
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


def split_reports(text, names):
    """Return the lines of each file's report, without its title, in the order of names."""
    reports = []
    lines = iter(text.splitlines())
    for line in lines:
        if len(reports) < len(names) and line == f"{names[len(reports)]}:":
            reports.append([])
            next(lines, None)
        elif reports:
            reports[-1].append(line)
    return [report[:-1] if report and report[-1] == "" else report for report in reports]


def check_reports(command, directory, expected):
    """expected: the lines of each file's report. Returns how many are not as expected."""
    result = subprocess.run([*command, "--each-file", "--top=0", *expected], cwd=directory,
                            capture_output=True, text=True, check=False)
    reports = split_reports(result.stdout, list(expected))
    if result.returncode != 0 or len(reports) != len(expected):
        print(f"FAILED: {command}: exit {result.returncode}, {len(reports)} reports {result.stderr}")
        return len(expected)
    failures = 0
    for (name, wanted), got in zip(expected.items(), reports):
        if (got if wanted else []) == wanted:
            continue
        failures += 1
        print(f"FAILED: {command} {name}")
        for line, other in zip(got + [""] * len(wanted), wanted + [""] * len(got)):
            if line != other:
                print(f"  got      {line}\n  expected {other}")
                break
    return failures


def random_command(report, rng, by, cumulative):
    """Return a command line, tracemalloc's filters for it, and how it shows tracebacks."""
    filters, arguments = random_filters(rng)
    limit = rng.choice((None, 0, 1, 2, 3, 100, -1, -2))
    most_recent_first = rng.random() < 0.3
    command = [report, f"--by={by}", *arguments]
    command += ["--cumulative"] if cumulative else []
    command += [f"--limit={limit}"] if limit is not None else []
    command += ["--most-recent-first"] if most_recent_first else []
    return command, filters, (by, limit, most_recent_first)


def check_statistics(report, rng, directory, programs):
    for number, program in enumerate(programs):
        program.write(directory, f"{number}.trace")
    failures = 0
    for by, cumulative in GROUPS:
        command, filters, how = random_command(report, rng, by, cumulative)
        failures += check_reports(command, directory, {
            f"{number}.trace": expected_lines(
                program.snapshot().filter_traces(filters).statistics(by, cumulative), *how)
            for number, program in enumerate(programs)})
    return failures


def check_comparisons(report, rng, directory, programs):
    """Compare two moments of a trace, two traces, and a trace with saved statistics."""
    lefts = []
    for number, program in enumerate(programs):
        freed, left = program.later(rng)
        kept = collections.Counter(program.blocks) - collections.Counter(freed)
        new = collections.Counter(left) - kept
        program.write(directory, f"moments{number}.trace", new.elements(), program.blocks, freed)
        program.write(directory, f"new{number}.trace", left)
        lefts.append(left)
    programs[0].write(directory, "old.trace")
    subprocess.run([report, "--save-statistics=old.json", "old.trace"], cwd=directory,
                   capture_output=True, check=True)
    ways = [("moments", ["--compare-to=before"]), ("moments", ["--compare-to=#1", "--at=100%"]),
            ("new", ["--compare-to=old.trace"]), ("new", ["--compare-to=old.json"])]
    failures = 0
    for by, cumulative in GROUPS:
        for name, words in ways:
            command, filters, how = random_command(report, rng, by, cumulative)
            expected = {}
            for number, (program, left) in enumerate(zip(programs, lefts)):
                old = programs[0] if name == "new" else program
                statistics = program.snapshot(left).filter_traces(filters).compare_to(
                    old.snapshot().filter_traces(filters), by, cumulative)
                expected[f"{name}{number}.trace"] = expected_lines(statistics, *how)
            failures += check_reports([*command, *words], directory, expected)
    return failures


def main():
    report = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2 ** 32)
    rng = random.Random(seed)
    cases = ROUNDS * PROGRAMS * len(GROUPS) * 5
    print(f"tracemalloc_parity: {cases} cases, seed {seed}", flush=True)
    failures = 0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as directory:
            case = Case(rng)
            programs = [case] + [case.sibling(rng) for _ in range(PROGRAMS - 1)]
            failures += check_statistics(report, rng, directory, programs)
            failures += check_comparisons(report, rng, directory, programs)
    print(f"tracemalloc_parity: {failures} of {cases} cases failed, seed {seed}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
