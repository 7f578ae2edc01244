/*
 * Which parts of the address space are stacks, as far as a thread's walks have shown.
 *
 * A frame may be read by rules only up to the highest sp that libunwind reached on its stack; on a
 * stack that no walk has been through, libunwind goes first. A program with coroutines has
 * thousands of stacks, so this is a table by address: an entry for each MiB, of the stacks that
 * were seen there, which count as one. Entries of far places that share a slot replace each other:
 * forgetting costs a walk.
 *
 * One thread's; all zero is empty.
 */
#ifndef PRELOAD_EXTENTS_H
#define PRELOAD_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXTENT_SHIFT 20 /* an entry's place is this many bits of address */
#define EXTENT_SLOTS 256
#define EXTENT_SLOT(sp) (((sp) >> EXTENT_SHIFT) % EXTENT_SLOTS)
/* A stack may have grown this much since it was walked. */
#define EXTENT_SLACK ((uintptr_t)1 << EXTENT_SHIFT)

struct extent {
    uintptr_t low;  /* lowest sp seen */
    uintptr_t high; /* highest sp that libunwind reached; 0: nothing is known */
};

struct extents {
    struct extent slots[EXTENT_SLOTS];
};

static inline struct extent *extents_slot(struct extents *extents, uintptr_t sp)
{
    return &extents->slots[EXTENT_SLOT(sp)];
}

/* Return: the entry of the stack that @sp is in, or that may have grown to it; or NULL. */
static inline struct extent *extents_find(struct extents *extents, uintptr_t sp)
{
    struct extent *own = extents_slot(extents, sp);
    if (sp <= own->high && sp + EXTENT_SLACK >= own->low) {
        return own;
    }
    const struct extent *above = extents_slot(extents, sp + EXTENT_SLACK);
    if (sp > above->high || sp + EXTENT_SLACK < above->low) {
        return NULL;
    }
    *own = *above;
    return own;
}

/* Return: the highest sp that may be met on the stack that @sp is in; 0 if the stack is not known.
 */
static inline uintptr_t extents_high(struct extents *extents, uintptr_t sp)
{
    struct extent *found = extents_find(extents, sp);
    if (found == NULL) {
        return 0;
    }
    found->low = sp < found->low ? sp : found->low;
    return found->high;
}

/*
 * Return: true if @known_sp was met on a stack that @sp may be on, too. Changes nothing. The stack
 * may not have been walked from so deep: it overflowed there, say.
 */
static inline bool extents_are_one(const struct extents *extents, uintptr_t known_sp, uintptr_t sp)
{
    const struct extent *extent = &extents->slots[EXTENT_SLOT(known_sp)];
    return known_sp + EXTENT_SLACK >= extent->low && known_sp <= extent->high && sp <= extent->high;
}

/* Enter a stack that was walked from @low to @high. */
void extents_add(struct extents *extents, uintptr_t low, uintptr_t high);

#endif
