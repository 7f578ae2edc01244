#!/usr/bin/env python3
"""The samples tell their stories: the figures of the originals, and the tracer's equal to their own.

Every sample says at its snapshots and at its end what it has allocated and not freed, by its own
accounting: the report must say the same, to the byte and the block.
"""
import json
import pathlib
import re
import tempfile

from harness import build, check, check_equal, finish, library, report, report_tool, require, run_traced

samples = build / "samples"
source = pathlib.Path(__file__).resolve().parents[2] / "samples"
IMAGE = 32 * 32 * 3 * 8
TABLE = 10000 * 6 * 52
GREW = ["3047 KiB", "6094 KiB", "9141 KiB", "11.9 MiB", "14.9 MiB"]

# The samples with their arguments.
STORIES = [("view_leak",), ("view_leak_del",), ("view_leak_rebind",), ("view_copy",), ("view_take",),
           ("aliasing",), ("refcounts",), ("view_vs_copy_time", "1000"), ("select_list", "50", "20"),
           ("select_array",), ("select_mixed", "100", "50"), ("select_mixed",),
           ("select_mixed_fixed",), ("select_mixed_fixed", "500", "100", "copy")]


def trace(story, directory):
    """Run a sample. Returns its trace and what it said: {moment: (bytes, blocks)}."""
    file = f"{directory}/{'-'.join(story)}.trace"
    outcome = run_traced([samples / story[0], *story[1:]], directory, {"LIBTRACE_OUTPUT": file})
    check_equal(outcome.status, 0, f"{story}: exit status ({outcome.stderr})")
    said = re.findall(r"^(.*): \d+ bytes in \d+ buffers, (\d+) bytes in (\d+) blocks in all$",
                      outcome.stdout, re.M)
    return file, {moment: (int(size), int(blocks)) for moment, size, blocks in said}


def read_json(arguments, directory):
    outcome = report(["--format", "json", *arguments], directory)
    check_equal(outcome.status, 0, f"{arguments}: {outcome.stderr}")
    return json.loads(outcome.stdout)


def compare_accounts(story, file, said, directory):
    summary = read_json([file], directory)["summary"]
    seen = (summary["live_bytes"], summary["live_blocks"])
    check_equal(seen, said["At exit"], f"{story}: live at exit")
    check_equal(summary["lost_events"], 0, f"{story}: lost events")
    # Users' rows are the program's own, not the library's: live at the snapshots, freed later.
    for snapshot in read_json(["--each-snapshot", "--exclude", "*users.h", file], directory)["snapshots"]:
        seen = (snapshot["total"]["size"], snapshot["total"]["count"])
        check_equal(seen, said[snapshot["name"]], f"{story}: live at {snapshot['name']}")


def each_snapshot(name, file, directory):
    """The tables of --each-snapshot as the story asks for them: [(title, first line)]."""
    outcome = report(["--each-snapshot", "--top", "3", "--by", "lineno", "--own", f"{name}.c", file],
                     directory)
    check_equal(outcome.status, 0, f"{name}: --each-snapshot: {outcome.stderr}")
    return [table.splitlines()[:2] for table in outcome.stdout.split("\n\n")]


def line_of(name, *texts):
    """The number of the one line of a sample that has all of @texts."""
    lines = (source / f"{name}.c").read_text().splitlines()
    found = [number for number, line in enumerate(lines, 1)
             if all(text in line for text in texts) and "*" not in line[:2]]
    check_equal(len(found), 1, f"{name}.c: lines with {texts}")
    return found[0]


def check_views(traces, directory):
    for name in ("view_leak", "view_leak_del", "view_leak_rebind"):
        tables = each_snapshot(name, traces[name], directory)
        check_equal([title for title, _ in tables],
                    [f"[Handle user{user} Top 3]" for user in range(5)], f"{name}: titles")
        line = line_of(name, "nda_sort_by_column")
        for (_, first), size in zip(tables, GREW):
            check(re.fullmatch(rf"\S*{name}\.c:{line}: size={size}, count=\d+, average=\d+ KiB", first),
                  f"{name}: {size} of line {line}: {first}")
    for name in ("view_copy", "view_take"):
        for snapshot in read_json(["--each-snapshot", traces[name]], directory)["snapshots"]:
            check(snapshot["total"]["size"] < TABLE, f"{name}: a table is live at {snapshot['name']}")
    by_size = read_json(["--by", "size", "--top", "0", traces["view_leak"]], directory)["statistics"]
    check_equal([(s["size"], s["count"]) for s in by_size if s["key"] == f"{TABLE} B"],
                [(5 * TABLE, 5)], "view_leak: five tables")


def root_of(name, declaration):
    """A pattern: what --why calls the variable that is declared so."""
    variable = declaration.strip("*;")
    return rf"global variable {variable} \(\S*{name}\.c:{line_of(name, 'static struct nda', declaration)}\)"


def picture_of(story, directory):
    """Run a sample that leaves a heap picture. Returns its trace."""
    file = f"{directory}/{'-'.join(story)}.picture.trace"
    outcome = run_traced([samples / story[0], *story[1:]], directory,
                         {"LIBTRACE_OUTPUT": file, "LIBTRACE_PICTURE": "exit"})
    check_equal((outcome.status, outcome.stderr), (0, ""), f"{story} with a picture: status, stderr")
    return file


def check_why(file, directory):
    """Who keeps the five tables: the views, kept by the list, kept by a variable."""
    tables, views, rows = (line_of("view_leak", text)
                           for text in ("nda_sort_by_column", "nda_view", "nda_list_new"))
    outcome = report(["--why", f"view_leak.c:{tables}", "--own", "view_leak.c", file], directory)
    check_equal(outcome.status, 0, f"--why: {outcome.stderr}")
    steps = [(rf"\S*view_leak\.c:{tables}, 14\.9 MiB in 10 blocks", "the tables"),
             (rf"  <- \S*view_leak\.c:{views}, \d+ B in 5 blocks", "the views"),
             (rf"  <- \S*view_leak\.c:{rows}, \d+ B in 2 blocks", "the list"),
             (rf"  <- {root_of('view_leak', '*result;')} at ", "the variable")]
    said = outcome.stdout.splitlines()[-len(steps):]
    check_equal(len(said), len(steps), f"--why: {outcome.stdout}")
    for line, (pattern, what) in zip(said, steps):
        check(re.match(pattern, line), f"--why: {what}: {line!r}")


def check_retained(file, said, directory):
    """The list keeps all of the sample's blocks, the views all but the list, the tables themselves alone."""
    lines = {line["line"]: line for line in
             read_json(["--retained", "--own", "view_leak.c", file], directory)["heap"]["lines"]}
    rows, views, tables = (lines[line_of("view_leak", text)]
                           for text in ("nda_list_new", "nda_view", "nda_sort_by_column"))
    check_equal(len(lines), 3, "--retained: lines")
    check(all(line["retained_is_exact"] for line in lines.values()), "--retained: bounds")
    size, blocks = said["At exit"]
    for line, wanted, what in ((rows, (size, blocks), "list"),
                               (views, (size - rows["size"], blocks - rows["count"]), "views"),
                               (tables, (tables["size"], tables["count"]), "tables")):
        check_equal((line["retained"]["size"], line["retained"]["count"]), wanted, f"--retained: {what}")
    check_equal(views["count"], 5, "--retained: views")
    check(5 * TABLE < views["retained"]["size"] < 5 * TABLE + 5000 and views["size"] < 1000,
          f"--retained: 14.9 MiB in some hundred bytes of their own: {views}")


def check_mixed_why(images, draws, directory):
    """Each array that nda_delete() left behind is kept by the view of one image, in the list."""
    file = picture_of(("select_mixed", str(images), str(draws)), directory)
    arrays, views, items, selected = (line_of("select_mixed", text) for text in
                                      ("must(nda_delete(", "must(nda_view(", "must(nda_list_append(",
                                       "must(nda_list_new("))
    heap = read_json(["--why", f"select_mixed.c:{arrays}", "--own", "select_mixed.c", file], directory)["heap"]
    kept, last = ([chain for chain in heap["chains"] if re.fullmatch(root_of("select_mixed", text), chain["root"])]
                  for text in ("*selected;", "*data;"))
    # what a function left behind on the stack may point to an array, too: that depends on the compiler and the day
    stale = [chain for chain in heap["chains"] if re.match("stack|.*'s local|register", chain["root"])]
    if not check_equal((len(kept), len(last), heap["chain_total"] - len(stale)), (1, 1, 2), "select_mixed: chains"):
        return
    steps = kept[0]["steps"]
    check_equal([step["line"] for step in steps], [arrays, views, items, selected], "select_mixed: chain")
    header = steps[1]["size"] // steps[1]["count"]  # of an array and of a view
    buffers = [IMAGE * count for count in range(images - draws, images)]
    check_equal((steps[0]["size"], steps[0]["count"]),
                (sum(buffers[1:]) + (draws - 1) * header, 2 * (draws - 1)), "select_mixed: arrays that are kept")
    check_equal((last[0]["steps"][0]["size"], last[0]["steps"][0]["count"]), (buffers[0] + header, 2),
                "select_mixed: the last array")
    retained = {line["line"]: line["retained"]["size"] for line in
                read_json(["--retained", "--own", "select_mixed.c", file], directory)["heap"]["lines"]}
    first = IMAGE * images + header
    check_equal(retained[views], steps[0]["size"] + first + draws * header, "select_mixed: what the views retain")


def check_mixed(file, directory):
    line = line_of("select_mixed", "must(nda_delete(")
    lines = read_json(["--annotate", "*select_mixed.c", file], directory)["annotate"]
    delete = [entry for entry in lines if entry["line"] == line][0]
    arrays = sum(IMAGE * count for count in range(400, 500))
    check(arrays <= delete["increment"] < arrays + (1 << 20), f"--annotate: {delete}")
    check(delete["increment"] > 1 << 30, "--annotate: less than 1 GiB")
    by_size = read_json(["--by", "size", "--top", "0", "--own", "select_mixed.c", "--filter",
                         f"select_mixed.c:{line}", file], directory)["statistics"]
    steps = sorted(s["size"] for s in by_size if s["size"] > 1 << 20)
    check_equal(steps, [IMAGE * count for count in range(400, 500)], "steps of the delete line")
    text = report(["--annotate", "*select_mixed.c", file], directory).stdout
    usage, increment = re.search(rf"^ +{line} +([\d.]+) MiB +([\d.]+) MiB ", text, re.M).groups()
    check_equal(increment, f"{delete['increment'] / 2 ** 20:.1f}", "--annotate: the delete line")
    check_equal(usage, f"{delete['mem_usage'] / 2 ** 20:.1f}", "--annotate: its Mem usage")
    buffers = sum(s["size"] for s in
                  read_json(["--by", "size", "--top", "0", file], directory)["statistics"]
                  if s["key"].endswith(" B") and s["size"] // s["count"] > 1 << 20)
    check_equal(buffers, 1116979200, "select_mixed: bytes of buffers")


def check_timeline(name, file, directory):
    data = read_json(["--timeline", file], directory)
    points, summary = data["timeline"], data["summary"]
    check_equal([point["s"] for point in points], sorted(point["s"] for point in points),
                f"{name}: --timeline: order")
    check_equal(points[-1]["s"], data["trace"]["duration_s"], f"{name}: --timeline: its end")
    check_equal((points[-1]["live_bytes"], points[-1]["live_blocks"]),
                (summary["live_bytes"], summary["live_blocks"]), f"{name}: --timeline: live at the end")
    check_equal(max(point["peak_bytes"] for point in points), summary["peak_bytes"],
                f"{name}: --timeline: peak")
    for point in points[::max(1, len(points) // 7)]:
        total = read_json(["--at", f"{point['s']:.4f}s", file], directory)["total"]
        check_equal((point["live_bytes"], point["live_blocks"]), (total["size"], total["count"]),
                    f"{name}: --timeline: at {point['s']} s")
    return points


def main():
    require(library, report_tool, *(samples / story[0] for story in STORIES))
    with tempfile.TemporaryDirectory() as directory:
        traces, accounts = {}, {}
        for story in STORIES:
            file, said = trace(story, directory)
            traces[" ".join(story)] = file
            accounts[" ".join(story)] = said
            compare_accounts(" ".join(story), file, said, directory)
            print(f"{' '.join(story)}: {said['At exit'][0]} bytes in {said['At exit'][1]} blocks at exit")
        check_views(traces, directory)
        picture = picture_of(("view_leak",), directory)
        check_why(picture, directory)
        check_retained(picture, accounts["view_leak"], directory)
        check_mixed_why(100, 50, directory)
        check_mixed(traces["select_mixed"], directory)
        levels = [point["live_bytes"] for point in check_timeline("select_mixed", traces["select_mixed"],
                                                                  directory)]
        check_equal(levels, sorted(levels), "select_mixed: a staircase that only goes up")
        check(len(set(levels)) > 10, f"select_mixed: {len(set(levels))} steps")
        for name in ("select_mixed_fixed", "view_leak"):
            check_timeline(name, traces[name], directory)
    finish("stories")


main()
