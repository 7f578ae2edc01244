/*
 * The dynamic section says where the tables are, and a hash table how many symbols there are: that
 * of System V by a number, GNU's by the last chain of its last bucket.
 * Source: ELF specification, "Dynamic Section" and "Hash Table"; binutils, elflink.c, for GNU's.
 */
#include "module_symbols.h"

#include <elf.h>
#include <link.h>
#include <string.h>

/* What of the dynamic section is needed; 0: is not there. */
struct tables {
    uintptr_t symbols;
    uintptr_t text;
    uintptr_t text_bytes;
    uintptr_t hash;
    uintptr_t gnu_hash;
};

/* @at: 0 for a table that the module does not have, which is inside of nothing. */
static bool is_inside(const struct module *module, uintptr_t at, uint64_t bytes)
{
    return at > 0 && at >= module->start && at < module->end && bytes <= module->end - at;
}

/* The loader has made most of these addresses absolute, but not those of the vdso. */
static uintptr_t absolute(const struct module *module, uintptr_t at)
{
    return at < module->start ? at + module->bias : at;
}

static struct tables find_tables(const struct module *module)
{
    struct tables tables = {0};
    const ElfW(Dyn) *entry = (const ElfW(Dyn) *)module->dynamic;
    for (; is_inside(module, (uintptr_t)entry, sizeof *entry) && entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_SYMTAB:
            tables.symbols = absolute(module, entry->d_un.d_ptr);
            break;
        case DT_STRTAB:
            tables.text = absolute(module, entry->d_un.d_ptr);
            break;
        case DT_STRSZ:
            tables.text_bytes = entry->d_un.d_val;
            break;
        case DT_HASH:
            tables.hash = absolute(module, entry->d_un.d_ptr);
            break;
        case DT_GNU_HASH:
            tables.gnu_hash = absolute(module, entry->d_un.d_ptr);
            break;
        default:
            break;
        }
    }
    return tables;
}

/* Return: how many symbols GNU's hash table implies; 0 if it is not to be understood. */
static uint32_t count_gnu(const struct module *module, uintptr_t at)
{
    enum { BUCKET_COUNT, FIRST_SYMBOL, BLOOM_COUNT, BLOOM_SHIFT, HEAD_WORDS };
    if (!is_inside(module, at, HEAD_WORDS * sizeof(uint32_t))) {
        return 0;
    }
    const uint32_t *head = (const uint32_t *)at;
    uint64_t bucket_bytes = (uint64_t)head[BUCKET_COUNT] * sizeof(uint32_t);
    uintptr_t buckets =
        at + HEAD_WORDS * sizeof(uint32_t) + (uint64_t)head[BLOOM_COUNT] * sizeof(ElfW(Addr));
    if (!is_inside(module, buckets, bucket_bytes)) {
        return 0;
    }
    uint32_t last = 0;
    for (uint32_t i = 0; i < head[BUCKET_COUNT]; i++) {
        uint32_t first = ((const uint32_t *)buckets)[i];
        last = first > last ? first : last;
    }
    if (last < head[FIRST_SYMBOL]) {
        return head[FIRST_SYMBOL]; /* nothing is exported */
    }
    const uint32_t *chain =
        (const uint32_t *)(buckets + bucket_bytes) + (last - head[FIRST_SYMBOL]);
    while (is_inside(module, (uintptr_t)chain, sizeof *chain) && (*chain & 1) == 0) {
        chain++;
        last++;
    }
    return last + 1;
}

static uint32_t count_symbols(const struct module *module, const struct tables *tables)
{
    enum { CHAIN_COUNT = 1, HEAD_WORDS = 2 };
    if (is_inside(module, tables->hash, HEAD_WORDS * sizeof(uint32_t))) {
        return ((const uint32_t *)tables->hash)[CHAIN_COUNT];
    }
    return count_gnu(module, tables->gnu_hash);
}

struct module_symbols module_symbols_of(const struct module *module)
{
    struct tables tables = find_tables(module);
    uint32_t count = count_symbols(module, &tables);
    if (!is_inside(module, tables.symbols, (uint64_t)count * sizeof(ElfW(Sym))) ||
        !is_inside(module, tables.text, tables.text_bytes)) {
        count = 0;
    }
    return (struct module_symbols){.table = (const void *)tables.symbols,
                                   .text = (const char *)tables.text,
                                   .text_bytes = tables.text_bytes,
                                   .count =
                                       count < MODULE_SYMBOLS_MAX ? count : MODULE_SYMBOLS_MAX};
}

/* Return: whether a symbol is a function with a name that is not too long. */
static bool is_function(const struct module_symbols *symbols, const ElfW(Sym) * symbol,
                        struct module_symbol *ret_symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    if (symbol->st_shndx == SHN_UNDEF || (type != STT_FUNC && type != STT_GNU_IFUNC) ||
        symbol->st_name >= symbols->text_bytes) {
        return false;
    }
    uint64_t room = symbols->text_bytes - symbol->st_name;
    const char *name = symbols->text + symbol->st_name;
    size_t length =
        strnlen(name, room < MODULE_SYMBOL_NAME_BYTES ? room : MODULE_SYMBOL_NAME_BYTES);
    *ret_symbol = (struct module_symbol){symbol->st_value, symbol->st_size, name, (uint32_t)length};
    return length > 0 && length < MODULE_SYMBOL_NAME_BYTES;
}

bool module_symbols_peek(struct module_symbols *symbols, struct module_symbol *ret_symbol)
{
    const ElfW(Sym) *table = symbols->table;
    while (symbols->next < symbols->count &&
           !is_function(symbols, &table[symbols->next], ret_symbol)) {
        symbols->next++;
    }
    return symbols->next < symbols->count;
}

void module_symbols_pass(struct module_symbols *symbols)
{
    symbols->next++;
}
