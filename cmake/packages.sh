# shellcheck shell=sh
# The Debian packages that a build and the tests need, and a way to get them. Sourced by
# samples/demo.sh and tests/run.sh.

# shellcheck disable=SC2034 # used by those who source this
BUILD_PACKAGES="gcc g++ cmake ninja-build pkg-config libunwind-dev libdwarf-dev libelf-dev libzstd-dev
    libjson-c-dev libiberty-dev zlib1g-dev libprotobuf-c-dev protobuf-c-compiler liblzma-dev
    libsqlite3-dev"
# shellcheck disable=SC2034
TEST_PACKAGES="check valgrind binutils python3 python3-numpy python3-memory-profiler python3.11
    python3.11-dbg libc6-dbg gdb sqlite3 heaptrack procps mount shellcheck groff-base
    xz-utils graphviz llvm clang dwz debuginfod libdebuginfod1 zsh"
# shellcheck disable=SC2034
BENCH_PACKAGES="heaptrack"
# shellcheck disable=SC2034
LINT_PACKAGES="clang-format clang-tidy libclang-rt-dev"

# What tests/real and tests/hazards run or preload when it is there.
# shellcheck disable=SC2034
REAL_PACKAGES="libpython3.11-testsuite perl git autoconf redis-server nginx-light postgresql
    libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0 libeatmydata1 gcc-multilib"

# need_packages NAME...: install those that are missing; silent when there are none. Asks nothing:
# without root, and without a sudo that works unasked, it names them and gives up.
need_packages() {
    missing=""
    for package in "$@"; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        *" installed") ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        as_root="sudo -n"
        if ! sudo -n true 2>/dev/null; then
            echo "Missing packages. As root: apt-get install$missing" >&2
            return 1
        fi
    fi
    echo "Installing:$missing" >&2
    package_log=$(mktemp)
    # shellcheck disable=SC2086 # lists of words
    if ! { $as_root apt-get -q update &&
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get -qy install --no-install-recommends $missing; } \
        >"$package_log" 2>&1 </dev/null; then
        tail -n 20 "$package_log" >&2
        rm -f "$package_log"
        echo "The packages could not be installed:$missing" >&2
        return 1
    fi
    rm -f "$package_log"
}

# quietly COMMAND...: run it; show what it printed only if it fails.
quietly() {
    command_log=$(mktemp)
    if ! "$@" >"$command_log" 2>&1 </dev/null; then
        cat "$command_log" >&2
        rm -f "$command_log"
        echo "Failed: $*" >&2
        return 1
    fi
    rm -f "$command_log"
}
