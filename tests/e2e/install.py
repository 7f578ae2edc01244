#!/usr/bin/env python3
"""What cmake --install leaves works where it lies: launcher, library, report, header, manual pages."""
import pathlib
import subprocess
import tempfile

from harness import build, check, check_equal, finish, run

SOURCE = r"""
#include <libtrace.h>
#include <stdlib.h>

int main(void)
{
    void *block = malloc(1000);
    libtrace_snapshot("now");
    free(block);
    return libtrace_is_tracing() ? 10 : 11;
}
"""


def main():
    with tempfile.TemporaryDirectory() as directory:
        prefix = pathlib.Path(directory) / "usr"
        done = subprocess.run(["cmake", "--install", build, "--prefix", prefix],
                              capture_output=True, text=True)
        if not check_equal(done.returncode, 0, f"cmake --install: {done.stderr}"):
            finish("install")
        for name in ("man/man1/trace-run.1", "man/man1/trace-report.1", "man/man7/libtrace.7",
                     "bash-completion/completions/trace-run",
                     "bash-completion/completions/trace-report", "zsh/site-functions/_trace-report"):
            check((prefix / "share" / name).exists(), f"{name} is not installed")
        package = next(prefix.rglob("libtrace.pc"), None)
        if not check(package, "libtrace.pc is not installed"):
            finish("install")
        asked = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True, check=True)
        flags = asked.stdout.split()
        source = pathlib.Path(directory) / "program.c"
        source.write_text(SOURCE)
        program = pathlib.Path(directory) / "program"
        subprocess.run(["cc", "-g", *flags, source, "-o", program], check=True)
        check_equal(run([program], directory).status, 11, "untraced: exit status")
        traced = run([prefix / "bin" / "trace-run", "./program"], directory)
        check_equal(traced.status, 10, f"traced: exit status; {traced.stderr}")
        shown = run([prefix / "bin" / "trace-report", "--at", "now"], directory)
        check_equal(shown.status, 0, f"report: {shown.stderr}")
        check("program.c:7: size=1000 B, count=1" in shown.stdout, f"report: {shown.stdout}")
        library = next(prefix.rglob("libtrace.so"))
        traced = run([program], directory, {"LD_LIBRARY_PATH": library.parent,
                                            "LD_PRELOAD": "libtrace.so"})
        check_equal(traced.status, 10, f"LD_PRELOAD=libtrace.so: exit status; {traced.stderr}")
    finish("install")


main()
