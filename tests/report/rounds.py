"""Runs a random test many times, with a seed that is printed and can be given again."""
import os
import pathlib
import random
import sys
import tempfile


def run(run_round, count):
    """Call run_round(TRACE_REPORT, random numbers, an empty directory), which raises what is wrong.

    The command line is: TRACE_REPORT [SEED].
    """
    report = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2 ** 32)
    rng = random.Random(seed)
    print(f"{pathlib.Path(sys.argv[0]).stem}: {count} rounds, seed {seed}", flush=True)
    for _ in range(count):
        with tempfile.TemporaryDirectory() as directory:
            run_round(report, rng, directory)
