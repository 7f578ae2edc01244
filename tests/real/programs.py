"""What each program is made to do. Every function works in an empty directory, runs commands in an
environment that may preload the tracer, and returns a dictionary of what must be the same."""
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import urllib.request
import xml.etree.ElementTree

PYTHON = "/usr/bin/python3.11"
POSTGRES = next(iter(sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
                pathlib.Path("/usr/lib/postgresql/bin"))
WAIT_SECONDS = 60


def run(command, directory, variables, stdin=None, **options):
    """Run a command. Returns exit code, stdout and stderr."""
    done = subprocess.run([str(word) for word in command], cwd=directory, env=variables, text=True,
                          input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                          capture_output=True, check=False, errors="replace", **options)
    return done.returncode, done.stdout.replace(str(directory), "HERE"), \
        done.stderr.replace(str(directory), "HERE")


def wait_until(is_so, what):
    end = time.monotonic() + WAIT_SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.05)


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


# --- CPython's own tests ---

def python_tests(name):
    def work(directory, variables):
        results = directory / "results.xml"
        code, _, stderr = run([PYTHON, "-m", "test", "--junit-xml", results, name], directory,
                              variables)
        found = {"exit code": code}
        if not results.exists():
            return {**found, "stderr": stderr}
        for case in xml.etree.ElementTree.parse(results).iter("testcase"):
            found[case.get("name")] = sorted(child.tag for child in case
                                             if child.tag not in ("system-out", "system-err"))
        return found
    return work


# --- small tools ---

SQL = """create table t(a integer primary key, b text, c real);
with recursive n(x) as (select 1 union all select x + 1 from n where x < 50000)
insert into t select x, hex(x * 7919 % 10007), x / 3.0 from n;
create index i on t(b, c);
create virtual table f using fts5(b);
insert into f select b from t limit 5000;
select count(*), max(b), round(sum(c), 3) from t;
select count(*) from f where f match '33*';
select b, count(*) from t group by b order by 2 desc, 1 limit 20;
begin; update t set c = c + 1 where a % 3 = 0; rollback;
delete from t where a % 2 = 0; vacuum; pragma integrity_check;
select json_group_array(b) from (select b from t order by a limit 100);
"""


def sqlite(directory, variables):
    code, stdout, stderr = run(["sqlite3", "data.db"], directory, variables, stdin=SQL)
    return {"exit code": code, "stdout": stdout, "stderr": stderr,
            "database": digest(directory / "data.db")}


PERL = r"""
use strict; use warnings;
my (%words, @kept); my $seed = 12345;
for my $round (1 .. 60000) {
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    my $word = join '', map { chr(97 + ($seed >> $_) % 26) } 0 .. $seed % 9;
    $words{$word}{count}++;
    push @{$words{$word}{rounds}}, $round if $word =~ /^([a-m]+)(.*?)z?$/;
    push @kept, sprintf('%s-%05d', $2 // '', $round) if $round % 100 == 0;
    eval { die { code => $round } if $round % 977 == 0; 1 } or $words{error}{count} += $@->{code};
}
my $pid = fork(); if (!$pid) { exit(scalar(keys %words) % 251) } waitpid($pid, 0);
print scalar(keys %words), ' ', $? >> 8, "\n";
print join(',', sort { $words{$b}{count} <=> $words{$a}{count} || $a cmp $b } keys %words), "\n";
print "@kept\n", `echo from a shell`;
"""


def perl(directory, variables):
    code, stdout, stderr = run(["perl", "-e", PERL], directory, variables)
    return {"exit code": code, "stdout": stdout, "stderr": stderr}


def git(directory, variables):
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in
           (("NAME", "a"), ("EMAIL", "a@b"), ("DATE", "2020-01-01T00:00:00Z"))}
    variables = {**variables, **who, "GIT_CONFIG_NOSYSTEM": "1"}
    found = {}

    def step(*words):
        found[f"git {words} {len(found)}"] = run(["git", *words], directory, variables)

    step("init", "-q", "-b", "main", "one")
    for number in range(30):
        for file in range(20):
            path = directory / "one" / f"directory{file % 4}" / f"file{file}"
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(f"line {line * number % (file + 7)}\n" for line in range(300)))
        step("-C", "one", "add", "-A")
        step("-C", "one", "commit", "-qm", f"number {number}")
    step("clone", "-q", "--no-local", "one", "two")
    step("-C", "two", "gc", "-q", "--aggressive", "--prune=now")
    step("-C", "two", "fsck", "--full", "--strict")
    step("-C", "two", "log", "--stat", "--format=%H")
    step("-C", "two", "blame", "directory1/file5")
    step("-C", "two", "status", "--porcelain")
    return found


C_SOURCE = r"""#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define F(n) static int f##n(int x) { switch (x % 7) { case 0: return x * n; case 3: return x + n; \
    default: return x > n ? f##n(x / 2) : x; } }
#define G(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7) F(n##8) F(n##9)
G(1) G(2) G(3) G(4) G(5) G(6) G(7) G(8) G(9)
int main(int c, char **v) { char *s = strdup(v[0]); printf("%d\n", f10(c) + f99(c)); free(s); return 0; }
"""
CXX_SOURCE = r"""#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <variant>
#include <vector>
template <int N> struct Tower { std::map<std::string, std::vector<std::variant<int, std::string>>> m;
    std::unique_ptr<Tower<N - 1>> below = std::make_unique<Tower<N - 1>>();
    int count() const { return int(m.size()) + below->count(); } };
template <> struct Tower<0> { int count() const { return 1; } };
int main() { Tower<60> t; std::regex r("a(b|c)*d"); std::function<int()> f = [&] { return t.count(); };
    std::cout << f() << std::regex_match("abcd", r) << "\n"; }
"""


def compilers(directory, variables):
    (directory / "a.c").write_text(C_SOURCE)
    (directory / "b.cc").write_text(CXX_SOURCE)
    found = {}
    here = f"-ffile-prefix-map={directory}=."
    for command, result in ((["gcc", "-O2", "-g", here, "a.c", "-o", "a"], "a"),
                            (["g++", "-O1", "-g", here, "b.cc", "-o", "b"], "b"),
                            (["gcc", "-O3", "-flto", "a.c", "-o", "c"], None),
                            (["gcc", "-fsyntax-only", "-Wall", "-Dint=lnt", "a.c"], None)):
        found[f"{command[0]} {len(found)}"] = run(command, directory, variables)
        if result:
            found[result] = digest(directory / result)
    found["a runs"] = run(["./a"], directory, variables)
    found["b runs"] = run(["./b"], directory, variables)
    return found


CONFIGURE = """AC_INIT([sample], [1])
AC_CONFIG_HEADERS([config.h])
AC_PROG_CC
AC_CHECK_HEADERS([stdio.h sys/mman.h threads.h no/such.h])
AC_CHECK_FUNCS([malloc mmap reallocarray no_such_function])
AC_CHECK_SIZEOF([long])
AC_SEARCH_LIBS([cos], [m])
AC_C_BIGENDIAN
AC_OUTPUT
"""


def configure(directory, variables):
    (directory / "configure.ac").write_text(CONFIGURE)
    plain = {name: value for name, value in variables.items() if name != "LD_PRELOAD"}
    found = {tool: run([tool], directory, plain)[0] for tool in ("autoheader", "autoconf")}
    found["configure"] = run(["bash", "./configure", "--srcdir=."], directory,
                             {**variables, "CONFIG_SHELL": "/bin/bash"})
    for name in ("config.h", "config.status"):
        found[name] = (directory / name).read_text().replace(str(directory), "HERE")
    return found


# --- servers ---

def redis(directory, variables):
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", "redis.sock", "--save", "", "--appendonly",
         "yes", "--enable-debug-command", "yes", "--logfile", "log"],
        cwd=directory, env=variables, stdin=subprocess.DEVNULL)
    plain = {name: value for name, value in variables.items() if name != "LD_PRELOAD"}

    def client(*words):
        return run(["redis-cli", "-s", "redis.sock", *words], directory, plain)[:2]

    wait_until(lambda: client("ping") == (0, "PONG\n"), "redis")
    tests = "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset"
    found = {"benchmark": run(["redis-benchmark", "-s", "redis.sock", "-q", "-n", "5000", "-t", tests],
                              directory, variables)[0]}
    for number in range(200):
        client("set", f"key{number}", "x" * number)
    found["rewrite"] = client("bgrewriteaof")
    wait_until(lambda: "aof_rewrite_in_progress:0" in client("info", "persistence")[1], "rewrite")
    found["flush"] = client("memory", "purge")
    found["size"] = client("dbsize")
    found["digest"] = client("debug", "digest-value", "key7", "key100", "counter:__rand_int__")
    found["reload"] = client("debug", "loadaof")
    found["size again"] = client("dbsize")
    client("shutdown")
    found["exit code"] = server.wait(timeout=WAIT_SECONDS)
    found["errors"] = re.findall("# .*rror.*", (directory / "log").read_text())
    return found


NGINX = """daemon on; worker_processes 3; pid nginx.pid; error_log error.log notice;
events { worker_connections 100; }
http { access_log access.log; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f;
  uwsgi_temp_path u; scgi_temp_path s;
  server { listen unix:web.sock; listen 127.0.0.1:PORT; root root; autoindex on; gzip on;
    gzip_types *; location /again/ { proxy_pass http://127.0.0.1:PORT/; } } }
"""


def free_port():
    import socket
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def nginx(directory, variables):
    port = free_port()
    (directory / "nginx.conf").write_text(NGINX.replace("PORT", str(port)))
    (directory / "root").mkdir()
    for number in range(20):
        (directory / "root" / f"{number}").write_text(f"{number} " * number * 1000)
    command = ["nginx", "-p", directory, "-c", "nginx.conf", "-e", "error.log"]
    found = {"check": run([*command, "-t"], directory, variables)[0],
             "start": run(command, directory, variables)[0]}
    pid_file = directory / "nginx.pid"
    wait_until(lambda: pid_file.exists() and pid_file.read_text().strip(), "nginx")
    pid = int(pid_file.read_text())

    def fetch(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=WAIT_SECONDS) as answer:
            return answer.status, hashlib.sha256(answer.read()).hexdigest()

    for number in range(300):
        where = "" if number % 3 else "again/"
        found[f"page {number % 60}"] = fetch(f"{where}{number % 20}")
        if number == 150:
            os.kill(pid, signal.SIGHUP)
    os.kill(pid, signal.SIGQUIT)
    wait_until(lambda: not os.path.exists(f"/proc/{pid}") or not pid_file.exists(), "end of nginx")
    said = (directory / "error.log").read_text()
    found["said"] = sorted(set(re.findall(r"\[(?:warn|error|crit|alert|emerg)\].*", said)))
    found["ends"] = sorted(set(re.findall(r"exited with code \d+|exited on signal \d+", said)))
    return found


def postgres(directory, variables):
    shutil.chown(directory, "postgres")
    as_user = ["runuser", "-u", "postgres", "-m", "--"]
    plain = {name: value for name, value in variables.items() if name != "LD_PRELOAD"}
    data = directory / "data"
    where = ["-h", directory, "-U", "postgres"]

    def tool(name, *words, use=plain):
        # runuser is set up without the tracer and puts it in for the tool alone
        preload = [f"LD_PRELOAD={use['LD_PRELOAD']}"] if "LD_PRELOAD" in use else []
        return run([*as_user, "env", *preload, POSTGRES / name, *words], directory, plain,
                   timeout=500)

    def ask(sql):
        return tool("psql", *where, "-Atc", sql, "postgres")[:2]

    def start():
        options = f"-k {directory} -c listen_addresses= -c fsync=off -c logging_collector=off"
        preload = [f"LD_PRELOAD={variables['LD_PRELOAD']}"] if "LD_PRELOAD" in variables else []
        return subprocess.run([*map(str, as_user), "env", *preload, str(POSTGRES / "pg_ctl"), "-w",
                               "-D", str(data), "-o", options, "-l", str(directory / "log"), "start"],
                              cwd=directory, env=plain, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, check=False).returncode

    found = {"initdb": tool("initdb", "-U", "postgres", "-D", data, "--no-sync", "--locale=C",
                            use=variables)[0], "start": start()}
    found["fill"] = tool("pgbench", *where, "-i", "-q", "-s", "1", "postgres", use=variables)[0]
    found["bench"] = tool("pgbench", *where, "-n", "-c", "4", "-j", "2", "-t", "200", "postgres",
                          use=variables)[0]
    with subprocess.Popen([*as_user, POSTGRES / "pgbench", *map(str, where), "-n", "-c", "3", "-t",
                           "100000", "postgres"], cwd=directory, env=plain, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as bench:
        wait_until(lambda: ask("select count(*) from pg_stat_activity where application_name = "
                               "'pgbench'")[1].strip() == "3", "pgbench")
        victim = ask("select pid from pg_stat_activity where application_name = 'pgbench' limit 1")
        os.kill(int(victim[1]), signal.SIGKILL)
        found["bench is cut off"] = bench.wait(timeout=WAIT_SECONDS) != 0
    wait_until(lambda: ask("select 1") == (0, "1\n"), "recovery")
    found["sums"] = ask("select (select sum(abalance) from pgbench_accounts) ="
                        " (select sum(bbalance) from pgbench_branches)")
    found["accounts"] = ask("select count(*) from pgbench_accounts")
    found["stop"] = tool("pg_ctl", "-w", "-D", data, "-m", "fast", "stop")[0]
    log = (directory / "log").read_text()
    found["recovered"] = "automatic recovery" in log or "was not properly shut down" in log
    found["panic"] = re.findall("PANIC.*", log)
    return found


TESTS = ("test_tracemalloc", "test_fork1", "test_threading", "test_subprocess", "test_ctypes",
         "test_multiprocessing_fork", "test_signal")

# name: (function, paths that it needs)
PROGRAMS = {
    "sqlite3": (sqlite, ["/usr/bin/sqlite3"]),
    "perl": (perl, ["/usr/bin/perl"]),
    "git": (git, ["/usr/bin/git"]),
    "compilers": (compilers, ["/usr/bin/gcc", "/usr/bin/g++"]),
    "configure": (configure, ["/usr/bin/autoconf", "/bin/bash"]),
    "redis": (redis, ["/usr/bin/redis-server", "/usr/bin/redis-benchmark"]),
    "nginx": (nginx, ["/usr/sbin/nginx"]),
    "postgres": (postgres, [POSTGRES / "initdb"]),
    **{name: (python_tests(name), ["/usr/lib/python3.11/test/test_tracemalloc.py"]) for name in TESTS},
}
