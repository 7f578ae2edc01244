/* Pages from the kernel. See memory.h. */
#include "memory.h"

#include <stdatomic.h>

#include "sys.h"

static _Atomic uint64_t mapped_bytes;

void *memory_map(size_t bytes)
{
    void *memory = sys_mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != NULL) {
        (void)sys_madvise(memory, bytes, MADV_NOHUGEPAGE);
        atomic_fetch_add_explicit(&mapped_bytes, bytes, memory_order_relaxed);
    }
    return memory;
}

void memory_unmap(void *memory, size_t bytes)
{
    if (memory != NULL) {
        (void)sys_munmap(memory, bytes);
        atomic_fetch_sub_explicit(&mapped_bytes, bytes, memory_order_relaxed);
    }
}

void memory_clear(void *memory, size_t bytes)
{
    if (sys_madvise(memory, bytes, MADV_DONTNEED) != 0) {
        /* the pages are locked, as in programs that call mlockall() */
        (void)sys_mmap(memory, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
        (void)sys_madvise(memory, bytes, MADV_NOHUGEPAGE);
    }
}

uint64_t memory_mapped_bytes(void)
{
    return atomic_load_explicit(&mapped_bytes, memory_order_relaxed);
}
