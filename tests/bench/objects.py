"""A program in Python, measured with PYTHONMALLOC=malloc: documents are built, written as JSON, read
again and searched. Takes the number of documents."""
import json
import re
import sys

for number in range(int(sys.argv[1])):
    table = {f"key {i}": str(number * i) for i in range(10)}
    json.loads(json.dumps(table))
    re.sub("[0-9]+", lambda match: match.group() * 2, "a1b22c333")
