#!/bin/sh
# Build the tracer, run programs that leak under it, and show what the reports say: a forgotten
# free, then the two stories of docs/stories.md, each with what grows, where, and how the fix looks.
# Installs what is missing; leaves nothing behind but the build directory.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"
# shellcheck disable=SC2086 # lists of words
need_packages $BUILD_PACKAGES

cd "$root"
build=$root/build/release
with_tests=ON
pkg-config --exists check || with_tests=OFF
echo "Building ..." >&2
quietly cmake --preset release -DLIBTRACE_TESTS=$with_tests
quietly cmake --build --preset release --target libtrace trace-report trace-run order_book \
    view_leak view_copy select_mixed select_mixed_fixed

traces=$(mktemp -d)
trap 'rm -rf "$traces"' EXIT

# typed COMMAND...: print it as one would type it.
typed() {
    printf '\n$ %s\n' "$*" | sed "s|$root/||g; s|$traces/||g"
}

# show COMMAND...: print it, then run it.
show() {
    typed "$@"
    "$@"
}

# trace SAMPLE: print it, and run it traced; what it says itself is left out.
trace() {
    set -- "$1" env "LIBTRACE_OUTPUT=$traces/$1.trace" "LD_PRELOAD=$build/lib/libtrace.so" \
        "$build/samples/$1"
    sample=$1
    shift
    typed "$@"
    "$@" >"$traces/$sample.out"
}

# measured FILE: lines of the source with numbers, from the trace of the same name.
measured() {
    set -- "$build/bin/trace-report" --annotate "samples/$1.c" "$traces/$1.trace"
    typed "$@" "| grep -e 'Line #' -e MiB"
    "$@" | grep -e 'Line #' -e MiB
}

tell() {
    printf '\n== %s\n' "$1"
}

report=$build/bin/trace-report
tell "1. A free that was forgotten"
show env "LIBTRACE_OUTPUT=$traces/order_book.trace" "LD_PRELOAD=$build/lib/libtrace.so" \
    "$build/samples/order_book"
show "$report" --top 5 "$traces/order_book.trace"
show "$report" --by traceback --top 1 "$traces/order_book.trace"

tell "2. Ten rows of a table are kept, and each slice of ten rows keeps its whole table"
trace view_leak
show "$report" --each-snapshot --top 1 --own view_leak.c "$traces/view_leak.trace"
tell "   Fixed: a copy of the ten rows"
trace view_copy
show "$report" --snapshots "$traces/view_copy.trace"

tell "3. Images are drawn from an array; those that are drawn hold each array that they came from"
trace select_mixed
show "$report" --timeline "$traces/select_mixed.trace"
measured select_mixed
tell "   Fixed: the drawn images are made plain lists"
trace select_mixed_fixed
measured select_mixed_fixed
