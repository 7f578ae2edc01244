/*
 * A program with an allocator of its own: under malloc's name (OWN_NAME), under jemalloc's, under
 * what a Rust program with jemalloc has at least, or under that of Go's runtime. Defence: none is
 * possible; the trace says so (real_is_preceded()) and the report, by symbols (inner_allocator.c)
 * and by what is resident but was never live (unseen_mib()). Without it: before, each of the
 * summaries was one of a program that needs next to nothing.
 */
#include <string.h>
#include <sys/mman.h>

#include "seen.h"

#define ARENA_BYTES ((size_t)256 << 20)

static unsigned char *next_block;

static void *take(size_t bytes)
{
    if (next_block == NULL) {
        next_block =
            mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        need(next_block != MAP_FAILED, "mmap");
    }
    void *block = next_block;
    next_block += (bytes + 15) & ~(size_t)15;
    return block;
}

#ifdef INNER_SYMBOL /* a name that C cannot have */
void *INNER_MALLOC(size_t bytes) __asm__(INNER_SYMBOL);
#else
void *INNER_MALLOC(size_t bytes);
#endif
void *INNER_MALLOC(size_t bytes)
{
    return take(bytes);
}

#ifdef OWN_NAME
void free(void *block)
{
    (void)block;
}

void *calloc(size_t count, size_t bytes)
{
    return take(count * bytes); /* zero: it is used once */
}

void *realloc(void *block, size_t bytes)
{
    void *grown = take(bytes);
    return block != NULL ? memcpy(grown, block, bytes) : grown;
}
#endif

int main(void)
{
    size_t sum = 0;
    for (unsigned i = 0; i < 200; i++) {
        unsigned char *block = INNER_MALLOC((size_t)1 << 20);
        memset(block, (int)i, (size_t)1 << 20);
        sum += block[i];
    }
    free(malloc(MARKED)); /* so that a sample of what is resident is due */
    say("%zu\n", sum);
    return 0;
}
