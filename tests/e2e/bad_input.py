#!/usr/bin/env python3
"""What goes wrong around a traced program: it says one clear line, and the program notices nothing.

Every case runs the same program, whose output and exit status must be those of an untraced run.
"""
import glob
import os
import subprocess
import tempfile

from harness import (check, check_equal, finish, library, programs, report, report_tool, require,
                     run, run_tool, run_traced, traces)

DISK_KIB = 512  # of the disk that fills up; the trace of killed.c needs several times that

COMMAND = [programs / "killed", "_exit"]


def check_undisturbed(name, outcome, plain, lines=1, mentions=()):
    """The program behaved as ever, and stderr has that many lines of the tracer's, naming things."""
    check_equal(outcome.status, plain.status, f"{name}: exit status")
    check_equal(outcome.stdout, plain.stdout, f"{name}: stdout")
    check_equal(outcome.counts, plain.counts, f"{name}: the program's own counts")
    said = outcome.stderr.splitlines()
    check_equal(len(said), lines, f"{name}: lines on stderr: {outcome.stderr!r}")
    for line in said:
        check(line.startswith("libtrace: "), f"{name}: stderr does not name libtrace: {line}")
    for word in mentions:
        check(word in outcome.stderr, f"{name}: stderr does not mention {word}: {outcome.stderr!r}")
    print(f"{name}: {outcome.stderr.strip()}")


def check_outputs(plain):
    """Places where no trace can be written."""
    with tempfile.TemporaryDirectory() as directory:
        locked = f"{directory}/locked"
        os.mkdir(locked)
        os.chmod(locked, 0o555)
        places = {
            "a missing directory": f"{directory}/missing/x.trace",
            "a file as directory": f"{__file__}/x.trace",
            "a device that is full": "/dev/full",
        }
        if os.geteuid() != 0:
            places["a directory without permission"] = f"{locked}/x.trace"
        for name, place in places.items():
            outcome = run_traced(COMMAND, directory, {"LIBTRACE_OUTPUT": place})
            check_undisturbed(name, outcome, plain, mentions=[place])
        check_equal(os.stat("/dev/full").st_rdev, os.makedev(1, 7), "/dev/full is still a device")
        for stray in glob.glob("/dev/full?*"):
            check(False, f"a device that is full: {stray} was written instead")
            os.unlink(stray)


def check_read_only(plain):
    """The working directory takes no files, as in many a container."""
    with tempfile.TemporaryDirectory() as directory:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", directory],
                                 capture_output=True).returncode == 0
        if not mounted:
            print("a read-only disk: cannot be mounted here, left out")
            return
        try:
            outcome = run_traced(COMMAND, directory)
            check_undisturbed("a read-only disk", outcome, plain, mentions=[directory])
        finally:
            subprocess.run(["umount", directory], check=True)


def check_full_disk(plain):
    """A disk that fills up on the way. What fitted is reported, with what is missing."""
    with tempfile.TemporaryDirectory() as directory:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k", "tmpfs",
                                  directory], capture_output=True).returncode == 0
        if not mounted:
            print("a disk that fills up: cannot be mounted here, left out")
            return
        try:
            outcome = run_traced(COMMAND, directory)
            check_undisturbed("a disk that fills up", outcome, plain, mentions=[directory])
            files = traces(directory)
            if check_equal(len(files), 1, "a disk that fills up: number of traces"):
                shown = report(["--summary", files[0]], directory)
                check_equal(shown.status, 0, f"a disk that fills up: report: {shown.stderr}")
                check("lost" in shown.stdout + shown.stderr,
                      f"a disk that fills up: the report does not say that events were lost: "
                      f"{shown.stdout}{shown.stderr}")
        finally:
            subprocess.run(["umount", directory], check=True)


def check_variables(plain):
    """Settings that mean nothing: a line, and the default."""
    wrong = [("DEPTH", "0"), ("DEPTH", "1025"), ("DEPTH", "deep"), ("DEPTH", ""), ("DEPTH", "-3"),
             ("START", "yes"), ("CHILDREN", "2"), ("SNAPSHOT_SIGNAL", "SIGNONE"),
             ("SNAPSHOT_SIGNAL", "9"), ("VERBOSE", "maybe"), ("NONSENSE", "1")]
    for name, value in wrong:
        with tempfile.TemporaryDirectory() as directory:
            variable = f"LIBTRACE_{name}"
            outcome = run_traced(COMMAND, directory, {variable: value})
            check_undisturbed(f"{variable}={value}", outcome, plain, mentions=[variable])
            check_equal(len(traces(directory)), 1, f"{variable}={value}: number of traces")


def check_launcher(plain):
    """trace-run says nothing of its own under --quiet, and its program notices nothing either."""
    with tempfile.TemporaryDirectory() as directory:
        outcome = run([run_tool, "--quiet", "-o", f"{directory}/missing/x.trace", *COMMAND],
                      directory)
        check_undisturbed("trace-run, a missing directory", outcome, plain, mentions=["missing"])
        outcome = run([run_tool, "./no-such-program"], directory)
        check_equal(outcome.status, 127, "trace-run, a missing program: exit status")
        check_equal(outcome.stderr,
                    "trace-run: ./no-such-program: no such program: check the path\n",
                    "trace-run, a missing program: stderr")


def main():
    require(library, report_tool, run_tool, programs / "killed")
    with tempfile.TemporaryDirectory() as directory:
        plain = run(COMMAND, directory)
    check_equal(plain.status, 5, "untraced: exit status")
    check_outputs(plain)
    check_read_only(plain)
    check_full_disk(plain)
    check_variables(plain)
    check_launcher(plain)
    finish("bad input")


main()
