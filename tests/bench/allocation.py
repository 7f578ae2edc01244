"""The worst of Python, measured with PYTHONMALLOC=malloc: next to nothing but allocations. Takes the
number of lists of 100 objects each."""
import sys

for _ in range(int(sys.argv[1])):
    [[] for _ in range(100)]
