"""Call stacks of traces whose symbols come from a table: see tests/support/table_symbolizer.c."""
import os

import synthetic

BIAS = 0x10000


class TabledTrace(synthetic.Trace):
    """A trace of a program whose frames are (file, line), numbered; each is a function of its own."""

    def __init__(self, directory, frames):
        """Write the table to directory."""
        super().__init__()
        with open(os.path.join(directory, "app"), "w", encoding="utf-8") as table:
            for number, (name, line) in enumerate(frames):
                table.write(f"{number + 1:#x} {name} {line} f{number}\n")
        self.process("/bin/app", "/")
        self.module(1, BIAS, "app")
        self._nodes = {}

    def stack_of(self, frames):
        """Return the number of a stack of frames, oldest first; it is defined when it is first asked for."""
        parent = synthetic.WHOLE
        for depth in range(1, len(frames) + 1):
            prefix = frames[:depth]
            if prefix not in self._nodes:
                self._nodes[prefix] = synthetic.FIRST + len(self._nodes)
                self.stack(self._nodes[prefix], parent, 1, BIAS + prefix[-1] + 2)
            parent = self._nodes[prefix]
        return parent
