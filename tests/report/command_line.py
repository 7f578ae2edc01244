"""trace-report as a command: what it prints where, and its exit codes.

usage: command_line.py TRACE_REPORT
"""
import csv
import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios

import synthetic

failures = 0


def check(condition, what):
    global failures
    if not condition:
        failures += 1
        print(f"FAILED: {what}")


class Sandbox:
    def __init__(self, report, directory):
        self.report = report
        self.directory = directory

    def run(self, *arguments, **options):
        return subprocess.run([self.report, *arguments], cwd=self.directory, capture_output=True,
                              text=True, check=False, **options)

    def write(self, name, data):
        with open(os.path.join(self.directory, name), "wb") as file:
            file.write(data)


def make_trace(size=100, pid=4711):
    trace = synthetic.Trace(pid=pid)
    trace.process("/bin/app", "/", ["app", "x"])
    trace.module(1, 0, "app")
    trace.thread(0, pid, "app")
    trace.stack(3, synthetic.WHOLE, 1, 2)
    trace.site(0, 1, 3, size)
    for _ in range(3):
        trace.allocate(0, 1)
    trace.at(0, 10, 1)
    trace.free(0, 1, 10)
    return trace


def check_refusals(box):
    good = make_trace().to_bytes()
    newer = make_trace()
    newer.header.update(version=9, oldest_reader=9)
    older = make_trace()
    older.header.update(version=1, oldest_reader=1)
    bad_check = bytearray(good)
    bad_check[70] ^= 1
    box.write("empty.trace", b"")
    box.write("foreign.trace", b"\x7fELF" + bytes(5000))
    box.write("short.trace", good[:100])
    box.write("newer.trace", newer.to_bytes())
    box.write("older.trace", older.to_bytes())
    box.write("header.trace", bytes(bad_check))
    os.mkdir(os.path.join(box.directory, "directory.trace"))
    for name, words in (("none.trace", "No such file"), ("empty.trace", "is empty"),
                        ("foreign.trace", "not a trace"), ("short.trace", "ends inside its header"),
                        ("newer.trace", "use a newer one"),
                        ("older.trace", "record it again"), ("header.trace", "damaged header"),
                        ("directory.trace", "is a directory")):
        result = box.run(name)
        check(result.returncode == 1, f"{name}: exit {result.returncode}")
        check(result.stdout == "", f"{name}: wrote a report")
        check(result.stderr.count("\n") == 1 and words in result.stderr and name in result.stderr,
              f"{name}: said {result.stderr!r}")
    os.rmdir(os.path.join(box.directory, "directory.trace"))
    for name in os.listdir(box.directory):
        os.unlink(os.path.join(box.directory, name))


def check_usage(box):
    for arguments, words in ((["--by", "colour"], "--by"), (["--nonsense"], "--nonsense"),
                             (["--top", "few"], "--top"), (["--at", "#x"], "--at"),
                             (["--by", "size", "--cumulative"], "--cumulative")):
        result = box.run(*arguments, "t.trace")
        check(result.returncode == 2, f"{arguments}: exit {result.returncode}")
        check(result.stdout == "" and words in result.stderr, f"{arguments}: {result.stderr!r}")
    result = box.run("--version")
    check(result.returncode == 0 and result.stdout.startswith("trace-report "), "--version")
    result = box.run("--help")
    check(result.returncode == 0 and len(result.stdout.splitlines()) <= 64, "--help")


def check_choice(box):
    result = box.run()
    check(result.returncode == 1 and "no *.trace here" in result.stderr, "no trace at all")
    box.write("old.trace", make_trace(100).to_bytes())
    box.write("new.trace", make_trace(7).to_bytes())
    os.utime(os.path.join(box.directory, "old.trace"), (1, 1))
    result = box.run()
    check(result.returncode == 0 and "14 B live in 2 blocks" in result.stdout, "the newest trace")
    check("new.trace" in result.stderr, "which trace it is")


def check_several(box):
    result = box.run("old.trace", "new.trace")
    check("214 B live in 4 blocks" in result.stdout, "two traces, one report")
    result = box.run("--each-file", "old.trace", "new.trace")
    check("old.trace:\n" in result.stdout and "14 B live" in result.stdout, "--each-file")
    result = box.run("--each-file", "--format", "json", "old.trace", "new.trace")
    reports = json.loads(result.stdout)
    check([report["summary"]["live_bytes"] for report in reports] == [200, 14], "--each-file as JSON")
    result = box.run("old.trace", "gone.trace", "new.trace")
    check(result.returncode == 1 and "214 B live" in result.stdout and "gone.trace" in result.stderr,
          "a report over those that can be used")


def check_output(box):
    result = box.run("-o", "out.txt", "new.trace")
    with open(os.path.join(box.directory, "out.txt"), encoding="utf-8") as file:
        check(result.stdout == "" and "14 B live" in file.read(), "-o FILE")
    result = box.run("-o", "no/such/directory", "new.trace")
    check(result.returncode == 1 and "cannot be written" in result.stderr, "-o where nothing can be")
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run([box.report, "new.trace"], cwd=box.directory, stdout=full,
                                stderr=subprocess.PIPE, text=True, check=False)
    check(result.returncode == 1 and "cannot be written" in result.stderr, "a full disk")
    result = box.run("new.trace", env={"TERM": "xterm"})
    check("\033" not in result.stdout, "colour without a terminal")
    result = box.run("--format", "json", "new.trace")
    summary = json.loads(result.stdout)["summary"]
    check(summary["allocations"] == 3 and summary["frees"] == 1, "JSON")


def read_terminal(control):
    """All that was written to a terminal that nobody has open any more."""
    text = b""
    try:
        while piece := os.read(control, 65536):
            text += piece
    except OSError:  # EIO is how a terminal ends
        pass
    return text


def check_chart(box):
    result = box.run("--timeline", "new.trace", env={"LC_ALL": "C"})
    check(result.stdout.isascii() and "21 B |" in result.stdout, "a chart in ASCII")
    check(max(map(len, result.stdout.splitlines())) == 80, "a chart as wide as a terminal used to be")
    result = box.run("--timeline", "new.trace", env={"LC_ALL": "C.UTF-8"}, encoding="utf-8")
    check("\u2588" in result.stdout and "\u2502" in result.stdout, "a chart in UTF-8")
    try:
        control, terminal = pty.openpty()
    except OSError:
        print("no terminals here: the width of one is not tried")
        return
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 57, 0, 0))
    subprocess.run([box.report, "--timeline", "new.trace"], cwd=box.directory, stdout=terminal,
                   env={"LC_ALL": "C", "NO_COLOR": "1"}, check=True)
    os.close(terminal)
    lines = read_terminal(control).decode().splitlines()
    os.close(control)
    check(max(map(len, lines[1:])) == 57, f"a chart as wide as the terminal: {lines}")


def check_csv(box):
    result = box.run("--format", "csv", "--top", "0", "old.trace")
    rows = list(csv.DictReader(io.StringIO(result.stdout, newline="")))
    statistics = json.loads(box.run("--format", "json", "--top", "0", "old.trace").stdout)["statistics"]
    check([(row["key"], int(row["size"]), int(row["count"])) for row in rows] ==
          [(line["key"], line["size"], line["count"]) for line in statistics], f"CSV: {rows}")


def check_rules(box):
    for rules, code in ((["live>13"], 3), (["live>14"], 0), (["live>=14"], 3), (["count>2"], 0),
                        (["peak>20B"], 3), (["live>1KiB", "count>1"], 3), (["peak>0.01MiB"], 0)):
        arguments = [word for rule in rules for word in ("--fail-if", rule)]
        result = box.run(*arguments, "new.trace")
        check(result.returncode == code, f"{rules}: exit {result.returncode}")
        check("14 B live" in result.stdout, f"{rules}: no report")
        check(("failed, for" in result.stderr) == (code == 3), f"{rules}: {result.stderr!r}")
    result = box.run("--fail-if", "live>0", "new.trace", "gone.trace")
    check(result.returncode == 1, "bad input is worse than a rule that holds")
    result = box.run("--each-file", "--fail-if", "live>100", "old.trace", "new.trace")
    check(result.returncode == 3 and result.stderr.count("failed") == 1, "a rule for each file")
    box.write("known.supp", b"# known\nleak:app\n")
    result = box.run("--suppressions", "known.supp", "--fail-if", "live>0", "new.trace")
    check(result.returncode == 0 and "Suppressed: size=14 B, count=2" in result.stdout,
          "suppressed blocks do not fail")
    box.write("known.supp", b"leak:a\nrace:b\n")
    result = box.run("--suppressions", "known.supp", "new.trace")
    check(result.returncode == 2 and "known.supp:2" in result.stderr, "a bad suppression file")


def check_cuts(box):
    data = make_trace().to_bytes()
    for length in range(synthetic.HEADER_BYTES - 2, len(data), 3):
        box.write("cut.trace", data[:length])
        result = box.run("cut.trace")
        check(result.returncode in (0, 1), f"cut at {length}: exit {result.returncode}")
        check(bool(result.stdout) == (result.returncode == 0), f"cut at {length}: stdout")
    box.write("cut.trace", data[:-60])
    result = box.run("cut.trace")
    check(result.returncode == 0 and "--summary says which" in result.stderr, "a cut is told")


def main():
    with tempfile.TemporaryDirectory() as directory:
        box = Sandbox(os.path.abspath(sys.argv[1]), directory)
        for step in (check_refusals, check_usage, check_choice, check_several, check_output, check_chart,
                     check_csv, check_rules, check_cuts):
            step(box)
    print(f"command_line: {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
