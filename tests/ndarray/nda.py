"""libndarray.so for Python, by ctypes: the types of ndarray.h and a thin wrapper for an array.

An Array keeps one reference and knows nothing of NumPy but how to look at the same memory.
"""
import ctypes as c

import numpy as np

OK, NO_MEMORY, OVERFLOW, SHAPE, INDEX, TYPE, VALUE, STRIDES = range(8)
INT64, FLOAT64, TEXT, ARRAY, LIST = range(5)
SLICE, AT, NEWAXIS = range(3)
NONE = -(2**63)
FLAT = -(2**31)


class Dtype(c.Structure):
    _fields_ = [("kind", c.c_int), ("width", c.c_uint32)]


class As(c.Union):
    _fields_ = [("int64", c.c_int64), ("float64", c.c_double), ("text", c.c_char_p),
                ("pointer", c.c_void_p)]


class Value(c.Structure):
    _fields_ = [("kind", c.c_int), ("held", As)]


class Key(c.Structure):
    _fields_ = [("kind", c.c_int), ("start", c.c_int64), ("stop", c.c_int64), ("step", c.c_int64)]


class Usage(c.Structure):
    _fields_ = [(name, c.c_size_t) for name in ("buffer_bytes", "buffers", "bytes", "blocks")]


class Failure(Exception):
    """A function returned a status other than OK."""

    def __init__(self, status, text):
        super().__init__(f"status {status}: {text}")
        self.status = status


RESULTS = {
    "base": c.c_void_p, "refcount": c.c_size_t, "owns_data": c.c_bool, "shares_memory": c.c_bool,
    "ndim": c.c_int, "shape": c.POINTER(c.c_int64), "strides": c.POINTER(c.c_int64),
    "size": c.c_int64, "dtype": Dtype, "itemsize": c.c_size_t, "data": c.c_void_p,
    "usage": Usage, "decref": None, "list_decref": None, "list_count": c.c_int64,
    "error": c.c_char_p,
}
library = None


def load(path):
    global library
    library = c.CDLL(path)


def ask(name, *arguments):
    """Call a function that cannot fail."""
    function = getattr(library, "nda_" + name)
    function.restype = RESULTS[name]
    return function(*arguments)


def make(name, *arguments):
    """Call a function that gives a new pointer, or raise Failure."""
    result = c.c_void_p()
    run(name, *arguments, c.byref(result))
    return result


def run(name, *arguments):
    status = getattr(library, "nda_" + name)(*arguments)
    if status != OK:
        raise Failure(status, ask("error").decode())


def int64s(numbers):
    numbers = list(numbers)
    return (c.c_int64 * max(len(numbers), 1))(*numbers)


def dtype_of(dtype):
    if dtype.kind == "U":
        return Dtype(TEXT, dtype.itemsize // 4)
    return Dtype(INT64 if dtype.kind == "i" else FLOAT64, 0)


def value_of(value):
    """A plain Python value; the text must be kept alive by the caller, which ctypes does."""
    if isinstance(value, str):
        return Value(TEXT, As(text=value.encode()))
    if isinstance(value, float):
        return Value(FLOAT64, As(float64=value))
    return Value(INT64, As(int64=int(value)))


class Array:
    """One reference to an array of the library."""

    def __init__(self, pointer):
        self.pointer = pointer

    @classmethod
    def owner_of(cls, array):
        """A new owner with the items of a NumPy array."""
        packed = np.ascontiguousarray(array)
        borrower = cls.borrower_of(packed, array.shape)
        try:
            return borrower.new("copy")
        finally:
            borrower.decref()

    @classmethod
    def borrower_of(cls, array, shape):
        return cls(make("from_buffer", dtype_of(array.dtype), len(shape), int64s(shape),
                        c.c_void_p(array.ctypes.data)))

    def new(self, name, *arguments):
        return Array(make(name, self.pointer, *arguments))

    def view(self, keys):
        array = (Key * max(len(keys), 1))(*keys)
        return self.new("view", len(keys), array)

    def ask(self, name, *arguments):
        return ask(name, self.pointer, *arguments)

    def decref(self):
        ask("decref", self.pointer)
        self.pointer = None

    @property
    def shape(self):
        return tuple(self.ask("shape")[: self.ask("ndim")])

    @property
    def strides(self):
        return tuple(self.ask("strides")[: self.ask("ndim")])

    @property
    def dtype(self):
        dtype = self.ask("dtype")
        return np.dtype(["i8", "f8", f"U{dtype.width}"][dtype.kind])

    def seen_by_numpy(self):
        """The same memory as a NumPy array."""
        holder = type("Holder", (), {})()
        holder.__array_interface__ = {
            "version": 3, "shape": self.shape, "strides": self.strides,
            "typestr": self.dtype.str, "data": (self.ask("data"), False)}
        return np.asarray(holder)


def to_python(pointer):
    """A list of the library as nested Python lists."""
    items = []
    for i in range(ask("list_count", pointer)):
        value = Value()
        run("list_get", pointer, c.c_int64(i), c.byref(value))
        held = value.held
        if value.kind == LIST:
            items.append(to_python(c.c_void_p(held.pointer)))
        elif value.kind == TEXT:
            items.append(held.text.decode())
        else:
            items.append(held.int64 if value.kind == INT64 else held.float64)
    return items


def from_python(items):
    """Nested Python lists as a list of the library, with one reference."""
    pointer = make("list_new", c.c_int64(0))
    for item in items:
        if isinstance(item, list):
            inner = from_python(item)
            run("list_append", pointer, Value(LIST, As(pointer=inner.value)))
            ask("list_decref", inner)
        else:
            run("list_append", pointer, value_of(item))
    return pointer
