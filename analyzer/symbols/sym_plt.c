/*
 * A stub is found by what it does, not by its place: it jumps through a slot of the global offset
 * table (`jmp *slot(%rip)`, ff 25 and four bytes of distance), and the relocation of that slot has
 * the name. That holds for .plt, for .plt.got, whose slots are bound when the program starts, and
 * for .plt.sec, which takes the part of .plt where control-flow enforcement is compiled in.
 * Source: System V ABI, AMD64 supplement, 5.2 and 13.2.
 */
#include "sym_plt.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"

enum { JUMP_BYTES = 6, STUB_BYTES = 16 };

struct slot {
    uint64_t addr;
    const char *target;
};

struct slots {
    struct slot *items; /* by addr, once sorted */
    size_t count;
    size_t capacity;
};

static int compare_slots(const void *left, const void *right)
{
    const struct slot *a = left;
    const struct slot *b = right;
    return a->addr < b->addr ? -1 : a->addr > b->addr;
}

/* Return: the name of a symbol of the table that a relocation section refers to, or NULL. */
static const char *symbol_name(const struct elf_file *file, size_t table, size_t index)
{
    GElf_Shdr header;
    GElf_Sym symbol;
    Elf_Scn *section = elf_getscn(file->elf, table);
    Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;
    if (data == NULL || index > INT32_MAX || gelf_getshdr(section, &header) == NULL ||
        gelf_getsym(data, (int)index, &symbol) == NULL) {
        return NULL;
    }
    return elf_strptr(file->elf, header.sh_link, symbol.st_name);
}

/* Add the slots that one section of relocations fills. Return: false without memory. */
static bool add_slots(struct slots *slots, const struct elf_file *file, Elf_Scn *section,
                      const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = data != NULL && header->sh_entsize > 0 ? data->d_size / header->sh_entsize : 0;
    for (size_t i = 0; i < count && i <= INT32_MAX; i++) {
        GElf_Rela relocation;
        if (gelf_getrela(data, (int)i, &relocation) == NULL) {
            break;
        }
        uint64_t type = GELF_R_TYPE(relocation.r_info);
        if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) {
            continue;
        }
        const char *name = symbol_name(file, header->sh_link, GELF_R_SYM(relocation.r_info));
        if (name == NULL || name[0] == '\0') {
            continue;
        }
        struct slot *moved =
            grow_array(slots->items, slots->count, &slots->capacity, sizeof *moved);
        if (moved == NULL) {
            return false;
        }
        slots->items = moved;
        slots->items[slots->count++] = (struct slot){.addr = relocation.r_offset, .target = name};
    }
    return true;
}

/* Return: where the stub at @bytes jumps through; 0 if it does not. @addr: of the stub. */
static uint64_t slot_of(const uint8_t *bytes, size_t size, uint64_t addr)
{
    for (size_t at = 0; at + JUMP_BYTES <= size; at++) {
        if (bytes[at] == 0xff && bytes[at + 1] == 0x25) {
            uint32_t distance = 0;
            for (size_t i = 4; i > 0; i--) {
                distance = distance << 8 | bytes[at + 1 + i];
            }
            return addr + at + JUMP_BYTES + (uint64_t)(int64_t)(int32_t)distance;
        }
    }
    return 0;
}

/* Give the stubs of one section. Return: false if @sink did. */
static bool give_stubs(const struct slots *slots, Elf_Scn *section, const GElf_Shdr *header,
                       sym_plt_sink sink, void *context)
{
    const Elf_Data *data = elf_getdata(section, NULL);
    size_t size = header->sh_entsize == STUB_BYTES / 2 ? STUB_BYTES / 2 : STUB_BYTES;
    size_t bytes = data != NULL && data->d_buf != NULL ? data->d_size : 0;
    for (size_t at = 0; at + size <= bytes; at += size) {
        uint64_t addr = header->sh_addr + at;
        struct slot wanted = {.addr = slot_of((const uint8_t *)data->d_buf + at, size, addr)};
        const struct slot *slot =
            bsearch(&wanted, slots->items, slots->count, sizeof wanted, compare_slots);
        if (slot != NULL && !sink(context, addr, size, slot->target)) {
            return false;
        }
    }
    return true;
}

bool sym_plt_each(const struct elf_file *file, sym_plt_sink sink, void *context)
{
    GElf_Ehdr ehdr;
    struct slots slots = {0};
    size_t names = 0;
    if (gelf_getehdr(file->elf, &ehdr) == NULL || ehdr.e_machine != EM_X86_64 ||
        elf_getshdrstrndx(file->elf, &names) != 0) {
        return true;
    }
    bool is_good = true;
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    while (is_good && (section = elf_nextscn(file->elf, section)) != NULL) {
        if (gelf_getshdr(section, &header) != NULL && header.sh_type == SHT_RELA &&
            (header.sh_flags & SHF_ALLOC) != 0) {
            is_good = add_slots(&slots, file, section, &header);
        }
    }
    if (slots.count > 0) {
        qsort(slots.items, slots.count, sizeof *slots.items, compare_slots);
    }
    while (is_good && slots.count > 0 && (section = elf_nextscn(file->elf, section)) != NULL) {
        if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_PROGBITS) {
            continue;
        }
        const char *name = elf_strptr(file->elf, names, header.sh_name);
        if (name != NULL && strncmp(name, ".plt", 4) == 0) {
            is_good = give_stubs(&slots, section, &header, sink, context);
        }
    }
    free(slots.items);
    return is_good;
}
