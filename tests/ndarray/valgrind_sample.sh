#!/bin/sh
# Runs a story under valgrind: no error, nothing lost, and alive at the end exactly the bytes and
# blocks that the story says. What it keeps on purpose is held by a static variable: reachable.
# Usage: valgrind_sample.sh VALGRIND PROGRAM [ARGUMENT...]
set -eu
valgrind=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
output=$("$valgrind" --error-exitcode=9 --leak-check=full --log-file="$log" \
    --errors-for-leak-kinds=definite,indirect,possible "$@") || {
    cat "$log" >&2
    exit 1
}
told=$(printf '%s\n' "$output" | sed -n 's/^At exit: .* buffers, \(.*\) in all$/\1/p')
seen=$(sed -n 's/.*in use at exit: \(.*\)$/\1/p' "$log" | tr -d ,)
if [ "$told" != "$seen" ]; then
    echo "$*: says $told, valgrind says $seen" >&2
    exit 1
fi
