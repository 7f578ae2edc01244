/* Any bytes as a module's file: its headers, notes, links and packed sections, then its symbols. */
#include <string.h>

#include "elf_file.h"
#include "fuzz.h"
#include "sym_dwp.h"
#include "sym_elf.h"

static void look_up(const struct sym_elf *table, uint64_t address)
{
    struct sym_elf_match match = {0};
    if (sym_elf_find(table, address, &match)) {
        fuzz_require(match.addr <= address && strlen(match.name) > 0);
    }
}

static void read_links(const struct elf_file *file)
{
    const uint8_t *bytes = NULL;
    const char *name = NULL;
    size_t size = 0;
    uint32_t crc = 0;
    struct sym_split_sections sections;
    fuzz_require(file->build_id_bytes <= ELF_FILE_BUILD_ID_MAX);
    (void)elf_file_debug_link(file, &name, &crc);
    (void)elf_file_alternate_link(file, &name, &bytes, &size);
    (void)elf_file_section(file, ".debug_info", &bytes, &size);
    (void)sym_dwp_find(file, 0, &sections);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_file file;
    uint8_t *copy = malloc(size + 1);
    fuzz_require(copy != NULL);
    memcpy(copy, data, size);
    if (elf_file_open_memory(copy, size, "input", &file, NULL) != TRACE_OK) {
        return 0;
    }
    struct sym_elf *table = NULL;
    const struct sym_elf_sources sources = {.module = &file};
    read_links(&file);
    if (sym_elf_new(&sources, &table) == TRACE_OK) {
        for (uint64_t address = 0; address < 0x5000; address += 0x101) {
            look_up(table, address);
        }
        look_up(table, UINT64_MAX);
    }
    sym_elf_free(table);
    elf_file_close(&file);
    return 0;
}
