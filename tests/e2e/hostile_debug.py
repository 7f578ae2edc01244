#!/usr/bin/env python3
"""Debug files that are made to cost time or memory: small ones that unpack to hundreds of megabytes, a section
that is unpacked a thousand times. Each costs a warning, no more time and memory than sym_isolate.c allows a
child, and no name that is in the symbol table.
"""
import os
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

from answers import TOOL
from binaries import output
from harness import build, check, check_equal, finish, skip

SOURCE = "int run(int x);\nint run(int x)\n{\n    return x + 1;\n}\nint main(void)\n{\n    return run(-1);\n}\n"
MIB = 1 << 20
BOMB_BYTES = 80 * MIB  # what a file of this size may unpack to, or nearly
CPU_SECONDS = 5  # and one for each 8 MiB of the file; what the parent takes, too
CHILD_BYTES = 1 << 30  # and 64 for each byte of the file
PARENT_BYTES = 128 * MIB
ROWS = bytes([1, 200])  # DW_LNS_copy, and a special opcode: a row a byte
CHILDREN = bytes([2, 3])  # a DIE a byte
ABBREVIATIONS = bytes([1, 0x11, 1, 0x11, 1, 0x12, 7, 0, 0,  # a unit, which has children, and from where to where
                       2, 0x2e, 0, 0, 0, 3, 0x2e, 0, 0, 0, 0])  # functions about which nothing is said
PACKED_TO = 400  # what no packer does to real sections, and not so much that it is not believed


def filled(bytes_of):
    """Bytes of these two, the other one now and then."""
    chance = random.Random(1)
    period = PACKED_TO * 8
    return b"".join(bytes(chance.choices(bytes_of, k=32)) + bytes_of[:1] * (period - 32)
                    for _ in range(BOMB_BYTES // period))


def line_bomb():
    """A line program of DWARF 4 with nothing but rows at address 0."""
    header = bytes([1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0]) + b"a.c\0\0\0\0\0"
    body = struct.pack("<I", len(header)) + header + filled(ROWS)
    return {".debug_line": struct.pack("<IH", len(body) + 2, 4) + body}


def tree_bomb():
    """A unit of DWARF 4 that says to have all code, and has a DIE a byte."""
    body = struct.pack("<HIB", 4, 0, 8) + b"\1" + struct.pack("<QQ", 1, 1 << 40) + filled(CHILDREN) + b"\0"
    return {".debug_info": struct.pack("<I", len(body)) + body, ".debug_abbrev": ABBREVIATIONS}


def make_packed(directory, packing, sections):
    """The program with other sections, packed."""
    options = []
    for name, content in sections.items():
        path = f"{directory}/content{name}"
        with open(path, "wb") as file:
            file.write(content)
        options.append(f"--update-section={name}={path}")
    plain, packed = f"{directory}/plain", f"{directory}/packed"
    subprocess.run(["objcopy", *options, f"{directory}/good", plain], check=True)
    done = subprocess.run(["objcopy", f"--compress-debug-sections={packing}", plain, packed], check=False,
                          stderr=subprocess.DEVNULL)
    return packed if done.returncode == 0 and os.path.getsize(packed) < 2 * MIB else None


def repeat_sections(path):
    """Let a thousand section headers say that the packed .debug_line is theirs."""
    with open(path, "rb") as file:
        content = bytearray(file.read())
    at, count = struct.unpack_from("<Q", content, 0x28)[0], struct.unpack_from("<H", content, 0x3c)[0]
    headers = [bytes(content[at + i * 64:at + i * 64 + 64]) for i in range(count)]
    packed = next(header for header in headers if struct.unpack_from("<Q", header, 8)[0] & 0x800)
    headers += [packed] * 1000
    struct.pack_into("<Q", content, 0x28, len(content))
    struct.pack_into("<H", content, 0x3c, len(headers))
    with open(path, "wb") as file:
        file.write(content + b"".join(headers))


def check_file(path, label):
    address = next(int(line.split()[0], 16) for line in output("nm", path).splitlines()
                   if line.endswith(" run"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(TOOL)], input=f"{path} {address:x}\n", capture_output=True, text=True,
                          check=False, errors="replace")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime
    size = os.path.getsize(path)
    check_equal(done.returncode, 0, f"{label}: {done.stderr}")
    check_equal(done.stdout.splitlines()[1:2], ["run"], label)
    check("debug information: " in done.stderr, f"{label}: no warning: {done.stderr}")
    most = CHILD_BYTES + 64 * size + PARENT_BYTES
    check(usage.ru_maxrss * 1024 <= most, f"{label}: {usage.ru_maxrss >> 10} MiB, {most // MIB} expected at most")
    check(seconds <= 2 * (CPU_SECONDS + size / (8 * MIB)), f"{label}: {seconds:.1f} s")
    print(f"{label}: {size >> 10} KiB, {seconds:.1f} s of CPU, {usage.ru_maxrss >> 10} MiB at most;",
          done.stderr.strip().rsplit("/", 1)[-1])


def main():
    if not all(map(shutil.which, ("gcc", "objcopy", "nm"))):
        skip("needs gcc and binutils")
    if "asan" in str(build) or "tsan" in str(build):
        skip("a sanitizer's shadow cannot be bounded")
    for label, packing, sections, is_repeated in (
            ("rows, zlib", "zlib", line_bomb, False), ("entries, zlib", "zlib", tree_bomb, False),
            ("rows, zstd", "zstd", line_bomb, False), ("entries, zstd", "zstd", tree_bomb, False),
            ("sections, zstd", "zstd", line_bomb, True)):
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run(["gcc", "-g", "-gdwarf-4", "-x", "c", "-", "-o", f"{directory}/good"], input=SOURCE,
                           text=True, check=True)
            path = make_packed(directory, packing, sections())
            if path is None:
                print(f"{label}: objcopy cannot make it")
                continue
            if is_repeated:
                repeat_sections(path)
            check_file(path, label)
    finish("hostile debug files")


if __name__ == "__main__":
    sys.exit(main())
