/* Code of a test program that knows itself, for tests of what reads debug information. */
#ifndef TESTS_OWN_CODE_H
#define TESTS_OWN_CODE_H

#include <link.h>
#include <stdint.h>

static int own_take_first(struct dl_phdr_info *info, size_t bytes, void *context)
{
    (void)bytes;
    *(uint64_t *)context = info->dlpi_addr;
    return 1;
}

/* Return: an address of this program as its file has it. */
static inline uint64_t own_in_file(uint64_t address)
{
    uint64_t bias = 0;
    (void)dl_iterate_phdr(own_take_first, &bias);
    return address - bias;
}

/* Return: the address of the instruction that called, as the file has it. */
static __attribute__((noinline, noipa)) uint64_t own_caller(void)
{
    return own_in_file((uint64_t)(uintptr_t)__builtin_return_address(0)) - 1;
}

enum { OWN_INLINED_LINE = __LINE__ + 4, OWN_OUTER_LINE = __LINE__ + 10 };

static inline __attribute__((always_inline)) uint64_t own_inlined(void)
{
    uint64_t address = own_caller();
    return address + (uint64_t)(address == 0);
}

static __attribute__((noinline, noipa, unused)) uint64_t own_outer(void)
{
    uint64_t address = own_inlined();
    return address + (uint64_t)(own_caller() == 0);
}

#endif
