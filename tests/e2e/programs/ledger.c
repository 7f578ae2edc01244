/*
 * One library allocates; it, another one and the program free and resize its blocks, in two
 * threads. Who freed how much of whose is known by construction, and printed at the end: a line
 * "ALLOCATED-BY FREED-BY COUNT BYTES" each, where FREED-BY is "-" for all that was allocated.
 */
#include "ledger.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STEPS 60000 /* enough for several windows of each thread */
#define MODULES 3

enum module { MAKER, USER, PROGRAM, NOBODY };

struct block {
    void *start;
    size_t size;
    enum module maker;
};

static const char *const names[] = {"libledger_maker.so", "libledger_user.so", "ledger", "-"};
static uint64_t counts[MODULES][MODULES + 1];
static uint64_t bytes[MODULES][MODULES + 1];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void note(enum module maker, enum module freer, size_t size)
{
    pthread_mutex_lock(&lock);
    counts[maker][freer]++;
    bytes[maker][freer] += size;
    pthread_mutex_unlock(&lock);
}

static struct block make(uint32_t kind, size_t size)
{
    struct block block = {NULL, size, kind % 4 == 0 ? PROGRAM : MAKER};
    block.start = block.maker == PROGRAM ? malloc(size) : maker_make(size);
    __asm__ volatile("" : "+r"(block.start));
    note(block.maker, NOBODY, size);
    return block;
}

static void drop(const struct block *block, enum module freer)
{
    note(block->maker, freer, block->size);
    if (freer == MAKER) {
        maker_drop(block->start);
    } else if (freer == USER) {
        user_drop(block->start);
    } else {
        free(block->start);
    }
}

/* The block is another one then, of who resized it. */
static void resize(struct block *block, enum module by, size_t size)
{
    note(block->maker, by, block->size);
    *block = (struct block){
        by == MAKER ? maker_resize(block->start, size) : user_resize(block->start, size), size, by};
    note(by, NOBODY, size);
}

static void *run(void *argument)
{
    struct block blocks[50] = {{0}};
    uint32_t random = *(const uint32_t *)argument;
    for (unsigned i = 0; i < STEPS; i++) {
        random = random * 1664525 + 1013904223;
        struct block *block = &blocks[(random >> 8) % 50];
        const uint32_t kind = random >> 24;
        if (block->start == NULL) {
            *block = make(kind, (random >> 16) % 5000);
        } else if (kind % 3 == 0) {
            resize(block, kind % 2 == 0 ? MAKER : USER, (random >> 14) % 5000 + 1);
        } else {
            drop(block, (enum module)(kind % MODULES));
            block->start = NULL;
        }
    }
    return NULL; // what is left is left
}

int main(void)
{
    pthread_t threads[2];
    uint32_t seeds[] = {1, 77};
    for (unsigned i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, run, &seeds[i]) != 0) {
            return 1;
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    for (unsigned maker = 0; maker < MODULES; maker++) {
        for (unsigned freer = 0; freer <= MODULES; freer++) {
            dprintf(STDOUT_FILENO, "%s %s %llu %llu\n", names[maker], names[freer],
                    (unsigned long long)counts[maker][freer],
                    (unsigned long long)bytes[maker][freer]);
        }
    }
    return 0;
}
