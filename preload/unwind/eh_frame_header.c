/* See eh_frame_header.h. */
#include "eh_frame_header.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The encodings that GNU ld, gold and lld write; a table in another encoding is not searched, and
 * its object has no unwind information then. Source: Linux Standard Base 5.0, Core, 10.6.2.
 */
struct eh_frame_header {
    uint8_t version;          /* 1 */
    uint8_t pointer_encoding; /* of eh_frame: DW_EH_PE_pcrel | DW_EH_PE_sdata4 */
    uint8_t count_encoding;   /* DW_EH_PE_udata4 */
    uint8_t table_encoding;   /* DW_EH_PE_datarel | DW_EH_PE_sdata4 */
    int32_t eh_frame;
    uint32_t count;
};

/* Is it of the kind that is read here, with its table within the object? */
static bool is_usual(const struct eh_frame_header *header, const struct dl_find_object *object)
{
    uintptr_t room = (uintptr_t)object->dlfo_map_end - (uintptr_t)(header + 1);
    return header->version == 1 && header->pointer_encoding == 0x1b &&
           header->count_encoding == 0x03 && header->table_encoding == 0x3b &&
           header->count <= room / sizeof(struct eh_frame_entry);
}

const struct eh_frame_entry *eh_frame_header_find(const struct dl_find_object *object, uintptr_t pc)
{
    const struct eh_frame_header *header = object->dlfo_eh_frame;
    if (header == NULL || !is_usual(header, object)) {
        return NULL;
    }
    const struct eh_frame_entry *table = (const void *)(header + 1); /* in ascending order */
    const intptr_t offset = (intptr_t)(pc - (uintptr_t)header);
    size_t low = 0;
    size_t high = header->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table[middle].start <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 ? &table[low - 1] : NULL;
}
