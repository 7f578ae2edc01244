#!/usr/bin/env python3
"""What real programs lose and keep: heap pictures at their end, beside valgrind's word.

Bytes and blocks that are lost definitely and indirectly have to be valgrind's, and as many blocks in all have to be
left (not bytes: programs copy their environment, which both tools change). valgrind may not free libc's and
libstdc++'s own blocks first, as it does by itself (--run-libc-freeres): they are live when the program ends, and
a picture has them. A program that is not installed is left out with a word.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import IS_ALL, check, check_equal, environment, finish, library, report_tool, require, skip  # noqa: E402

CLASSES = ("definite", "indirect", "possible", "reachable")
SQL = """create table t(a, b);
with recursive n(x) as (select 1 union all select x + 1 from n where x < 3000) insert into t select x, hex(x) from n;
select count(*) from t;
"""
NGINX = "pid nginx.pid; error_log stderr; events {} http { access_log off; server { listen 18080; } }\n"
C_SOURCE = "#include <stdio.h>\nint main(void) { puts(\"x\"); return 0; }\n"
CXX_SOURCE = "template <int N> struct S : S<N - 1> { int a = N; };\ntemplate <> struct S<0> {};\nS<50> s;\n"


def compiler(name):
    """The compiler proper behind gcc; its bare name if there is none."""
    found = subprocess.run(["gcc", f"-print-prog-name={name}"], capture_output=True, text=True, check=False)
    return found.stdout.strip()


# Name: command, what it reads. valgrind takes half a minute and more for the second table.
QUICK = {
    "sqlite3": (["/usr/bin/sqlite3", ":memory:"], SQL),
    "git": (["/usr/bin/git", "init", "-q", "made"], ""),
    "nginx": (["/usr/sbin/nginx", "-t", "-p", ".", "-c", "nginx.conf"], ""),
}
LONG = {
    "perl": (["/usr/bin/perl", "-e", "my %h = map { $_ => [$_] } 1..500; print scalar keys %h"], ""),
    "python3.11": (["/usr/bin/python3.11", "-S", "-c", "import json; json.dumps(list(range(1000)))"], ""),
    "cc1": ([compiler("cc1"), "-quiet", "a.c", "-o", "a.s"], ""),
    "cc1plus": ([compiler("cc1plus"), "-quiet", "b.cc", "-o", "b.s"], ""),
    "gold": (["/usr/bin/ld.gold", "--threads", "--thread-count=4", "-r", "-o", "c.o", "a.o", "b.o"], ""),
    "redis-server": (["/usr/bin/redis-server", "--port", "0", "--unixsocket", "redis.sock", "--save", "", "--hz", "1",
                      "--dynamic-hz", "no", "--activerehashing", "no"], ""),
}
REDIS = "".join(f"SET k{i} v{i}\nLPUSH l a{i} b{i}\nHSET h f{i} {i}\nZADD z {i} m{i}\nSADD s {i} x{i}\n"
                for i in range(300)) + "SHUTDOWN NOSAVE\n"
PAGE_TABLES = "its garbage collector has a table for every 4 GiB of the addresses that the kernel happens to give"
EXPLAINED = {  # why not as many are left in all
    "cc1": PAGE_TABLES,
    "cc1plus": PAGE_TABLES,
    "gold": "its threads wait for work in another order",
    "redis-server": "its strings grow into all that their allocator gives, and valgrind's gives what is asked for",
    "perl": "it has blocks for each variable of its environment, some of which the tools set",
}
TRIES = {"gold": 10}  # what a thread that waits has left on its stack may keep a block, in one run and not in another


def talk_to_redis(directory):
    """Its only client, as soon as it listens, ends it."""
    socket = pathlib.Path(directory) / "redis.sock"
    deadline = time.monotonic() + 120
    while not socket.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    subprocess.run(["/usr/bin/redis-cli", "-s", socket], input=REDIS, text=True, capture_output=True, check=False,
                   timeout=300)


def work(command, text, directory, variables):
    place = pathlib.Path(directory)
    (place / "nginx.conf").write_text(NGINX)
    (place / "a.c").write_text(C_SOURCE)
    (place / "b.cc").write_text(CXX_SOURCE)
    for source, made in (("a.c", "a.o"), ("b.cc", "b.o")):
        subprocess.run(["gcc", "-c", source, "-o", made], cwd=directory, check=False)
    settings = environment(PYTHONMALLOC="malloc", PYTHONHASHSEED="0", HOME=directory, **variables)
    with subprocess.Popen(command, cwd=directory, text=True, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, env=settings) as process:
        if "/usr/bin/redis-server" in command:
            talk_to_redis(directory)
        process.communicate(text)
    return process.returncode


def ours(command, text, directory):
    trace = pathlib.Path(directory) / "real.trace"
    status = work(command, text, directory,
                  {"LD_PRELOAD": library, "LIBTRACE_PICTURE": "exit", "LIBTRACE_OUTPUT": trace})
    shown = subprocess.run([report_tool, "--leaks", "--format=json", trace], check=True, capture_output=True, text=True)
    heap = json.loads(shown.stdout)["heap"]
    check_equal([(picture["complete"], picture["left_out"]) for picture in heap["pictures"]], [(True, 0)],
                f"{command[0]}: pictures")
    return status, {name: (heap["classes"][name]["size"], heap["classes"][name]["count"]) for name in CLASSES}


def valgrind(command, text, directory):
    log = pathlib.Path(directory) / "valgrind.log"
    status = work(["valgrind", "--leak-check=full", "--run-libc-freeres=no", "--run-cxx-freeres=no",
                   f"--log-file={log}", *command],
                  text, directory, {})
    result = dict.fromkeys(CLASSES, (0, 0))
    for kind, size, count in re.findall(r"(definitely|indirectly|possibly|still) (?:lost|reachable): "
                                        r"([\d,]+) bytes in ([\d,]+) blocks", log.read_text()):
        name = {"definitely": "definite", "indirectly": "indirect", "possibly": "possible", "still": "reachable"}[kind]
        result[name] = (int(size.replace(",", "")), int(count.replace(",", "")))
    return status, result


def lost(classes):
    return classes["definite"], classes["indirect"]


def compare(name, command, text):
    with tempfile.TemporaryDirectory() as other:
        expected_status, expected = valgrind(command, text, other)
    for _ in range(TRIES.get(name, 1)):
        with tempfile.TemporaryDirectory() as one:
            status, got = ours(command, text, one)
        if lost(got) == lost(expected):
            break
    print(f"{name}: {got}\n{' ' * len(name)}  {expected}", flush=True)
    check_equal(status, expected_status, f"{name}: status")
    check_equal(lost(got), lost(expected), f"{name}: definite, indirect")
    left, expected_left = (sum(blocks for _, blocks in classes.values()) for classes in (got, expected))
    check(left == expected_left or name in EXPLAINED,
          f"{name}: {left} blocks are left in all, by valgrind {expected_left}")


def main():
    require(library, report_tool)
    compared = 0
    for name, (command, text) in {**QUICK, **(LONG if IS_ALL else {})}.items():
        if os.path.exists(command[0]) and os.path.exists("/usr/bin/valgrind"):
            compare(name, command, text)
            compared += 1
        else:
            print(f"{name}: left out: it or valgrind is not installed")
    if compared == 0:
        skip("no program to compare")
    finish("leaks of real programs")


main()
