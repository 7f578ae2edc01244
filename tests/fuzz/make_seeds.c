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

/* Add a heap picture: a list, a cycle that is lost, and pointers in every kind of root. */
static void add_picture(struct trace_builder *builder, enum builder_chunk chunk)
{
    // a record a line
    // clang-format off
    static const uint8_t records[] = {
        TRACE_PIC_HEAD, 4, 'e', 'x', 'i', 't', 80, 3, 2, 10, // tick 80, both flags
        TRACE_PIC_COUNT, 0, 0,
        TRACE_PIC_BLOCK, 0x80, 4, 1, 9, // 0x1000, site 1
        TRACE_PIC_BLOCK, 8, 2, 9,
        TRACE_PIC_BLOCK, 8, 3, 20,
        TRACE_PIC_BLOCK, 8, 5, 1,
        TRACE_PIC_BLOCK, 8, 0, 100, 0, // born before fork
        TRACE_PIC_COUNT, 5, 10,
        TRACE_PIC_FROM_BLOCK, 0, 1, 2, 0, // 0 to 1
        TRACE_PIC_FROM_BLOCK, 2, 2, 4, 0, 1, 0x41, // 2 to 3, and inside itself
        TRACE_PIC_FROM_BLOCK, 1, 1, 1, 0, // 3 to 1
        TRACE_PIC_FRAMES, 10, 77, 2, 0x40, 0x40, 0x20, 1, 2, 0x40, 0, 1, // at 0x20, and above it 0x21
        TRACE_PIC_REGION, 0, TRACE_REGION_STACK, 0x20, 64, 0, 0, 77, 0,
        TRACE_PIC_FROM_ROOT, 0, 1, 1, 0, 1, 0,
        TRACE_PIC_REGION, 1, TRACE_REGION_TLS, 0x70, 64, 0, 0x40, 77, 0,
        TRACE_PIC_FROM_ROOT, 1, 0, 1, 2, 0, 0x40,
        TRACE_PIC_REGION, 2, TRACE_REGION_MODULE, 0x70, 64, 1, 0x10, 0, 1, 'm',
        TRACE_PIC_FROM_ROOT, 2, 3, 1, 0, 0, 0,
        TRACE_PIC_REGION, 3, TRACE_REGION_REGISTERS, 0, 64, 0, 0, 77, 0,
        TRACE_PIC_FROM_ROOT, 3, 3, 1, 0, 8, 0,
        TRACE_PIC_REGION, 4, TRACE_REGION_MAPPING, 0x70, 64, 0, 0, 0, 1, '/',
        TRACE_PIC_FROM_ROOT, 4, 3, 1, 0, 0, 0,
        TRACE_PIC_END, 5, 90, 0, 1, 50, 0,
    };
    // clang-format on
    builder_raw(builder, 1, TRACE_PICTURE, records, sizeof records);
    builder_seal(builder, 1, TRACE_PICTURE, chunk);
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
    add_picture(plain, BUILDER_PLAIN);
    builder_write(plain, "picture");
    builder_free(plain);
    builder_free(packed);
    return 0;
}
