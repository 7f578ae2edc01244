/*
 * Blocks and inlined functions are entered only where the code is in them: others share their
 * places on the stack. Of several variables at one place the innermost one is taken.
 */
#include "sym_locals.h"

#include <stdbool.h>
#include <stdlib.h>

/* Deepest nesting of blocks that is looked into: what the stack of a walk may take. */
enum { DEPTH_MAX = 200 };

struct search {
    const struct sym_locals *locals;
    const struct stack_word *word;
    uint64_t base;
    uint64_t last_offset; /* of the entry read last */
};

/* Return: whether a block's code is where the frame stands. Those without ranges are everywhere. */
static bool is_at_work(const struct search *search, struct Dwarf_Die_s *block)
{
    struct sym_ranges ranges = {0};
    bool is_in = sym_dwarf_ranges(search->locals->dwarf, block, search->locals->unit_low, &ranges);
    bool is_found = is_in && ranges.count == 0;
    for (size_t i = 0; i < ranges.count && !is_found; i++) {
        is_found =
            search->word->pc >= ranges.items[i].low && search->word->pc < ranges.items[i].high;
    }
    free(ranges.items);
    return is_found;
}

/* Return: whether to go on: a walk meets entries in the order of the file, or it would not end. */
static bool is_next(struct search *search, struct Dwarf_Die_s *die)
{
    uint64_t offset = sym_dwarf_offset(search->locals->dwarf, die);
    bool is_good = offset > search->last_offset && *search->locals->work > 0;
    search->last_offset = offset;
    *search->locals->work -= *search->locals->work > 0 ? 1 : 0;
    return is_good;
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static const char *find_below(struct search *search, struct Dwarf_Die_s *parent, unsigned depth)
{
    struct sym_dwarf *dwarf = search->locals->dwarf;
    const char *found = NULL;
    struct Dwarf_Die_s *die = depth < DEPTH_MAX ? sym_dwarf_child(dwarf, parent) : NULL;
    while (die != NULL && is_next(search, die)) {
        enum sym_die_kind kind = sym_dwarf_kind(dwarf, die);
        const char *name = NULL;
        if (kind == SYM_DIE_SCOPE || kind == SYM_DIE_INLINED) {
            name = is_at_work(search, die) ? find_below(search, die, depth + 1) : NULL;
        } else if (found == NULL && sym_dwarf_is_local(dwarf, die) &&
                   sym_dwarf_local_has(dwarf, die, search->base, search->word)) {
            name = sym_dwarf_local_name(dwarf, die);
        }
        found = name != NULL ? name : found;
        die = sym_dwarf_sibling(dwarf, die);
    }
    sym_dwarf_die_free(die);
    return found;
}

const char *sym_locals_find(const struct sym_locals *locals, const struct stack_word *word)
{
    struct search search = {
        .locals = locals,
        .word = word,
        .last_offset = sym_dwarf_offset(locals->dwarf, locals->function),
    };
    return sym_dwarf_frame_base(locals->dwarf, locals->function, word, &search.base)
               ? find_below(&search, locals->function, 0)
               : NULL;
}
