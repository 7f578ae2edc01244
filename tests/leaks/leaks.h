/*
 * What the programs of this directory share. Each of them makes one kind of loss, or keeps blocks
 * in one way, and ends; what a leak checker ought to say of it is valgrind's word, not ours.
 */
#ifndef TESTS_LEAKS_H
#define TESTS_LEAKS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * Overwrite what earlier calls have left below this stack frame and in registers that calls need
 * not keep. Not with a local array: a frame has holes, and a later one may lie over a hole.
 */
__attribute__((noinline, unused)) static void forget(void)
{
    __asm__ volatile("lea -32768(%%rsp), %%rsp\n\t" // for memcheck the stack ends there
                     "mov %%rsp, %%rdi\n\t"
                     "mov $4096, %%ecx\n\t"
                     "xor %%eax, %%eax\n\t"
                     "rep stosq\n\t"
                     "lea 32768(%%rsp), %%rsp\n\t"
                     "xor %%edx, %%edx\n\t"
                     "xor %%esi, %%esi\n\t"
                     "xor %%r8d, %%r8d\n\t"
                     "xor %%r9d, %%r9d\n\t"
                     "xor %%r10d, %%r10d\n\t"
                     "xor %%r11d, %%r11d" ::
                         : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
}

/* Return: a block that nothing points to yet, filled so that no word of it is a pointer. */
static inline void *block(size_t bytes)
{
    void *made = malloc(bytes);
    if (made != NULL) {
        memset(made, 1, bytes);
    }
    return made;
}

/* The compiler must not know what becomes of a pointer. */
static inline void *keep(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer)::"memory");
    return pointer;
}

struct node {
    struct node *next;
    struct node *other;
};

static inline struct node *new_node(struct node *next, struct node *other)
{
    struct node *made = (struct node *)malloc(sizeof *made);
    if (made != NULL) {
        made->next = next;
        made->other = other;
    }
    return made;
}

#define NOINLINE __attribute__((noinline))

#endif
