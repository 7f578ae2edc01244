/*
 * ELF symbol tables as one sorted array of address ranges. Built once a file, searched by
 * bisection.
 *
 * After sorting, each range gets `reach`: the furthest end among the ranges up to it. A search that
 * walks backwards from the address stops where nothing before can reach it, so functions that lie
 * inside others (cold parts, assembly labels) cost nothing to those that do not.
 */
#include "sym_elf.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "grow.h"
#include "sym_plt.h"

enum { RANK_LOCAL, RANK_WEAK, RANK_GLOBAL, RANK_SIZED = 4, STEPS_MAX = 64 };

struct symbol {
    uint64_t addr;
    uint64_t end;   /* first address after it */
    uint64_t reach; /* the largest end of the symbols up to this one */
    const char *name;
    uint32_t index; /* in the file's table: the last thing that decides between aliases */
    uint8_t rank;   /* higher is better, among aliases */
};

struct sym_elf {
    struct symbol *symbols; /* by addr; of aliases, the best comes last */
    size_t count;
    size_t capacity;
    struct arena names; /* those that no file has as they are shown */
    bool is_complete;
};

static int compare_symbols(const void *left, const void *right)
{
    const struct symbol *a = left;
    const struct symbol *b = right;
    if (a->addr != b->addr) {
        return a->addr < b->addr ? -1 : 1;
    }
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    if (a->index != b->index) {
        return a->index > b->index ? -1 : 1;
    }
    return 0;
}

static uint8_t rank_of(const GElf_Sym *symbol)
{
    uint8_t rank = symbol->st_size != 0 ? RANK_SIZED : 0;
    switch (GELF_ST_BIND(symbol->st_info)) {
    case STB_LOCAL:
        return rank | RANK_LOCAL;
    case STB_WEAK:
        return rank | RANK_WEAK;
    default: // also STB_GNU_UNIQUE
        return rank | RANK_GLOBAL;
    }
}

/* Return: whether a symbol names code; ret_end: where its section ends. */
static bool is_code(const struct elf_file *file, const GElf_Sym *symbol, uint64_t *ret_end)
{
    unsigned char type = GELF_ST_TYPE(symbol->st_info);
    if (symbol->st_shndx == SHN_UNDEF ||
        (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)) {
        return false;
    }
    *ret_end = UINT64_MAX;
    if (symbol->st_shndx >= SHN_LORESERVE) { // absolute, or an index too big for the field
        return type != STT_NOTYPE && symbol->st_size != 0;
    }
    GElf_Shdr header;
    Elf_Scn *section = elf_getscn(file->elf, symbol->st_shndx);
    if (section == NULL || gelf_getshdr(section, &header) == NULL ||
        (header.sh_flags & SHF_EXECINSTR) == 0) {
        return false;
    }
    if (header.sh_size <= UINT64_MAX - header.sh_addr) {
        *ret_end = header.sh_addr + header.sh_size;
    }
    return true;
}

static bool append(struct sym_elf *table, const struct symbol *symbol)
{
    struct symbol *moved =
        grow_array(table->symbols, table->count, &table->capacity, sizeof *moved);
    if (moved == NULL) {
        return false;
    }
    table->symbols = moved;
    table->symbols[table->count++] = *symbol;
    return true;
}

/* A sym_plt_sink. */
static bool add_stub(void *context, uint64_t addr, uint64_t bytes, const char *target)
{
    struct sym_elf *table = context;
    struct symbol stub = {
        .addr = addr,
        .end = addr + bytes,
        .name = arena_format(&table->names, "%.*s@plt", (int)strcspn(target, "@"), target),
        .rank = RANK_SIZED | RANK_LOCAL};
    return stub.name != NULL && append(table, &stub);
}

/* Add one symbol if it is a function's. Return: false without memory. */
static bool add_symbol(struct sym_elf *table, const struct elf_file *file, const GElf_Sym *symbol,
                       const char *name, size_t index)
{
    uint64_t section_end = 0;
    // Assemblers leave local labels (.L1) and markers ($x) of no use to a reader.
    if (!is_code(file, symbol, &section_end) || name == NULL || name[0] == '\0' || name[0] == '$' ||
        strncmp(name, ".L", 2) == 0 || strncmp(name, ".annobin", 8) == 0) {
        return true;
    }
    const char *version = strchr(name + 1, '@');
    if (version != NULL) {
        name = arena_copy(&table->names, name, (size_t)(version - name));
    }
    uint64_t end = section_end;
    if (symbol->st_size != 0 && symbol->st_size <= UINT64_MAX - symbol->st_value) {
        end = symbol->st_value + symbol->st_size;
    }
    struct symbol added = {.addr = symbol->st_value,
                           .end = end,
                           .name = name,
                           .index = (uint32_t)index,
                           .rank = rank_of(symbol)};
    return name != NULL && append(table, &added);
}

/* Add the functions of all sections of one type. Return: false without memory. */
static bool add_table(struct sym_elf *table, const struct elf_file *file, GElf_Word type)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(file->elf, section)) != NULL) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == NULL || header.sh_type != type ||
            header.sh_entsize == 0) {
            continue;
        }
        Elf_Data *data = elf_getdata(section, NULL);
        size_t count = data != NULL ? data->d_size / header.sh_entsize : 0;
        for (size_t i = 0; i < count && i <= INT32_MAX; i++) {
            GElf_Sym symbol;
            if (gelf_getsym(data, (int)i, &symbol) == NULL) {
                break;
            }
            const char *name = elf_strptr(file->elf, header.sh_link, symbol.st_name);
            if (!add_symbol(table, file, &symbol, name, i)) {
                return false;
            }
        }
    }
    return true;
}

/* Sort, end the symbols that have no size at their successor, and note how far each prefix reaches.
 */
static void finish_table(struct sym_elf *table)
{
    qsort(table->symbols, table->count, sizeof *table->symbols, compare_symbols);
    uint64_t next_addr = UINT64_MAX; // of the nearest symbol that begins later
    for (size_t i = table->count; i-- > 0;) {
        struct symbol *symbol = &table->symbols[i];
        if (i + 1 < table->count && table->symbols[i + 1].addr != symbol->addr) {
            next_addr = table->symbols[i + 1].addr;
        }
        if (symbol->rank < RANK_SIZED && symbol->end > next_addr) {
            symbol->end = next_addr;
        }
    }
    uint64_t reach = 0;
    for (size_t i = 0; i < table->count; i++) {
        reach = table->symbols[i].end > reach ? table->symbols[i].end : reach;
        table->symbols[i].reach = reach;
    }
}

/* Add what the trace has. Return: false without memory. */
static bool add_saved(struct sym_elf *table, const struct saved_symbols *saved)
{
    for (size_t i = 0; i < saved->count; i++) {
        const struct saved_symbol *symbol = &saved->items[i];
        bool has_size = symbol->bytes != 0 && symbol->bytes <= UINT64_MAX - symbol->address;
        struct symbol added = {.addr = symbol->address,
                               .end = has_size ? symbol->address + symbol->bytes : UINT64_MAX,
                               .name = symbol->name,
                               .index = (uint32_t)i,
                               .rank = RANK_GLOBAL | (has_size ? RANK_SIZED : 0)};
        if (!append(table, &added)) {
            return false;
        }
    }
    return true;
}

/* Add the best names there are. Return: false without memory. */
static bool add_sources(struct sym_elf *table, const struct sym_elf_sources *sources)
{
    const struct elf_file *const full[] = {sources->debug, sources->module};
    for (size_t i = 0; i < sizeof full / sizeof full[0] && table->count == 0; i++) {
        if (full[i] != NULL && !add_table(table, full[i], SHT_SYMTAB)) {
            return false;
        }
    }
    bool is_partial = table->count == 0;
    if (is_partial && sources->mini != NULL && !add_table(table, sources->mini, SHT_SYMTAB)) {
        return false;
    }
    table->is_complete = table->count > 0;
    if (sources->module == NULL) {
        return !is_partial || sources->saved == NULL || add_saved(table, sources->saved);
    }
    // A packed symbol table leaves out what is exported.
    return (!is_partial || add_table(table, sources->module, SHT_DYNSYM)) &&
           sym_plt_each(sources->module, add_stub, table);
}

enum trace_status sym_elf_new(const struct sym_elf_sources *sources, struct sym_elf **ret_table)
{
    struct sym_elf *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return TRACE_NOMEM;
    }
    bool has_memory = add_sources(table, sources);
    if (!has_memory || table->count == 0) {
        sym_elf_free(table);
        return has_memory ? TRACE_NOT_FOUND : TRACE_NOMEM;
    }
    finish_table(table);
    *ret_table = table;
    return TRACE_OK;
}

void sym_elf_free(struct sym_elf *table)
{
    if (table != NULL) {
        free(table->symbols);
        arena_fini(&table->names);
        free(table);
    }
}

bool sym_elf_has(const struct sym_elf *table, const char *name)
{
    size_t i = 0;
    while (i < table->count && strcmp(table->symbols[i].name, name) != 0) {
        i++;
    }
    return i < table->count;
}

bool sym_elf_is_complete(const struct sym_elf *table)
{
    return table->is_complete;
}

bool sym_elf_find(const struct sym_elf *table, uint64_t address, struct sym_elf_match *ret_match)
{
    size_t low = 0;
    size_t high = table->count;
    while (low < high) { // the first symbol that begins after the address
        size_t middle = low + (high - low) / 2;
        if (table->symbols[middle].addr <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t i = low, steps = 0; i-- > 0 && steps < STEPS_MAX; steps++) {
        const struct symbol *symbol = &table->symbols[i];
        if (symbol->reach <= address) {
            return false;
        }
        if (symbol->end > address) {
            *ret_match = (struct sym_elf_match){.name = symbol->name, .addr = symbol->addr};
            return true;
        }
    }
    return false;
}
