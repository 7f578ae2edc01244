#!/usr/bin/env python3
"""What zsh completes, in a terminal as a user has it: every option that there is and no other, the words
that an option takes, traces, directories, commands."""
import contextlib
import os
import pathlib
import pty
import select
import shutil
import signal
import tempfile
import time

from completed import is_taken, long_options
from harness import check, check_equal, environment, finish, report_tool, require, run_tool, skip

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "completions"
PATIENCE_S = 120
# Every match goes into a file as well, and a line when there are no more.
SETUP = r"""
fpath=(SCRIPTS $fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' list-max 100000
LISTMAX=100000 PROMPT_EOL_MARK= PS1=
compadd() {
    local -a matches
    if [[ " ${(j: :)${@[1,(i)(-|--)]}} " != *\ -[a-zA-Z]#[OAD]\ * ]]; then
        builtin compadd -A matches "$@"
        print -rl -- $matches >>$HITS
    fi
    builtin compadd "$@"
}
end_of_matches() { print -r -- "<end>" >>$HITS }
capture() { comppostfuncs=(end_of_matches); _main_complete; compstate[insert]= compstate[list]= }
zle -C capture list-choices capture
bindkey '^I' capture
print -r -- "<end>" >>$HITS
"""


class Shell:
    """An interactive zsh in a terminal of its own."""

    def __init__(self, directory):
        self.hits = pathlib.Path(directory, "..", "hits").resolve()
        self.hits.touch()
        home = self.hits.parent
        (home / ".zshrc").write_text(SETUP.replace("SCRIPTS", str(SCRIPTS)), encoding="utf-8")
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(directory)
            os.execvpe("zsh", ["zsh", "-d", "-i"], {**environment(), "HITS": str(self.hits), "ZDOTDIR": str(home),
                                                   "HOME": str(home), "TERM": "dumb"})

    def wait(self):
        """Return the matches, when all are there. What zsh prints is read, or it would stop."""
        end = time.monotonic() + PATIENCE_S
        while not (text := self.hits.read_text(encoding="utf-8")).endswith("<end>\n"):
            if time.monotonic() > end:
                raise TimeoutError(f"zsh completes for more than {PATIENCE_S} s: {text!r}")
            if select.select([self.terminal], [], [], 0.05)[0]:
                os.read(self.terminal, 65536)
        self.hits.write_text("", encoding="utf-8")
        return {line for line in text.splitlines()[:-1] if line}

    def complete(self, *words):
        os.write(self.terminal, b"\x15" + " ".join(map(str, words)).encode() + b"\t")
        return self.wait()

    def close(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)


def check_all(shell):
    for tool in (report_tool, run_tool):
        known = {option.rstrip("=") for option in long_options(tool)}
        check_equal(shell.complete(tool, "--"), known, f"{tool.name}: options")
    check_equal(shell.complete(report_tool, "--gro"), {"--growth"}, "an option that is begun")
    for option, some in (("--by", {"function", "thread"}), ("--sort", {"average"}),
                         ("--format", {"folded", "sqlite"})):
        words = shell.complete(report_tool, f"{option}=")
        check(some <= words, f"{option}: {words}")
        for word in words:
            check(is_taken(report_tool, option, word), f"{option}={word}")
        check_equal(shell.complete(report_tool, option, ""), words, f"{option}, a word of its own")
    traces = shell.complete(report_tool, "")
    check({"a.trace", "b.trace"} <= traces and "notes.txt" not in traces, f"traces: {traces}")
    check_equal(shell.complete(report_tool, "--growth", "b"), {"b.trace"}, "after a switch")
    check_equal(shell.complete(report_tool, "--at=p"), {"peak"}, "moments")
    check("notes.txt" in shell.complete(report_tool, "--compare-to=n"), "moments or files")
    check_equal(shell.complete(report_tool, "--symbols="), {"sub"}, "directories")
    check("notes.txt" in shell.complete(report_tool, "-o", "n"), "files")
    check_equal(shell.complete(report_tool, "--top="), set(), "numbers")
    check("SIGUSR2" in shell.complete(run_tool, "--snapshot-signal=SIGU"), "signals")
    check("sort" in shell.complete(run_tool, "sor"), "commands")
    check("notes.txt" in shell.complete(run_tool, "cat", "n"), "the command's own arguments")


def main():
    if shutil.which("zsh") is None:
        skip("there is no zsh")
    require(report_tool, run_tool)
    with tempfile.TemporaryDirectory() as top:
        directory = pathlib.Path(top, "work")
        (directory / "sub").mkdir(parents=True)
        for name in ("a.trace", "b.trace", "notes.txt"):
            (directory / name).touch()
        try:
            shell = Shell(directory)
        except OSError:
            skip("there are no terminals here")
        with contextlib.closing(shell):
            shell.wait()  # until it is ready
            check_all(shell)
    finish("completion in zsh")


main()
