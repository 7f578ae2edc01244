#!/bin/sh
# Install what is missing, build, run every test: the release build with all tests, then the build
# with AddressSanitizer and UndefinedBehaviorSanitizer, whose tests are those of the two cores.
# With --all also ThreadSanitizer, clang-tidy and the formatting, the hazards at full size, whole
# programs (tests/real), fuzzing, FUZZ_SECONDS a target, and more of what is compared with other
# tools. Works from any directory.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"

all=no
case "${1-}" in
"") ;;
--all)
    all=yes
    export LIBTRACE_TEST_ALL=1
    ;;
*)
    echo "usage: $0 [--all]" >&2
    exit 2
    ;;
esac

# shellcheck disable=SC2086 # lists of words
need_packages $BUILD_PACKAGES $TEST_PACKAGES
cd "$root"
export XDG_CACHE_HOME=/dev/null # no answers about symbols from an earlier build
failed=""

# test_preset PRESET: configure, build, run what tests it has. Remembers failures.
test_preset() {
    echo "== $1: building"
    quietly cmake --preset "$1" -DLIBTRACE_TESTS=ON
    quietly cmake --build --preset "$1"
    echo "== $1: testing"
    ctest --preset "$1" --parallel "$(nproc)" </dev/null || failed="$failed $1"
}

# fuzz_all SECONDS: run every target that long, on its corpus and what grows out of it.
fuzz_all() {
    echo "== fuzz: building"
    quietly cmake --preset fuzz
    quietly cmake --build --preset fuzz
    for corpus in tests/fuzz/corpus/*/; do
        name=$(basename "$corpus")
        grown=build/fuzz/grown/$name
        mkdir -p "$grown"
        echo "== fuzz: $name"
        quietly "build/fuzz/bin/fuzz_$name" -close_fd_mask=3 -max_len=16384 -max_total_time="$1" \
            -artifact_prefix="$grown." "$grown" "$corpus" || failed="$failed fuzz_$name"
    done
}

test_preset release
test_preset asan

if [ $all = yes ]; then
    # shellcheck disable=SC2086
    need_packages $LINT_PACKAGES $REAL_PACKAGES
    echo "== real programs"
    python3 tests/real/run.py build/release || failed="$failed real"
    test_preset tsan
    fuzz_all "${FUZZ_SECONDS-60}"
    echo "== tidy"
    quietly cmake --preset tidy
    quietly cmake --build --preset tidy || failed="$failed tidy"
    echo "== format"
    git ls-files -z '*.c' '*.h' '*.cc' '*.cpp' |
        xargs -0 clang-format --dry-run --Werror || failed="$failed format"
fi

if [ -n "$failed" ]; then
    echo "Failed:$failed" >&2
    exit 1
fi
