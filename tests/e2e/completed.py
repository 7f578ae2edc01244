"""What the tests of completion compare with: options and words as the tools have them."""
import os
import re
import subprocess


def long_options(tool):
    """Return the options of --help, those that take something with = at their end."""
    shown = subprocess.run([tool, "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^ +(?:-\S(?: [A-Z]+)?, )?(--[a-z-]+=?)", shown, re.M))


def is_taken(tool, option, word):
    """Return whether an option that takes one of a few words takes this one."""
    done = subprocess.run([tool, f"{option}={word}", "-o", os.devnull, "none.trace"],
                          capture_output=True, text=True, check=False)
    return "is none of" not in done.stderr
