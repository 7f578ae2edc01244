"""The programs that are measured: a name, a command, and how many pairs of an allocation and a free
it makes where that is what its target speaks of. README.md says what each stands for.
"""
import dataclasses
import pathlib
import subprocess

here = pathlib.Path(__file__).parent
TRUE_RUNS = 20


@dataclasses.dataclass
class Workload:
    name: str
    command: list
    pairs: int = 0  # an extra cost in nanoseconds is given for each of them
    variables: dict = dataclasses.field(default_factory=dict)
    repeat: int = 1  # runs of the command that are measured as one
    heaptrack_options: tuple = ()
    is_short: bool = False  # so few events that bytes for each of them say nothing


def _compiler(directory, units):
    """The compiler itself, on a file that has been preprocessed: heaptrack does not follow the
    driver's children."""
    source = directory / "large_unit.ii"
    subprocess.run(["g++", "-std=c++17", f"-DUNITS={units}", "-E", here / "large_unit.cc", "-o", source],
                   check=True)
    compiler = subprocess.run(["g++", "-print-prog-name=cc1plus"], check=True, capture_output=True,
                              text=True).stdout.strip()
    return [compiler, "-quiet", "-std=gnu++17", "-fpreprocessed", "-O1", source, "-o", "/dev/null"]


def _query(directory, rows):
    script = directory / "query.sql"
    script.write_text((here / "query.sql").read_text().replace("ROWS", str(rows)))
    return ["sqlite3", "-batch", ":memory:", f".read {script}"]


def workloads(build, directory, is_quick):
    """All of them. directory: where sources that have to be made first are put."""
    def scaled(count):
        return count // 10 if is_quick else count

    def program(name, *arguments):
        return [build / "tests" / "bench" / name, *map(str, arguments)]

    pairs = scaled(5_000_000)
    nodes = 1_000_000
    python = {"PYTHONMALLOC": "malloc"}
    storm = f"i=0; while [ $i -lt {scaled(200)} ]; do /bin/true; i=$((i + 1)); done"
    return [
        Workload("pairs, depth 1", program("pairs", pairs, 1), pairs),
        Workload("pairs, depth 20", program("pairs", pairs, 20), pairs),
        Workload("pairs, depth 100", program("pairs", pairs, 100), pairs),
        Workload("recursion, depth 20", program("recursion", pairs, 20), pairs),
        Workload("sizes, 1 thread", program("sizes", pairs, 1), pairs),
        Workload("sizes, 2 threads", program("sizes", pairs, 2), 2 * pairs),
        Workload("handover", program("handover", pairs), pairs),
        Workload("list churn, 1 thread", program("list_churn", nodes, 1), 3 * nodes),
        Workload("list churn, 2 threads", program("list_churn", nodes, 2), 6 * nodes),
        Workload("list churn, 16 threads", program("list_churn", scaled(nodes), 16),
                 48 * scaled(nodes)),
        Workload("realloc growth", program("growth", pairs), pairs),
        Workload("python3.11", ["/usr/bin/python3.11", here / "objects.py", str(scaled(20_000))],
                 variables=python),
        Workload("python3.11, allocation",
                 ["/usr/bin/python3.11", here / "allocation.py", str(scaled(40_000))],
                 variables=python),
        Workload("python3.11, mixed", ["/usr/bin/python3.11", here / "mixed.py", str(scaled(20))],
                 variables=python),
        Workload("python3.11, as it is", ["/usr/bin/python3.11", here / "mixed.py", str(scaled(20))]),
        Workload("sqlite3", _query(directory, scaled(200_000))),
        # with interpretation heaptrack takes minutes and gigabytes here
        Workload("compiler", _compiler(directory, 2 if is_quick else 10), heaptrack_options=("--raw",)),
        Workload("true", ["/bin/true"], repeat=TRUE_RUNS, is_short=True),
        Workload("fork storm", ["/bin/sh", "-c", storm], is_short=True),
    ]
