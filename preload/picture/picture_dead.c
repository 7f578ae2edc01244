/*
 * Stacks of threads that have ended. See picture_dead.h.
 *
 * libc puts a thread's descriptor at the top of its stack; the descriptor points to itself in two
 * places, and has the thread's id, which the kernel sets to 0 when the thread ends, and
 * pthread_join() to -1. Where the id is in it is seen in the descriptor of this thread.
 *
 * Source: glibc, nptl/descr.h (struct pthread), nptl/allocatestack.c; set_tid_address(2).
 */
#include "picture_dead.h"

#include "memory.h"

#define DESCRIPTOR_ALIGN 64
#define SELF_WORD 2 /* tcbhead_t: tcb, dtv, self */

/* Return: where in a descriptor the thread's id is; 0 if that cannot be told. */
static size_t id_offset(const struct picture_roots *roots)
{
    const struct picture_thread *self = &roots->threads->list[0];
    const uint32_t *words = (const uint32_t *)self->base;
    for (size_t i = 1; self->base != 0 && i < roots->thread_bytes / sizeof *words; i++) {
        if (words[i] == (uint32_t)self->id) {
            return i * sizeof *words;
        }
    }
    return 0;
}

/* Is there the descriptor of a thread that has ended? */
static bool is_dead(uintptr_t descriptor, size_t id_at)
{
    const uintptr_t *words = (const uintptr_t *)descriptor;
    return words[0] == descriptor && words[SELF_WORD] == descriptor &&
           *(const int32_t *)(descriptor + id_at) <= 0;
}

/*
 * Return: the stack that ends at @end, as its descriptor has it: where it begins and how large it
 * is, side by side. Empty if that is not there. What stands above it stays: libc's own table of the
 * thread's variables, and the static ones, which a thread to come finds again.
 */
static struct range stack_of(const struct picture_roots *roots, uintptr_t descriptor, uintptr_t end)
{
    const size_t bytes = roots->thread_bytes;
    const uintptr_t *words = (const uintptr_t *)descriptor;
    for (size_t i = 0; i + 1 < bytes / sizeof *words; i++) {
        if (words[i] != 0 && words[i] < descriptor && words[i + 1] == end - words[i]) {
            return (struct range){words[i], descriptor + bytes - roots->tls_bytes};
        }
    }
    return (struct range){0};
}

struct range picture_dead_stack(const struct picture_roots *roots, struct touched_pages *pages,
                                const struct mapping *mapping)
{
    const size_t bytes = roots->thread_bytes;
    size_t id_at = bytes > 0 && mapping->inode == 0 ? id_offset(roots) : 0;
    struct range stack = {0};
    if (id_at == 0) {
        return stack;
    }
    for (uintptr_t end = mapping->start + MEMORY_PAGE_BYTES; end <= mapping->end && stack.end == 0;
         end += MEMORY_PAGE_BYTES) {
        uintptr_t descriptor = (end - bytes) & ~(uintptr_t)(DESCRIPTOR_ALIGN - 1);
        if (descriptor >= mapping->start && touched_pages_has(pages, descriptor) &&
            is_dead(descriptor, id_at)) {
            stack = stack_of(roots, descriptor, end);
        }
    }
    return stack;
}
