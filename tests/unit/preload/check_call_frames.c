/*
 * Rules from the unwind tables: for every function of this process what libunwind says, and of
 * tables that are made up here what they say, or nothing.
 */
#include "call_frames.h"

#include <link.h>
#include <string.h>

#include "eh_frame_header.h"
#include "suite.h"

/* --- real tables --- */

struct comparison {
    size_t compared;
    size_t left; /* to libunwind */
};

static struct rule ask_libunwind(uintptr_t return_address)
{
    struct probe probe;
    return libunwind_probe(return_address, &probe) ? rule_from_probe(&probe)
                                                   : (struct rule){.kind = RULE_IRREGULAR};
}

static void compare_at(const struct dl_find_object *object, uintptr_t pc,
                       struct comparison *comparison)
{
    struct rule rule;
    comparison->compared++;
    if (!call_frames_read_rule(object, pc, &rule)) {
        comparison->left++;
        return;
    }
    const struct rule expected = ask_libunwind(pc + 1);
    if (rule.kind != expected.kind || rule.bp != expected.bp || rule.module != 0 ||
        rule.cfa_offset != expected.cfa_offset || rule.cfa_addend != expected.cfa_addend ||
        rule.bp_offset != expected.bp_offset) {
        ck_abort_msg("%s+%zx: kind %d, CFA at %d, bp %d at %d; libunwind: %d, %d, %d, %d",
                     object->dlfo_link_map->l_name, pc - object->dlfo_link_map->l_addr, rule.kind,
                     rule.cfa_offset, rule.bp, rule.bp_offset, expected.kind, expected.cfa_offset,
                     expected.bp, expected.bp_offset);
    }
}

/* At all functions: their first bytes, where most changes are, and some others. */
static void compare_object(const struct dl_find_object *object, struct comparison *comparison)
{
    const uint8_t *header = object->dlfo_eh_frame;
    const struct eh_frame_entry *entries = (const void *)(header + 12);
    uint64_t random = suite_seed();
    uint32_t count = 0;
    memcpy(&count, header + 8, sizeof count);
    for (uint32_t i = 0; i + 1 < count; i++) {
        const uintptr_t start = (uintptr_t)header + (uintptr_t)(intptr_t)entries[i].start;
        const size_t bytes = (size_t)(entries[i + 1].start - entries[i].start);
        for (size_t at = 0; at < 2 && at < bytes; at++) {
            compare_at(object, start + at, comparison);
        }
        for (int n = 0; n < 3 && bytes > 0; n++) {
            compare_at(object, start + suite_random(&random) % bytes, comparison);
        }
    }
}

static int compare_segments(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct dl_find_object object;
    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        void *start =
            (void *)(info->dlpi_addr + segment->p_vaddr); // NOLINT(performance-no-int-to-ptr)
        if (segment->p_type == PT_GNU_EH_FRAME && _dl_find_object(start, &object) == 0 &&
            object.dlfo_eh_frame != NULL) {
            compare_object(&object, argument);
        }
    }
    return 0;
}

START_TEST(call_frames_say_what_libunwind_says)
{
    struct comparison comparison = {0};
    ck_assert(libunwind_load());
    (void)dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL); /* C++, if it is there */
    (void)dl_iterate_phdr(compare_segments, &comparison);
    ck_assert_uint_gt(comparison.compared, 10000);
    ck_assert_uint_lt(comparison.left, comparison.compared / 4);
}
END_TEST

/* --- tables made up here --- */

#define CODE 0x1000 /* distance of the function from its table */
#define CODE_BYTES 0x100

static _Alignas(8) uint8_t bytes[512];
static size_t used;

static void put(const void *more, size_t length)
{
    ck_assert_uint_le(used + length, sizeof bytes);
    memcpy(bytes + used, more, length);
    used += length;
}

static void put_number(int64_t number)
{
    const int32_t narrow = (int32_t)number;
    put(&narrow, sizeof narrow);
}

/* Put a length later. Return: where. */
static size_t begin_description(void)
{
    put_number(0);
    return used - 4;
}

/* @padding: NOPs. */
static void end_description(size_t begin, size_t padding)
{
    for (; padding > 0; padding--) {
        put("", 1);
    }
    const uint32_t length = (uint32_t)(used - begin - 4);
    memcpy(bytes + begin, &length, sizeof length);
}

struct text {
    const char *bytes;
    size_t length;
};
#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

/* What GCC writes: version 1, "zR", 1, -8, 16, one byte more: addresses are relative; CFA = sp + 8,
 * return address at CFA - 8. */
#define USUAL_COMMON TEXT("\1zR\0\1\x78\x10\1\x1b\x0c\7\x8\x90\1")

/* Make a table of one function. */
static struct dl_find_object make_table(struct text common, struct text instructions)
{
    memset(bytes, 0, sizeof bytes);
    used = 0;
    put("\1\x1b\3\x3b", 4); /* .eh_frame_hdr: its version, its encodings */
    put_number(0);
    put_number(1);
    put_number(CODE);
    const size_t fde_at = used;
    put_number(0);
    const size_t cie = begin_description();
    put_number(0);
    put(common.bytes, common.length);
    end_description(cie, 2);
    const size_t fde = begin_description();
    const int32_t from_table = (int32_t)fde;
    memcpy(bytes + fde_at, &from_table, sizeof from_table);
    put_number((int64_t)(used - cie));
    put_number(CODE - (int64_t)used);
    put_number(CODE_BYTES);
    put("", 1);
    put(instructions.bytes, instructions.length);
    end_description(fde, 0);
    return (struct dl_find_object){
        .dlfo_map_start = bytes, .dlfo_map_end = bytes + used, .dlfo_eh_frame = bytes};
}

static bool read_at(const struct dl_find_object *object, size_t offset, struct rule *ret_rule)
{
    return call_frames_read_rule(object, (uintptr_t)bytes + CODE + offset, ret_rule);
}

static void expect(struct text instructions, size_t offset, struct rule expected)
{
    const struct dl_find_object object = make_table(USUAL_COMMON, instructions);
    struct rule rule = {.module = 9};
    ck_assert(read_at(&object, offset, &rule));
    ck_assert_mem_eq(&rule, &expected, sizeof rule);
}

static void expect_nothing(struct text common, struct text instructions, size_t offset)
{
    const struct dl_find_object object = make_table(common, instructions);
    struct rule rule;
    ck_assert(!read_at(&object, offset, &rule));
}

/* push %rbp; mov %rsp, %rbp; ...; leave */
#define FRAMED                                                                                     \
    TEXT("\x41\x0e\x10\x86\2"                                                                      \
         "\x43\x0d\6"                                                                              \
         "\2\x20\x0a\xc6\x0c\7\x8"                                                                 \
         "\x41\x0b")

START_TEST(call_frames_are_read_up_to_the_pc)
{
    const struct rule before = {.kind = RULE_SP, .cfa_offset = 8};
    const struct rule pushed = {
        .kind = RULE_SP, .cfa_offset = 16, .bp = RULE_BP_AT_CFA, .bp_offset = -16};
    const struct rule framed = {
        .kind = RULE_BP, .cfa_offset = 16, .bp = RULE_BP_AT_CFA, .bp_offset = -16};
    const size_t changes[] = {1, 4, 0x24, 0x25, CODE_BYTES};
    const struct rule rules[] = {before, pushed, framed, before, framed};
    for (size_t offset = 0, i = 0; offset < CODE_BYTES; offset++) {
        i += offset == changes[i];
        expect(FRAMED, offset, rules[i]);
    }
}
END_TEST

START_TEST(call_frames_of_other_functions_are_not_read)
{
    expect_nothing(USUAL_COMMON, FRAMED, CODE_BYTES);
    expect_nothing(USUAL_COMMON, FRAMED, (size_t)-1);
}
END_TEST

START_TEST(call_frames_are_read_whatever_else_they_save)
{
    expect(TEXT("\x83\3\x05\3\3\x07\3\x08\3\x06\3\xc3\x10\3\2\x77\0"), 0,
           (struct rule){.kind = RULE_SP, .cfa_offset = 8});
    expect(TEXT("\3\1\0\4\1\0\0\0\x0e\x10"), 2, (struct rule){.kind = RULE_SP, .cfa_offset = 16});
    expect(TEXT("\3\1\0\4\1\0\0\0\x0e\x10"), 1, (struct rule){.kind = RULE_SP, .cfa_offset = 8});
    expect(TEXT("\x0e\x80\x80\4"), 1, (struct rule){.kind = RULE_SP, .cfa_offset = 65536});
}
END_TEST

START_TEST(call_frames_tell_the_outermost_function)
{
    expect(TEXT("\7\x10"), 0, (struct rule){.kind = RULE_END});
}
END_TEST

START_TEST(call_frames_that_are_not_usual_are_left_to_libunwind)
{
    const struct text unusual[] = {
        TEXT("\x0f\3\x77\x8\x06"),       /* CFA is an expression */
        TEXT("\x10\6\2\x77\0"),          /* bp is at an expression */
        TEXT("\x16\6\2\x77\0"),          /* and is one */
        TEXT("\x10\x10\2\x77\0"),        /* the return address */
        TEXT("\x09\6\3"),                /* bp is in bx */
        TEXT("\x07\6"),                  /* nowhere */
        TEXT("\x90\2"),                  /* the return address is further down */
        TEXT("\x08\x10"),                /* or in no place */
        TEXT("\x87\2"),                  /* sp is saved */
        TEXT("\x0c\3\x10"),              /* CFA = bx + 16 */
        TEXT("\x0e\0"),                  /* CFA = sp */
        TEXT("\x0e\x80\x80\x80\x80\x8"), /* CFA = sp + 2 GiB */
        TEXT("\x86\x80\x80\x80\x80\2"),  /* bp is 4 GiB below */
        TEXT("\x0b"),                    /* nothing has been remembered */
        TEXT("\x0a\x0a\x0a"),            /* too much */
        TEXT("\x01\0\0\0\0\0\0\0\0"),    /* an absolute address */
        TEXT("\x2e\x10"),                /* arguments on the stack */
        TEXT("\x3f"),                    /* nothing */
        TEXT("\x0e"),                    /* half an instruction */
        TEXT("\x10\3\x7f\0"),            /* an expression that ends too late */
        TEXT("\x0e\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"),
    };
    for (size_t i = 0; i < sizeof unusual / sizeof unusual[0]; i++) {
        expect_nothing(USUAL_COMMON, unusual[i], 0);
    }
}
END_TEST

START_TEST(call_frames_may_have_handlers_of_exceptions)
{
    const struct dl_find_object object = make_table(
        TEXT("\3zPLR\0\1\x78\x10\7\x9b\1\2\3\4\x1b\x1b\x0c\7\x8\x90\1"), TEXT("\x0e\x10"));
    struct rule rule;
    ck_assert(read_at(&object, 0, &rule));
    ck_assert_int_eq(rule.kind, RULE_SP);
    ck_assert_int_eq(rule.cfa_offset, 16);
}
END_TEST

START_TEST(call_frames_with_unusual_beginnings_are_left_to_libunwind)
{
    const struct text unusual[] = {
        TEXT("\4zR\0\1\x78\x10\1\x1b\x0c\7\x8\x90\1"),        /* version 4 */
        TEXT("\1R\0\1\x78\x10\1\x1b\x0c\7\x8\x90\1"),         /* no length */
        TEXT("\1zRS\0\1\x78\x10\1\x1b\x0c\7\x8\x90\1"),       /* of a signal's frame */
        TEXT("\1z\0\1\x78\x10\0\x0c\7\x8\x90\1"),             /* absolute addresses */
        TEXT("\1zR\0\1\x78\x10\1\x3b\x0c\7\x8\x90\1"),        /* relative to the table */
        TEXT("\1zR\0\1\x78\x10\0\x0c\7\x8\x90\1"),            /* nothing said */
        TEXT("\1zPR\0\1\x78\x10\x0a\0\1\2\3\4\5\6\7\x8\x1b"), /* an absolute handler */
        TEXT("\1zR\0\2\x78\x10\1\x1b\x0c\7\x8\x90\1"),        /* instructions of two bytes */
        TEXT("\1zR\0\1\x7c\x10\1\x1b\x0c\7\x8\x90\1"),        /* words of four */
        TEXT("\1zR\0\1\x78\x0f\1\x1b\x0c\7\x8\x90\1"),        /* another return address */
        TEXT("\1zR\0\1\x78\x10\x7f\x1b\x0c\7\x8\x90\1"),      /* longer than it is */
        TEXT("\1zR\0\1\x78\x10\1\x1b\x0f\1\x06\x90\1"),       /* an expression */
        TEXT("\1zR"),
    };
    for (size_t i = 0; i < sizeof unusual / sizeof unusual[0]; i++) {
        expect_nothing(unusual[i], TEXT("\x41"), 0);
    }
}
END_TEST

/* Nothing is read beyond the object's end. */
START_TEST(call_frames_that_are_cut_are_left_to_libunwind)
{
    struct dl_find_object object = make_table(USUAL_COMMON, FRAMED);
    struct rule rule;
    for (size_t length = 0; length < used; length++) {
        uint8_t *cut = malloc(length);
        ck_assert(length == 0 || cut != NULL);
        memcpy(cut, bytes, length);
        object.dlfo_eh_frame = length >= 20 ? cut : NULL;
        object.dlfo_map_start = cut;
        object.dlfo_map_end = cut + length;
        ck_assert(!call_frames_read_rule(&object, (uintptr_t)cut + CODE, &rule));
        free(cut);
    }
}
END_TEST

/* Any bytes give a rule or none. */
START_TEST(call_frames_may_be_damaged)
{
    uint64_t random = suite_seed();
    struct rule rule;
    for (int i = 0; i < 200000; i++) {
        const struct dl_find_object object = make_table(USUAL_COMMON, FRAMED);
        for (uint64_t n = suite_random(&random) % 3 + 1; n > 0; n--) {
            bytes[12 + suite_random(&random) % (used - 12)] = (uint8_t)suite_random(&random);
        }
        (void)read_at(&object, suite_random(&random) % CODE_BYTES, &rule);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        call_frames_say_what_libunwind_says,
        call_frames_are_read_up_to_the_pc,
        call_frames_of_other_functions_are_not_read,
        call_frames_are_read_whatever_else_they_save,
        call_frames_tell_the_outermost_function,
        call_frames_that_are_not_usual_are_left_to_libunwind,
        call_frames_may_have_handlers_of_exceptions,
        call_frames_with_unusual_beginnings_are_left_to_libunwind,
        call_frames_that_are_cut_are_left_to_libunwind,
        call_frames_may_be_damaged,
        NULL,
    };
    return suite_run("call_frames", tests);
}
