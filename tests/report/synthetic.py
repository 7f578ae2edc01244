"""Traces made up by tests in Python, by docs/format.md, with nothing compressed.

A third reading of the document, beside the tracer's and tests/support/trace_builder.c's.
"""
import struct

HEADER_BYTES = 4096
WINDOW_BYTES = 65536
CHUNK_BYTES = 64
RECORDS_MAX = WINDOW_BYTES - CHUNK_BYTES
MAGIC = b"\x89ltrace\n"
SEGMENT_MAGIC = 0x4D474553
DEFINITIONS, EVENTS = 1, 2
PLAIN = 0
WHOLE, CUT, BROKEN, FIRST = 0, 1, 2, 3
MASK = (1 << 64) - 1
BASES = "stack", "address", "site", "site's stack", "last"  # what records are differences to


def check(data):
    value = 2166136261
    for byte in data:
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(difference):
    difference &= MASK
    if difference >> 63:
        difference -= 1 << 64
    return (difference << 1 ^ difference >> 63) & MASK


def delta(value, base):
    return varint(zigzag(value - base))


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return varint(len(data)) + data


class Trace:
    """Definitions and events of any streams; to_bytes() makes the file."""

    def __init__(self, pid=4711, end_state=1):
        self.header = dict(version=3, oldest_reader=3, pid=pid, end_state=end_state, end_tick=0)
        self.counters = [0] * 32
        self.records = {}
        self.time = {}

    def add(self, stream, content, record):
        self.records.setdefault((stream, content), []).append((self.time.get(stream, (0, 0)), record))

    def process(self, executable, directory, arguments=()):
        arguments = list(arguments)
        self.add(0, DEFINITIONS, b"\x01" + text(executable) + text(directory) + text("host") +
                 text("/lib/libc.so.6") + varint(len(arguments)) + varint(len(arguments)) +
                 b"".join(text(argument) for argument in arguments))

    def module(self, number, bias, path, build_id=b""):
        self.add(0, DEFINITIONS, b"\x02" + varint(number) + varint(bias) + varint(bias + (1 << 30)) +
                 varint(bias) + text(build_id) + text(path))

    def stack(self, number, parent, module, address):
        # Encoded later: bases are those of the chunk that the record gets into.
        self.add(0, DEFINITIONS, ("stack", number, parent, module, address))

    def site(self, stream, number, stack, size):
        self.add(stream, DEFINITIONS, ("site", number, stack, size))

    def domain(self, stream, site, domain):
        fields = varint(site) + varint(domain)
        self.add(stream, DEFINITIONS, b"\x41" + text(fields))

    def thread(self, stream, thread, name):
        self.add(stream, DEFINITIONS, b"\x05" + varint(thread) + text(name))

    def at(self, stream, tick, epoch):
        old_tick, old_epoch = self.time.get(stream, (0, 0))
        self.add(stream, EVENTS, b"\x07" + varint(tick - old_tick) + varint(epoch - old_epoch))
        self.time[stream] = (tick, epoch)

    def allocate(self, stream, site):
        self.add(stream, EVENTS, ("allocate", site))

    def pair(self, stream, site):
        self.add(stream, EVENTS, ("pair", site))

    def free(self, stream, site, age):
        self.add(stream, EVENTS, ("free", site, age))

    def reallocate(self, stream, old_site, age, new_site):
        self.add(stream, EVENTS, ("reallocate", old_site, age, new_site))

    def snapshot(self, stream, name):
        self.add(stream, EVENTS, b"\x27" + text(name))

    def clear(self, stream, first_site):
        self.add(stream, EVENTS, b"\x8f\x01" + text(varint(first_site)))

    def resident(self, stream, size):
        data = varint(size)
        self.add(stream, EVENTS, b"\x97\x01" + varint(len(data)) + data)

    def _chunks(self, stream, content):
        """Yield (time at its start, records) for each chunk."""
        data, start, bases = bytearray(), (0, 0), dict.fromkeys(BASES, 0)
        for time, record in self.records[stream, content]:
            encoded = self._encode(record, bases)
            if len(data) + len(encoded) > RECORDS_MAX:
                yield start, bytes(data)
                data, start, bases = bytearray(), time, dict.fromkeys(BASES, 0)
                encoded = self._encode(record, bases)
            data += encoded
            bases |= self._next_bases(record)
        yield start, bytes(data)

    @staticmethod
    def _next_bases(record):
        """What later records of the chunk are differences to, from this one on."""
        match record:
            case "stack", number, _, _, address:
                return {"stack": number, "address": address}
            case "site", number, stack, _:
                return {"site": number, "site's stack": stack}
            case ("allocate" | "pair", site) | ("reallocate", _, _, site):
                return {"last": site}
        return {}

    @staticmethod
    def _encode(record, bases):
        last = bases["last"]
        match record:
            case "stack", number, parent, module, address:
                return (b"\x03" + delta(number, bases["stack"]) + delta(parent, number) + varint(module) +
                        delta(address, bases["address"]))
            case "site", number, stack, size:
                return (b"\x04" + delta(number, bases["site"]) + delta(stack, bases["site's stack"]) +
                        varint(size))
            case "allocate", site:
                return varint(zigzag(site - last) << 2)
            case "pair", site:
                return varint(zigzag(site - last) << 2 | 1)
            case "free", site, 0:
                return varint(zigzag(site - last) << 2 | 2)
            case "free", site, age:
                return varint(zigzag(site - last) << 3 | 3) + varint(age)
            case "reallocate", old_site, age, new_site:
                return b"\x0f" + delta(old_site, last) + varint(age) + delta(new_site, last)
        return record

    def to_bytes(self):
        fields = self.header
        head = MAGIC + struct.pack(
            "<HHIIIQQQQQIIIII", fields["version"], fields["oldest_reader"], HEADER_BYTES,
            WINDOW_BYTES, 0, 1, 1_800_000_000 * 10 ** 9, 0, 0, 0, fields["pid"], 1, FIRST, 1, 0)
        head += struct.pack("<III", check(head), fields["end_state"], fields["end_tick"])
        head += struct.pack("<32Q", *self.counters)
        out = bytearray(head.ljust(HEADER_BYTES, b"\0"))
        for stream, content in sorted(self.records):
            for sequence, (time, data) in enumerate(self._chunks(stream, content)):
                chunk = struct.pack("<IBBHIIIIQ", SEGMENT_MAGIC, content, PLAIN, 0, stream, sequence,
                                    len(data), time[0], time[1]) + bytes(20)
                out += chunk + struct.pack("<III", check(chunk), len(data), 0) + data
                out += bytes(-len(out) % 64)
        return bytes(out)
