#!/usr/bin/env python3
"""Graphs of heap pictures: --format dot is in the language of Graphviz, and says what JSON says.

The language is read here by its published grammar; where graphviz is installed, dot itself has to agree.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import build, check, check_equal, environment, finish, library, report, report_tool, require  # noqa: E402

PROGRAMS = ("leaks/cycle_tail", "leaks/inside_both", "leaks/map", "leaks/tree", "leaks/list_kept", "leaks/many")
TOKEN = re.compile(r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_]\w*)|(?P<sign>->|[{}\[\]=,;]))', re.S)


def tokens(text):
    """Source: the DOT language, graphviz.org/doc/info/lang.html."""
    at = 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if not match:
            raise ValueError(f"no token at {text[at:at + 40]!r}")
        yield match[match.lastgroup]
        at = match.end()


def parse(text):
    """Returns ({node: attributes}, [(from, to, attributes)])."""
    words = list(tokens(text))
    if words[:1] != ["digraph"] or words[2] != "{" or words[-1] != "}":
        raise ValueError(f"no digraph: {words[:3]} ... {words[-1]}")
    nodes, edges, statement = {}, [], []
    for word in words[3:-1]:
        if word != ";":
            statement.append(word)
            continue
        attributes = {}
        if "[" in statement:
            start = statement.index("[")
            listed = statement[start + 1:-1]
            if statement[-1] != "]" or [listed[i] for i in range(1, len(listed), 4)] != ["="] * ((len(listed) + 1) // 4):
                raise ValueError(f"attributes: {statement}")
            attributes = {listed[i]: listed[i + 2] for i in range(0, len(listed), 4)}
            statement = statement[:start]
        if len(statement) == 3 and statement[1] == "->":
            edges.append((statement[0], statement[2], attributes))
        elif len(statement) == 1:
            nodes[statement[0]] = attributes
        else:
            raise ValueError(f"statement: {statement}")
        statement = []
    if statement:
        raise ValueError(f"no end of {statement}")
    return nodes, edges


def lines_of(label):
    return [re.sub(r"\\(.)", r"\1", line) for line in label[1:-1].split(r"\n")]


def show(arguments, file, form, directory):
    outcome = report([*arguments, "--top", "0", "--format", form, file], directory)
    check_equal(outcome.status, 0, f"{arguments} {form}: {outcome.stderr}")
    return outcome.stdout


def drawn(what, arguments, file, directory):
    text = show(arguments, file, "dot", directory)
    try:
        nodes, edges = parse(text)
    except (ValueError, IndexError) as error:
        check(False, f"{what}: {error}")
        return {}, []
    if shutil.which("dot"):
        done = subprocess.run(["dot", "-Tcanon"], input=text, capture_output=True, text=True, check=False)
        check_equal((done.returncode, done.stderr), (0, ""), f"{what}: dot")
    for start, end, _ in edges:
        check(start in nodes and end in nodes, f"{what}: an edge of no node: {start} -> {end}")
    return nodes, edges


def check_lines(what, arguments, file, directory):
    """A graph of lines: nodes and edges are the lines and links of JSON."""
    nodes, edges = drawn(what, arguments, file, directory)
    heap = json.loads(show(arguments, file, "json", directory))["heap"]
    names = {node: lines_of(attributes["label"])[0] for node, attributes in nodes.items()
             if "label" in attributes}
    is_lost = {line["key"]: any(line["classes"][name]["count"] for name in ("definite", "indirect", "possible"))
               for line in heap["lines"]}
    wanted = sorted(key for key in is_lost if arguments[0] == "--retained" or is_lost[key])
    check_equal(sorted(names.values()), wanted, f"{what}: nodes")
    sums = re.compile(r'"(?:.* in )?(\d+) (?:pointer|block)')
    seen = sorted((names.get(start, ""), names[end], int(sums.match(attributes["label"])[1]),
                   attributes.get("style") == "dashed") for start, end, attributes in edges if end in names)
    links = sorted((link["from"] or "", link["to"], link["count"], link["inside"]) for link in heap["links"])
    check_equal(seen, links, f"{what}: edges")
    return heap


def check_chains(what, line, file, directory):
    arguments = ["--why", line]
    nodes, edges = drawn(what, arguments, file, directory)
    chains = json.loads(show(arguments, file, "json", directory))["heap"]["chains"]
    labels = sorted(lines_of(attributes["label"])[0] for attributes in nodes.values() if "label" in attributes)
    wanted = [step["key"] for chain in chains for step in chain["steps"]] + [chain["root"] for chain in chains]
    check_equal(labels, sorted(wanted), f"{what}: nodes")
    repeated = sum(step["repeated"] for chain in chains for step in chain["steps"])
    check_equal(len(edges), sum(len(chain["steps"]) for chain in chains) + repeated, f"{what}: edges")
    dashed = sum(attributes.get("style") == "dashed" for _, _, attributes in edges)
    check_equal(dashed, sum(step["inside"] for chain in chains for step in chain["steps"]), f"{what}: dashed edges")


def main():
    require(library, report_tool)
    losses = 0
    with tempfile.TemporaryDirectory() as directory:
        for program in PROGRAMS:
            file = f"{directory}/{pathlib.Path(program).name}.trace"
            subprocess.run([build / "tests" / program], check=False, stdout=subprocess.DEVNULL,
                           env=environment(LD_PRELOAD=library, LIBTRACE_PICTURE="exit", LIBTRACE_OUTPUT=file))
            losses += len(check_lines(f"{program} --leaks", ["--leaks"], file, directory)["links"])
            heap = check_lines(f"{program} --retained", ["--retained"], file, directory)
            check(heap["links"], f"{program} --retained: no links")
            check_chains(f"{program} --why", heap["lines"][0]["key"], file, directory)
        check(losses > 0, "nothing is lost")
        odd = report(["--summary", "--format", "dot", file], directory)
        check_equal(odd.status, 2, "--summary --format dot: status")
    finish("graphs of heap pictures")


main()
