/*
 * An allocator that may be called at any moment, from a signal handler that interrupted itself,
 * too: a slot is taken and given back by one atomic exchange. With it behind the tracer, a handler
 * that allocates does nothing wrong, and whatever fails is the tracer's fault.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define SLOTS 16384
#define SLOT_BYTES ((size_t)32768)
#define BIG_BYTES ((size_t)1 << 34) /* for what does not fit a slot; never used again */
#define HEAD 16

void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);

static _Atomic(char *) arena;
static atomic_bool taken[SLOTS];
static atomic_uint next_slot;
static atomic_size_t big_used;

static char *get_arena(void)
{
    char *start = atomic_load(&arena);
    if (start == NULL) {
        char *mapped = mmap(NULL, SLOTS * SLOT_BYTES + BIG_BYTES, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (!atomic_compare_exchange_strong(&arena, &start, mapped)) {
            munmap(mapped, SLOTS * SLOT_BYTES + BIG_BYTES);
            return start;
        }
        start = mapped;
    }
    return start;
}

/* Return: SLOTS if all are taken. */
static size_t take_slot(void)
{
    for (size_t tries = 0; tries < SLOTS; tries++) {
        size_t slot = atomic_fetch_add(&next_slot, 1) % SLOTS;
        if (!atomic_exchange(&taken[slot], 1)) {
            return slot;
        }
    }
    return SLOTS;
}

static void *cut(size_t alignment, size_t size)
{
    char *at = get_arena();
    alignment = alignment < HEAD ? HEAD : alignment;
    if (size > BIG_BYTES / 2 || size + alignment + HEAD > SLOT_BYTES) {
        size_t room = size + alignment + HEAD;
        size_t offset = size < BIG_BYTES / 2 ? atomic_fetch_add(&big_used, room) : BIG_BYTES;
        if (offset + room > BIG_BYTES) {
            errno = ENOMEM;
            return NULL;
        }
        at += SLOTS * SLOT_BYTES + offset;
    } else {
        size_t slot = take_slot();
        if (slot == SLOTS) {
            errno = ENOMEM;
            return NULL;
        }
        at += slot * SLOT_BYTES;
    }
    uintptr_t block = ((uintptr_t)at + HEAD + alignment - 1) & ~(uintptr_t)(alignment - 1);
    ((size_t *)block)[-1] = size;
    return (void *)block;
}

void *malloc(size_t size)
{
    return cut(HEAD, size);
}

void free(void *block)
{
    size_t slot = (size_t)((char *)block - get_arena()) / SLOT_BYTES;
    if (block != NULL && slot < SLOTS) {
        atomic_store(&taken[slot], 0);
    }
}

void *calloc(size_t count, size_t size)
{
    void *block = cut(HEAD, count * size);
    return block != NULL ? memset(block, 0, count * size) : NULL;
}

void *realloc(void *old, size_t size)
{
    void *block = cut(HEAD, size);
    if (old != NULL && block != NULL) {
        size_t old_size = ((size_t *)old)[-1];
        memcpy(block, old, old_size < size ? old_size : size);
        free(old);
    }
    return block;
}

void *memalign(size_t alignment, size_t size)
{
    return cut(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return cut(alignment, size);
}
