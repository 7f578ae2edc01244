"""docs/format.md against include/trace_format.h: every constant and every field of a structure that
one of them has, the other must have, with the same value.

usage: format_document.py SOURCE_DIRECTORY
"""
import pathlib
import re
import sys

# section of the document -> (prefix of the names in the header, kind of its last column)
ENUMS = {
    "2.1": "TRACE_END_",
    "2.2": "TRACE_",
    "3.1": "TRACE_",
    "3.2": "TRACE_",
    "4": "TRACE_DEF_",
    "4.3": "TRACE_STACK_",
    "5": "TRACE_EV_",
    "6": "TRACE_",
    "7": "TRACE_PIC_",
    "7.1": "TRACE_PICTURE_",
    "7.3": "TRACE_REGION_",
    "7.5": "TRACE_INSIDE_",
}
STRUCTURES = {"2": "trace_file_header", "3": "trace_chunk"}
NOT_IN_DOCUMENT = {"TRACE_COUNTERS_USED", "TRACE_FORMAT_H"}


def sections(document):
    """Return section number -> its text."""
    found, number = {}, None
    for line in document.splitlines():
        heading = re.match(r"#+ (\d+(?:\.\d+)?)\.? ", line)
        if heading:
            number = heading.group(1)
        found.setdefault(number, []).append(line)
    return {key: "\n".join(lines) for key, lines in found.items()}


def table_rows(text):
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def document_constants(parts):
    constants = {}
    for section, prefix in ENUMS.items():
        for row in table_rows(parts[section]):
            if re.fullmatch(r"[A-Z][A-Z_0-9]*", row[0]) and re.fullmatch(r"\d+", row[1]):
                constants[prefix + row[0]] = int(row[1])
    return constants


def header_constants(header):
    constants = {}
    for body in re.findall(r"enum \w+ \{(.*?)\};", header, re.S):
        for name, value in re.findall(r"(TRACE_\w+) = (\d+)", body):
            constants[name] = int(value)
    for name, value in re.findall(r"#define (TRACE_\w+) (\d+)\b", header):
        constants[name] = int(value)
    return constants


def document_fields(text):
    fields, in_table = [], False
    for row in table_rows(text):
        if row[:3] == ["field", "offset", "bytes"]:
            in_table = True
        elif in_table and len(row) >= 3 and row[1].isdigit():
            fields.append((row[0], int(row[1]), int(row[2])))
    return fields


def header_fields(header, structure):
    sizes = {"uint8_t": 1, "uint16_t": 2, "uint32_t": 4, "uint64_t": 8}
    body = re.search(rf"struct {structure} \{{(.*?)\n\}};", header, re.S).group(1)
    lengths = header_constants(header)
    fields, offset = [], 0
    for kind, name, count in re.findall(r"^\s*(uint\d+_t) (\w+)(?:\[(\w+)\])?;", body, re.M):
        size = sizes[kind] * (1 if not count else int(lengths.get(count, count)
                                                      if not count.isdigit() else count))
        fields.append((name, offset, size))
        offset += size
    return fields


def main():
    source = pathlib.Path(sys.argv[1])
    header = (source / "include/trace_format.h").read_text(encoding="utf-8")
    parts = sections((source / "docs/format.md").read_text(encoding="utf-8"))
    ours, theirs = header_constants(header), document_constants(parts)
    failures = []
    for name, value in sorted(theirs.items()):
        if ours.get(name) != value:
            failures.append(f"{name} is {value} in the document, {ours.get(name)} in the header")
    enums = set(re.findall(r"(TRACE_\w+) = \d+", header))
    for name in sorted(enums - set(theirs) - NOT_IN_DOCUMENT):
        failures.append(f"{name} is not in the document")
    for name, text in (("TRACE_WINDOW_MAGIC", "0x574e4957"), ("TRACE_SEGMENT_MAGIC", "0x4d474553")):
        if f"{name}  {text}u" not in header and f"{name} {text}u" not in header or text not in parts["3"]:
            failures.append(f"{name} differs")
    for section, structure in STRUCTURES.items():
        if document_fields(parts[section]) != header_fields(header, structure):
            failures.append(f"struct {structure}: {header_fields(header, structure)}, in the document "
                            f"{document_fields(parts[section])}")
    for failure in failures:
        print(f"FAILED: {failure}")
    print(f"format_document: {len(theirs)} constants, {len(failures)} failed")
    return 1 if failures or len(theirs) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
