#!/usr/bin/env python3
"""Programs that tracers of this kind have broken, run without and with libtrace.so and compared.

    run.py <build directory> <group> [<program> ...]

Each row of rows.py names a program and what its trace must say. Compared are stdout, exit status,
stderr and the files that are left behind; then the trace: blocks that the program counted itself,
events lost, how it ended. With `verify` it runs a third time under libtrace-verify.so, which
compares each captured stack with libunwind's own. LIBTRACE_TEST_ALL=1 repeats more.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import rows  # noqa: E402
from harness import (Outcome, build, check, check_equal, environment, finish, library, report,  # noqa: E402
                     report_tool, require, signal_name, traces)

MARKED = 1237  # bytes; of seen.h
programs = build / "tests" / "hazards"
verifier = build / "lib" / "libtrace-verify.so"


def run(row, place, preloads, more):
    """Run a row's program in place/work. Returns the outcome and the seconds that it took."""
    work = place / "work"
    work.mkdir()
    place.chmod(0o755)
    words = [str(word).format(programs=programs, place=place) for word in row.arguments]
    variables = {name: str(value).format(programs=programs, place=place)
                 for name, value in row.variables.items()}
    preloads = [str(item) for item in preloads]
    if preloads:
        variables["LD_PRELOAD"] = ":".join(preloads)
    variables.update(more)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.monotonic()
        process = subprocess.Popen([str(programs / row.program), *words], cwd=work, stdout=out,
                                   stderr=err, stdin=subprocess.DEVNULL, start_new_session=True,
                                   env=environment(**variables))
        try:
            status = process.wait(timeout=row.seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
            check(False, f"{row}: still running after {row.seconds} seconds")
        seconds = time.monotonic() - begin
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace").replace(str(place), "PLACE"))
    return Outcome(status, *texts, ""), seconds


def left_behind(place):
    """What the program left in its directory: names and contents."""
    work = place / "work"
    return {str(path.relative_to(work)): path.read_bytes() if path.is_file() else None
            for path in sorted(work.rglob("*"))}


def lines(stdout):
    """stdout but for counts, in an order that does not depend on which process was faster."""
    return sorted(line for line in stdout.splitlines() if not re.match(r"(marked|live) \d+$", line))


def told(stdout, word):
    """The sum of what the program's processes say of their marked blocks; None if they do not."""
    found = re.findall(rf"^{word} (\d+)$", stdout, re.M)
    return sum(map(int, found)) if found else None


def statistics(files, arguments, directory):
    outcome = report([*arguments, "--top", "0", "--format", "json", *map(str, files)], directory)
    if not check_equal(outcome.status, 0, f"trace-report {arguments}: {outcome.stderr}"):
        return []
    return json.loads(outcome.stdout)["statistics"]


def whole_summary(files, directory):
    """The totals over all traces of a run, and how each of its processes ended."""
    outcome = report(["--summary", "--format", "json", *map(str, files)], directory)
    if not check_equal(outcome.status, 0, f"trace-report --summary: {outcome.stderr}"):
        return {}, [], []
    whole = json.loads(outcome.stdout)
    return whole["summary"], [trace.get("end") for trace in whole["traces"]], whole["summary"]["notes"]


def count_marked(files, directory, metric):
    found = statistics(files, [*metric, "--by", "size"], directory)
    return sum(line["count"] for line in found if line["key"] == f"{MARKED} B")


def check_trace(row, place, stdout):
    """What the traces of a run must say."""
    files = traces(place)
    if row.traces is not None and not check_equal(len(files), row.traces, f"{row}: traces"):
        return
    totals, ends, notes = whole_summary(files, place) if files else ({}, [], [])
    for pattern in row.notes:
        check(any(re.fullmatch(pattern, note) for note in notes),
              f"{row}: {pattern!r} is not among the notes: {notes}")
    for pattern in row.no_notes:
        check(not any(re.fullmatch(pattern, note) for note in notes),
              f"{row}: {pattern!r} is among the notes: {notes}")
    for name, is_right in row.totals.items():
        check(is_right(totals.get(name, 0)), f"{row}: {name} is {totals.get(name)}")
    if row.ends is not None:
        check_equal(sorted(ends, key=str), sorted(row.ends, key=str), f"{row}: ends")
    for word, metric in (("marked", ["--allocated"]), ("live", [])):
        expected = told(stdout, word)
        if expected is None or row.is_blind:
            continue
        seen = count_marked(files, place, metric)
        lost = totals.get("lost_events", 0) if row.may_lose else 0
        check(expected - lost <= seen <= expected + row.slack,
              f"{row}: {word} blocks: {seen} in the trace and {lost} lost, {expected} were made")
    if row.files:
        found = statistics(files, ["--allocated", "--by", "filename"], place)
        named = {pathlib.Path(line["file"] or "?").name: line["count"] for line in found}
        for name, count in row.files.items():
            check_equal(named.get(name, 0), count, f"{row}: blocks of {name}")
    if row.callers:
        found = statistics(files, ["--allocated", "--by", "traceback"], place)
        for name, count in row.callers.items():
            below = sum(line["count"] for line in found
                        if any(frame["function"] == name for frame in line["traceback"]))
            check_equal(below, count, f"{row}: blocks below {name}()")


def check_same(row, plain, traced, text):
    check_equal(signal_name(traced.status), signal_name(plain.status), f"{row}{text}: exit status")
    check_equal(lines(traced.stdout), lines(plain.stdout), f"{row}{text}: stdout")
    mine = [line for line in traced.stderr.splitlines(True) if line.startswith("libtrace: ")]
    theirs = [line for line in traced.stderr.splitlines(True) if not line.startswith("libtrace: ")
              and not (row.loader_says and re.fullmatch(row.loader_says, line))]
    check_equal(sorted(theirs), sorted(plain.stderr.splitlines(True)), f"{row}{text}: stderr")
    return "".join(mine)


def check_verified(row, place, plain, preloads):
    traced, _ = run(row, place, preloads, {"LIBTRACE_OUTPUT": f"{place}/t.%p.trace"})
    said = check_same(row, plain, traced, " (verify)")
    pairs = re.findall(r"verified (\d+) stacks, (\d+) differences", said)
    check(sum(int(stacks) for stacks, _ in pairs) > 0, f"{row}: nothing was compared: {said}")
    check_equal(sum(int(differences) for _, differences in pairs), 0,
                f"{row}: stacks that differ: {said}")


def check_row(row, directory):
    def place(name):
        made = pathlib.Path(directory) / name
        made.mkdir()
        return made

    with row.setting(place("setting")) as setting:
        output = f"{setting}/t.%p.trace" if setting else None
        before = [item.format(programs=programs) for item in row.before]
        after = [item.format(programs=programs) for item in row.after]
        plain, plain_seconds = run(row, place("plain"), before + after, {})
        check(row.status in (None, plain.status), f"{row}: {signal_name(plain.status)} without it")
        traced_place = place("traced")
        traced, seconds = run(row, traced_place, [*before, library, *after],
                              {"LIBTRACE_OUTPUT": output or f"{traced_place}/t.%p.trace"})
        said = check_same(row, plain, traced, "")
        check(re.fullmatch(row.says, said), f"{row}: the tracer says {said!r}")
        check_equal(left_behind(traced_place), left_behind(pathlib.Path(directory) / "plain"),
                    f"{row}: files left behind")
        if row.slower is not None:
            for _ in range(3):  # a busy machine is not the tracer's fault
                if seconds <= plain_seconds * row.slower:
                    break
                with tempfile.TemporaryDirectory() as again:
                    (pathlib.Path(again) / "a").mkdir()
                    (pathlib.Path(again) / "b").mkdir()
                    plain_seconds = run(row, pathlib.Path(again) / "a", before + after, {})[1]
                    seconds = run(row, pathlib.Path(again) / "b", [*before, library, *after],
                                  {"LIBTRACE_OUTPUT": f"{again}/t.%p.trace"})[1]
            check(seconds <= plain_seconds * row.slower,
                  f"{row}: {seconds:.2f} s with the tracer, {plain_seconds:.2f} s without")
        if not setting:
            check_trace(row, traced_place, traced.stdout)
        if row.verify:
            check_verified(row, place("verified"), plain, [*before, verifier, *after])
        print(f"{row}: {signal_name(traced.status)}, {plain_seconds:.2f} s, traced {seconds:.2f} s")


def main():
    require(library, verifier, report_tool)
    wanted = sys.argv[3:]
    for row in rows.groups()[sys.argv[2]]:
        if wanted and row.program not in wanted and str(row) not in wanted:
            continue
        why = row.cannot_run(programs) or (None if (programs / row.program).exists()
                                   else f"{row.program} was not built")
        if why:
            print(f"{row}: skipped: {why}")
            continue
        with tempfile.TemporaryDirectory() as directory:
            os.chmod(directory, 0o755)
            check_row(row, directory)
    finish(f"hazards of {sys.argv[2]}")


main()
