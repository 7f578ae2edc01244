#!/bin/sh
# Runs the stories and compares what they say of themselves with the figures that NumPy's rules
# give. Usage: run_samples.sh DIRECTORY-OF-SAMPLES
set -eu
cd "$1"
failed=0

# sample NAME ARGUMENTS...: run it, with its output in $output
sample() {
    what=$*
    name=$1
    shift
    output=$("./$name" "$@") || fail "ended with status $?"
}

fail() {
    printf '%s: %s\n%s\n' "$what" "$1" "$output" >&2
    failed=1
}

# The output must have this line, or a line that begins so.
expect() {
    printf '%s\n' "$output" | grep -q -F -x -e "$1" || fail "no line \"$1\""
}
begins() {
    printf '%s\n' "$output" | grep -q -e "^$1" || fail "no line that begins \"$1\""
}

# 10,000 rows of 6 columns of U13, 52 bytes an item: one more table for each user
for story in view_leak view_leak_del view_leak_rebind; do
    sample $story
    for user in 0 1 2 3 4; do
        begins "Handle user$user: $(((user + 1) * 3120000)) bytes in $((user + 1)) buffers, "
    done
    begins "At exit: 15600000 bytes in 5 buffers, "
done

# 10 rows of 3 columns
for story in view_copy view_take; do
    sample $story
    for user in 0 1 2 3 4; do
        begins "Handle user$user: $(((user + 1) * 1560)) bytes in $((user + 1)) buffers, "
    done
    begins "At exit: 7800 bytes in 5 buffers, "
done

sample aliasing
expect "b = a[:2]; b[0] = 10; shares memory: yes; a is [10 2 3]"
expect "b = a[:2].copy(); b[0] = 10; shares memory: no; a is [1 2 3]"
expect "b = a[[0, 1]]; b[0] = 10; shares memory: no; a is [1 2 3]"
expect "At exit: 0 bytes in 0 buffers, 0 bytes in 0 blocks in all"

sample refcounts
expect "a                  1"
expect "b1 = a[:2]         2"
expect "b2 = a[:2].copy()  1"
expect "b3 = a[[1, 2]]     1"
expect "d = list[:2]       1"
expect "b = a[:2]; del a; b.base is [0 1 2 3 4 5 6 7 8 9]"
expect "At exit: 0 bytes in 0 buffers, 0 bytes in 0 blocks in all"

# copies have to be at least 100 times slower than the slice
sample view_vs_copy_time
begins "copy            ==> .* s, [0-9]\{3,\} times the slice"
begins "list extraction ==> .* s, [0-9]\{3,\} times the slice"
expect "At exit: 0 bytes in 0 buffers, 0 bytes in 0 blocks in all"

# an image of 32 x 32 x 3 float64 is 24,576 bytes
image=24576
sample select_list
begins "After: 0 bytes in 0 buffers, "
sample select_array
begins "At exit: $((500 * image)) bytes in 2 buffers, "
sample select_mixed
begins "Before: $((500 * image)) bytes in 1 buffers, "
begins "At exit: 1116979200 bytes in 101 buffers, "
sample select_mixed 20 10
begins "At exit: $((image * (20 + 19 + 18 + 17 + 16 + 15 + 14 + 13 + 12 + 11 + 10))) bytes in 11 "
sample select_mixed_fixed
begins "At exit: $((400 * image)) bytes in 1 buffers, "
sample select_mixed_fixed 500 100 copy
begins "At exit: $((500 * image)) bytes in 101 buffers, "

for arguments in "0" "-1" "x" "10 11" "10 5 other"; do
    # shellcheck disable=SC2086 # several arguments
    if ./select_mixed_fixed $arguments >/dev/null 2>&1; then
        what="select_mixed_fixed $arguments"
        fail "accepted"
    fi
done
exit $failed
