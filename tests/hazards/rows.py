"""The rows: which programs are run, how, and what is expected beyond being the same.

Grouped so that ctest can run groups side by side.
"""
import contextlib
import dataclasses
import os
import pathlib
import subprocess
import typing

ALL = os.environ.get("LIBTRACE_TEST_ALL") == "1"
LIBRARIES = pathlib.Path("/usr/lib/x86_64-linux-gnu")


def zero(value):
    return value == 0


def some(value):
    return value > 0


def at_least(least):
    return lambda value: value >= least


def is_executable(program):
    try:
        subprocess.run([program], stdout=subprocess.DEVNULL, check=False)
        return True
    except OSError:
        return False


@contextlib.contextmanager
def no_setting(_place):
    yield None


@contextlib.contextmanager
def disk_of(size, place):
    """A file system in memory, so small that a trace does not fit."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@contextlib.contextmanager
def directory_in(place):
    """One that may be removed."""
    (place / "traces").mkdir()
    yield place / "traces"


@dataclasses.dataclass
class Row:
    """{programs} and {place} in arguments, variables and preloads stand for directories."""
    program: str
    arguments: tuple = ()
    variables: dict = dataclasses.field(default_factory=dict)
    before: tuple = ()        # libraries preloaded before the tracer
    after: tuple = ()         # and behind it; both in the run without it, too
    seconds: int = 60         # that a run may take
    status: typing.Optional[int] = 0  # of the program; None: any
    says: str = ""            # what the tracer may print, a regular expression
    loader_says: str = ""     # lines of the loader about the tracer
    traces: typing.Optional[int] = 1  # how many files there must be
    ends: typing.Optional[list] = None
    totals: dict = dataclasses.field(default_factory=lambda: {"lost_events": zero})
    files: dict = dataclasses.field(default_factory=dict)  # blocks of each source file
    callers: dict = dataclasses.field(default_factory=dict)  # blocks below each function
    slack: int = 0            # so many more marked blocks may be in the trace than were told
    may_lose: bool = False    # marked blocks may be among the lost events
    is_blind: bool = False    # the trace does not see the program's blocks
    slower: typing.Optional[float] = None  # most times slower than without, on a busy machine
    verify: bool = False
    needs_root: bool = False
    needs: tuple = ()         # paths
    runs: str = ""            # a program that the kernel must be able to run
    notes: tuple = ()         # regular expressions: what `--summary` must say to know
    no_notes: tuple = ()      # what it must not say
    setting: typing.Callable = no_setting  # makes a directory for the trace

    def __str__(self):
        return " ".join([self.program, *map(str, self.arguments), *(
            pathlib.Path(item).name for item in (*self.before, *self.after))])

    def cannot_run(self, programs):
        """Why the row cannot be run here, or None."""
        if self.needs_root and os.geteuid() != 0:
            return "only as root"
        if self.runs and not is_executable(self.runs.format(programs=programs)):
            return f"{pathlib.Path(self.runs).name} cannot be run here"
        needed = [str(path).format(programs=programs) for path in self.needs]
        missing = [path for path in needed if not pathlib.Path(path).exists()]
        return f"{missing[0]} is not there" if missing else None


SAFE = ("{programs}/safe_malloc.so",)
FORKS = 500 if ALL else 100
CHILDREN = 10000 if ALL else 500
COROUTINES = 10000 if ALL else 1000
OVERFLOWS = 2000 if ALL else 300
STEP = 7 if ALL else 29  # instructions between two that are interrupted
SOAK_SECONDS = int(os.environ.get("SOAK_SECONDS", "3600" if ALL else "4"))
SUCCESSIVE = 100000 if ALL else 20000


def forks():
    return [
        Row("fork_once", traces=3, totals={"lost_events": zero, "inherited_frees": some}),
        Row("fork_threads", (FORKS,), traces=FORKS + 1),
        Row("fork_storm", (CHILDREN,), traces=CHILDREN + 1, totals={}, seconds=600),
        # a child loses the event that its making interrupted
        Row("fork_in_handler", (200,), after=SAFE, traces=201, slack=400, may_lose=True,
            totals={"lost_events": lambda lost: lost <= 200}),
    ]


def processes():
    return [
        Row("vfork_spawn", traces=4),
        Row("close_all", ("range",)),
        Row("close_all", ("loop",)),
        Row("close_all", ("listed",)),
        Row("daemon", ("{place}/work",), traces=2, needs_root=True),
        Row("spawns", ("{programs}/bits32",), runs="{programs}/bits32",
            loader_says=r"ERROR: ld\.so: object '.*libtrace\.so' from LD_PRELOAD cannot be preloaded "
                        r"\(wrong ELF class: ELFCLASS64\): ignored\.\n"),
        Row("exec_chain", (6,), status=21, traces=7, ends=["exec"] * 6 + ["exit"]),
        Row("exits", ("_exit",), status=None, ends=["quick_exit"]),
        Row("exits", ("_Exit",), status=None, ends=["quick_exit"]),
        Row("exits", ("quick_exit",), status=None, ends=["quick_exit"]),
        Row("exits", ("abort",), status=None, ends=[None]),
        Row("exits", ("return",), status=None, ends=["exit"]),
        Row("descriptors", traces=2),
    ]


def control():
    return [
        Row("handler_timer", (1000,), after=SAFE, verify=True),
        Row("handler_timer", (500, "nesting"), after=SAFE, may_lose=True, totals={}),
        Row("handler_altstack"),
        Row("interrupted", verify=True,
            callers={"behind_hole": 100, "wide": 0, "first": 100, "pushed": 100}),
        # at most the event that was being recorded is lost, and it may be in the trace
        *[Row("overflows", (OVERFLOWS, where), after=SAFE, traces=traces,
              totals={"lost_events": lambda lost: lost <= 2 * OVERFLOWS})
          for where, traces in (("process", None), ("one", 1), ("new", 1))],
        # each jump may cost the event that it left in the middle
        Row("longjmps", after=SAFE, slack=1000, may_lose=True,
            totals={"lost_events": lambda lost: 0 < lost <= 1000},
            notes=("events cut short by a signal handler or a thread's end: .*",)),
        Row("stepped", ("return", STEP), after=SAFE, seconds=600),
        Row("stepped", ("jump", STEP), after=SAFE, seconds=600,
            totals={"lost_events": lambda lost: 0 < lost <= 5000}),
        Row("stepped", ("fork", 10 * STEP), after=SAFE, traces=None, seconds=600, totals={}),
        Row("exceptions", ("{programs}/plugin_throws.so",), slower=4),
        Row("plugins_replaced", ("{programs}",), verify=True,
            files={"plugin_first.c": 3000, "plugin_second.c": 3000}),
        Row("deepbind", ("{programs}/plugin_frees.so",),
            totals={"lost_events": zero, "implied_frees": at_least(990),
                    "unknown_frees": at_least(990)},
            notes=("frees of blocks that the trace does not know: .*",
                   "frees that the tracer could not see: .*")),
        Row("coroutines", (COROUTINES,), verify=True, slower=4),
        Row("realigned", verify=True),
        Row("jit", notes=("call stacks that end early, without unwind information: .*",)),
    ]


def threads():
    return [
        Row("thread_exit"),
        Row("threads_many", ("at-once", 1000)),
        Row("threads_many", ("one-by-one", SUCCESSIVE), seconds=600, slower=4),
        Row("threads_cancelled", ("deferred",)),
        # a cancelled thread may have been about to count what is in the trace
        Row("threads_cancelled", ("asynchronous",), after=SAFE, slack=1000, may_lose=True,
            totals={"lost_events": lambda lost: 0 < lost <= 1000}),
        Row("dynamic_tls", ("{programs}",)),
        Row("errno_kept", verify=True),
    ]


def loader():
    word = {"HAZARD_WORD": "a word"}
    allocators = [LIBRARIES / name for name in
                  ("libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libmimalloc.so.2")]
    other = LIBRARIES / "libeatmydata.so"
    result = [
        Row("with_plugin", ("{programs}/early.so", "last word"), word),
        Row("with_plugin", ("one", ), word, after=("{programs}/early.so",)),
        Row("with_plugin", ("one", ), word, before=("{programs}/early.so",)),
        Row("with_plugin", ("one", ), word, after=("{programs}/early_ifunc.so",)),
        Row("with_plugin", (), {"LIBTRACE_DEPTH": "1"},
            notes=("call stacks cut at the depth limit: .*",)),
        Row("with_plugin", (), {"LD_AUDIT": "{programs}/audit.so"}),
        Row("with_plugin", after=(str(other),), needs=(other,)),
        Row("with_plugin", before=(str(other),), needs=(other,)),
    ]
    resident = "MiB of resident memory far above what was live: 2[0-9][0-9]; .*"
    result += [
        Row("own_malloc", notes=("programs with a malloc that comes before the tracer's: 1; .*",
                                 resident)),
        Row("own_address", no_notes=("programs with a malloc .*",)),
        Row("own_je_malloc", notes=(".*/own_je_malloc has an allocator of its own inside: jemalloc; "
                                    "its blocks are not seen", resident)),
        Row("own__rjem_mallocx", notes=(".*/own__rjem_mallocx has an allocator of its own inside: jemalloc; "
                                        "its blocks are not seen", resident)),
        Row("own_go_malloc", notes=(".*/own_go_malloc has an allocator of its own inside: Go's runtime; "
                                    "its blocks are not seen", resident)),
    ]
    for path in allocators:
        result.append(Row("with_plugin", after=(str(path),), needs=(path,),
                          notes=("allocators with an operator new of their own: 1; .*",)))
        result.append(Row("with_plugin", before=(str(path),), needs=(path,), is_blind=True,
                          traces=None, totals={}))
    return result


def limits():
    stopped = r"libtrace: .*: {}; tracing has stopped, what was recorded so far is kept\n"
    incomplete = {"is_blind": True, "totals": {}, "ends": ["stopped"]}
    return [
        Row("limits", ("as",)),
        Row("limits", ("fsize",), says=stopped.format("File too large"), **incomplete),
        Row("limits", ("fallocate",), traces=2, ends=["exec", "exit"]),
        # what is started under a filter that kills the tracer is started without it
        Row("limits", ("killing",), says=stopped.format("Operation not permitted"), **incomplete),
        Row("limits", ("mapping",), says=r"libtrace: .*: Not a regular file, or none .*; nothing is traced.*\n",
            is_blind=True, totals={}),
        Row("clock_jumps", needs_root=True, needs=("/proc/self/timens_offsets",)),
        *[Row("gone", (how,), setting=directory_in, says=stopped.format(why)) for how, why in (
            ("removed", "No such file or directory"), ("moved", "No such file or directory"),
            ("replaced", "The file was replaced"))],
        Row("limits", ("memory",), says=stopped.format("Cannot allocate memory"), is_blind=True,
            totals={"lost_events": some}, ends=["stopped"],
            notes=("events lost because the tracer got no memory: .*",)),
        Row("limits", ("nofile",), may_lose=True, totals={"lost_events": some},
            notes=("events lost because the trace file could not grow: .*",)),
        Row("limits", ("chroot", "{place}/work"), needs_root=True),
        Row("limits", ("sandbox",), says=stopped.format("Operation not permitted"), **incomplete),
        Row("forbidden", ("{programs}/plugin_first.so",), traces=None, totals={}, seconds=600,
            says=f"({stopped.format('Operation not permitted')}|libtrace: the program runs under a "
                 "filter of system calls .*; nothing is traced\n)*"),
        Row("limits", ("libseccomp",), needs=(LIBRARIES / "libseccomp.so.2",),
            says=stopped.format("Operation not permitted"), **incomplete),
        Row("limits", ("seccomp",), says=stopped.format("Operation not permitted"), **incomplete),
        Row("pictures", ("children", 10)),
        Row("pictures", ("forks", 10), traces=None),  # as many as children get made meanwhile
        Row("pictures", ("seccomp",),
            says="libtrace: no heap picture: the program has restricted its system calls\n",
            notes=("heap pictures that could not be taken, or not to their end: 1; .*",)),
        Row("pictures", ("processes",), needs_root=True,
            says="libtrace: no heap picture: Resource temporarily unavailable\n"),
        Row("pictures", ("memory",), says="(libtrace: .*heap picture.*\n)?"),
        Row("limits", ("none",), setting=lambda place: disk_of("1m", place), needs_root=True,
            says=stopped.format("No space left on device")),
        Row("limits", ("none", "at all"), setting=lambda place: disk_of("96k", place),
            needs_root=True, says="libtrace: .*: No space left on device; nothing is traced.*\n"),
    ]


def soak():
    return [Row("soak", (SOAK_SECONDS, "{programs}"), traces=None, seconds=2 * SOAK_SECONDS + 60)]


def groups():
    return {"forks": forks(), "processes": processes(), "control": control(), "threads": threads(),
            "loader": loader(), "limits": limits(), "soak": soak()}
