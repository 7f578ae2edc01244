#!/bin/sh
# Build the tracer, run a program that leaks under it, and show what the report says. Installs what
# is missing; leaves nothing behind but the build directory.
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
quietly cmake --build --preset release --target libtrace trace-report trace-run order_book

traces=$(mktemp -d)
trap 'rm -rf "$traces"' EXIT

# show COMMAND...: print it as one would type it, then run it.
show() {
    printf '\n$ %s\n' "$*" | sed "s|$root/||g; s|$traces/||g"
    "$@"
}

show env "LIBTRACE_OUTPUT=$traces/order_book.trace" "LD_PRELOAD=$build/lib/libtrace.so" \
    "$build/samples/order_book"
show "$build/bin/trace-report" --top 5 "$traces/order_book.trace"
show "$build/bin/trace-report" --by traceback --top 1 "$traces/order_book.trace"
