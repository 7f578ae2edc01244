/*
 * The entry for sigprocmask() in the library's linkage table is set to a function of ours. To
 * define sigprocmask() ourselves, in front of libc's, would take the same, but the program's calls
 * would come through us, too.
 */
#include "libunwind_signals.h"

#include <elf.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "own_stack.h"

struct linkage {
    const ElfW(Rela) * entries;
    size_t count;
    const ElfW(Sym) * symbols;
    const char *names;
    bool is_read_only; /* after relocation */
};

static int mask_signals(int how, const sigset_t *set, sigset_t *ret_before)
{
    return own_stack_is_used() ? 0 : sigprocmask(how, set, ret_before);
}

/* The loader has made most of these addresses absolute. */
static const void *absolute(const struct link_map *map, uintptr_t at)
{
    // NOLINTNEXTLINE(performance-no-int-to-ptr): ELF gives addresses as numbers
    return (const void *)(at < map->l_addr ? at + map->l_addr : at);
}

static struct linkage find_linkage(const struct link_map *map)
{
    struct linkage linkage = {0};
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_JMPREL:
            linkage.entries = absolute(map, entry->d_un.d_ptr);
            break;
        case DT_PLTRELSZ:
            linkage.count = entry->d_un.d_val / sizeof *linkage.entries;
            break;
        case DT_SYMTAB:
            linkage.symbols = absolute(map, entry->d_un.d_ptr);
            break;
        case DT_STRTAB:
            linkage.names = absolute(map, entry->d_un.d_ptr);
            break;
        case DT_FLAGS:
            linkage.is_read_only |= (entry->d_un.d_val & DF_BIND_NOW) != 0;
            break;
        case DT_FLAGS_1:
            linkage.is_read_only |= (entry->d_un.d_val & DF_1_NOW) != 0;
            break;
        default:
            break;
        }
    }
    return linkage;
}

bool libunwind_spare_signals(void *library)
{
    const struct link_map *map = library; /* as glibc says in <link.h> */
    const struct linkage linkage = find_linkage(map);
    if (linkage.entries == NULL || linkage.symbols == NULL || linkage.names == NULL ||
        linkage.is_read_only) {
        return false;
    }
    for (size_t i = 0; i < linkage.count; i++) {
        const ElfW(Rela) *entry = &linkage.entries[i];
        const ElfW(Sym) *symbol = &linkage.symbols[ELF64_R_SYM(entry->r_info)];
        if (ELF64_R_TYPE(entry->r_info) == R_X86_64_JUMP_SLOT &&
            strcmp(linkage.names + symbol->st_name, "sigprocmask") == 0) {
            int (*ours)(int, const sigset_t *, sigset_t *) = mask_signals;
            memcpy((char *)map->l_addr + entry->r_offset, &ours, sizeof ours);
            return true;
        }
    }
    return false;
}
