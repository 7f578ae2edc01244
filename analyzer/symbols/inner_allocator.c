/* Allocators inside programs. See inner_allocator.h. */
#include "inner_allocator.h"

#include "elf_file.h"
#include "sym_elf.h"

static const struct {
    const char *symbol;
    const char *name;
} known[] = {
    {"_rjem_malloc", "jemalloc"}, {"_rjem_mallocx", "jemalloc"},
    {"je_malloc", "jemalloc"},    {"mi_malloc", "mimalloc"},
    {"tc_malloc", "tcmalloc"},    {"rpmalloc", "rpmalloc"},
    {"dlmalloc", "dlmalloc"},     {"runtime.mallocgc", "Go's runtime"},
};

const char *inner_allocator_find(const char *path)
{
    struct elf_file file;
    struct sym_elf *table = NULL;
    const char *name = NULL;
    if (elf_file_open(path, &file, NULL) == TRACE_OK) {
        const struct sym_elf_sources sources = {.module = &file};
        if (sym_elf_new(&sources, &table) == TRACE_OK) {
            for (size_t i = 0; i < sizeof known / sizeof known[0] && name == NULL; i++) {
                name = sym_elf_has(table, known[i].symbol) ? known[i].name : NULL;
            }
        }
        sym_elf_free(table);
    }
    elf_file_close(&file);
    return name;
}
