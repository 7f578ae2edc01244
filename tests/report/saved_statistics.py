"""Saved statistics: a trace does not differ from what was saved of it. Those that are damaged, or of anything, are
refused in words, and never believed.

usage: saved_statistics.py TRACE_REPORT [SEED]
TRACE_REPORT takes its symbols from tables (tests/support/table_symbolizer.c).
"""
import json
import os
import subprocess

import rounds
import tracemalloc_parity

CHANGES = (-1, 0, 1, 2 ** 31, 2 ** 32, 2 ** 63, 2 ** 64, 1.5, None, True, "x", [], {}, [[]], [None])


def places(value):
    """Yield (container, key) of everything in a JSON value."""
    keys = range(len(value)) if isinstance(value, list) else list(value)
    for key in keys:
        yield value, key
        if isinstance(value[key], (list, dict)):
            yield from places(value[key])


def compare(report, directory, *options, by="thread"):
    return subprocess.run([report, "--compare-to=s.json", f"--by={by}", *options, "t.trace"],
                          cwd=directory, capture_output=True, text=True, check=False)


def check_same(report, directory):
    for by in ("lineno", "traceback", "filename", "function", "module", "thread", "size", "domain"):
        result = compare(report, directory, "--top=0", "--format=json", by=by)
        assert result.returncode == 0, (by, result)
        rows = json.loads(result.stdout)["statistics"]
        assert rows, by
        for row in rows:
            assert (row["size_diff"], row["count_diff"]) == (0, 0), (by, row)


def check_earlier(report, directory, text):
    """A file without what was temporary is good for everything else."""
    document = json.loads(text)
    del document["temporary"]
    with open(os.path.join(directory, "s.json"), "w", encoding="utf-8") as file:
        json.dump(document, file)
    assert compare(report, directory).returncode == 0
    result = compare(report, directory, "--temporary")
    assert result.returncode == 1 and "earlier version" in result.stderr, result


def run_round(report, rng, directory):
    tracemalloc_parity.Case(rng).write(directory)
    path = os.path.join(directory, "s.json")
    subprocess.run([report, "--save-statistics=s.json", "t.trace"], cwd=directory,
                   capture_output=True, check=True)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    check_same(report, directory)
    check_earlier(report, directory, text)
    for cut in rng.sample(range(1, len(text) - 1), 5):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text[:cut])
        result = compare(report, directory)
        assert result.returncode == 1 and "s.json: " in result.stderr, (cut, result)
    for _ in range(10):
        document = json.loads(text)
        container, key = rng.choice(list(places(document)))
        container[key] = rng.choice(CHANGES)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file)
        result = compare(report, directory)
        assert result.returncode in (0, 1), (key, container[key], result)
        assert (result.returncode == 0) != ("s.json: " in result.stderr), result.stderr


if __name__ == "__main__":
    rounds.run(run_round, 10)
