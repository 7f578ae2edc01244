"""Where addr2line differs from us, and why: each reason is a function that looks at one frame and knows it."""
from answers import positions


class Case:
    """What an exception may look at: a file, and one frame of one address in it."""

    def __init__(self, seconds, is_clang_dwarf5, symbols):
        self.seconds = seconds  # llvm-symbolizer's answers
        self.is_clang_dwarf5 = is_clang_dwarf5
        self.symbols = symbols  # (start, end, demangled name), sorted
        self.address = self.ours = self.theirs = None
        self.index = 0

    @property
    def second(self):
        """What llvm-symbolizer says, if it is installed."""
        return self.seconds.get(self.address)

    def symbol(self):
        """Names of the symbols that contain the address."""
        return {name for start, end, name in self.symbols if start <= self.address < end}

    def second_agrees(self):
        """Whether llvm-symbolizer, if installed, sees our files and lines in all frames."""
        return self.second is None or positions(self.ours) == positions(self.second)


def names_the_object_file(case):
    """Where only a symbol is known, addr2line gives the object's STT_FILE symbol for a file."""
    ours, theirs = case.ours[case.index], case.theirs[case.index]
    return ours[0] == theirs[0] and ours[1:] == ("??", "?") and theirs[2] == "?"


def is_not_linked(case):
    """Whether the names are those of a C++ function without a linker name (an unnamed namespace, an inlined
    extern "C").

    addr2line takes the symbol that contains the address, even for an inlined function, or on its
    second look at the same function, the plain name. We take the symbol that the function begins
    with, and the plain name only for inlined functions.
    """
    ours, theirs = case.ours[case.index][0], case.theirs[case.index][0]
    is_plain = theirs.split("<")[0] in ours and "::" not in theirs.split("<")[0]
    return theirs in case.symbol() or is_plain


def names_what_is_not_linked(case):
    """Files and lines must be the same."""
    return case.ours[case.index][1:] == case.theirs[case.index][1:] and is_not_linked(case)


def starts_at_file_0(case):
    """binutils before 2.42 (PR 30783): rows of DWARF 5 that set no file get file 0, not 1."""
    ours, theirs = case.ours[case.index], case.theirs[case.index]
    return (case.index == 0 and (ours[0] == theirs[0] or is_not_linked(case)) and ours[2] == theirs[2] and
            case.second_agrees())


def cannot_read_indexed_ranges(case):
    """binutils 2.40 does not read DW_FORM_rnglistx, and so misses clang's inlined functions."""
    return case.is_clang_dwarf5 and case.second is not None and case.second_agrees()


# Of one frame, both answers having as many; and of a whole answer.
EXCEPTIONS = [names_the_object_file, names_what_is_not_linked, starts_at_file_0]
WHOLE_EXCEPTIONS = [cannot_read_indexed_ranges]


def explain(case):
    """The names of the exceptions that cover the differences, None for one that none covers."""
    reasons = []
    frames = zip(case.ours, case.theirs) if len(case.ours) == len(case.theirs) else []
    for case.index, (ours, theirs) in enumerate(frames):
        if ours != theirs:
            reasons.append(next((e.__name__ for e in EXCEPTIONS if e(case)), None))
    if not reasons or None in reasons:
        reasons = [next((e.__name__ for e in WHOLE_EXCEPTIONS if e(case)), None)]
    return reasons


def compare_answer(case, counts):
    """Count how an answer compares. Returns whether all differences are explained."""
    reasons = explain(case) if case.ours != case.theirs else ["same"]
    counts["UNEXPLAINED" if None in reasons else reasons[0]] += 1
    return None not in reasons
