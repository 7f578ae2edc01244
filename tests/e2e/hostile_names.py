#!/usr/bin/env python3
"""A trace is data: names in it that somebody hostile has chosen end up as text and nothing else.

A program whose path, thread and snapshot have quotes, commas, line ends, formulas, SQL, shell
commands, escape sequences and bytes that are no UTF-8 in their names is traced and reported in every
form. The judges are Python's csv, json and sqlite3, which must read back what was put in; what goes
to a terminal has no control characters; and no file appears, changes or is run.
"""
import csv
import io
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile

from harness import (check, check_equal, environment, finish, library, programs, report_tool, require)

PLAIN = "a'b\"c,d;'); DROP TABLE trace;--=1+1 $(touch ran) `touch ran`"
NAMES = {
    "plain": PLAIN.encode(),
    "escapes": b"\x1b]0;title\x07\x1b[31mred\r\nnext line\t\x7f",
    "not UTF-8": b"\xff\xfe\xc3(\xed\xa0\x80 end",
    "hidden": "right\u202eleft\u2066\u0085\u200b".encode(),
}
FORMS = [[], ["--by", "module"], ["--by", "filename"], ["--by", "thread"], ["--by", "traceback"],
         ["--each-snapshot"], ["--snapshots"], ["--summary"], ["--timeline"]]


def everything_in(directory):
    """Every file below a directory, with what is in it."""
    return {path: path.read_bytes() for path in sorted(pathlib.Path(directory).rglob("*"))
            if path.is_file()}


def report(arguments, directory):
    """Run trace-report. Returns its exit status, and stdout and stderr as bytes."""
    done = subprocess.run([report_tool, *arguments, "t.trace"], cwd=directory, env=environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def check_terminal(name, directory):
    for form in FORMS:
        status, stdout, stderr = report(form, directory)
        check_equal(status, 0, f"{name}: {form}: {stderr!r}")
        try:
            text = (stdout + stderr).decode()
        except ValueError as error:
            check(False, f"{name}: {form}: {error}")
            continue
        bad = {c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or
                                                 c in "\u202e\u2066")}
        check(not bad, f"{name}: {form}: {bad} in {text!r}")


def check_tables(name, path, directory):
    """Rows by module as CSV and JSON. CSV shows what is not fit for a terminal in another way, JSON
    only what is not UTF-8."""
    is_text = name != "not UTF-8"
    status, stdout, _ = report(["--by", "module", "--top", "0", "--format", "csv"], directory)
    rows = list(csv.reader(io.StringIO(stdout.decode(), newline="")))
    check_equal(status, 0, f"{name}: csv")
    check_equal({len(row) for row in rows}, {len(rows[0])}, f"{name}: columns of csv")
    if name == "plain":
        fields = {field.lstrip("'") for row in rows for field in row}
        check(any(path in field for field in fields), f"{name}: {path!r} is not in {rows}")
    status, stdout, _ = report(["--by", "module", "--top", "0", "--format", "json"], directory)
    whole = json.loads(stdout)
    check(any(line["count"] > 0 for line in whole["statistics"]), f"{name}: json is empty")
    if is_text:
        check(json.dumps(path) in json.dumps(whole), f"{name}: {path!r} is not in {whole}")


def check_database(name, path, directory):
    base = pathlib.Path(directory) / "run.db"
    status, _, stderr = report(["--format", "sqlite", "-o", base], directory)
    check_equal(status, 0, f"{name}: sqlite: {stderr!r}")
    connection = sqlite3.connect(base)
    connection.text_factory = bytes
    check_equal(connection.execute("PRAGMA integrity_check").fetchall(), [(b"ok",)], f"{name}: base")
    texts = set()
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall():
        for row in connection.execute(f"SELECT * FROM \"{table.decode()}\""):
            texts.update(field for field in row if isinstance(field, bytes))
    connection.close()
    base.unlink()
    if name != "not UTF-8":
        check(path.encode() in texts, f"{name}: {path!r} is not in the database: {sorted(texts)}")


def check_name(name, given, directory):
    place = os.path.join(os.fsencode(directory), given.replace(b"/", b"_"))
    os.mkdir(place)
    program = os.path.join(place, b"hostile")
    shutil.copy(programs / "hostile", program)
    subprocess.run([program, given], cwd=directory, check=True, stdin=subprocess.DEVNULL,
                   env=environment(LD_PRELOAD=library, LIBTRACE_OUTPUT=f"{directory}/t.trace"))
    before = everything_in(directory)
    path = program.decode(errors="replace")
    check_terminal(name, directory)
    check_tables(name, path, directory)
    check_database(name, path, directory)
    check(everything_in(directory) == before, f"{name}: files have appeared or changed")
    print(f"{name}: {given!r}")


def main():
    require(library, report_tool, programs / "hostile")
    for name, given in NAMES.items():
        with tempfile.TemporaryDirectory() as directory:
            check_name(name, given, directory)
    finish("hostile names")


main()
