/*
 * Records that are about no block: moments that have a name, and the one from which everything
 * counts anew.
 *
 * Each raises the epoch first (docs/format.md, 5.1): what happened before it, in any thread, has a
 * smaller one.
 */
#include <string.h>

#include "encoder.h"
#include "process.h"
#include "tracer.h"

struct name {
    const char *text;
    size_t length;
};

static uint8_t *put_snapshot(uint8_t *to, const void *context)
{
    const struct name *name = context;
    return encode_snapshot(to, name->text, name->length);
}

bool tracer_snapshot(const char *name, uintptr_t sp)
{
    struct name kept = {name, name != NULL ? strnlen(name, TRACE_NAME_BYTES) : 0};
    if (!tracer_is_recording()) {
        return false;
    }
    return tracer_write_mark(put_snapshot, &kept, ENCODER_EVENT_BYTES + TRACE_NAME_BYTES, sp);
}

static uint8_t *put_clear(uint8_t *to, const void *context)
{
    const uint32_t *first_site = context;
    return encode_clear(to, *first_site);
}

/*
 * Sites are what tells the blocks after it from those before: every thread forgets the ids that it
 * has given out, as if code had been unloaded, and asks for new ones.
 */
bool tracer_clear(uintptr_t sp)
{
    uint32_t first_site = atomic_load(&process.sites.next_id);
    if (!atomic_load(&gate.is_open)) {
        return false;
    }
    atomic_store(&process.tally.first_site, first_site);
    process_skip_records();
    tally_begin(&process.tally, 0);
    atomic_fetch_add(&process.clears, 1);
    process_raise_generation();
    return tracer_write_mark(put_clear, &first_site, ENCODER_EVENT_BYTES, sp);
}
