/*
 * Learned rules: for each return address, how a frame's caller is found. A rule is read off the
 * unwind tables, not guessed from one example: by call_frames.h, or by letting libunwind step an
 * imaginary frame (unwind_libunwind.h); what does not fit the few shapes below is irregular, and
 * always left to libunwind.
 */
#ifndef PRELOAD_UNWIND_RULES_H
#define PRELOAD_UNWIND_RULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind_libunwind.h"

/* Where the canonical frame address (the caller's sp) is. The return address is always at CFA - 8.
 */
enum rule_kind {
    RULE_NONE = 0,     /* not learned yet */
    RULE_SP = 1,       /* CFA = sp + cfa_offset */
    RULE_BP = 2,       /* CFA = bp + cfa_offset */
    RULE_DEREF_BP = 3, /* CFA = *(bp + cfa_offset) + cfa_addend: functions that realign the stack */
    RULE_END = 4,      /* no caller: the outermost frame */
    RULE_IRREGULAR = 5,
    RULE_GUESS = 6, /* no unwind table: CFA = bp + cfa_offset if bp can be a frame pointer, else the
                       outermost frame */
};

/* Where the caller's bp is. */
enum rule_bp {
    RULE_BP_KEPT = 0,   /* still in bp */
    RULE_BP_AT_CFA = 1, /* saved at CFA + bp_offset */
    RULE_BP_AT_BP = 2,  /* saved at bp + bp_offset */
};

struct rule {
    enum rule_kind kind;
    enum rule_bp bp;
    int32_t cfa_offset;
    int32_t cfa_addend;
    int32_t bp_offset;
    uint32_t module;
};

/* Read a probe as a rule. Exposed for its unit test; @module is 0. */
struct rule rule_from_probe(const struct probe *probe);

/* The rule of code without unwind table. */
#define RULE_OF_GUESS(id)                                                                          \
    ((struct rule){.kind = RULE_GUESS,                                                             \
                   .bp = RULE_BP_AT_CFA,                                                           \
                   .cfa_offset = 16,                                                               \
                   .bp_offset = -16,                                                               \
                   .module = (id)})

/* A rule as one word that is never 0, so that it can be read and written at once; 0 if it does not
 * fit. */
uint64_t rule_pack(const struct rule *rule);
struct rule rule_unpack(uint64_t packed);

/*
 * bit  63      50 49      42 41       28 27        8 7   5 4   3 2    0
 *      module     addend / 8 bp_off / 8  cfa_off / 8 0     bp    kind
 */
#define RULE_MODULE_SHIFT 50

static inline enum rule_kind rule_kind_of(uint64_t packed)
{
    return (enum rule_kind)(packed & 7);
}

static inline uint32_t rule_module(uint64_t packed)
{
    return (uint32_t)(packed >> RULE_MODULE_SHIFT);
}

/* Return: true if both rules find a caller in the same way, whatever module they are for. */
static inline bool rule_is_alike(uint64_t packed, uint64_t other)
{
    return (packed ^ other) << (64 - RULE_MODULE_SHIFT) == 0;
}

/*
 * The rules of all threads: open addressing, keyed by return address, lock-free to read and to
 * fill. A full neighbourhood makes a pc be learned again and again, which is slow but right, and so
 * does anything else that the table forgets.
 *
 * The table grows, so that the rules of a small program lie close together. A table of 2^n slots is
 * slots[2^n] to slots[2^(n+1) - 1]: one number says where it is and how large.
 */
#define RULE_FIRST_BITS 11
#define RULE_LAST_BITS 17 /* 131072 slots: a big program (a compiler) has 10,000 pcs */
#define RULE_GROWTH_BITS 2
#define RULE_PROBES 16

struct rule_slot {
    _Atomic uintptr_t pc;
    _Atomic uint64_t packed;
};

struct rule_table {
    struct rule_slot *slots;
    _Atomic uint32_t bits;
    _Atomic uint32_t used; /* slots; a few more when threads fill the same one at once */
};

bool rule_table_init(struct rule_table *table);

/* Forget all rules: after dlclose(), another library may come to lie at the same addresses. */
void rule_table_clear(struct rule_table *table);

/* Return: the slot at which the search for a pc begins in the table of 2^@bits slots. */
static inline size_t rule_table_slot(uintptr_t pc, uint32_t bits)
{
    const uint64_t highest = (uint64_t)1 << 63;
    return (size_t)((pc * 0x9e3779b97f4a7c15u >> 1 | highest) >> (63 - bits));
}

/* rule_table_find() for a pc that is not in its first slot. */
uint64_t rule_table_find_further(const struct rule_table *table, uintptr_t pc);

/* Return: the packed rule, 0 if it is not known. Any thread; signal-safe. */
static inline uint64_t rule_table_find(const struct rule_table *table, uintptr_t pc)
{
    uint32_t bits = atomic_load_explicit(&table->bits, memory_order_acquire);
    const struct rule_slot *slot = &table->slots[rule_table_slot(pc, bits)];
    if (__builtin_expect(atomic_load_explicit(&slot->pc, memory_order_relaxed) == pc, 1)) {
        /* 0 if another thread has only just claimed the slot: not known yet */
        return atomic_load_explicit(&slot->packed, memory_order_relaxed);
    }
    return rule_table_find_further(table, pc);
}

/* Enter or replace a rule. Any thread; signal-safe. */
void rule_table_put(struct rule_table *table, uintptr_t pc, uint64_t packed);

#endif
