/*
 * A walk through the tree of DIEs of one unit.
 *
 * First only where functions that hold one of the addresses can be: the unit's own children,
 * namespaces, and inside such functions. That leaves most of the tree unread. Compilers also put
 * functions elsewhere (GCC: the member functions of a local class, and so lambdas, inside the
 * function that the class is local to), so a second walk reads everything, for the addresses that
 * the first one found no function for, if any.
 *
 * The innermost scope of an address is the one with the shortest range that holds it, and among
 * equals the one that comes last, which in a well-formed tree is the deepest; in an ill-formed one
 * it is what the GNU tools answer.
 */
#include "sym_scopes.h"

#include <stdlib.h>
#include <string.h>

#include "grow.h"

/* Real trees have about 50 levels. The bound is what the stack of a walk may take. */
enum { DEPTH_MAX = 400 };

struct walk {
    struct sym_dwarf *dwarf;
    struct sym_scopes *scopes;
    const uint64_t *addresses;
    size_t count;
    uint32_t *innermost;      /* of each address */
    uint64_t *innermost_size; /* bytes of the range that made it so */
    uint64_t work;            /* left */
    uint64_t last_offset;     /* of the DIE read last */
    uint64_t unit_low;
    struct sym_ranges ranges; /* of the DIE at hand */
    bool is_everywhere;       /* the second walk */
    bool has_memory;
    bool is_broken; /* this walk goes nowhere */
};

static bool spend(struct walk *walk, uint64_t amount)
{
    if (walk->work < amount) {
        walk->work = 0;
        return false;
    }
    walk->work -= amount;
    return true;
}

/* Return: index of the first address that is not below @bound. */
static size_t first_from(const struct walk *walk, uint64_t bound)
{
    size_t low = 0;
    size_t high = walk->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (walk->addresses[middle] < bound) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Return: whether any address is in the ranges at hand. */
static bool holds_any(const struct walk *walk)
{
    for (size_t i = 0; i < walk->ranges.count; i++) {
        size_t at = first_from(walk, walk->ranges.items[i].low);
        if (at < walk->count && walk->addresses[at] < walk->ranges.items[i].high) {
            return true;
        }
    }
    return false;
}

/* Make @scope the innermost one of the addresses in the ranges at hand that it fits best. */
static void claim(struct walk *walk, uint32_t scope)
{
    for (size_t i = 0; i < walk->ranges.count; i++) {
        struct sym_range range = walk->ranges.items[i];
        size_t at = first_from(walk, range.low);
        for (; at < walk->count && walk->addresses[at] < range.high; at++) {
            if (!spend(walk, 1)) {
                return;
            }
            if (walk->innermost[at] == SYM_SCOPE_NONE ||
                range.high - range.low <= walk->innermost_size[at]) {
                walk->innermost[at] = scope;
                walk->innermost_size[at] = range.high - range.low;
            }
        }
    }
}

/* Return: index of a new scope, or SYM_SCOPE_NONE without memory. */
static uint32_t add_scope(struct walk *walk, struct Dwarf_Die_s *die, uint32_t parent,
                          bool is_inlined)
{
    struct sym_scopes *scopes = walk->scopes;
    if (scopes->count >= SYM_SCOPE_NONE) {
        walk->has_memory = false;
        return SYM_SCOPE_NONE;
    }
    struct sym_scope *moved =
        grow_array(scopes->items, scopes->count, &scopes->capacity, sizeof *moved);
    if (moved == NULL) {
        walk->has_memory = false;
        return SYM_SCOPE_NONE;
    }
    scopes->items = moved;
    struct sym_scope *scope = &scopes->items[scopes->count];
    *scope = (struct sym_scope){.die_offset = sym_dwarf_offset(walk->dwarf, die),
                                .parent = parent,
                                .is_inlined = is_inlined};
    if (walk->ranges.count > 0) {
        scope->low = walk->ranges.items[0].low;
    }
    if (is_inlined) {
        scope->call = sym_dwarf_call_site(walk->dwarf, die);
    }
    return (uint32_t)scopes->count++;
}

static void walk_children(struct walk *walk, struct Dwarf_Die_s *die, uint32_t scope,
                          unsigned depth);

static void visit_function(struct walk *walk, struct Dwarf_Die_s *die, bool is_inlined,
                           uint32_t parent, unsigned depth)
{
    walk->ranges.count = 0;
    if (!sym_dwarf_ranges(walk->dwarf, die, walk->unit_low, &walk->ranges)) {
        walk->has_memory = false;
        return;
    }
    bool is_wanted = holds_any(walk) && spend(walk, walk->ranges.count);
    if (!is_wanted && !walk->is_everywhere) {
        return;
    }
    uint32_t scope = add_scope(walk, die, parent, is_inlined);
    if (scope != SYM_SCOPE_NONE) {
        claim(walk, scope);
        walk_children(walk, die, scope, depth + 1);
    }
}

/*
 * Return: whether to go on with a DIE. A walk meets DIEs in the order of the file; one that leads
 * back (by a bad DW_AT_sibling, say) would never end.
 */
static bool is_next(struct walk *walk, struct Dwarf_Die_s *die)
{
    uint64_t offset = sym_dwarf_offset(walk->dwarf, die);
    if (offset <= walk->last_offset) {
        sym_dwarf_complain(walk->dwarf, "its entries form a loop");
        walk->is_broken = true;
    }
    walk->last_offset = offset;
    return !walk->is_broken && spend(walk, 1);
}

/* @scope: the function that the children are in, or SYM_SCOPE_NONE. */
static void walk_children(struct walk *walk, struct Dwarf_Die_s *die, uint32_t scope,
                          unsigned depth)
{
    if (depth > DEPTH_MAX) {
        return;
    }
    struct Dwarf_Die_s *child = sym_dwarf_child(walk->dwarf, die);
    while (child != NULL && walk->has_memory && is_next(walk, child)) {
        enum sym_die_kind kind = sym_dwarf_kind(walk->dwarf, child);
        if (kind == SYM_DIE_FUNCTION || kind == SYM_DIE_INLINED) {
            visit_function(walk, child, kind == SYM_DIE_INLINED, scope, depth);
        } else if (kind == SYM_DIE_SCOPE || walk->is_everywhere) {
            walk_children(walk, child, scope, depth + 1);
        }
        child = sym_dwarf_sibling(walk->dwarf, child);
    }
    sym_dwarf_die_free(child);
}

/* Walk everything, for the addresses without a scope, and take the results over. */
static void walk_again(struct walk *first, struct Dwarf_Die_s *unit_die, size_t missing)
{
    struct walk walk = *first;
    uint64_t *addresses = calloc(missing, sizeof *addresses);
    walk.innermost = calloc(missing, sizeof *walk.innermost);
    walk.innermost_size = calloc(missing, sizeof *walk.innermost_size);
    first->has_memory = addresses != NULL && walk.innermost != NULL && walk.innermost_size != NULL;
    if (first->has_memory) {
        walk.count = 0;
        for (size_t i = 0; i < first->count; i++) {
            if (first->innermost[i] == SYM_SCOPE_NONE) {
                walk.innermost[walk.count] = SYM_SCOPE_NONE;
                addresses[walk.count++] = first->addresses[i];
            }
        }
        walk.addresses = addresses;
        walk.is_everywhere = true;
        walk.last_offset = 0;
        walk.is_broken = false;
        walk.ranges = (struct sym_ranges){0};
        walk_children(&walk, unit_die, SYM_SCOPE_NONE, 0);
        for (size_t i = 0, at = 0; i < first->count; i++) {
            if (first->innermost[i] == SYM_SCOPE_NONE) {
                first->innermost[i] = walk.innermost[at++];
            }
        }
        first->has_memory = walk.has_memory;
        first->work = walk.work;
        free(walk.ranges.items);
    }
    free(addresses);
    free(walk.innermost);
    free(walk.innermost_size);
}

bool sym_scopes_read(struct sym_dwarf *dwarf, struct Dwarf_Die_s *unit_die, uint64_t unit_low,
                     const uint64_t *addresses, size_t count, uint64_t *work,
                     struct sym_scopes *ret_scopes)
{
    *ret_scopes = (struct sym_scopes){0};
    struct walk walk = {.dwarf = dwarf,
                        .scopes = ret_scopes,
                        .addresses = addresses,
                        .count = count,
                        .work = *work,
                        .unit_low = unit_low,
                        .has_memory = true};
    walk.innermost = malloc((count + 1) * sizeof *walk.innermost);
    walk.innermost_size = calloc(count + 1, sizeof *walk.innermost_size);
    ret_scopes->innermost = walk.innermost;
    bool has_memory = walk.innermost != NULL && walk.innermost_size != NULL;
    if (has_memory) {
        memset(walk.innermost, 0xff, (count + 1) * sizeof *walk.innermost); // SYM_SCOPE_NONE
        walk_children(&walk, unit_die, SYM_SCOPE_NONE, 0);
        size_t missing = 0;
        for (size_t i = 0; i < count; i++) {
            missing += walk.innermost[i] == SYM_SCOPE_NONE;
        }
        if (walk.has_memory && missing > 0) {
            walk_again(&walk, unit_die, missing);
        }
        has_memory = walk.has_memory;
        *work = walk.work;
    }
    free(walk.ranges.items);
    free(walk.innermost_size);
    return has_memory;
}

void sym_scopes_fini(struct sym_scopes *scopes)
{
    free(scopes->items);
    free(scopes->innermost);
    *scopes = (struct sym_scopes){0};
}
