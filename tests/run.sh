#!/bin/sh
# Install what is missing, build, run every test: the release build with all tests, then the build
# with AddressSanitizer and UndefinedBehaviorSanitizer, whose tests are those of the two cores.
# With --all also ThreadSanitizer, clang-tidy and the formatting, the hazards at full size, whole
# programs (tests/real), and more of what is compared with other tools. Works from any directory.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"

all=no
case "${1-}" in
"") ;;
--all)
    all=yes
    export HAZARD_ALL=1
    ;;
*)
    echo "usage: $0 [--all]" >&2
    exit 2
    ;;
esac

# shellcheck disable=SC2086 # lists of words
need_packages $BUILD_PACKAGES $TEST_PACKAGES
cd "$root"
failed=""

# test_preset PRESET: configure, build, run what tests it has. Remembers failures.
test_preset() {
    echo "== $1: building"
    quietly cmake --preset "$1" -DLIBTRACE_TESTS=ON
    quietly cmake --build --preset "$1"
    echo "== $1: testing"
    ctest --preset "$1" --parallel "$(nproc)" </dev/null || failed="$failed $1"
}

if [ $all = yes ]; then
    export LIBTRACE_TEST_ALL=1
fi
test_preset release
test_preset asan

if [ $all = yes ]; then
    # shellcheck disable=SC2086
    need_packages $LINT_PACKAGES $REAL_PACKAGES
    echo "== real programs"
    python3 tests/real/run.py build/release || failed="$failed real"
    test_preset tsan
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
