/* Stacks by address. See extents.h. */
#include "extents.h"

static void add_at(struct extent *slot, uintptr_t at, uintptr_t low, uintptr_t high)
{
    if (slot->high == 0 || slot->low >> EXTENT_SHIFT > at >> EXTENT_SHIFT ||
        slot->high >> EXTENT_SHIFT < at >> EXTENT_SHIFT) {
        *slot = (struct extent){low, high};
        return;
    }
    slot->low = low < slot->low ? low : slot->low;
    slot->high = high > slot->high ? high : slot->high;
}

void extents_add(struct extents *extents, uintptr_t low, uintptr_t high)
{
    uintptr_t at = low;
    for (unsigned i = 0; i < EXTENT_SLOTS; i++) {
        add_at(extents_slot(extents, at), at, low, high);
        if (high >> EXTENT_SHIFT == at >> EXTENT_SHIFT) {
            return;
        }
        at += EXTENT_SLACK;
    }
}
