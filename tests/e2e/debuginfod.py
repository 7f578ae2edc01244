"""Debug information from a debuginfod server: elfutils' own, started here on the loopback address, has
the debug file of a stripped program. What is shown must be what addr2line says of the whole one.

Not started where it is not installed. Nobody is asked without DEBUGINFOD_URLS or with --offline, and
a server that is gone costs a warning.
"""
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import harness
from answers import addr2line_answers, ask
from binaries import call_addresses, output

SOURCE = """
#include <stdlib.h>
static __attribute__((noinline)) void *inner(size_t bytes) { return malloc(bytes); }
static inline __attribute__((always_inline)) void *middle(size_t bytes) { return inner(bytes + 1); }
int main(int argc, char **argv) { (void)argv; free(middle((size_t)argc)); return 0; }
"""
STARTED_WITHIN_S = 60


def make_program(directory):
    """Returns (stripped, whole); the debug file is in @directory/served."""
    os.mkdir(f"{directory}/served")
    with open(f"{directory}/prog.c", "w", encoding="utf-8") as file:
        file.write(SOURCE)
    for command in ("gcc -g -O1 -Wl,--build-id prog.c -o whole",
                    "objcopy --only-keep-debug whole served/prog.debug",
                    "objcopy --strip-all whole prog"):
        subprocess.run(command.split(), cwd=directory, check=True)
    return f"{directory}/prog", f"{directory}/whole"


def build_id(path):
    text = output("readelf", "-nW", path)
    return text.split("Build ID: ")[1].split()[0]


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def has_file(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextlib.contextmanager
def server(directory, path):
    """Yields its URL once it has the file."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with open(f"{directory}/log", "w", encoding="utf-8") as log, \
            subprocess.Popen(["debuginfod", "-F", "-d", f"{directory}/db", "-p", str(port),
                              f"{directory}/served"], stdout=log, stderr=log) as process:
        try:
            end = time.monotonic() + STARTED_WITHIN_S
            while not has_file(f"{url}/buildid/{build_id(path)}/debuginfo"):
                if process.poll() is not None or time.monotonic() > end:
                    harness.skip("debuginfod does not run here")
                time.sleep(0.2)
            yield url
        finally:
            process.terminate()
            process.wait()


def ours(path, addresses, cache, url, *options):
    """Answers and warnings."""
    environment = harness.environment(DEBUGINFOD_CACHE_PATH=cache, DEBUGINFOD_URLS=url)
    if url is None:
        environment.pop("DEBUGINFOD_URLS", None)
    return ask(path, addresses, *options, environment=environment)


def lines(answers):
    return sum(frame[2] not in ("?", "0") for answer in answers for frame in answer)


def main():
    if shutil.which("debuginfod") is None or shutil.which("gcc") is None:
        harness.skip("needs debuginfod and gcc")
    with tempfile.TemporaryDirectory() as directory:
        path, whole = make_program(directory)
        # Those of functions with lines: what only a symbol names, a stripped program does not.
        addresses = [address for address in call_addresses(whole, 1000)
                     if addr2line_answers(whole, [address])[0][0][2] not in ("?", "0")]
        expected = addr2line_answers(whole, addresses)
        harness.check(len(addresses) >= 3, f"only {len(addresses)} addresses")
        with server(directory, path) as url:
            for label, where, options in (("without DEBUGINFOD_URLS", None, ()),
                                          ("with --offline", url, ("--offline",))):
                got, _ = ours(path, addresses, f"{directory}/none", where, *options)
                harness.check_equal(lines(got), 0, f"{label}: lines")
                harness.check(not os.path.exists(f"{directory}/none"), f"{label}: asked all the same")
            got, warnings = ours(path, addresses, f"{directory}/cache", url)
            harness.check_equal(got, expected, f"from the server: {warnings}")
        got, _ = ours(path, addresses, f"{directory}/cache", url)
        harness.check_equal(got, expected, "from the cache, the server being gone")
        got, warnings = ours(path, addresses, f"{directory}/empty", url)
        harness.check_equal(lines(got), 0, "without server and cache: lines")
        harness.check("debuginfod has no debug file of it" in warnings,
                      f"no word of the server that is gone: {warnings}")
    harness.finish("debuginfod")


if __name__ == "__main__":
    sys.exit(main())
