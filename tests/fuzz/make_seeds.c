/* fuzz_seeds DIRECTORY: write small traces into it, with a record of every kind. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scene.h"

static struct trace_builder *make(enum builder_chunk chunk)
{
    struct trace_builder *builder = scene_new();
    for (uint32_t i = 1; i <= 8; i++) {
        builder_site(builder, i % 2, i, TRACE_STACK_FIRST + i - 1, 10 * i);
    }
    builder_thread(builder, 1, 4712, "worker");
    builder_seal(builder, 0, TRACE_DEFINITIONS, chunk);
    builder_seal(builder, 1, TRACE_DEFINITIONS, chunk);
    for (uint32_t i = 1; i <= 8; i++) {
        builder_time(builder, i % 2, i * 10, i);
        builder_allocate(builder, i % 2, i);
        builder_reallocate(builder, i % 2, i, 3, 9 - i);
        builder_release(builder, i % 2, i, i);
        builder_allocate(builder, i % 2, i);
    }
    builder_snapshot(builder, 0, "name");
    builder_implied_free(builder, 0, 2, 9);
    builder_inherited_free(builder, 0, 4096);
    builder_clear(builder, 1, 2);
    builder_allocate(builder, 1, 5);
    builder_seal(builder, 0, TRACE_EVENTS, chunk);
    builder_seal(builder, 1, TRACE_EVENTS, chunk);
    return builder;
}

int main(int count, char **arguments)
{
    if (count != 2 || chdir(arguments[1]) != 0) {
        return 2;
    }
    struct trace_builder *plain = make(BUILDER_PLAIN);
    struct trace_builder *packed = make(BUILDER_ZSTD);
    builder_write(plain, "plain");
    builder_write(packed, "zstd");
    builder_free(plain);
    builder_free(packed);
    return 0;
}
