/* Pages from the kernel. See memory.h. */
#include "memory.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "sys.h"

#define AREAS_MAX 4096
#define AREA_TAKEN 1 /* no address: the area is being written down */

static _Atomic uint64_t mapped_bytes;

/* What is mapped. When there is no room for an area it counts as resident. */
static struct area {
    _Atomic uintptr_t start; /* 0: free */
    _Atomic size_t bytes;
} areas[AREAS_MAX];
static _Atomic uint64_t unlisted_bytes;

static void list_area(const void *memory, size_t bytes)
{
    for (size_t i = 0; i < AREAS_MAX; i++) {
        uintptr_t start = 0;
        if (atomic_load_explicit(&areas[i].start, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&areas[i].start, &start, AREA_TAKEN)) {
            atomic_store(&areas[i].bytes, bytes);
            atomic_store(&areas[i].start, (uintptr_t)memory);
            return;
        }
    }
    atomic_fetch_add(&unlisted_bytes, bytes);
}

static void unlist_area(const void *memory, size_t bytes)
{
    for (size_t i = 0; i < AREAS_MAX; i++) {
        if (atomic_load_explicit(&areas[i].start, memory_order_relaxed) == (uintptr_t)memory) {
            atomic_store(&areas[i].start, 0);
            return;
        }
    }
    atomic_fetch_sub(&unlisted_bytes, bytes);
}

void *memory_map(size_t bytes)
{
    void *memory = sys_mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != NULL) {
        (void)sys_madvise(memory, bytes, MADV_NOHUGEPAGE);
        atomic_fetch_add_explicit(&mapped_bytes, bytes, memory_order_relaxed);
        list_area(memory, bytes);
    }
    return memory;
}

void memory_unmap(void *memory, size_t bytes)
{
    if (memory != NULL) {
        unlist_area(memory, bytes);
        (void)sys_munmap(memory, bytes);
        atomic_fetch_sub_explicit(&mapped_bytes, bytes, memory_order_relaxed);
    }
}

void memory_populate(void *memory, size_t bytes)
{
    char *first = (char *)memory - (uintptr_t)memory % MEMORY_PAGE_BYTES;
    const size_t all = (size_t)((char *)memory + bytes - first);
    (void)sys_madvise(first, all, MADV_POPULATE_WRITE); /* since Linux 5.14 */
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

void memory_each(void (*visit)(void *context, uintptr_t start, size_t bytes), void *context)
{
    for (size_t i = 0; i < AREAS_MAX; i++) {
        uintptr_t start = atomic_load(&areas[i].start);
        if (start > AREA_TAKEN) {
            visit(context, start, atomic_load(&areas[i].bytes));
        }
    }
}

int memory_pages_open(void)
{
    return sys_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
}

/* Source: Documentation/admin-guide/mm/pagemap.rst of Linux. */
void memory_pages_read(int fd, uintptr_t start, size_t count, uint8_t *ret_pages)
{
    uint64_t entries[MEMORY_PAGES_MAX] = {0};
    size_t bytes = count * sizeof entries[0];
    bool is_told =
        fd >= 0 &&
        sys_pread(fd, entries, bytes, start / MEMORY_PAGE_BYTES * sizeof entries[0]) == (long)bytes;
    for (size_t i = 0; i < count; i++) {
        enum memory_page page = MEMORY_RESIDENT;
        if (is_told && (entries[i] & UINT64_C(1) << 63) == 0) {
            page = (entries[i] & UINT64_C(1) << 62) != 0 ? MEMORY_SWAPPED : MEMORY_UNTOUCHED;
        }
        ret_pages[i] = (uint8_t)page;
    }
}

static uint64_t count_resident(int fd, uintptr_t start, size_t bytes)
{
    uint8_t states[MEMORY_PAGES_MAX];
    size_t pages = (bytes + MEMORY_PAGE_BYTES - 1) / MEMORY_PAGE_BYTES;
    uint64_t resident = 0;
    for (size_t done = 0; done < pages; done += MEMORY_PAGES_MAX) {
        size_t asked = pages - done < MEMORY_PAGES_MAX ? pages - done : MEMORY_PAGES_MAX;
        memory_pages_read(fd, start + done * MEMORY_PAGE_BYTES, asked, states);
        for (size_t i = 0; i < asked; i++) {
            resident += states[i] == MEMORY_RESIDENT ? MEMORY_PAGE_BYTES : 0;
        }
    }
    return resident;
}

struct residents {
    int fd;
    uint64_t bytes;
};

static void add_resident(void *context, uintptr_t start, size_t bytes)
{
    struct residents *residents = context;
    residents->bytes += count_resident(residents->fd, start, bytes);
}

uint64_t memory_resident_bytes(void)
{
    struct residents residents = {memory_pages_open(), atomic_load(&unlisted_bytes)};
    memory_each(add_resident, &residents);
    if (residents.fd >= 0) {
        (void)sys_close(residents.fd);
    }
    return residents.bytes;
}
