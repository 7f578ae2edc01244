"""Compare libndarray.so with NumPy itself: random arrays, random operations, the same answers.

Usage: compare_numpy.py LIBRARY [CASES [SEED]]

A case starts from one or two arrays of a random type and shape and applies operations to any array
it has so far; every result joins them. After each operation values, type, shape, strides, base,
owner and references are compared, at the end shares_memory of all pairs; then everything is given
back in random order and nothing may be left. The seed is printed first: the same one repeats a run.
"""
import ctypes as c
import random
import struct
import sys

import numpy as np

import nda

WORDS = ["", "a", "user0", "operation", "1601877600000", "naïve", "日本", "😀", "-7", " 42 ", "1.5",
         "1e3", "inf", "zebra", "data1"]
FLOATS = [0.0, -0.0, 1.0, 0.1, -2.5, 1e16, 1e-5, 1e22, 123456789.125, 5e-324, 1.7976931348623157e308]


class Case:
    pairs_seen = [0, 0]  # views of one array that share nothing, and that share something

    def __init__(self, rng):
        self.rng = rng
        self.pairs = []  # (array of ours, NumPy's)
        self.kept = []  # memory that borrowers use
        self.done = []  # operations, for the message when something differs

    # ---- random material ----

    def shape(self, most=4):
        sizes = [0, 1, 1, 2, 3, 4, 5]
        return tuple(self.rng.choice(sizes) for _ in range(self.rng.randint(0, most)))

    def values(self, shape, kind):
        rng = self.rng
        size = int(np.prod(shape))
        if kind == "i":
            items = [rng.choice([0, 1, -1, 7, rng.randint(-99, 99), 2**40]) for _ in range(size)]
            return np.array(items, dtype="i8").reshape(shape)
        if kind == "f":
            items = [rng.choice(FLOATS + [rng.gauss(0, 1), rng.randint(-9, 9) / 4])
                     for _ in range(size)]
            return np.array(items, dtype="f8").reshape(shape)
        words = [w for w in WORDS if w.strip("-").isdigit()] if rng.random() < 0.3 else WORDS
        items = [rng.choice(words) for _ in range(size)]
        return np.array(items, dtype=f"U{rng.randint(1, 14)}").reshape(shape)

    def add_root(self, kind=None):
        data = self.values(self.shape(), kind or self.rng.choice("iifU"))
        if self.rng.random() < 0.2:
            memory = bytearray(data.tobytes() or b"-")
            self.kept.append(memory)
            theirs = np.ndarray(data.shape, data.dtype, buffer=memory)
            ours = nda.Array.borrower_of(theirs, data.shape)
        else:
            ours, theirs = nda.Array.owner_of(data), data.copy()
        self.done.append(f"root {data.dtype} {data.shape}")
        self.join(ours, theirs)

    # ---- comparing ----

    def join(self, ours, theirs):
        self.pairs.append((ours, theirs))
        self.compare(ours, theirs)

    def compare(self, ours, theirs):
        self.same("dtype", ours.dtype, theirs.dtype)
        self.same("shape", ours.shape, theirs.shape)
        self.same("strides", ours.strides, theirs.strides)
        self.same("owns", ours.ask("owns_data"), theirs.flags.owndata)
        self.same("values", repr(ours.seen_by_numpy().tolist()), repr(theirs.tolist()))
        base = theirs.base if isinstance(theirs.base, np.ndarray) else None
        expected = [o.pointer.value for o, t in self.pairs if t is base]
        self.same("base", ours.ask("base"), expected[0] if expected else None)

    def same(self, what, ours, theirs):
        if ours != theirs:
            raise AssertionError(f"{what}: ours {ours}, NumPy's {theirs}, after {self.done}")

    def compare_pairs(self):
        for ours, theirs in self.pairs:
            views = sum(t.base is theirs for _, t in self.pairs)
            self.same("refcount", ours.ask("refcount"), 1 + views)
            for other, their_other in self.pairs:
                self.same("shares", ours.ask("shares_memory", other.pointer),
                          np.shares_memory(theirs, their_other))

    # ---- one operation: (what ours gives or None, what NumPy gives or None) ----

    def step(self):
        ours, theirs = self.rng.choice(self.pairs)
        name = self.rng.choice(sorted(n for n in dir(self) if n.startswith("op_")))
        self.done.append(f"{name} of {theirs.shape}")
        outcome = getattr(self, name)(ours, theirs)
        if outcome is None:
            return
        make_ours, make_theirs = outcome
        failure = None
        try:
            expected = make_theirs()
        except (IndexError, ValueError, np.AxisError) as error:
            failure = error
        try:
            result = make_ours()
        except nda.Failure as error:
            if failure is None:
                raise AssertionError(f"{error} after {self.done}") from error
            is_index = isinstance(failure, IndexError)
            self.same("status", error.status == nda.INDEX, is_index)
            return
        if failure is not None:
            raise AssertionError(f"no error, but NumPy's {failure!r} after {self.done}")
        self.join(result, expected)

    def bound(self, size):
        return self.rng.choice([None, self.rng.randint(-size - 2, size + 2)])

    def axis(self, array):
        """Sometimes one that the array does not have; None for one without axes."""
        if array.ndim == 0:
            return None
        return self.rng.randint(-array.ndim - (self.rng.random() < 0.05), array.ndim - 1)

    def keys(self, theirs):
        """What stands between the brackets, ours and NumPy's; it may not fit."""
        keys, their_keys = [], []
        axis = 0
        while axis < theirs.ndim + (self.rng.random() < 0.02) and self.rng.random() < 0.85:
            kind = self.rng.random()
            if kind < 0.12:
                keys.append(nda.Key(nda.NEWAXIS))
                their_keys.append(None)
                continue
            size = theirs.shape[axis] if axis < theirs.ndim else 1
            axis += 1
            if kind < 0.35:
                index = self.rng.randint(-size, size)
                index = min(index, size - 1) if self.rng.random() < 0.9 else index
                keys.append(nda.Key(nda.AT, index))
                their_keys.append(index)
                continue
            start, stop = self.bound(size), self.bound(size)
            step = self.rng.choice([1, 1, None, 2, 3, -1, -1, -2, 2**62, -(2**62)])
            keys.append(nda.Key(nda.SLICE, *(nda.NONE if x is None else x
                                             for x in (start, stop, step))))
            their_keys.append(slice(start, stop, step))
        self.done.append(str(their_keys))
        return keys, tuple(their_keys) + (Ellipsis,)

    def op_view(self, ours, theirs):
        keys, their_keys = self.keys(theirs)
        if theirs.ndim + their_keys.count(None) > 8:
            return None
        return lambda: ours.view(keys), lambda: theirs[their_keys]

    def op_shares(self, _ours, _theirs):
        """Many views of one array, which overlap, interleave or lie apart."""
        shape = tuple(self.rng.randint(3, 7) for _ in range(self.rng.randint(1, 3)))
        owner = self.values(shape, self.rng.choice("iU"))
        ours, theirs = nda.Array.owner_of(owner), owner.copy()
        self.join(ours, theirs)
        views = []
        for _ in range(6):
            keys, their_keys = self.keys(theirs)
            try:
                views.append((ours.view(keys), theirs[their_keys]))
            except nda.Failure:
                continue
        for view, their_view in views:
            for other, their_other in views:
                shares = np.shares_memory(their_view, their_other)
                self.same("shares", view.ask("shares_memory", other.pointer), shares)
                Case.pairs_seen[shares] += 1
        for view, _ in views:
            view.decref()

    def op_transpose(self, ours, theirs):
        axes = list(range(theirs.ndim))
        self.rng.shuffle(axes)
        if self.rng.random() < 0.3:
            return lambda: ours.new("transpose", None), lambda: theirs.transpose()
        array = (c.c_int * max(len(axes), 1))(*axes)
        self.done.append(str(axes))
        return lambda: ours.new("transpose", array), lambda: theirs.transpose(axes)

    def op_reshape(self, ours, theirs):
        rest, shape = theirs.size, []
        while len(shape) < 6 and self.rng.random() < 0.8:
            divisors = [d for d in range(1, rest + 1) if rest % d == 0] or [0, 1, 2]
            shape.append(self.rng.choice(divisors))
            rest = rest // shape[-1] if shape[-1] else 0
        if rest != 1 or not shape:
            shape.append(rest)
        self.rng.shuffle(shape)
        if self.rng.random() < 0.2:
            shape[self.rng.randrange(len(shape))] = -1
        if self.rng.random() < 0.05:
            shape.append(2)
        self.done.append(str(shape))
        try:
            is_view = theirs.reshape(shape).base is self.owner(theirs)
        except ValueError:
            is_view = True

        def make():
            try:
                result = ours.new("reshape", len(shape), nda.int64s(shape))
            except nda.Failure as error:
                self.same("reshape copies", error.status == nda.STRIDES, not is_view)
                raise
            return result

        if not is_view:
            try:
                make().decref()
                raise AssertionError(f"a view where NumPy copies, after {self.done}")
            except nda.Failure:
                return None
        return make, lambda: theirs.reshape(shape)

    @staticmethod
    def owner(array):
        return array.base if isinstance(array.base, np.ndarray) else array

    def op_copy(self, ours, theirs):
        return lambda: ours.new("copy"), lambda: theirs.copy()

    def op_take(self, ours, theirs):
        axis = None if self.rng.random() < 0.2 else self.axis(theirs)
        size = theirs.size if axis is None else 1
        if axis is not None and -theirs.ndim <= axis < theirs.ndim:
            size = theirs.shape[axis]
        if size == 0:
            indices = []
        else:
            indices = [self.rng.randint(-size, size - 1) for _ in range(self.rng.randint(0, 6))]
        if theirs.size > 0 and self.rng.random() < 0.05:
            indices.append(size)
        self.done.append(f"{indices} axis {axis}")
        return (lambda: ours.new("take", nda.int64s(indices), c.c_int64(len(indices)),
                                 nda.FLAT if axis is None else axis),
                lambda: np.take(theirs, np.array(indices, dtype="i8"), axis=axis))

    def op_mask(self, ours, theirs):
        axis = None if self.rng.random() < 0.3 else self.axis(theirs)
        if axis is not None and not -theirs.ndim <= axis < theirs.ndim:
            return None
        shape = theirs.shape if axis is None else (theirs.shape[axis],)
        mask = np.array([self.rng.random() < 0.5 for _ in range(int(np.prod(shape)))],
                        dtype=bool).reshape(shape)
        flat = np.ascontiguousarray(mask).reshape(-1)
        self.done.append(f"{mask.tolist()} axis {axis}")
        call = lambda: ours.new("mask", c.c_void_p(flat.ctypes.data), c.c_int64(flat.size),
                                nda.FLAT if axis is None else axis)
        if axis is None:
            return call, lambda: theirs[mask]
        return call, lambda: np.compress(mask, theirs, axis=axis)

    def op_delete(self, ours, theirs):
        axis = None if self.rng.random() < 0.2 else self.axis(theirs)
        size = theirs.size if axis is None else 1
        if axis is not None and -theirs.ndim <= axis < theirs.ndim:
            size = theirs.shape[axis]
        index = self.rng.randint(-size, max(size - 1, 0))
        self.done.append(f"{index} axis {axis}")
        return (lambda: ours.new("delete", c.c_int64(index), nda.FLAT if axis is None else axis),
                lambda: np.delete(theirs, index, axis=axis))

    def partner(self, theirs, axis):
        """Another array that fits, or nearly, sometimes in Fortran order."""
        shape = list(theirs.shape)
        if axis is not None and shape:
            shape[axis % len(shape)] = self.rng.randint(0, 3)
        if shape and self.rng.random() < 0.05:
            shape[self.rng.randrange(len(shape))] += 1
        kind = "U" if theirs.dtype.kind == "U" else self.rng.choice("if")
        theirs = self.values(tuple(shape), kind)
        ours = nda.Array.owner_of(theirs)
        self.join(ours, theirs.copy())
        if self.rng.random() < 0.5:
            ours, theirs = self.pairs[-1]
            self.join(ours.new("transpose", None), theirs.T)
            ours, theirs = self.pairs[-1]
            self.join(ours.new("copy"), theirs.copy())
            ours, theirs = self.pairs[-1]
            self.join(ours.new("transpose", None), theirs.T)
        return self.pairs[-1]

    def op_append(self, ours, theirs):
        axis = None if self.rng.random() < 0.3 else self.axis(theirs)
        if axis is not None and not -theirs.ndim <= axis < theirs.ndim:
            return None
        other, their_other = self.partner(theirs, axis)
        if self.rng.random() < 0.5:
            other, their_other, ours, theirs = ours, theirs, other, their_other
        self.done.append(f"{their_other.shape} axis {axis}")
        return (lambda: ours.new("append", other.pointer, nda.FLAT if axis is None else axis),
                lambda: np.append(theirs, their_other, axis=axis))

    def op_concatenate(self, ours, theirs):
        axis = self.axis(theirs)
        if axis is None or not -theirs.ndim <= axis < theirs.ndim:
            return None
        chosen = [(ours, theirs)] + [self.partner(theirs, axis)
                                     for _ in range(self.rng.randint(0, 2))]
        pointers = (c.c_void_p * len(chosen))(*(o.pointer for o, _ in chosen))
        self.done.append(f"{[t.shape for _, t in chosen]} axis {axis}")
        return (lambda: nda.Array(nda.make("concatenate", pointers, len(chosen), axis)),
                lambda: np.concatenate([t for _, t in chosen], axis=axis))

    def op_sort_by_column(self, ours, theirs):
        if theirs.ndim != 2:
            theirs = self.values((self.rng.randint(0, 9), self.rng.randint(1, 4)),
                                 self.rng.choice("ifU"))
            if theirs.dtype.kind == "f":
                theirs[self.rng.random() < theirs * 0 + 0.2] = np.nan
            ours = nda.Array.owner_of(theirs)
            theirs = theirs.copy()
            self.join(ours, theirs)
        columns = theirs.shape[1]
        column = self.rng.randint(-columns, max(columns - 1, 0))
        return (lambda: ours.new("sort_by_column", c.c_int64(column)),
                lambda: np.take(theirs, np.argsort(theirs[:, column], kind="stable"), axis=0))

    def op_astype(self, ours, theirs):
        dtype = np.dtype(self.rng.choice(["i8", "f8", "U", "U3", "U30"]))
        if theirs.dtype.kind == "f" and dtype.kind == "i":
            if not np.all(np.abs(theirs) < 2.0**63):  # NumPy gives whatever the machine gives
                return None
        if dtype.itemsize == 0 and theirs.dtype.kind == "U":
            dtype = theirs.dtype
        self.done.append(str(dtype))
        return (lambda: ours.new("astype", nda.dtype_of(dtype)),
                lambda: theirs.astype(dtype))

    def op_tolist(self, ours, theirs):
        try:
            pointer = nda.make("tolist", ours.pointer)
        except nda.Failure as error:
            self.same("tolist", (error.status, theirs.ndim), (nda.SHAPE, 0))
            return None
        self.same("tolist", repr(nda.to_python(pointer)), repr(theirs.tolist()))
        nda.ask("list_decref", pointer)
        return None

    def op_from_list(self, ours, theirs):
        if theirs.ndim == 0:
            return None
        items = theirs.tolist()
        if theirs.ndim == 1 and theirs.size and theirs.dtype.kind == "f":
            items[0] = int(self.rng.randint(0, 9))  # mixed with integers

        def make():
            pointer = nda.from_python(items)
            try:
                return nda.Array(nda.make("from_list", pointer))
            finally:
                nda.ask("list_decref", pointer)

        return make, lambda: np.array(items)

    def op_powers_of_two(self, _ours, _theirs):
        """The numbers whose shortest text is hardest to find, and some wild ones."""
        items = [2.0 ** self.rng.randint(-1074, 1023) * self.rng.choice([1, -1]) for _ in range(8)]
        items += [struct.unpack("d", struct.pack("Q", self.rng.getrandbits(64)))[0]
                  for _ in range(8)]
        theirs = np.array(items)
        ours = nda.Array.owner_of(theirs)
        self.join(ours, theirs)
        return (lambda: ours.new("astype", nda.Dtype(nda.TEXT, 0)), lambda: theirs.astype("U"))

    def op_set(self, ours, theirs):
        if theirs.size == 0:
            return None
        index = tuple(self.rng.randint(-n, n - 1) for n in theirs.shape)
        value = self.values((1,), theirs.dtype.kind)[0].item()
        nda.run("set", ours.pointer, nda.int64s(index), nda.value_of(value))
        theirs[index] = value
        for pair in self.pairs:
            self.compare(*pair)
        if theirs.dtype.kind == "U":
            room = c.create_string_buffer(4 * theirs.dtype.itemsize + 1)
            nda.run("get_text", ours.pointer, nda.int64s(index), c.c_size_t(len(room)), room)
            self.same("get", room.value.decode(), theirs[index].item())
        else:
            got = nda.Value()
            nda.run("get", ours.pointer, nda.int64s(index), c.byref(got))
            held = got.held.int64 if theirs.dtype.kind == "i" else got.held.float64
            self.same("get", repr(held), repr(theirs[index].item()))
        return None

    def op_create(self, _ours, _theirs):
        rng = self.rng
        shape = self.shape()
        kind = rng.randrange(4)
        if kind == 0:
            dtype = np.dtype(rng.choice(["i8", "f8", "U5"]))
            return (lambda: nda.Array(nda.make("zeros", nda.dtype_of(dtype), len(shape),
                                               nda.int64s(shape))),
                    lambda: np.zeros(shape, dtype))
        if kind == 1:
            value = rng.choice([7, -1, 0.5, "", "user0", "日本"])
            return (lambda: nda.Array(nda.make("full", len(shape), nda.int64s(shape),
                                               nda.value_of(value))),
                    lambda: np.full(shape, value))
        if kind == 2:
            numbers = [rng.randint(-20, 20), rng.randint(-20, 20), rng.choice([-7, -2, -1, 1, 3])]
            return (lambda: nda.Array(nda.make("arange", *map(c.c_int64, numbers))),
                    lambda: np.arange(*numbers))
        rows, columns = rng.randint(1, 4), rng.randint(1, 3)
        cells = [[rng.choice(WORDS) for _ in range(columns)] for _ in range(rows)]
        flat = (c.c_char_p * (rows * columns))(*(s.encode() for row in cells for s in row))
        return (lambda: nda.Array(nda.make("from_rows", flat, c.c_int64(rows),
                                           c.c_int64(columns))),
                lambda: np.array(cells))

    # ---- the end ----

    def give_back(self):
        owned = [t for _, t in self.pairs if t.flags.owndata]
        usage = nda.ask("usage")
        self.same("buffer bytes", (usage.buffers, usage.buffer_bytes),
                  (len(owned), sum(max(t.nbytes, 1) for t in owned)))
        self.rng.shuffle(self.pairs)
        for ours, _ in self.pairs:
            ours.decref()
        usage = nda.ask("usage")
        self.same("left over", (usage.bytes, usage.blocks), (0, 0))


def main():
    nda.load(sys.argv[1])
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(2**32)
    print(f"NumPy {np.__version__}, seed {seed}", flush=True)
    np.seterr(all="ignore")
    rng = random.Random(seed)
    operations = {}
    for _ in range(cases):
        case = Case(rng)
        case.add_root()
        case.add_root()
        for _ in range(rng.randint(1, 8)):
            case.step()
        case.compare_pairs()
        for text in case.done:
            name = text.split(" ")[0]
            if name.startswith("op_"):
                operations[name[3:]] = operations.get(name[3:], 0) + 1
        case.give_back()
    counts = ", ".join(f"{name} {count}" for name, count in sorted(operations.items()))
    print(f"{cases} cases, {sum(operations.values())} operations: {counts}; "
          f"views of one array: {Case.pairs_seen[1]} pairs overlap, {Case.pairs_seen[0]} do not")


if __name__ == "__main__":
    main()
