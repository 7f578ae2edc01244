/* See golden.h. Records that trace_builder.h has no function for are written down byte by byte. */
#include "golden.h"

#include "scene.h"

/* Of a newer kind, with a length of three bytes: to be skipped. */
#define FROM_THE_FUTURE(number) (number), 3, 1, 2, 3

static void add_definitions(struct trace_builder *builder)
{
    // a record a line
    // clang-format off
    static const uint8_t more[] = {
        TRACE_DEF_SYMBOLS, 12, 1, 0x80, 2, 16, 3, 'o', 'n', 'e', 32, 8, 1, 'b', // 0x80 and 0x90 of module 1
        TRACE_DEF_CODE_MAP, 10, '7', '0', '0', ' ', '1', '0', ' ', 'j', 'i', '\n',
        FROM_THE_FUTURE(TRACE_DEF_SIZED + 50),
    };
    // clang-format on
    for (uint32_t i = 1; i <= 8; i++) {
        builder_site(builder, i % 2, i, TRACE_STACK_FIRST + i - 1, UINT64_C(10) * i);
    }
    builder_thread(builder, 1, 4712, "worker");
    builder_domain(builder, 1, 7, 300);
    builder_raw(builder, 0, TRACE_DEFINITIONS, more, sizeof more);
}

static void add_events(struct trace_builder *builder)
{
    enum { LATER = (TRACE_EV_SIZED + 10) << 3 | TRACE_EV_OTHER }; /* a varint of two bytes */
    static const uint8_t more[] = {(LATER & 0x7f) | 0x80, FROM_THE_FUTURE(LATER >> 7)};
    for (uint32_t i = 1; i <= 8; i++) {
        builder_time(builder, i % 2, i * 10, i);
        builder_allocate(builder, i % 2, i);
        builder_reallocate(builder, i % 2, i, 3, 9 - i);
        builder_freer(builder, i % 2, TRACE_STACK_FIRST + i % 3);
        builder_release(builder, i % 2, i, i % 4);
        builder_allocate(builder, i % 2, i);
        builder_allocate_and_release(builder, i % 2, i);
    }
    builder_raw(builder, 0, TRACE_EVENTS, more, sizeof more);
    builder_resident(builder, 0, 1 << 20);
    builder_snapshot(builder, 0, "name");
    builder_implied_free(builder, 0, 2, 9);
    builder_inherited_free(builder, 0, 4096);
    builder_clear(builder, 1, 2);
    builder_allocate(builder, 1, 5);
}

struct trace_builder *golden_new(enum builder_chunk first, enum builder_chunk second)
{
    struct trace_builder *builder = scene_new();
    add_definitions(builder);
    builder_seal(builder, 0, TRACE_DEFINITIONS, first);
    builder_seal(builder, 1, TRACE_DEFINITIONS, second);
    add_events(builder);
    builder_seal(builder, 0, TRACE_EVENTS, first);
    builder_seal(builder, 1, TRACE_EVENTS, second);
    return builder;
}

void golden_add_picture(struct trace_builder *builder, enum builder_chunk chunk)
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
        TRACE_PIC_TLS, 2, 1, 0x40, // module 1 begins 0x40 below
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
        FROM_THE_FUTURE(TRACE_PIC_SIZED + 50),
        TRACE_PIC_END, 5, 90, 0, 1, 50, 0,
    };
    // clang-format on
    builder_raw(builder, 1, TRACE_PICTURE, records, sizeof records);
    builder_seal(builder, 1, TRACE_PICTURE, chunk);
}
