/*
 * Mutations of an ELF file: mostly inside one section, so that its headers, without which nothing
 * is read, stay whole; else anywhere.
 */
#include <elf.h>
#include <string.h>

#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { TRIES = 16, ANYWHERE_OF = 8 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* Choose a section with contents. Return: whether there is one inside the file. */
static int choose_section(const uint8_t *data, size_t size, uint32_t *state, Elf64_Shdr *ret_header)
{
    Elf64_Ehdr file;
    if (size < sizeof file) {
        return 0;
    }
    memcpy(&file, data, sizeof file);
    for (int i = 0; i < TRIES && file.e_shnum > 0; i++) {
        size_t number = next_random(state) % file.e_shnum;
        if (file.e_shoff > size || size - file.e_shoff < (number + 1) * sizeof *ret_header) {
            continue;
        }
        memcpy(ret_header, data + file.e_shoff + number * sizeof *ret_header, sizeof *ret_header);
        if (ret_header->sh_type == SHT_PROGBITS && ret_header->sh_size > 0 &&
            ret_header->sh_size < size && ret_header->sh_offset <= size - ret_header->sh_size) {
            return 1;
        }
    }
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    uint32_t state = seed;
    Elf64_Shdr section;
    if (next_random(&state) % ANYWHERE_OF == 0 || !choose_section(data, size, &state, &section)) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    (void)LLVMFuzzerMutate(data + section.sh_offset, section.sh_size, section.sh_size);
    return size;
}
