/*
 * A small trace with a record of every kind that docs/format.md knows, for tests that damage it and
 * fuzzers that start from it; also one of each kind that is not known yet.
 */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include "trace_builder.h"

/*
 * The scene's process with two threads.
 * @first, @second: the kind of the chunks of their streams, 0 and 1. All of them are sealed.
 */
struct trace_builder *golden_new(enum builder_chunk first, enum builder_chunk second);

/* Add a heap picture: a list, a cycle that is lost, and pointers in every kind of root. */
void golden_add_picture(struct trace_builder *builder, enum builder_chunk chunk);

#endif
