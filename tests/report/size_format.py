"""Asks CPython's own tracemalloc how sizes are written, and compares with ours.

usage: size_format.py SIZE_FORMAT_TOOL [SEED]
"""
import os
import random
import subprocess
import sys
import tracemalloc

RANDOM_SIZES = 1_000_000 if os.environ.get("LIBTRACE_TEST_ALL") == "1" else 100_000


def sizes(seed):
    rng = random.Random(seed)
    for power in range(64):
        for delta in (-1, 0, 1):
            yield (1 << power) + delta
    for unit in (1, 1 << 10, 1 << 20, 1 << 30, 1 << 40):
        for edge in (100, 1000, 1024, 10000, 10240):
            for delta in (-51, -1, -0.5, 0, 0.5, 1, 51):
                yield edge * unit + delta
    for half in range(1000):
        yield half + 0.5
    for _ in range(RANDOM_SIZES):
        size = rng.random() * 2 ** rng.uniform(0, 62)
        yield rng.choice((int(size), size, -int(size), int(size) / rng.randrange(1, 1000)))


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2 ** 32)
    numbers = list(sizes(seed))
    text = "".join(f"{number!r}\n" for number in numbers)
    output = subprocess.run([sys.argv[1]], input=text, capture_output=True, text=True, check=True)
    lines = output.stdout.splitlines()
    assert len(lines) == len(numbers)
    failures = 0
    for number, line in zip(numbers, lines):
        # Python divides integers exactly where they do not fit a double; sizes below 2^53 do.
        number = float(number)
        expected = f"{tracemalloc._format_size(number, False)}|{tracemalloc._format_size(number, True)}"
        if line != expected:
            failures += 1
            if failures <= 10:
                print(f"FAILED: {number!r}: {line}, expected {expected}")
    print(f"size_format: {len(numbers)} sizes, {failures} failed, seed {seed}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
