#!/bin/sh
# What tracing costs: each program plain, under libtrace.so and under heaptrack in turn, several
# rounds. Installs what is missing, builds, measures, prints a table and, as the last line, JSON.
#
#   run.sh [--quick] [--alone] [--rounds N] [NAME...]
#
# --quick: small programs, two rounds: says whether it works, hardly how fast. --alone: without
# heaptrack. NAME: only these rows.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"

# shellcheck disable=SC2086 # lists of words
need_packages $BUILD_PACKAGES $TEST_PACKAGES $BENCH_PACKAGES
cd "$root"
quietly cmake --preset release -DLIBTRACE_TESTS=ON
quietly cmake --build --preset release
exec python3 tests/bench/measure.py build/release "$@"
