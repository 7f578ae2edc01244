/*
 * Code made at run time, without unwind tables, calls malloc.
 * Defence: addresses are tried before they are read (read_checked() in unwind_libunwind.c).
 * Without it: without the trial it did not fail here: what is read happens to lie in mapped pages.
 */
#include <string.h>
#include <sys/mman.h>

#include "seen.h"

#define CALLS 20000

/* mov $MARKED,%edi; movabs $malloc,%rax; call *%rax; with and without a frame pointer */
static const unsigned char framed[] = {0x55, 0x48, 0x89, 0xe5, 0xbf, 0xd5, 0x04, 0,
                                       0,    0x48, 0xb8, 0,    0,    0,    0,    0,
                                       0,    0,    0,    0xff, 0xd0, 0x5d, 0xc3};
static const unsigned char bare[] = {0x48, 0x83, 0xec, 0x18, 0xbf, 0xd5, 0x04, 0,   0,
                                     0x48, 0xb8, 0,    0,    0,    0,    0,    0,   0,
                                     0,    0xff, 0xd0, 0x48, 0x83, 0xc4, 0x18, 0xc3};
#define ADDRESS_AT 11

typedef void *(*generated)(void);

static generated emit(unsigned char *to, const unsigned char *code, size_t length)
{
    void *(*target)(size_t) = malloc;
    generated result = NULL;
    memcpy(to, code, length);
    memcpy(to + ADDRESS_AT, &target, sizeof target);
    memcpy(&result, &to, sizeof result);
    return result;
}

static __attribute__((noinline)) void call(generated function)
{
    free(function());
    __asm__ volatile("" ::: "memory");
}

int main(void)
{
    unsigned char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(page != MAP_FAILED, "mmap");
    generated functions[] = {emit(page, framed, sizeof framed),
                             emit(page + 256, bare, sizeof bare)};
    for (unsigned i = 0; i < CALLS; i++) {
        call(functions[i % 2]);
        if (i % 1000 == 0) { /* other code in the same place */
            functions[0] =
                emit(page, i % 2000 ? framed : bare, i % 2000 ? sizeof framed : sizeof bare);
        }
    }
    say("%d calls\nmarked %d\nlive 0\n", CALLS, CALLS);
    return 0;
}
