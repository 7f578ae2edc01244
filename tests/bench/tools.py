"""The ways to run a program: plain, under libtrace.so, under heaptrack; and what a run costs."""
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import threading
import time

SAMPLE_SECONDS = 0.005
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclasses.dataclass
class Cost:
    wall: float  # seconds
    cpu: float  # seconds, of all processes: helpers of the tool included
    peak: int = 0  # bytes of all processes together, where they were sampled
    trace: int = 0  # bytes of the traces
    events: int = 0  # in them, where they can be counted


def _children(pid):
    """All descendants of a process, itself included."""
    found = [pid]
    for known in found:
        try:
            tasks = os.listdir(f"/proc/{known}/task")
            for task in tasks:
                text = pathlib.Path(f"/proc/{known}/task/{task}/children").read_text()
                found.extend(map(int, text.split()))
        except OSError:
            pass  # it has just ended
    return found


def _resident(pid):
    try:
        return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except (OSError, IndexError):
        return 0


class Sampler(threading.Thread):
    """Looks at the memory of a process and its descendants until stopped: peak is the most that
    they had resident at one time. Pages that they share are counted for each."""

    def __init__(self, pid):
        super().__init__()
        self.pid = pid
        self.peak = 0
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(map(_resident, _children(self.pid))))

    def stop(self):
        self.stopped.set()
        self.join()
        return self.peak


class Plain:
    name = "plain"

    def __init__(self, directory):
        self.directory = pathlib.Path(directory) / "run"

    def command(self, workload):
        return workload.command

    def variables(self):
        return {}

    def events(self):
        return 0

    def measure(self, workload, with_memory=False):
        """Run it once. with_memory: sample its memory, which takes time from it."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        cost = Cost(0, 0)
        for _ in range(workload.repeat):
            self._run_once(workload, with_memory, cost)
        files = [path for path in self.directory.iterdir() if path.is_file()]
        cost.trace = sum(path.stat().st_size for path in files)
        cost.events = self.events() if with_memory and not workload.is_short else 0
        shutil.rmtree(self.directory)
        return cost

    def _run_once(self, workload, with_memory, cost):
        variables = {**os.environ, **workload.variables, **self.variables()}
        start = time.monotonic()
        process = subprocess.Popen(list(map(str, self.command(workload))), env=variables,
                                   cwd=self.directory, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        sampler = Sampler(process.pid)
        if with_memory:
            sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        cost.wall += time.monotonic() - start
        cost.cpu += usage.ru_utime + usage.ru_stime
        process.returncode = os.waitstatus_to_exitcode(status)
        if with_memory:
            # a short program may end between two samples
            cost.peak = max(cost.peak, sampler.stop(), usage.ru_maxrss * 1024)
        if process.returncode != 0:
            raise RuntimeError(f"{workload.name}, {self.name}: status {process.returncode}")


class Libtrace(Plain):
    name = "libtrace.so"

    def __init__(self, directory, build):
        super().__init__(directory)
        self.library = build / "lib" / "libtrace.so"
        self.report_tool = build / "bin" / "trace-report"

    def variables(self):
        return {"LD_PRELOAD": str(self.library), "LIBTRACE_OUTPUT": f"{self.directory}/%p.trace"}

    def events(self):
        found = subprocess.run([self.report_tool, "--summary", "--format", "json",
                                *self.directory.glob("*.trace")], check=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        totals = json.loads(found.stdout)["summary"]
        return totals["allocations"] + totals["frees"]


class Heaptrack(Plain):
    name = "heaptrack"

    def command(self, workload):
        return ["heaptrack", *workload.heaptrack_options, "-o", self.directory / "heaptrack",
                *workload.command]


class LibtraceReport(Libtrace):
    """Recording and the report together."""
    name = "libtrace.so and report"

    def variables(self):
        return {}

    def command(self, workload):
        record = " ".join(f"{name}={value}" for name, value in super().variables().items())
        return ["sh", "-c", f'{record} "$@" && {self.report_tool} *.trace', "sh", *workload.command]


class HeaptrackReport(Heaptrack):
    name = "heaptrack and report"

    def command(self, workload):
        return ["sh", "-c", 'heaptrack -o heaptrack "$@" && heaptrack_print heaptrack.*', "sh",
                *workload.command]
