"""Random blocks as a trace for trace-report --annotate, and what they mean for each line as a code
map for memory_profiler's own show_results(): the same table must come out, to the byte.

usage: memory_profiler_parity.py TRACE_REPORT [SEED]
TRACE_REPORT takes its symbols from tables (tests/support/table_symbolizer.c). Exits 77 without
memory_profiler.
"""
import io
import os
import random
import subprocess
import sys
import tempfile

import tabled

try:
    import memory_profiler
except ImportError:
    print("skipped: memory_profiler is not installed")
    sys.exit(77)

ROUNDS = 60
MIB = 1 << 20
WORDS = ("int", "x = f();", "", "\t", "  ", "{", "}", "malloc(1)", "{0:>6}", "%s", "\u00e4\u20ac", "\"", "//")


class Case:
    """Files with lines, stacks through them, blocks that come and go."""

    def __init__(self, rng):
        self.rng = rng
        self.sources = {name: [" ".join(rng.choices(WORDS, k=rng.randrange(6)))
                               for _ in range(rng.randrange(1, 60))] for name in ("a.c", "b.c")}
        places = [(name, line) for name, lines in self.sources.items()
                  for line in range(1, len(lines) + 1)]
        self.frames = rng.sample(places, min(len(places), rng.randrange(2, 20)))
        indexes = range(len(self.frames))
        self.stacks = [tuple(rng.choices(indexes, k=rng.randrange(1, 8))) for _ in range(12)]
        sizes = [rng.choice((1, 100, MIB // 10, MIB, 12345678, 1 << 31)) for _ in range(5)]
        self.sites = sorted({(rng.choice(self.stacks), rng.choice(sizes)) for _ in range(30)})

    def play(self, trace):
        """Record random events. Returns {(file, line): [increment, usage, occurrences]}."""
        lines, live, total = {}, [], 0
        for _ in range(self.rng.randrange(1, 300)):
            if live and self.rng.random() < 0.4:
                site = live.pop(self.rng.randrange(len(live)))
                trace.free(0, site + 1, 0)
                sign = -1
            else:
                site = self.rng.randrange(len(self.sites))
                live.append(site)
                trace.allocate(0, site + 1)
                sign = 1
            stack, size = self.sites[site]
            total += sign * size
            for frame in set(stack):
                cell = lines.setdefault(self.frames[frame], [0, 0, 0])
                cell[0] += sign * size
                cell[1] = max(cell[1], total) if sign > 0 else cell[1]
                cell[2] += 1 if sign > 0 else 0
        return lines

    def write(self, directory):
        for name, lines in self.sources.items():
            end = self.rng.choice(("\n", "\r\n"))
            with open(os.path.join(directory, name), "w", encoding="utf-8", newline="") as file:
                file.write("".join(line + end for line in lines))
        trace = tabled.TabledTrace(directory, self.frames)
        for number, (stack, size) in enumerate(self.sites):
            trace.site(0, number + 1, trace.stack_of(stack), size)
        lines = self.play(trace)
        with open(os.path.join(directory, "t.trace"), "wb") as file:
            file.write(trace.to_bytes())
        return lines


class Profile:
    """What show_results() wants: a code map whose items are (file, [(line, measured)])."""

    def __init__(self, sources, lines):
        self.code_map = {
            name: [(number, self.cell(lines.get((name, number))))
                   for number in range(1, len(source) + 1)]
            for name, source in sources.items() if any(file == name for file, _ in lines)}

    @staticmethod
    def cell(measured):
        if measured is None:
            return None
        increment, usage, occurrences = measured
        return increment / MIB, usage / MIB, occurrences


def expected_text(case, lines, precision):
    out = io.StringIO()
    memory_profiler.linecache.clearcache()
    memory_profiler.show_results(Profile(case.sources, lines), out, precision)
    return out.getvalue()


def has_word_on_sources(report, case, lines):
    """The source of the first file is taken away, then of all: stderr says which cannot be read."""
    files = sorted(name for name in case.sources if any(file == name for file, _ in lines))
    for gone in range(len(files) + 1):
        if gone > 0:
            os.unlink(files[gone - 1])
        result = subprocess.run([report, "--annotate", "*.c", "t.trace"], capture_output=True, text=True,
                                check=False)
        expected = f"trace-report: {files[0]}: {'its' if gone == 1 else 'and others: their'} source cannot be" \
                   " read from here: lines are without their text\n"
        if result.returncode != 0 or result.stderr != (expected if gone > 0 else ""):
            print(f"FAILED: {gone} of {files} without source: {result.stderr}")
            return False
        if not all(f"Filename: {file}\n" in result.stdout for file in files):
            print(f"FAILED: {gone} of {files} without source, and not shown: {result.stdout}")
            return False
    return True


def main():
    report = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2 ** 32)
    rng = random.Random(seed)
    failures = 0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as directory:
            os.chdir(directory)
            case = Case(rng)
            lines = case.write(directory)
            precision = rng.choice((None, 0, 1, 3, 6))
            command = [report, "--annotate", "*.c", "t.trace"]
            command += [f"--precision={precision}"] if precision is not None else []
            result = subprocess.run(command, capture_output=True, check=False)
            expected = expected_text(case, lines, 1 if precision is None else precision).encode()
            if result.returncode != 0 or result.stdout != expected:
                failures += 1
                print(f"FAILED: {command}: exit {result.returncode} {result.stderr}")
                got, want = result.stdout.split(b"\n"), expected.split(b"\n")
                for line, other in zip(got + [b""] * len(want), want + [b""] * len(got)):
                    if line != other:
                        print(f"  got      {line}\n  expected {other}")
                        break
            failures += 0 if has_word_on_sources(report, case, lines) else 1
            os.chdir("/")
    print(f"memory_profiler_parity: {ROUNDS} rounds, {failures} failed, seed {seed}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
