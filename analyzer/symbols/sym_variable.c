/*
 * Symbols of variables, sorted. Of two names of one variable the first of the table stays, a name
 * that is exported before one that is not.
 */
#include "sym_variable.h"

#include <gelf.h>
#include <stdlib.h>

#include "grow.h"

struct variable {
    uint64_t addr;
    uint64_t bytes;
    const char *name;
    uint32_t rank; /* lower is better: of the symbol table, exported or not */
};

struct sym_variables {
    struct variable *items; /* by address */
    size_t count;
    size_t capacity;
    uint64_t shift; /* what to add to an address that is looked for */
};

static int compare(const void *left, const void *right)
{
    const struct variable *a = left;
    const struct variable *b = right;
    if (a->addr != b->addr) {
        return a->addr < b->addr ? -1 : 1;
    }
    return a->rank < b->rank ? -1 : a->rank > b->rank;
}

/* Add the variables of one symbol table. Return: false without memory. */
static bool add_table(struct sym_variables *variables, const struct elf_file *file,
                      Elf_Scn *section, const GElf_Shdr *header, unsigned char type)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = data != NULL && header->sh_entsize != 0 ? data->d_size / header->sh_entsize : 0;
    for (size_t i = 0; i < count && i <= INT32_MAX; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(data, (int)i, &symbol) == NULL) {
            break;
        }
        const char *name = elf_strptr(file->elf, header->sh_link, symbol.st_name);
        if (GELF_ST_TYPE(symbol.st_info) != type || symbol.st_shndx == SHN_UNDEF ||
            symbol.st_size == 0 || name == NULL || name[0] == '\0') {
            continue;
        }
        struct variable *items =
            grow_array(variables->items, variables->count, &variables->capacity, sizeof *items);
        if (items == NULL) {
            return false;
        }
        variables->items = items;
        items[variables->count++] =
            (struct variable){symbol.st_value, symbol.st_size, name,
                              GELF_ST_BIND(symbol.st_info) == STB_LOCAL ? 1 : 0};
    }
    return true;
}

static bool add_file(struct sym_variables *variables, const struct elf_file *file, bool is_local)
{
    Elf_Scn *section = NULL;
    while (file->elf != NULL && (section = elf_nextscn(file->elf, section)) != NULL) {
        GElf_Shdr header;
        bool is_table = gelf_getshdr(section, &header) != NULL &&
                        (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM);
        if (is_table &&
            !add_table(variables, file, section, &header, is_local ? STT_TLS : STT_OBJECT)) {
            return false;
        }
    }
    return true;
}

/* Return: how far below the thread pointer the program's thread-local variables begin. */
static uint64_t thread_local_bytes(const struct elf_file *file)
{
    GElf_Phdr header;
    if (!elf_file_thread_locals(file, &header)) {
        return 0;
    }
    uint64_t align = header.p_align > 0 ? header.p_align : 1;
    return (header.p_memsz + align - 1) / align * align;
}

enum trace_status sym_variables_new(const struct debug_files *files, enum symbol_storage storage,
                                    struct sym_variables **ret_variables)
{
    const bool is_local = storage != SYMBOL_GLOBAL;
    struct sym_variables *variables = calloc(1, sizeof *variables);
    if (variables == NULL) {
        return TRACE_NOMEM;
    }
    if (!add_file(variables, &files->debug, is_local) ||
        !add_file(variables, &files->module, is_local)) {
        sym_variables_free(variables);
        return TRACE_NOMEM;
    }
    if (variables->count == 0) {
        sym_variables_free(variables);
        return TRACE_NOT_FOUND;
    }
    variables->shift = storage == SYMBOL_LOCAL_OF_PROGRAM ? thread_local_bytes(&files->module) : 0;
    qsort(variables->items, variables->count, sizeof *variables->items, compare);
    *ret_variables = variables;
    return TRACE_OK;
}

void sym_variables_free(struct sym_variables *variables)
{
    if (variables != NULL) {
        free(variables->items);
        free(variables);
    }
}

const char *sym_variables_find(const struct sym_variables *variables, uint64_t address,
                               uint64_t *ret_start)
{
    size_t low = 0;
    size_t high = variables->count;
    address += variables->shift;
    while (low < high) { // the first variable that begins after the address
        size_t middle = low + (high - low) / 2;
        if (variables->items[middle].addr <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const char *name = NULL;
    if (low > 0) { // of several that begin there, the first
        uint64_t addr = variables->items[low - 1].addr;
        *ret_start = addr;
        for (size_t i = low; i-- > 0 && variables->items[i].addr == addr;) {
            bool is_in = address - addr < variables->items[i].bytes;
            name = is_in ? variables->items[i].name : name;
        }
    }
    return name;
}
