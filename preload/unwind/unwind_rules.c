/* Learned rules. See unwind_rules.h. */
#include "unwind_rules.h"

#include "memory.h"

#define ALL_BYTES (((size_t)2 << RULE_LAST_BITS) * sizeof(struct rule_slot))
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
    uint64_t packed = (uint64_t)rule->kind | (uint64_t)rule->bp << 3 |
                      (uint64_t)rule->module << RULE_MODULE_SHIFT;
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
        .kind = rule_kind_of(packed),
        .bp = (enum rule_bp)(packed >> 3 & 3),
        .cfa_offset = unpack_field(packed, 20, 8),
        .bp_offset = unpack_field(packed, 14, 28),
        .cfa_addend = unpack_field(packed, 8, 42),
        .module = rule_module(packed),
    };
}

bool rule_table_init(struct rule_table *table)
{
    table->slots = memory_map(ALL_BYTES);
    atomic_store(&table->bits, RULE_FIRST_BITS);
    return table->slots != NULL;
}

void rule_table_clear(struct rule_table *table)
{
    memory_clear(table->slots, ALL_BYTES);
    atomic_store(&table->used, 0);
}

/* Return: the @i-th slot to be looked at for a pc, in the table of 2^@bits slots. */
static struct rule_slot *probe(const struct rule_table *table, uint32_t bits, uintptr_t pc,
                               unsigned i)
{
    size_t size = (size_t)1 << bits;
    return &table->slots[size + ((rule_table_slot(pc, bits) + i) & (size - 1))];
}

uint64_t rule_table_find_further(const struct rule_table *table, uintptr_t pc)
{
    uint32_t bits = atomic_load_explicit(&table->bits, memory_order_acquire);
    for (unsigned i = 0; i < RULE_PROBES; i++) {
        const struct rule_slot *place = probe(table, bits, pc, i);
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

/* @ret_is_new: whether that took a slot. Return: false if the neighbourhood is full. */
static bool put(struct rule_table *table, uint32_t bits, uintptr_t pc, uint64_t packed,
                bool *ret_is_new)
{
    for (unsigned i = 0; i < RULE_PROBES; i++) {
        struct rule_slot *place = probe(table, bits, pc, i);
        uintptr_t expected = 0;
        *ret_is_new = atomic_compare_exchange_strong(&place->pc, &expected, pc);
        if (*ret_is_new || expected == pc) {
            atomic_store_explicit(&place->packed, packed, memory_order_relaxed);
            return true;
        }
    }
    return false;
}

/* All pages of a table at once: its slots are taken in no order. */
static void populate(struct rule_table *table, uint32_t bits)
{
    memory_populate(table->slots + ((size_t)1 << bits), sizeof *table->slots << bits);
}

/* Enter all rules into a larger table, then use it. What others put meanwhile is learned again. */
static void grow(struct rule_table *table, uint32_t bits)
{
    uint32_t larger = bits + RULE_GROWTH_BITS;
    bool is_new;
    const struct rule_slot *slots = table->slots + ((size_t)1 << bits);
    populate(table, larger);
    for (size_t i = 0; i < (size_t)1 << bits; i++) {
        uintptr_t pc = atomic_load_explicit(&slots[i].pc, memory_order_relaxed);
        uint64_t packed = atomic_load_explicit(&slots[i].packed, memory_order_relaxed);
        if (packed != 0) {
            (void)put(table, larger, pc, packed, &is_new);
        }
    }
    (void)atomic_compare_exchange_strong(&table->bits, &bits, larger);
}

void rule_table_put(struct rule_table *table, uintptr_t pc, uint64_t packed)
{
    uint32_t bits = atomic_load(&table->bits);
    bool is_new = false;
    if (atomic_load(&table->used) == 0) {
        populate(table, bits);
    }
    bool has_room = put(table, bits, pc, packed, &is_new);
    uint32_t used = is_new ? atomic_fetch_add(&table->used, 1) + 1 : 0;
    if (bits < RULE_LAST_BITS && (!has_room || used > (uint32_t)1 << bits >> RULE_GROWTH_BITS)) {
        grow(table, bits);
    }
}
