"""Source positions and symbols of call sites, compared with gdb's `info line` and `info symbol`.

Files: libc and python3.11 with their -dbg packages, where installed, a thousand addresses each. gdb is
the only one of the oracles that reads statements apart from other rows of a line table, and names what
the linker names:
- A row that is no statement (is_stmt off) is passed over by gdb, which then gives the line before it.
  addr2line and llvm-symbolizer do not. So where gdb differs, those two must agree with us, and they may
  only in a few of a hundred places.
- A function's symbol may have another ending (.cold, .lto_priv.0, .constprop.1) or be an alias.
"""
import collections
import os
import re
import shutil
import sys
import tempfile

import harness
from answers import addr2line_answers, llvm_answers, our_answers, positions
from binaries import PACKAGED, call_addresses, debug_file, output, symbols_of

PER_FILE = 4000 if harness.IS_ALL else 1000
DIFFERENT_MOST = 0.05  # of the addresses


def gdb_answers(path, addresses):
    """By address: ((file, line) or None, symbol or None)."""
    commands = "set pagination off\nset width 0\nset print demangle off\n" + "".join(
        f"echo @{address:x}\\n\ninfo line *{address:#x}\ninfo symbol {address:#x}\n" for address in addresses)
    with tempfile.NamedTemporaryFile("w") as script:
        script.write(commands)
        script.flush()
        text = output("gdb", "-q", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-x",
                              script.name, path)
    answers = {}
    for address, answer in re.findall(r"^@([0-9a-f]+)\n(.*?)(?=^@|\Z)", text, re.M | re.S):
        line = re.search(r'Line (\d+) of "(.*?)"', answer)
        symbol = re.search(r"^(\S+?)(?: \+ \d+)? in section", answer, re.M)
        answers[int(address, 16)] = (line and (line[2], line[1]), symbol and symbol[1])
    return answers


def base(symbol):
    """A symbol without its version, and without what the compiler put behind the name."""
    return re.sub(r"@.*|\[cold\]$|\.(cold|part|isra|constprop|lto_priv|localalias)\b.*", "", symbol)


def is_same_line(ours, theirs):
    if theirs is None:
        return ours[2] in ("0", "?")
    return (os.path.basename(ours[1]), ours[2]) == (os.path.basename(theirs[0]), theirs[1])


def compare(path):
    """Returns how many addresses were compared."""
    debug = debug_file(path) if os.path.exists(path) else None
    if debug is None:
        print(f"{path}: no debug file installed, not compared")
        return 0
    addresses = call_addresses(path, PER_FILE)
    ours = dict(zip(addresses, our_answers(path, addresses)))
    theirs = gdb_answers(path, addresses)
    harness.check_equal(len(theirs), len(addresses), f"{path}: gdb's answers")
    different = [address for address in addresses if not is_same_line(ours[address][0], theirs[address][0])]
    second = dict(zip(different, addr2line_answers(debug, different)))
    third = llvm_answers(debug, different)
    for address in different:
        agree = any(positions(ours[address]) == positions(other[address])
                    for other in (second, third) if other)
        harness.check(agree, f"{path} {address:#x}: {ours[address]}, gdb {theirs[address]}")
    harness.check(len(different) <= DIFFERENT_MOST * len(addresses),
                  f"{path}: gdb has another line for {len(different)} of {len(addresses)}")
    counts = compare_names(path, debug, ours, theirs)
    print(f"{path}: {len(addresses)} addresses, {len(different)} with another line in gdb;", dict(counts))
    return len(addresses)


def compare_names(path, debug, ours, theirs):
    counts = collections.Counter()
    starts = collections.defaultdict(set)
    table = symbols_of(debug)
    for start, _, name in table:
        starts[start].add(base(name))
    aliases = collections.defaultdict(set)
    for names in starts.values():
        for name in names:
            aliases[name] |= names
    for address, answer in ours.items():
        name, symbol = answer[-1][0], theirs[address][1]
        if symbol is None or name == symbol:
            counts["same"] += 1
        elif base(name) == base(symbol):
            counts["another ending"] += 1
        else:
            counts["alias"] += 1
            harness.check(name in aliases[base(symbol)], f"{path} {address:#x}: {name}, gdb {symbol}")
    return counts


def main():
    if shutil.which("gdb") is None or shutil.which("objdump") is None:
        harness.skip("needs gdb and binutils")
    compared = sum(compare(path) for path in PACKAGED)
    if compared == 0:
        harness.skip("needs a file with its -dbg package")
    harness.finish(f"symbols of {compared} addresses")


if __name__ == "__main__":
    sys.exit(main())
