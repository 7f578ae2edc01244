"""A program in Python as they are, measured with PYTHONMALLOC=malloc and without: objects with
methods, numbers, text, sorting, regular expressions and JSON, a sixth of the time each. Takes the
number of rounds."""
import collections
import json
import re
import sys


class Task:
    def __init__(self, number):
        self.number, self.waiting, self.done = number, [], 0

    def step(self, other):
        self.waiting.append(self.done)
        self.done += len(self.waiting) % 7 + other.done % 3
        if len(self.waiting) > 20:
            self.waiting = self.waiting[10:]


def schedule():
    tasks = [Task(number) for number in range(20)]
    for turn in range(3000):
        tasks[turn % 20].step(tasks[(turn * 7 + 1) % 20])


def move_bodies():
    bodies = [[float(i), float(i * i), 0.5, -0.5] for i in range(5)]
    for _ in range(300):
        for body in bodies:
            for other in bodies:
                distance = (body[0] - other[0]) ** 2 + (body[1] - other[1]) ** 2 + 0.01
                body[2] += (other[0] - body[0]) / distance
                body[3] += (other[1] - body[1]) / distance
            body[0] += body[2] * 0.01
            body[1] += body[3] * 0.01


def format_report():
    lines = [f"{number:05d} {'item %d' % (number % 97):<12} {number / 7:10.2f}" for number in range(1500)]
    return "\n".join(line.upper().replace("ITEM", "row").strip() for line in lines)


def sort_words(words):
    ranked = collections.Counter(words).most_common()
    ranked.sort(key=lambda pair: (-pair[1], pair[0]))
    return sorted(words, key=str.lower)


def search(text):
    return [match.group(1) for match in re.finditer(r"([a-z]+)\s+\d+\.\d\d", text)], re.sub(r"\d{3,}", "#", text)


def exchange():
    rows = [{"id": i, "name": f"name {i}", "tags": ["a", "b"], "value": i / 3} for i in range(250)]
    return json.loads(json.dumps(rows))


for _ in range(int(sys.argv[1])):
    schedule()
    move_bodies()
    report = format_report()
    sort_words(report.split()[:1500])
    search(report[:len(report) // 2])
    exchange()
