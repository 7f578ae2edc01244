/*
 * Units come in the order of the file; their DIEs say where their code is. (.debug_aranges says it
 * too, where it is present, but not every compiler writes it, and a file that is linked from
 * several compilers' objects has it for some units only. Asking every unit costs 30 us each, once.)
 *
 * Ranges are one array sorted by where they begin, with `reach` as in sym_elf.c. Units may claim
 * the same address (discarded functions all claim 0); the lowest unit is asked first.
 */
#include "sym_units.h"

#include <stdlib.h>

#include "grow.h"
#include "sym_lines.h"

/* Ranges looked at for one address: more is a file made to be slow. */
enum { STEPS_MAX = 256 };

struct claim {
    struct sym_range range;
    uint64_t reach; /* the largest end of the claims up to this one */
    uint32_t unit;
};

struct unit {
    struct sym_dwarf_unit facts;
    bool is_silent; /* a compile unit that does not say where its code is */
};

struct sym_units {
    struct unit *units;
    size_t unit_count;
    size_t unit_capacity;
    struct claim *claims;
    size_t claim_count;
    size_t claim_capacity;
    bool has_read_lines;
};

static bool add_claim(struct sym_units *units, uint32_t unit, struct sym_range range)
{
    struct claim *moved =
        grow_array(units->claims, units->claim_count, &units->claim_capacity, sizeof *moved);
    if (moved == NULL) {
        return false;
    }
    units->claims = moved;
    units->claims[units->claim_count++] = (struct claim){.range = range, .unit = unit};
    return true;
}

static int compare_claims(const void *left, const void *right)
{
    const struct claim *a = left;
    const struct claim *b = right;
    if (a->range.low != b->range.low) {
        return a->range.low < b->range.low ? -1 : 1;
    }
    return a->unit < b->unit ? -1 : a->unit > b->unit;
}

static void sort_claims(struct sym_units *units)
{
    if (units->claim_count > 0) {
        qsort(units->claims, units->claim_count, sizeof *units->claims, compare_claims);
    }
    uint64_t reach = 0;
    for (size_t i = 0; i < units->claim_count; i++) {
        reach = units->claims[i].range.high > reach ? units->claims[i].range.high : reach;
        units->claims[i].reach = reach;
    }
}

/* Add one unit and what it claims. @ranges: scratch. Return: false without memory. */
static bool add_unit(struct sym_units *units, struct sym_dwarf *dwarf,
                     const struct sym_dwarf_unit *facts, struct sym_ranges *ranges)
{
    struct unit *moved =
        grow_array(units->units, units->unit_count, &units->unit_capacity, sizeof *moved);
    if (moved == NULL || units->unit_count >= SYM_UNIT_NONE) {
        return false;
    }
    units->units = moved;
    struct unit *unit = &units->units[units->unit_count++];
    *unit = (struct unit){.facts = *facts};
    if (!facts->is_compile_unit) {
        return true;
    }
    struct Dwarf_Die_s *die = sym_dwarf_die(dwarf, facts->die_offset);
    ranges->count = 0;
    bool has_memory =
        die == NULL || sym_dwarf_ranges(dwarf, die, sym_dwarf_low(dwarf, die), ranges);
    sym_dwarf_die_free(die);
    unit->is_silent = ranges->count == 0;
    for (size_t i = 0; i < ranges->count && has_memory; i++) {
        has_memory = add_claim(units, (uint32_t)(units->unit_count - 1), ranges->items[i]);
    }
    return has_memory;
}

struct sym_units *sym_units_new(struct sym_dwarf *dwarf)
{
    struct sym_units *units = calloc(1, sizeof *units);
    struct sym_ranges ranges = {0};
    bool has_memory = units != NULL;
    struct sym_dwarf_unit facts;
    while (has_memory && sym_dwarf_next_unit(dwarf, &facts)) {
        has_memory = add_unit(units, dwarf, &facts, &ranges);
    }
    free(ranges.items);
    if (!has_memory) {
        sym_units_free(units);
        return NULL;
    }
    sort_claims(units);
    return units;
}

void sym_units_free(struct sym_units *units)
{
    if (units != NULL) {
        free(units->units);
        free(units->claims);
        free(units);
    }
}

uint32_t sym_units_find(const struct sym_units *units, uint64_t address, uint32_t after)
{
    size_t low = 0;
    size_t high = units->claim_count;
    while (low < high) { // the first claim that begins after the address
        size_t middle = low + (high - low) / 2;
        if (units->claims[middle].range.low <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint32_t found = SYM_UNIT_NONE;
    for (size_t i = low, steps = 0; i-- > 0 && steps < STEPS_MAX; steps++) {
        const struct claim *claim = &units->claims[i];
        if (claim->reach <= address) {
            break;
        }
        if (claim->range.high > address && claim->unit < found &&
            (after == SYM_UNIT_NONE || claim->unit > after)) {
            found = claim->unit;
        }
    }
    return found;
}

/* Claim what the line table of @unit describes. Return: false without memory. */
static bool claim_lines(struct sym_units *units, uint32_t unit, struct sym_line_program *program,
                        uint64_t *work)
{
    struct sym_lines *lines = sym_lines_new();
    bool has_memory = lines != NULL && sym_lines_run(lines, program, work);
    if (has_memory) {
        sym_lines_finish(lines);
        struct sym_range range;
        for (size_t i = 0; has_memory && sym_lines_piece(lines, i, &range); i++) {
            has_memory = add_claim(units, unit, range);
        }
    }
    sym_lines_free(lines);
    return has_memory;
}

bool sym_units_read_lines(struct sym_units *units, struct sym_dwarf *dwarf,
                          const struct sym_line_sections *sections, uint64_t *work)
{
    bool has_memory = true;
    for (uint32_t i = 0; i < units->unit_count && has_memory && !units->has_read_lines; i++) {
        uint64_t offset = 0;
        if (!units->units[i].is_silent) {
            continue;
        }
        struct Dwarf_Die_s *die = sym_dwarf_die(dwarf, units->units[i].facts.die_offset);
        struct sym_line_program *program = NULL;
        if (die != NULL && sym_dwarf_line_program(dwarf, die, &offset)) {
            program = sym_line_program_new(sections, offset);
        }
        has_memory = program == NULL || claim_lines(units, i, program, work);
        sym_line_program_free(program);
        sym_dwarf_die_free(die);
    }
    units->has_read_lines = true;
    sort_claims(units);
    return has_memory;
}

const struct sym_dwarf_unit *sym_units_facts(const struct sym_units *units, uint32_t unit)
{
    return &units->units[unit].facts;
}

bool sym_units_names_are_linked(const void *context, uint64_t die_offset)
{
    const struct sym_units *units = context;
    size_t low = 0;
    size_t high = units->unit_count;
    while (low < high) { // the first unit at or after the offset
        size_t middle = low + (high - low) / 2;
        if (units->units[middle].facts.die_offset < die_offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < units->unit_count && units->units[low].facts.die_offset == die_offset &&
           units->units[low].facts.names_are_linked;
}
