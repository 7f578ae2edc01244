/* Rules: read off made-up probes, packed into a word, kept in the table. */
#include "unwind_rules.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "suite.h"

#define SLOTS ((size_t)1 << RULE_LAST_BITS)
#define THREADS 4
#define PCS 20000
#define HASH_FACTOR 0x9e3779b97f4a7c15u
#define HASH_INVERSE 0xf1de83e19937733du

/* --- probes --- */

/* A probe whose return address was read last, from CFA - 8. */
static struct probe probe_at(uintptr_t cfa)
{
    struct probe probe = {.caller = {.sp = cfa, .bp = PROBE_BP, .pc = PROBE_VALUE(0)}};
    probe.reads[probe.reads_used++] = cfa - 8;
    return probe;
}

static void read_bp_from(struct probe *probe, uintptr_t address)
{
    probe->caller.bp = PROBE_VALUE(probe->reads_used);
    probe->reads[probe->reads_used++] = address;
}

static void assert_rule(const struct probe *probe, struct rule expected)
{
    struct rule rule = rule_from_probe(probe);
    ck_assert_int_eq(rule.kind, expected.kind);
    ck_assert_int_eq(rule.bp, expected.bp);
    ck_assert_int_eq(rule.cfa_offset, expected.cfa_offset);
    ck_assert_int_eq(rule.cfa_addend, expected.cfa_addend);
    ck_assert_int_eq(rule.bp_offset, expected.bp_offset);
    ck_assert_uint_eq(rule.module, 0);
}

static void assert_irregular(const struct probe *probe)
{
    ck_assert_int_eq(rule_from_probe(probe).kind, RULE_IRREGULAR);
}

START_TEST(rule_of_a_frame_told_by_the_stack_pointer)
{
    struct probe probe = probe_at(PROBE_SP + 8);
    assert_rule(&probe, (struct rule){.kind = RULE_SP, .cfa_offset = 8});
    probe = probe_at(PROBE_SP + 4096);
    read_bp_from(&probe, PROBE_SP + 4096 - 56);
    assert_rule(
        &probe,
        (struct rule){.kind = RULE_SP, .cfa_offset = 4096, .bp = RULE_BP_AT_CFA, .bp_offset = -56});
    probe = probe_at(PROBE_SP + 64);
    read_bp_from(&probe, PROBE_BP - 16);
    assert_rule(
        &probe,
        (struct rule){.kind = RULE_SP, .cfa_offset = 64, .bp = RULE_BP_AT_BP, .bp_offset = -16});
}
END_TEST

START_TEST(rule_of_a_frame_told_by_the_frame_pointer)
{
    struct probe probe = probe_at(PROBE_BP + 16);
    read_bp_from(&probe, PROBE_BP);
    assert_rule(
        &probe,
        (struct rule){.kind = RULE_BP, .cfa_offset = 16, .bp = RULE_BP_AT_CFA, .bp_offset = -16});
    probe = probe_at(PROBE_BP - 32);
    assert_rule(&probe, (struct rule){.kind = RULE_BP, .cfa_offset = -32});
}
END_TEST

/* CFA = *(bp - 8), bp = *bp: what GCC makes of a function that realigns its stack. */
START_TEST(rule_of_a_frame_that_was_realigned)
{
    struct probe probe = {.reads = {PROBE_BP - 8, PROBE_VALUE(0) - 8, PROBE_BP}, .reads_used = 3};
    probe.caller = (struct frame){.pc = PROBE_VALUE(1), .sp = PROBE_VALUE(0), .bp = PROBE_VALUE(2)};
    assert_rule(&probe,
                (struct rule){.kind = RULE_DEREF_BP, .cfa_offset = -8, .bp = RULE_BP_AT_BP});
    probe.caller.sp += 24;
    probe.reads[1] += 24;
    assert_rule(&probe, (struct rule){.kind = RULE_DEREF_BP,
                                      .cfa_offset = -8,
                                      .cfa_addend = 24,
                                      .bp = RULE_BP_AT_BP});
}
END_TEST

START_TEST(rule_of_the_outermost_frame)
{
    struct probe probe = {.is_end = true};
    assert_rule(&probe, (struct rule){.kind = RULE_END});
}
END_TEST

START_TEST(rule_is_irregular_where_the_return_address_is_elsewhere)
{
    struct probe probe = probe_at(PROBE_SP + 8);
    probe.reads[0] = PROBE_SP + 16;
    assert_irregular(&probe);
    probe = probe_at(PROBE_SP + 8);
    probe.caller.pc += 1;
    assert_irregular(&probe);
    probe.caller.pc = 0x401000;
    assert_irregular(&probe);
    probe = (struct probe){.caller = {.sp = PROBE_SP, .bp = PROBE_BP, .pc = PROBE_VALUE(0)}};
    assert_irregular(&probe);
}
END_TEST

START_TEST(rule_is_irregular_where_the_frame_is_told_by_something_else)
{
    assert_irregular(&(struct probe){0});
    struct probe probe = probe_at(0x7fff00001000);
    assert_irregular(&probe);
    probe = probe_at(PROBE_SP + ((uintptr_t)1 << 37));
    assert_irregular(&probe);
    probe = (struct probe){.reads = {PROBE_SP + 8, PROBE_VALUE(0) - 8}, .reads_used = 2};
    probe.caller = (struct frame){.pc = PROBE_VALUE(1), .sp = PROBE_VALUE(0), .bp = PROBE_BP};
    assert_irregular(&probe); /* CFA = *(sp + 8) */
}
END_TEST

START_TEST(rule_is_irregular_where_bp_is_somewhere_else)
{
    struct probe probe = probe_at(PROBE_SP + 8);
    probe.caller.bp = PROBE_BP + 8;
    assert_irregular(&probe);
    probe.caller.bp = 0;
    assert_irregular(&probe);
    probe = probe_at(PROBE_SP + 8);
    read_bp_from(&probe, PROBE_SP);
    probe.caller.bp += 8;
    assert_irregular(&probe);
    probe = probe_at(PROBE_BP + 16);
    read_bp_from(&probe, PROBE_SP + 8);
    assert_irregular(&probe);
}
END_TEST

/* Offsets that do not fit into 32 bits must not be cut to ones that do. */
START_TEST(rule_is_irregular_where_an_offset_is_too_large)
{
    const uintptr_t far = ((uintptr_t)1 << 32) + 8;
    struct probe probe = probe_at(PROBE_SP + far);
    assert_irregular(&probe);
    probe = probe_at(PROBE_SP + 8);
    read_bp_from(&probe, PROBE_BP - far);
    assert_irregular(&probe);
    probe = (struct probe){.reads = {PROBE_BP - 8, PROBE_VALUE(0) + far - 8}, .reads_used = 2};
    probe.caller = (struct frame){.pc = PROBE_VALUE(1), .sp = PROBE_VALUE(0) + far, .bp = PROBE_BP};
    assert_irregular(&probe);
    probe = (struct probe){.reads = {PROBE_BP + far, PROBE_VALUE(0) - 8}, .reads_used = 2};
    probe.caller = (struct frame){.pc = PROBE_VALUE(1), .sp = PROBE_VALUE(0), .bp = PROBE_BP};
    assert_irregular(&probe);
}
END_TEST

/* --- packing --- */

static void assert_packs(struct rule rule)
{
    uint64_t packed = rule_pack(&rule);
    ck_assert_uint_ne(packed, 0);
    struct rule back = rule_unpack(packed);
    ck_assert_int_eq(back.kind, rule.kind);
    ck_assert_int_eq(back.bp, rule.bp);
    ck_assert_int_eq(back.cfa_offset, rule.cfa_offset);
    ck_assert_int_eq(back.cfa_addend, rule.cfa_addend);
    ck_assert_int_eq(back.bp_offset, rule.bp_offset);
    ck_assert_uint_eq(back.module, rule.module);
}

START_TEST(rule_packs_and_unpacks)
{
    uint64_t random = suite_seed();
    for (int i = 0; i < 5000; i++) {
        assert_packs((struct rule){
            .kind = (enum rule_kind)(1 + suite_random(&random) % 5),
            .bp = (enum rule_bp)(suite_random(&random) % 3),
            .cfa_offset = ((int32_t)(suite_random(&random) % (1 << 20)) - (1 << 19)) * 8,
            .cfa_addend = ((int32_t)(suite_random(&random) % 256) - 128) * 8,
            .bp_offset = ((int32_t)(suite_random(&random) % (1 << 14)) - (1 << 13)) * 8,
            .module = (uint32_t)(suite_random(&random) % (1 << 14)),
        });
    }
}
END_TEST

START_TEST(rule_packs_at_the_limits_and_not_beyond)
{
    const int32_t cfa = ((1 << 19) - 1) * 8;
    const int32_t bp = ((1 << 13) - 1) * 8;
    const int32_t addend = 127 * 8;
    assert_packs((struct rule){RULE_DEREF_BP, RULE_BP_AT_BP, cfa, addend, bp, 16383});
    assert_packs((struct rule){RULE_DEREF_BP, RULE_BP_AT_BP, -cfa - 8, -addend - 8, -bp - 8, 1});
    const struct rule misfits[] = {
        {.kind = RULE_SP, .cfa_offset = cfa + 8},
        {.kind = RULE_SP, .cfa_offset = -cfa - 16},
        {.kind = RULE_SP, .cfa_offset = INT32_MAX},
        {.kind = RULE_SP, .cfa_offset = INT32_MIN},
        {.kind = RULE_SP, .bp_offset = bp + 8},
        {.kind = RULE_SP, .bp_offset = -bp - 16},
        {.kind = RULE_DEREF_BP, .cfa_addend = addend + 8},
        {.kind = RULE_DEREF_BP, .cfa_addend = -addend - 16},
        {.kind = RULE_SP, .cfa_offset = 12},
        {.kind = RULE_SP, .cfa_offset = -4},
        {.kind = RULE_SP, .bp_offset = 1},
        {.kind = RULE_DEREF_BP, .cfa_addend = 4},
    };
    for (size_t i = 0; i < sizeof misfits / sizeof misfits[0]; i++) {
        ck_assert_uint_eq(rule_pack(&misfits[i]), 0);
    }
}
END_TEST

/* --- the table --- */

static struct rule_table table;

static void make_table(void)
{
    ck_assert(rule_table_init(&table));
}

/* The @n-th pc that the hash of the largest table sends to @slot. */
static uintptr_t pc_for(size_t slot, size_t n)
{
    uintptr_t hash = ((uintptr_t)slot << (64 - RULE_LAST_BITS)) + n;
    return hash * HASH_INVERSE;
}

START_TEST(rule_table_keeps_what_is_put)
{
    uint64_t random = suite_seed();
    static uintptr_t pcs[PCS];
    ck_assert_uint_eq(rule_table_find(&table, 0x1234), 0);
    for (size_t i = 0; i < PCS; i++) {
        pcs[i] = 0x7f0000000000u + suite_random(&random) % ((uintptr_t)1 << 24);
        rule_table_put(&table, pcs[i], pcs[i] * 3);
    }
    for (size_t i = 0; i < PCS; i++) {
        ck_assert_uint_eq(rule_table_find(&table, pcs[i]), pcs[i] * 3);
    }
    rule_table_put(&table, pcs[5], 77);
    ck_assert_uint_eq(rule_table_find(&table, pcs[5]), 77);
}
END_TEST

/* A small table is left behind as soon as a quarter of it is used, or one neighbourhood is full. */
START_TEST(rule_table_grows)
{
    const uintptr_t few = (uintptr_t)1 << RULE_FIRST_BITS >> RULE_GROWTH_BITS;
    for (uintptr_t pc = 1; pc <= few; pc++) {
        rule_table_put(&table, pc, pc);
    }
    ck_assert_uint_eq(atomic_load(&table.bits), RULE_FIRST_BITS);
    rule_table_put(&table, few + 1, few + 1);
    ck_assert_uint_eq(atomic_load(&table.bits), RULE_FIRST_BITS + RULE_GROWTH_BITS);
    for (uintptr_t pc = 1; pc <= few + 1; pc++) {
        ck_assert_uint_eq(rule_table_find(&table, pc), pc);
    }
    for (size_t n = 0; n <= RULE_PROBES; n++) {
        rule_table_put(&table, pc_for(100, n), n + 1);
    }
    ck_assert_uint_eq(atomic_load(&table.bits), RULE_FIRST_BITS + 2 * RULE_GROWTH_BITS);
}
END_TEST

START_TEST(rule_table_has_room_for_neighbouring_pcs)
{
    for (uintptr_t pc = 0x400000; pc < 0x400000 + 50000; pc++) {
        rule_table_put(&table, pc, pc);
    }
    size_t missing = 0;
    for (uintptr_t pc = 0x400000; pc < 0x400000 + 50000; pc++) {
        missing += rule_table_find(&table, pc) != pc;
    }
    ck_assert_uint_eq(missing, 0);
}
END_TEST

/* The last slots go on with the first ones. */
START_TEST(rule_table_takes_as_many_of_one_slot_as_it_probes)
{
    ck_assert_uint_eq(HASH_FACTOR * HASH_INVERSE, 1);
    atomic_store(&table.bits, RULE_LAST_BITS);
    const size_t slots[] = {100, SLOTS - 3};
    for (size_t i = 0; i < 2; i++) {
        for (size_t n = 0; n < (size_t)2 * RULE_PROBES; n++) {
            rule_table_put(&table, pc_for(slots[i], n), n + 1);
        }
        for (size_t n = 0; n < (size_t)2 * RULE_PROBES; n++) {
            ck_assert_uint_eq(rule_table_find(&table, pc_for(slots[i], n)),
                              n < RULE_PROBES ? n + 1 : 0);
        }
        rule_table_put(&table, pc_for(slots[i], 3), 99);
        ck_assert_uint_eq(rule_table_find(&table, pc_for(slots[i], 3)), 99);
    }
}
END_TEST

START_TEST(rule_table_overflows_without_harm)
{
    uint64_t random = suite_seed();
    for (size_t i = 0; i < 3 * SLOTS; i++) {
        uintptr_t pc = suite_random(&random) | 1;
        rule_table_put(&table, pc, pc);
        uint64_t found = rule_table_find(&table, pc);
        if (found != 0 && found != pc) {
            ck_abort_msg("%#lx has the rule of another pc", pc);
        }
    }
    ck_assert_uint_eq(rule_table_find(&table, 2), 0);
}
END_TEST

START_TEST(rule_table_forgets)
{
    for (uintptr_t pc = 1; pc < 1000; pc++) {
        rule_table_put(&table, pc * 16, pc);
    }
    rule_table_clear(&table);
    for (uintptr_t pc = 1; pc < 1000; pc++) {
        ck_assert_uint_eq(rule_table_find(&table, pc * 16), 0);
    }
    rule_table_put(&table, 16, 5);
    ck_assert_uint_eq(rule_table_find(&table, 16), 5);
}
END_TEST

/* All threads put the same pcs, each with the only value that this pc may have. */
static void *put_and_find(void *argument)
{
    uint64_t random = (uintptr_t)argument;
    for (size_t i = 0; i < PCS; i++) {
        uintptr_t pc = 16 + suite_random(&random) % PCS * 16;
        uint64_t found = rule_table_find(&table, pc);
        if (found != 0 && found != pc + 1) {
            return (void *)pc;
        }
        rule_table_put(&table, pc, pc + 1);
    }
    return NULL;
}

START_TEST(rule_table_is_shared_by_threads)
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, put_and_find, (void *)i), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
    size_t found = 0;
    size_t size = (size_t)1 << atomic_load(&table.bits);
    for (size_t slot = size; slot < 2 * size; slot++) {
        uintptr_t pc = atomic_load(&table.slots[slot].pc);
        ck_assert(pc == 0 || rule_table_find(&table, pc) == pc + 1);
        found += pc != 0;
    }
    ck_assert_uint_le(found, PCS);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        rule_of_a_frame_told_by_the_stack_pointer,
        rule_of_a_frame_told_by_the_frame_pointer,
        rule_of_a_frame_that_was_realigned,
        rule_of_the_outermost_frame,
        rule_is_irregular_where_the_return_address_is_elsewhere,
        rule_is_irregular_where_the_frame_is_told_by_something_else,
        rule_is_irregular_where_bp_is_somewhere_else,
        rule_is_irregular_where_an_offset_is_too_large,
        rule_packs_and_unpacks,
        rule_packs_at_the_limits_and_not_beyond,
        rule_table_keeps_what_is_put,
        rule_table_grows,
        rule_table_has_room_for_neighbouring_pcs,
        rule_table_takes_as_many_of_one_slot_as_it_probes,
        rule_table_overflows_without_harm,
        rule_table_forgets,
        rule_table_is_shared_by_threads,
        NULL,
    };
    return suite_run_with("unwind_rules", tests, make_table, NULL);
}
