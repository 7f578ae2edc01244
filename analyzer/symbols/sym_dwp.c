/*
 * The index of a package, .debug_cu_index:
 *
 *     version (2, and 2 of padding, or 4) columns (4) units (4) slots (4)
 *     slots * dwo_id (8) | slots * row (4), 0: the slot is empty
 *     columns * section (4) | units * columns * offset (4) | units * columns * size (4)
 *
 * It is a hash table; a walk over all slots is fast enough, and needs no trust in how it was made.
 */
#include "sym_dwp.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DW_SECT_INFO = 1, DW_SECT_ABBREV = 3, DW_SECT_STR_OFFSETS = 6, DW_SECT_RNGLISTS = 8 };

const char *sym_split_section_name(enum sym_split_section section)
{
    static const char *const names[] = {
        [SYM_SPLIT_INFO] = ".debug_info.dwo",
        [SYM_SPLIT_ABBREV] = ".debug_abbrev.dwo",
        [SYM_SPLIT_STR_OFFSETS] = ".debug_str_offsets.dwo",
        [SYM_SPLIT_STR] = ".debug_str.dwo",
        [SYM_SPLIT_RNGLISTS] = ".debug_rnglists.dwo",
    };
    return names[section];
}

struct sym_split_sections sym_dwp_whole(const struct elf_file *file)
{
    struct sym_split_sections sections = {0};
    for (unsigned i = 0; i < SYM_SPLIT_SECTIONS; i++) {
        struct sym_section *section = &sections.items[i];
        if (!elf_file_section(file, sym_split_section_name(i), &section->bytes, &section->size)) {
            *section = (struct sym_section){0};
        }
    }
    return sections;
}

/* The index, taken apart. */
struct index {
    struct sym_section section;
    unsigned version;
    uint64_t columns;
    uint64_t units;
    uint64_t slots;
    uint64_t ids_at; /* offsets of the tables */
    uint64_t rows_at;
    uint64_t columns_at;
    uint64_t offsets_at;
    uint64_t sizes_at;
};

static bool read_index(const struct elf_file *package, struct index *index)
{
    struct sym_section *section = &index->section;
    if (!elf_file_section(package, ".debug_cu_index", &section->bytes, &section->size)) {
        return false;
    }
    struct trace_cursor cursor = sym_section_from(section, 0);
    index->version = (unsigned)sym_get_fixed(&cursor, 4) & 0xffff;
    index->columns = sym_get_fixed(&cursor, 4);
    index->units = sym_get_fixed(&cursor, 4);
    index->slots = sym_get_fixed(&cursor, 4);
    index->ids_at = 16;
    index->rows_at = index->ids_at + index->slots * 8;
    index->columns_at = index->rows_at + index->slots * 4;
    index->offsets_at = index->columns_at + index->columns * 4;
    index->sizes_at = index->offsets_at + index->units * index->columns * 4;
    return !cursor.is_bad && (index->version == 2 || index->version == 5) && index->columns <= 16 &&
           index->rows_at <= section->size;
}

static uint64_t number_at(const struct index *index, uint64_t offset, unsigned bytes)
{
    struct trace_cursor cursor = sym_section_from(&index->section, offset);
    return sym_get_fixed(&cursor, bytes);
}

/* Return: the number of a unit's row, from 1; 0 if it has none. */
static uint64_t find_row(const struct index *index, uint64_t dwo_id)
{
    for (uint64_t slot = 0; slot < index->slots; slot++) {
        uint64_t row = number_at(index, index->rows_at + slot * 4, 4);
        if (row != 0 && row <= index->units &&
            number_at(index, index->ids_at + slot * 8, 8) == dwo_id) {
            return row;
        }
    }
    return 0;
}

/* Cut a section down to the part that one cell of the index describes. */
static bool cut(const struct index *index, uint64_t cell, struct sym_section *section)
{
    uint64_t offset = number_at(index, index->offsets_at + cell * 4, 4);
    uint64_t size = number_at(index, index->sizes_at + cell * 4, 4);
    if (section->bytes == NULL || offset > section->size || size > section->size - offset) {
        return false;
    }
    *section = (struct sym_section){.bytes = section->bytes + offset, .size = (size_t)size};
    return true;
}

bool sym_dwp_find(const struct elf_file *package, uint64_t dwo_id,
                  struct sym_split_sections *ret_sections)
{
    struct index index = {0};
    uint64_t row = read_index(package, &index) ? find_row(&index, dwo_id) : 0;
    if (row == 0) {
        return false;
    }
    *ret_sections = sym_dwp_whole(package);
    bool has_info = false;
    for (uint64_t i = 0; i < index.columns; i++) {
        uint64_t kind = number_at(&index, index.columns_at + i * 4, 4);
        unsigned section = kind == DW_SECT_INFO                             ? SYM_SPLIT_INFO
                           : kind == DW_SECT_ABBREV                         ? SYM_SPLIT_ABBREV
                           : kind == DW_SECT_STR_OFFSETS                    ? SYM_SPLIT_STR_OFFSETS
                           : kind == DW_SECT_RNGLISTS && index.version == 5 ? SYM_SPLIT_RNGLISTS
                                                                            : SYM_SPLIT_SECTIONS;
        if (section == SYM_SPLIT_SECTIONS) {
            continue;
        }
        if (!cut(&index, (row - 1) * index.columns + i, &ret_sections->items[section])) {
            return false;
        }
        has_info |= section == SYM_SPLIT_INFO;
    }
    return has_info;
}

/* Write the file: header, names of sections, contents, section headers. */
static bool write_file(FILE *stream, const struct sym_split_sections *sections)
{
    Elf64_Shdr headers[SYM_SPLIT_SECTIONS + 2] = {0};
    char names[256] = "";
    size_t used = 1;
    uint64_t at = sizeof(Elf64_Ehdr) + sizeof names;
    for (unsigned i = 0; i < SYM_SPLIT_SECTIONS; i++) {
        const char *name = sym_split_section_name(i);
        headers[i + 1] = (Elf64_Shdr){.sh_name = (Elf64_Word)used,
                                      .sh_type = SHT_PROGBITS,
                                      .sh_offset = at,
                                      .sh_size = sections->items[i].size,
                                      .sh_addralign = 1};
        memcpy(names + used, name, strlen(name) + 1);
        used += strlen(name) + 1;
        at += sections->items[i].size;
    }
    headers[SYM_SPLIT_SECTIONS + 1] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
                                                   .sh_offset = sizeof(Elf64_Ehdr),
                                                   .sh_size = sizeof names,
                                                   .sh_addralign = 1};
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_REL,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_shoff = at,
        .e_ehsize = sizeof header,
        .e_shentsize = sizeof headers[0],
        .e_shnum = SYM_SPLIT_SECTIONS + 2,
        .e_shstrndx = SYM_SPLIT_SECTIONS + 1};
    bool is_good = fwrite(&header, sizeof header, 1, stream) == 1 &&
                   fwrite(names, sizeof names, 1, stream) == 1;
    for (unsigned i = 0; i < SYM_SPLIT_SECTIONS && is_good; i++) {
        const struct sym_section *section = &sections->items[i];
        is_good = section->size == 0 || fwrite(section->bytes, section->size, 1, stream) == 1;
    }
    return is_good && fwrite(headers, sizeof headers, 1, stream) == 1;
}

int sym_dwp_as_file(const struct sym_split_sections *sections)
{
    int fd = memfd_create("split unit", MFD_CLOEXEC);
    int stream_fd = fd >= 0 ? dup(fd) : -1;
    FILE *stream = stream_fd >= 0 ? fdopen(stream_fd, "wb") : NULL;
    bool is_good = stream != NULL && write_file(stream, sections);
    if (stream != NULL) {
        is_good = fclose(stream) == 0 && is_good;
    } else if (stream_fd >= 0) {
        (void)close(stream_fd);
    }
    if (!is_good && fd >= 0) {
        (void)close(fd);
    }
    return is_good ? fd : -1;
}
