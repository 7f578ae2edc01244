/*
 * A reader of call frame instructions. See call_frames.h.
 *
 * A function's description (FDE) refers to one that it has in common with others (CIE). Both hold
 * instructions that make up a table, a row for each range of the function's code; they are carried
 * out up to the row of a pc. All bytes go through a cursor that ends with the description.
 *
 * Source: DWARF 5, 6.4 (instructions: 7.24); Linux Standard Base 5.0, Core, 10.6 (.eh_frame); the
 * register numbers are those of the System V ABI, x86-64, 3.6.2.
 */
#include "call_frames.h"

#include <stddef.h>
#include <string.h>

#include "eh_frame_header.h"
#include "trace_codec.h"

enum { REGISTER_BP = 6, REGISTER_SP = 7, RETURN_ADDRESS = 16 };

enum { PC_RELATIVE_4 = 0x1b };    /* DW_EH_PE_pcrel | DW_EH_PE_sdata4 */
enum { CODE_FACTOR = 1 };         /* of differences of addresses */
enum { DATA_FACTOR = -8 };        /* of offsets; ... */
enum { DATA_FACTOR_BYTE = 0x78 }; /* ... as a signed varint */

/* Two bits and an operand in the other six: */
enum { ADVANCE = 1, OFFSET = 2, RESTORE = 3 };
/* or eight: */
enum {
    NOP = 0x00,
    ADVANCE_1 = 0x02,
    ADVANCE_2 = 0x03,
    ADVANCE_4 = 0x04,
    OFFSET_EXTENDED = 0x05,
    RESTORE_EXTENDED = 0x06,
    UNDEFINED = 0x07,
    SAME_VALUE = 0x08,
    REMEMBER_STATE = 0x0a,
    RESTORE_STATE = 0x0b,
    DEFINE_CFA = 0x0c,
    DEFINE_CFA_REGISTER = 0x0d,
    DEFINE_CFA_OFFSET = 0x0e,
    EXPRESSION = 0x10,
};

/* Where the caller's value of a register is. */
struct place {
    enum { PLACE_KEPT = 0, PLACE_SAVED, PLACE_UNDEFINED } kind;
    int64_t offset; /* from the canonical frame address, if saved */
};

struct row {
    uint64_t cfa_register;
    uint64_t cfa_offset;
    struct place bp;
    struct place return_address;
};

#define REMEMBERED_MAX 2 /* compilers need one */

/* Instructions being carried out. */
struct run {
    struct trace_cursor at;
    uintptr_t location; /* where the row begins */
    uintptr_t pc;       /* whose row is wanted */
    struct row row;
    struct row initial; /* after the instructions of the CIE */
    struct row remembered[REMEMBERED_MAX];
    size_t remembered_used;
};

static uint32_t get_number(struct trace_cursor *cursor, size_t bytes)
{
    uint32_t number = 0;
    for (size_t i = 0; i < bytes; i++) {
        number |= (uint32_t)trace_get_byte(cursor) << 8 * i;
    }
    return number;
}

/* Return: the bytes after the length at @address, or none. */
static struct trace_cursor description_at(const struct dl_find_object *object, uintptr_t address)
{
    const uintptr_t start = (uintptr_t)object->dlfo_map_start;
    const uintptr_t end = (uintptr_t)object->dlfo_map_end;
    uint32_t length = 0;
    if (address < start || address >= end || end - address < sizeof length) {
        return (struct trace_cursor){.is_bad = true};
    }
    memcpy(&length, (const void *)address, sizeof length);
    address += sizeof length;
    return length <= end - address ? trace_cursor_over((const void *)address, length)
                                   : (struct trace_cursor){.is_bad = true};
}

/* Return: false if nothing can be made of that: the stack pointer is what the frame is told by. */
static bool put_place(struct row *row, uint64_t number, struct place place)
{
    switch (number) {
    case REGISTER_BP:
        row->bp = place;
        return true;
    case RETURN_ADDRESS:
        row->return_address = place;
        return true;
    default:
        return number != REGISTER_SP; /* what else is saved does not matter */
    }
}

static bool restore_place(struct run *run, uint64_t number)
{
    return put_place(&run->row, number,
                     number == REGISTER_BP ? run->initial.bp : run->initial.return_address);
}

static struct place saved_at(uint64_t factored)
{
    return (struct place){PLACE_SAVED, (int64_t)(factored * (uint64_t)DATA_FACTOR)};
}

static bool remember(struct run *run)
{
    if (run->remembered_used == REMEMBERED_MAX) {
        return false;
    }
    run->remembered[run->remembered_used++] = run->row;
    return true;
}

static bool return_to_remembered(struct run *run)
{
    if (run->remembered_used == 0) {
        return false;
    }
    run->row = run->remembered[--run->remembered_used];
    return true;
}

/* Return: false if it is none that is known here. */
static bool carry_out_long(struct run *run, uint8_t code)
{
    struct trace_cursor *at = &run->at;
    size_t length = 0;
    uint64_t number = 0;
    switch (code) {
    case NOP:
        return true;
    case ADVANCE_1:
        run->location += get_number(at, 1) * CODE_FACTOR;
        return true;
    case ADVANCE_2:
        run->location += get_number(at, 2) * CODE_FACTOR;
        return true;
    case ADVANCE_4:
        run->location += get_number(at, 4) * CODE_FACTOR;
        return true;
    case OFFSET_EXTENDED:
        number = trace_get_varint(at);
        return put_place(&run->row, number, saved_at(trace_get_varint(at)));
    case RESTORE_EXTENDED:
        return restore_place(run, trace_get_varint(at));
    case UNDEFINED:
        return put_place(&run->row, trace_get_varint(at), (struct place){.kind = PLACE_UNDEFINED});
    case SAME_VALUE:
        return put_place(&run->row, trace_get_varint(at), (struct place){.kind = PLACE_KEPT});
    case REMEMBER_STATE:
        return remember(run);
    case RESTORE_STATE:
        return return_to_remembered(run);
    case DEFINE_CFA:
        run->row.cfa_register = trace_get_varint(at);
        run->row.cfa_offset = trace_get_varint(at);
        return true;
    case DEFINE_CFA_REGISTER:
        run->row.cfa_register = trace_get_varint(at);
        return true;
    case DEFINE_CFA_OFFSET:
        run->row.cfa_offset = trace_get_varint(at);
        return true;
    case EXPRESSION:
        number = trace_get_varint(at);
        (void)trace_get_bytes(at, SIZE_MAX, &length);
        return number != REGISTER_BP && number != REGISTER_SP && number != RETURN_ADDRESS;
    default:
        return false;
    }
}

/* Carry out one instruction. Return: false if it is none that is known here. */
static bool carry_out(struct run *run)
{
    const uint8_t code = trace_get_byte(&run->at);
    const uint8_t operand = code & 0x3f;
    switch (code >> 6) {
    case ADVANCE:
        run->location += operand * (uintptr_t)CODE_FACTOR;
        return true;
    case OFFSET:
        return put_place(&run->row, operand, saved_at(trace_get_varint(&run->at)));
    case RESTORE:
        return restore_place(run, operand);
    default:
        return carry_out_long(run, code);
    }
}

static void begin_run(struct run *run, uintptr_t pc)
{
    run->pc = pc;
    run->location = 0;
    run->row = run->initial = (struct row){0};
    run->remembered_used = 0;
}

/* Carry out all instructions up to the row of the pc. Return: false if that cannot be done. */
static bool carry_out_all(struct run *run, struct trace_cursor instructions)
{
    run->at = instructions;
    while (run->at.next != run->at.end && run->location <= run->pc) {
        if (!carry_out(run) || run->at.is_bad) {
            return false;
        }
    }
    return true;
}

/* Leave out what a CIE says of personality routines and the like. Return: false if it tells of more
 * than that, or not how its descriptions write addresses. */
static bool pass_augmentation(const char *letters, struct trace_cursor data)
{
    bool is_pc_relative = false;
    for (; *letters != '\0'; letters++) {
        const uint8_t encoding = trace_get_byte(&data);
        switch (*letters) {
        case 'R':
            is_pc_relative = encoding == PC_RELATIVE_4;
            break;
        case 'P':
            if ((encoding & 7) != 3) { /* four bytes, signed or not */
                return false;
            }
            (void)get_number(&data, 4);
            break;
        case 'L':
            break;
        default:
            return false;
        }
    }
    return is_pc_relative && !data.is_bad;
}

/* Return: false if it is of another kind. @ret_instructions: its own. */
static bool read_common(struct trace_cursor cie, struct trace_cursor *ret_instructions)
{
    const uint32_t id = get_number(&cie, 4);
    const uint8_t version = trace_get_byte(&cie);
    const char *letters = (const char *)cie.next;
    size_t length = 0;
    while (trace_get_byte(&cie) != 0) {
    }
    const bool is_usual = trace_get_varint(&cie) == CODE_FACTOR &&
                          trace_get_byte(&cie) == DATA_FACTOR_BYTE &&
                          trace_get_byte(&cie) == RETURN_ADDRESS;
    const uint8_t *data = trace_get_bytes(&cie, SIZE_MAX, &length);
    *ret_instructions = cie;
    return !cie.is_bad && id == 0 && (version == 1 || version == 3) && letters[0] == 'z' &&
           is_usual && pass_augmentation(letters + 1, trace_cursor_over(data, length));
}

static bool make_rule(const struct row *row, struct rule *ret_rule)
{
    struct rule rule = {.kind = row->cfa_register == REGISTER_SP ? RULE_SP : RULE_BP};
    if (row->return_address.kind == PLACE_UNDEFINED) {
        *ret_rule = (struct rule){.kind = RULE_END};
        return true;
    }
    if ((row->cfa_register != REGISTER_SP && row->cfa_register != REGISTER_BP) ||
        row->cfa_offset < sizeof(uintptr_t) || row->cfa_offset > INT32_MAX ||
        row->return_address.kind != PLACE_SAVED ||
        row->return_address.offset != -(int64_t)sizeof(uintptr_t)) {
        return false;
    }
    rule.cfa_offset = (int32_t)row->cfa_offset;
    if (row->bp.kind == PLACE_SAVED) {
        rule.bp = RULE_BP_AT_CFA;
        rule.bp_offset = (int32_t)row->bp.offset;
    }
    *ret_rule = rule;
    const bool is_below_sp = rule.kind == RULE_SP && rule.cfa_offset + row->bp.offset < 0;
    return row->bp.kind != PLACE_UNDEFINED && rule.bp_offset == row->bp.offset && !is_below_sp;
}

bool call_frames_read_rule(const struct dl_find_object *object, uintptr_t pc, struct rule *ret_rule)
{
    const struct eh_frame_entry *entry = eh_frame_header_find(object, pc);
    if (entry == NULL) {
        return false;
    }
    struct trace_cursor fde =
        description_at(object, (uintptr_t)object->dlfo_eh_frame + (uintptr_t)(intptr_t)entry->fde);
    struct trace_cursor instructions;
    struct run run;
    size_t length = 0;
    const uintptr_t common = (uintptr_t)fde.next;
    const uint32_t distance = get_number(&fde, 4);
    begin_run(&run, pc);
    if (fde.is_bad || distance == 0 ||
        !read_common(description_at(object, common - distance), &instructions) ||
        !carry_out_all(&run, instructions)) {
        return false;
    }
    run.initial = run.row;
    run.location = (uintptr_t)fde.next;
    run.location += (uintptr_t)(intptr_t)(int32_t)get_number(&fde, 4);
    const uint32_t bytes = get_number(&fde, 4);
    (void)trace_get_bytes(&fde, SIZE_MAX, &length);
    return !fde.is_bad && pc - run.location < bytes && carry_out_all(&run, fde) &&
           make_rule(&run.row, ret_rule);
}
