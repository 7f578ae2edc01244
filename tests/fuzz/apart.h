/*
 * One input in a process of its own: libdwarf, which corrupts memory on some broken files, is on
 * the way. What the child covers counts as covered here, so libFuzzer finds its way.
 */
#ifndef TESTS_FUZZ_APART_H
#define TESTS_FUZZ_APART_H

/*
 * Call @run in a child. Aborts, and prints what the sanitizer said, if the child found a fault that
 * is not in libdwarf itself. What is its fault is lost with the child, as in the report; without a
 * sanitizer nobody can tell whose it is. The kernel ends a child that takes too long.
 */
void fuzz_apart(void (*run)(void *context), void *context);

#endif
