#!/usr/bin/env python3
"""trace-run: refuses what cannot work, and is otherwise not to be noticed.

The refusals come from files made here: copies of a small program with one thing changed. What is
compiled needs a C compiler; a case that cannot be made on this machine is named and left out.
"""
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import stat
import struct
import subprocess
import tempfile
import time

from harness import (check, check_equal, environment, finish, library, report_tool, require, run,
                     run_tool, signal_name)

EM_AARCH64 = 183
NOBODY = 65534


def refuse(command, directory, status, *words, **options):
    """trace-run says one line with these words, and exits with the status."""
    outcome = run([run_tool, *command], directory, **options)
    check_equal(outcome.status, status, f"{command}: exit status; {outcome.stderr}")
    lines = outcome.stderr.splitlines()
    check(len(lines) == 1 and lines[0].startswith("trace-run: "),
          f"{command}: not one line of trace-run: {outcome.stderr!r}")
    for word in words:
        check(word in outcome.stderr, f"{command}: '{word}' is not in {outcome.stderr!r}")
    print(outcome.stderr.strip())


def make(path, content, mode=0o755):
    pathlib.Path(path).write_bytes(content)
    os.chmod(path, mode)
    return path


def compile_program(directory, name, *options):
    """Return the path of a program that does nothing, or None when it cannot be linked so."""
    source = make(f"{directory}/nothing.c", b"int main(void) { return 0; }\n", 0o644)
    compiled = subprocess.run(["cc", source, "-o", f"{directory}/{name}", *options],
                              capture_output=True)
    if compiled.returncode != 0:
        print(f"{name}: cannot be built here, left out")
        return None
    return f"./{name}"


def check_files(directory):
    """Paths that name no program."""
    refuse(["no-such-program"], directory, 127, "no such program in PATH")
    refuse(["./no-such-program"], directory, 127, "no such program")
    refuse([""], directory, 127, "no such program")
    refuse(["/etc"], directory, 126, "/etc is a directory")
    refuse(["/dev/null"], directory, 126, "/dev/null is a device")
    make(f"{directory}/plain", b"text\n", 0o644)
    refuse(["./plain"], directory, 126, "not executable", "chmod +x ./plain")
    make(f"{directory}/text", b"text\n")
    refuse(["./text"], directory, 126, "neither an ELF program nor a script")
    refuse(["text"], directory, 127, "say ./text")
    make(f"{directory}/empty", b"")
    refuse(["./empty"], directory, 126, "neither")
    make(f"{directory}/dos", b"#!/bin/sh\r\nexit 0\n")
    refuse(["./dos"], directory, 126, "carriage return")
    make(f"{directory}/orphan", b"#!/no/such/interpreter -x\n")
    refuse(["./orphan"], directory, 126, "/no/such/interpreter is missing")
    make(f"{directory}/loop", f"#!{directory}/loop\n".encode())
    refuse(["./loop"], directory, 126, "script of a script")


def check_elf(directory):
    """ELF files that no preloaded library can get into."""
    true = pathlib.Path("/bin/true").resolve().read_bytes()
    arm = bytearray(true)
    arm[18:20] = EM_AARCH64.to_bytes(2, "little")
    make(f"{directory}/arm", arm)
    refuse(["./arm"], directory, 126, "64-bit ARM", "x86-64")
    i386 = bytearray(true)
    i386[4:5] = b"\x01"
    i386[18:20] = (3).to_bytes(2, "little")
    make(f"{directory}/i386", i386)
    refuse(["./i386"], directory, 126, "32-bit x86")
    make(f"{directory}/cut", true[:64])
    refuse(["./cut"], directory, 126, "./cut is cut off")
    loader = re.search(rb"/lib64/ld-linux-x86-64\.so\.2\0", true)
    if check(loader, "/bin/true has no loader that this test knows"):
        other = true[:loader.start()] + b"/lib/ld-musl-x86_64.so\0\0\0\0\0\0" + true[loader.end():]
        make(f"{directory}/musl", other)
        refuse(["./musl"], directory, 126, "/lib/ld-musl-x86_64.so")
    make(f"{directory}/library.so", library.read_bytes())
    refuse(["./library.so"], directory, 126, "shared library")
    for name, options, words in (
            ("static", ["-static"], ["statically linked"]),
            ("static-pie", ["-static-pie"], ["statically linked"]),
            ("sanitized", ["-fsanitize=address"], ["sanitizer", "-fsanitize"]),
            ("object.o", ["-c"], ["object"])):
        program = compile_program(directory, name, *options)
        if program:
            os.chmod(f"{directory}/{name}", 0o755)
            refuse([program], directory, 126, *words)


def check_privileges(directory):
    """Programs that the loader runs in secure mode; only root can make those."""
    if os.geteuid() != 0:
        if os.stat("/usr/bin/passwd").st_mode & stat.S_ISUID:
            refuse(["passwd"], directory, 126, "set-user-ID root", "as root")
        print("set-group-ID, capabilities: not root, left out")
        return
    for name, mode, owner, group in (("setuid", 0o4755, NOBODY, 0), ("setgid", 0o2755, 0, NOBODY)):
        shutil.copy("/bin/true", f"{directory}/{name}")
        os.chown(f"{directory}/{name}", owner, group)
        os.chmod(f"{directory}/{name}", mode)
        refuse([f"./{name}"], directory, 126, "set-user-ID" if owner else "set-group-ID",
               str(NOBODY))
    # One's own bit changes nothing, nor does a set-group-ID bit that the group cannot execute.
    for name, mode in (("own", 0o4755), ("locking", 0o2745)):
        shutil.copy("/bin/true", f"{directory}/{name}")
        os.chown(f"{directory}/{name}", 0, 0 if name == "own" else NOBODY)
        os.chmod(f"{directory}/{name}", mode)
        check_equal(run([run_tool, "-q", f"./{name}"], directory).status, 0, f"{name}: exit status")


def check_capabilities(directory):
    """File capabilities are a hindrance, but not for root, who has them anyway."""
    if os.geteuid() != 0:
        return
    program = f"{directory}/capable"
    shutil.copy("/bin/true", program)
    net_raw_effective = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)
    try:
        os.setxattr(program, "security.capability", net_raw_effective)
    except OSError as error:
        print(f"capabilities: {error}, left out")
        return
    check_equal(run([run_tool, "-q", program], directory).status, 0, "capabilities, root: status")
    reachable = shutil.copy(run_tool, directory)  # the build may lie in a directory of root's own
    done = subprocess.run([reachable, program], cwd="/", capture_output=True, text=True, user=NOBODY)
    print(done.stderr.strip())
    check(done.returncode == 126 and "file capabilities" in done.stderr,
          f"capabilities, not root: {done.returncode} {done.stderr!r}")


def check_status(directory):
    """The program's end is trace-run's end."""
    for status in (0, 1, 42, 255):
        outcome = run([run_tool, "-q", "sh", "-c", f"exit {status}"], directory)
        check_equal(outcome.status, status, "exit status")
        check_equal(outcome.stderr, "", "--quiet: stderr")
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
        outcome = run([run_tool, "-q", "sh", "-c", f"kill -{int(number)} $$"], directory)
        check_equal(signal_name(outcome.status), number.name, "death by signal")
    outcome = run([run_tool, "--", "sh", "-c", "cat; echo $0 $1 >&2", "--quiet", "-q"], directory,
                  stdin=subprocess.DEVNULL)
    check("--quiet -q" in outcome.stderr, f"the program's own options: {outcome.stderr!r}")


def check_environment(directory):
    """Options become variables; the user's own preloads stay, after ours."""
    shown = ("sh", "-c", "echo $LD_PRELOAD; env | grep ^LIBTRACE_ | sort")
    outcome = run([run_tool, "-q", "--depth=7", "--paused", "-o", "x.%p.trace",
                   "--snapshot-signal", "SIGUSR2", "--leaks", "--picture-signal=USR1", *shown],
                  directory,
                  {"LD_PRELOAD": f"{library} libm.so.6:libdl.so.2"})
    lines = outcome.stdout.splitlines()
    check_equal(lines[0] if lines else None, f"{library}:libm.so.6:libdl.so.2", "LD_PRELOAD")
    found = dict(line.split("=", 1) for line in lines[1:])
    session = found.pop("LIBTRACE_SESSION", "")
    check(re.fullmatch("[0-9a-f]{16}", session), f"LIBTRACE_SESSION is {session!r}")
    check_equal(found, {"LIBTRACE_DEPTH": "7", "LIBTRACE_START": "0",
                        "LIBTRACE_OUTPUT": f"{directory}/x.%p.trace",
                        "LIBTRACE_SNAPSHOT_SIGNAL": "SIGUSR2", "LIBTRACE_PICTURE": "exit",
                        "LIBTRACE_PICTURE_SIGNAL": "USR1"}, "the variables")
    outcome = run([run_tool, "-q", "--no-children", "sh", "-c", "echo $LIBTRACE_CHILDREN; env"],
                  directory, {"LD_PRELOAD": "libm.so.6"})
    check_equal(outcome.stdout.split("\n", 1)[0], "0", "--no-children")
    check("libm.so.6" in outcome.stdout, "--no-children: the user's own LD_PRELOAD is gone")
    for wrong in (["--depth=0", "true"], ["--depth=x", "true"], ["--depth=", "true"], ["-o", "", "true"],
                  ["--snapshot-signal=SIGNO", "true"], ["--snapshot-signal=KILL", "true"], ["--snapshot-every=5", "true"],
                  ["--picture=60", "true"],
                  ["--picture=exit,", "true"], ["--picture=exit,0s", "true"],
                  ["--picture-signal=SIGNO", "true"], ["--no-such-option", "true"], []):
        outcome = run([run_tool, *wrong], directory)
        check_equal(outcome.status, 125, f"{wrong}: exit status")
        check(outcome.stderr.startswith("trace-run: ") or "trace-run: " in outcome.stderr,
              f"{wrong}: stderr {outcome.stderr!r}")


def heed_signals():
    """A shell cannot trap what was ignored when it started, as SIGINT is where tests run in the background."""
    for name in ("INT", "QUIT", "HUP"):
        signal.signal(getattr(signal, f"SIG{name}"), signal.SIG_DFL)


def check_signals(directory):
    """What is sent to trace-run arrives at the program, once, and stops both."""
    script = ("for s in INT TERM HUP QUIT USR1 USR2 WINCH ALRM; do trap \"echo $s\" $s; done; "
              "echo ready; while :; do sleep 0.05; done")
    process = subprocess.Popen([run_tool, "-q", "--no-children", "/bin/sh", "-c", script],
                               cwd=directory, env=environment(), text=True, stdout=subprocess.PIPE,
                               start_new_session=True, preexec_fn=heed_signals)
    check_equal(process.stdout.readline(), "ready\n", "signals: start")
    for name in ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "WINCH", "ALRM"):
        process.send_signal(getattr(signal, f"SIG{name}"))
        check_equal(process.stdout.readline(), f"{name}\n", f"signals: SIG{name} arrives")
    (child,) = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()

    def states():
        return [pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
                for pid in (process.pid, child)]

    def wait_for(is_reached, what):
        for _ in range(200):
            if is_reached(states()):
                return
            time.sleep(0.02)
        check(False, f"signals: {what}: states {states()}")

    process.send_signal(signal.SIGTSTP)
    # A process group that no shell watches cannot be stopped by SIGTSTP; then nothing may happen.
    if os.getsid(0) == os.getsid(process.pid):
        wait_for(lambda both: both == ["T", "T"], "SIGTSTP stops both")
    os.kill(process.pid, signal.SIGCONT)
    wait_for(lambda both: "T" not in both, "SIGCONT continues both")
    os.kill(int(child), signal.SIGKILL)
    check_equal(signal_name(process.wait(timeout=10)), "SIGKILL", "signals: death of the child")


def check_stop(directory):
    """SIGTSTP in a job of its own, whose parent is in the same session: both stop, both go on."""
    process = subprocess.Popen([run_tool, "-q", "--no-children", "sleep", "1.5"], cwd=directory,
                               env=environment(), preexec_fn=os.setpgrp)
    time.sleep(0.5)
    process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    check(os.WIFSTOPPED(status), f"stop: trace-run does not stop: status {status}")
    process.send_signal(signal.SIGCONT)
    check_equal(process.wait(timeout=10), 0, "stop: exit status after going on")


def check_terminal(directory):
    """At a terminal: Ctrl-Z gives the shell back, fg goes on, Ctrl-C reaches the program once."""
    script = "trap 'echo caught' INT; echo ready; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.3; done; exit 7"
    make(f"{directory}/job", f"#!/bin/sh\n{script}\n".encode())
    try:
        pid, terminal = pty.fork()
    except OSError as error:
        print(f"a terminal: {error}, left out")
        return
    if pid == 0:
        os.chdir(directory)
        os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"],
                  environment(PS1="prompt> ", TERM="dumb", HISTFILE=""))
    shown = b""

    def type_and_await(text, awaited):
        nonlocal shown
        seen_before = len(shown)
        os.write(terminal, text)
        end = time.monotonic() + 10
        while awaited not in shown[seen_before:] and time.monotonic() < end:
            if select.select([terminal], [], [], 0.2)[0]:
                shown += os.read(terminal, 4096)
        return check(awaited in shown[seen_before:],
                     f"terminal: after {text!r} no {awaited!r} but {shown[seen_before:]!r}")

    type_and_await(f"{run_tool} -q --no-children ./job\n".encode(), b"ready")
    # A shell that is stopped between vfork and exec hangs, traced or not: let it come to its sleep.
    time.sleep(0.15)
    type_and_await(b"\x1a", b"Stopped")
    type_and_await(b"fg\n", b"job")
    time.sleep(0.3)  # bash names the job before it hands over the terminal
    type_and_await(b"\x03", b"caught")
    time.sleep(0.3)
    type_and_await(b"", b"prompt> ")
    type_and_await(b"echo status $?\n", b"status 7")
    check_equal(shown.count(b"caught\r\n"), 1, "terminal: times that Ctrl-C arrives")
    os.write(terminal, b"exit\n")
    os.close(terminal)
    os.waitpid(pid, 0)


def check_closing_lines(directory):
    """Three lines: what was recorded, how it ended, what to type next."""
    outcome = run([run_tool, "sort", "/etc/passwd"], directory)
    lines = outcome.stderr.splitlines()
    if not check_equal(len(lines), 3, f"closing lines: {outcome.stderr!r}"):
        return
    print(outcome.stderr.strip())
    trace = re.match(r"trace-run: recorded (sort\.\d+\.trace), [\d.]+ \w+$", lines[0])
    check(trace, f"closing lines: {lines[0]}")
    check(re.match(r"trace-run: sort exited with status 0 after [\d.]+ s$", lines[1]),
          f"closing lines: {lines[1]}")
    if trace:
        check_equal(lines[2], f"trace-run: next: trace-report {trace[1]}", "closing lines")
        shown = run([report_tool, "--summary", trace[1]], directory)
        check_equal(shown.status, 0, f"what to type next: {shown.stderr}")
    outcome = run([run_tool, "-o", trace[1] if trace else "x", "sort", "/etc/passwd"], directory)
    check(re.search(r"recorded sort\.\d+\.2\.trace", outcome.stderr),
          f"an output that is there already: {outcome.stderr!r}")
    os.mkdir(f"{directory}/place")
    outcome = run([run_tool, "-o", "place", "sort", "/etc/passwd"], directory)
    check(re.search(r"recorded place/sort\.\d+\.trace", outcome.stderr),
          f"a directory as output: {outcome.stderr!r}")
    os.mkdir(f"{directory}/100% [of] it")
    outcome = run([run_tool, "sort", "/etc/passwd"], f"{directory}/100% [of] it")
    check("trace-run: recorded sort." in outcome.stderr,
          f"a directory with a per cent sign: {outcome.stderr!r}")
    several = run([run_tool, "-o", "tree.%p.trace", "sh", "-c", "sort /etc/passwd; sort /etc/group"],
                  directory).stderr.splitlines()
    files = sorted(pathlib.Path(directory).glob("tree.*.trace"))
    check_equal(len(files), 3, "a process tree: traces")
    check(len(several) == 3 and "3 processes" in several[0] and
          all(file.name in several[2] for file in files), f"a process tree: {several}")


def main():
    require(library, run_tool, report_tool)
    with tempfile.TemporaryDirectory() as directory:
        directory = os.path.realpath(directory)
        os.chmod(directory, 0o755)
        check_files(directory)
        check_elf(directory)
        check_privileges(directory)
        check_capabilities(directory)
        check_status(directory)
        check_environment(directory)
        check_signals(directory)
        check_stop(directory)
        check_terminal(directory)
        check_closing_lines(directory)
    finish("trace-run")


main()
