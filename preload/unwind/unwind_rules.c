/* Learned rules. See unwind_rules.h. */
#include "unwind_rules.h"

#include "memory.h"

#define SLOTS ((size_t)1 << RULE_SLOT_BITS)
#define FEW_RULES 64 /* a program with more will soon have touched most pages of the table */
#define OFFSET_LIMIT ((uintptr_t)1 << 36) /* far below the distance of any two made-up values */

static const struct rule irregular = {.kind = RULE_IRREGULAR};

/* Return: true if @address is @base plus or minus a little, which is @ret_offset then. */
static bool is_near(uintptr_t address, uintptr_t base, intptr_t *ret_offset)
{
    *ret_offset = (intptr_t)(address - base);
    return address - base + OFFSET_LIMIT < 2 * OFFSET_LIMIT;
}

/* Return: index of the read that gave a value near @address, or PROBE_READS_MAX. */
static size_t find_read(const struct probe *probe, uintptr_t address, intptr_t *ret_offset)
{
    size_t i = 0;
    while (i < probe->reads_used && !is_near(address, PROBE_VALUE(i), ret_offset)) {
        i++;
    }
    return i < probe->reads_used ? i : PROBE_READS_MAX;
}

static bool read_cfa(const struct probe *probe, struct rule *rule)
{
    intptr_t offset = 0;
    intptr_t addend = 0;
    if (is_near(probe->caller.sp, PROBE_SP, &offset)) {
        rule->kind = RULE_SP;
    } else if (is_near(probe->caller.sp, PROBE_BP, &offset)) {
        rule->kind = RULE_BP;
    } else {
        size_t read = find_read(probe, probe->caller.sp, &addend);
        if (read == PROBE_READS_MAX || !is_near(probe->reads[read], PROBE_BP, &offset)) {
            return false;
        }
        rule->kind = RULE_DEREF_BP;
        rule->cfa_addend = (int32_t)addend;
    }
    rule->cfa_offset = (int32_t)offset;
    return rule->cfa_offset == offset && rule->cfa_addend == addend;
}

static bool read_bp(const struct probe *probe, struct rule *rule)
{
    intptr_t offset = 0;
    if (probe->caller.bp == PROBE_BP) {
        rule->bp = RULE_BP_KEPT;
        return true;
    }
    size_t read = find_read(probe, probe->caller.bp, &offset);
    if (read == PROBE_READS_MAX || offset != 0) {
        return false;
    }
    if (is_near(probe->reads[read], probe->caller.sp, &offset)) {
        rule->bp = RULE_BP_AT_CFA;
    } else if (is_near(probe->reads[read], PROBE_BP, &offset)) {
        rule->bp = RULE_BP_AT_BP;
    } else {
        return false;
    }
    rule->bp_offset = (int32_t)offset;
    return rule->bp_offset == offset;
}

struct rule rule_from_probe(const struct probe *probe)
{
    struct rule rule = {0};
    intptr_t offset = 0;
    if (probe->is_end) {
        return (struct rule){.kind = RULE_END};
    }
    size_t return_address = find_read(probe, probe->caller.pc, &offset);
    if (return_address == PROBE_READS_MAX || offset != 0 ||
        probe->reads[return_address] != probe->caller.sp - sizeof(uintptr_t) ||
        !read_cfa(probe, &rule) || !read_bp(probe, &rule)) {
        return irregular;
    }
    return rule;
}

/*
 * bit  63      50 49      42 41       28 27        8 7   5 4   3 2    0
 *      module     addend / 8 bp_off / 8  cfa_off / 8 0     bp    kind
 */
static bool pack_field(int64_t value, unsigned bits, unsigned shift, uint64_t *packed)
{
    int64_t limit = (int64_t)1 << (bits - 1);
    if (value % 8 != 0 || value / 8 < -limit || value / 8 >= limit) {
        return false;
    }
    *packed |= ((uint64_t)(value / 8) & (((uint64_t)1 << bits) - 1)) << shift;
    return true;
}

static int32_t unpack_field(uint64_t packed, unsigned bits, unsigned shift)
{
    /* to the top and back, so that the sign is extended */
    return (int32_t)((int64_t)(packed << (64 - shift - bits)) >> (64 - bits)) * 8;
}

uint64_t rule_pack(const struct rule *rule)
{
    uint64_t packed = (uint64_t)rule->kind | (uint64_t)rule->bp << 3 | (uint64_t)rule->module << 50;
    if (!pack_field(rule->cfa_offset, 20, 8, &packed) ||
        !pack_field(rule->bp_offset, 14, 28, &packed) ||
        !pack_field(rule->cfa_addend, 8, 42, &packed)) {
        return 0;
    }
    return packed;
}

struct rule rule_unpack(uint64_t packed)
{
    return (struct rule){
        .kind = (enum rule_kind)(packed & 7),
        .bp = (enum rule_bp)(packed >> 3 & 3),
        .cfa_offset = unpack_field(packed, 20, 8),
        .bp_offset = unpack_field(packed, 14, 28),
        .cfa_addend = unpack_field(packed, 8, 42),
        .module = (uint32_t)(packed >> 50),
    };
}

bool rule_table_init(struct rule_table *table)
{
    table->slots = memory_map(SLOTS * sizeof *table->slots);
    return table->slots != NULL;
}

void rule_table_clear(struct rule_table *table)
{
    memory_clear(table->slots, SLOTS * sizeof *table->slots);
    atomic_store(&table->used, 0);
}

uint64_t rule_table_find_further(const struct rule_table *table, uintptr_t pc)
{
    size_t slot = rule_table_slot(pc);
    for (unsigned i = 0; i < RULE_PROBES; i++) {
        const struct rule_slot *place = &table->slots[(slot + i) & (SLOTS - 1)];
        uintptr_t found = atomic_load_explicit(&place->pc, memory_order_relaxed);
        if (found == pc) {
            return atomic_load_explicit(&place->packed, memory_order_relaxed);
        }
        if (found == 0) {
            break;
        }
    }
    return 0;
}

void rule_table_put(struct rule_table *table, uintptr_t pc, uint64_t packed)
{
    size_t slot = rule_table_slot(pc);
    for (unsigned i = 0; i < RULE_PROBES; i++) {
        struct rule_slot *place = &table->slots[(slot + i) & (SLOTS - 1)];
        uintptr_t expected = 0;
        bool is_new = atomic_compare_exchange_strong(&place->pc, &expected, pc);
        if (is_new || expected == pc) {
            atomic_store_explicit(&place->packed, packed, memory_order_relaxed);
            if (is_new && atomic_fetch_add(&table->used, 1) == FEW_RULES) {
                memory_populate(table->slots, SLOTS * sizeof *table->slots);
            }
            return;
        }
    }
}
