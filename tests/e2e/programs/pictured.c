/*
 * Makes blocks that are referred to in each way that a heap picture tells apart, and says of each
 * where it is and who refers to it: "NAME ADDRESS SIZE BY": another
 * block, "nobody", or "@" and a kind of root; pictures.py reads it.
 *
 *     pictured [name]     with a name: the picture is taken by libtrace_heap_picture(name)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "libtrace.h"

struct node {
    struct node *next;
    char rest[56];
};

static void *volatile in_data[2] = {(void *)1, NULL};
static void *volatile in_bss[3];
static __thread void *volatile in_tls;
static struct node *list;

__attribute__((noipa)) static void *say(const char *name, void *block, size_t size,
                                        const char *kind)
{
    (void)printf("%s %p %zu %s\n", name, block, size, kind);
    return block;
}

__attribute__((noipa)) static void make_lost(void)
{
    struct node *a = say("lost", malloc(sizeof *a), sizeof *a, "nobody");
    struct node *b = say("lost_too", malloc(sizeof *b), sizeof *b, "lost");
    a->next = b;
    struct node *c = say("cycle", malloc(100), 100, "cycle_end");
    struct node *d = say("cycle_end", malloc(200), 200, "cycle");
    c->next = d;
    d->next = c;
}

/* Overwrite what calls have left of pointers below the stack pointer, and in registers. */
__attribute__((noipa)) static void forget(void)
{
    char room[16384];
    memset(room, 0, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory", "rbx", "r12", "r13", "r14", "r15");
}

__attribute__((noipa)) static void fill(void **mapped)
{
    in_data[1] = say("data", malloc(24), 24, "@module");
    in_bss[2] = say("bss", malloc(1), 1, "@module");
    in_bss[0] = say("empty", malloc(0), 0, "@module");
    in_tls = say("tls", malloc(1000), 1000, "@tls");
    for (int i = 0; i < 3; i++) {
        struct node *node = say(i == 0   ? "tail"
                                : i == 1 ? "middle"
                                         : "head",
                                malloc(sizeof *node), sizeof *node,
                                i == 0   ? "middle"
                                : i == 1 ? "head"
                                         : "@module");
        node->next = list;
        list = node;
    }
    char *large = say("large", calloc(1, (size_t)80 << 20), (size_t)80 << 20, "@module+1");
    in_bss[1] = large + 1;
    void **end = (void **)(large + ((size_t)80 << 20)) - 1;
    *end = say("at_the_end", malloc(333), 333, "large");
    mapped[5] = say("mapped", malloc(64), 64, "@mapping");
    void *odd = NULL;
    if (posix_memalign(&odd, 4096, 5000) == 0) {
        mapped[6] = (char *)say("aligned", odd, 5000, "@mapping+4999") + 4999;
    }
    make_lost();
}

int main(int argc, char **argv)
{
    void *volatile on_stack = say("stack", malloc(48), 48, "@stack");
    void **mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        return 1;
    }
    fill(mapped);
    forget();
    (void)fflush(stdout);
    if (argc > 1 && libtrace_heap_picture(argv[1]) != 0) {
        return 3;
    }
    if (argc <= 1) {
        exit(on_stack == NULL); /* here: main's frame is still there */
    }
    (void)on_stack;
    return 0;
}
