/*
 * What a test program knows about its own allocations, to be compared with what a tracer saw.
 *
 * Every block is told to the oracle: oracle_born() after the call that made it, oracle_dies()
 * before the call that ends it. The oracle keeps address and size in a static table, so that it
 * allocates nothing itself. Sizes are requested bytes. A realloc counts one allocation and one
 * free, as in valgrind's "total heap usage". Works in C and C++; any thread.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ORACLE_SLOTS (1u << 19) /* a power of two, at least twice the most blocks ever live */
#define ORACLE_FD 3             /* where the line goes if the runner opened a pipe there */

struct oracle_slot {
    uintptr_t address; /* 0: never used */
    size_t size;
    bool is_live; /* false in a used slot: the search for another address must go on */
};

struct oracle {
    uint64_t allocations;
    uint64_t frees;
    uint64_t bytes;
    uint64_t live_blocks;
    uint64_t live_bytes;
};

static struct oracle oracle;
static struct oracle_slot oracle_slots[ORACLE_SLOTS];
static pthread_mutex_t oracle_lock = PTHREAD_MUTEX_INITIALIZER;

/* A counting mistake in the test program itself: nothing it prints would mean anything. */
static inline void oracle_give_up(const char *why)
{
    dprintf(STDERR_FILENO, "oracle: %s\n", why);
    _exit(99);
}

/* The slot of an address, or where it belongs. Called with the lock held. */
static inline struct oracle_slot *oracle_find(uintptr_t address)
{
    size_t slot = (size_t)((address >> 4) * 0x9e3779b97f4a7c15u >> 32) % ORACLE_SLOTS;
    for (size_t probes = 0; probes < ORACLE_SLOTS; probes++) {
        if (oracle_slots[slot].address == address || oracle_slots[slot].address == 0) {
            return &oracle_slots[slot];
        }
        slot = (slot + 1) % ORACLE_SLOTS;
    }
    oracle_give_up("the table is full");
    return NULL;
}

static inline void oracle_enter(uintptr_t address, size_t size)
{
    struct oracle_slot *slot = oracle_find(address);
    if (slot->is_live) {
        oracle_give_up("a live block was handed out again");
    }
    slot->address = address;
    slot->size = size;
    slot->is_live = true;
    oracle.live_blocks++;
    oracle.live_bytes += size;
}

static inline size_t oracle_remove(uintptr_t address)
{
    struct oracle_slot *slot = oracle_find(address);
    if (slot->address == 0 || !slot->is_live) {
        oracle_give_up("an unknown block was freed");
    }
    slot->is_live = false;
    oracle.live_blocks--;
    oracle.live_bytes -= slot->size;
    return slot->size;
}

/* Tell of a block that was just made. Return: @block; NULL (a failed call) is not counted. */
static inline void *oracle_born(void *block, size_t size)
{
    if (block != NULL) {
        pthread_mutex_lock(&oracle_lock);
        oracle_enter((uintptr_t)block, size);
        oracle.allocations++;
        oracle.bytes += size;
        pthread_mutex_unlock(&oracle_lock);
    }
    return block;
}

/* Tell of a block that is about to be freed. Return: @block; NULL is not counted. */
static inline void *oracle_dies(void *block)
{
    if (block != NULL) {
        pthread_mutex_lock(&oracle_lock);
        oracle_remove((uintptr_t)block);
        oracle.frees++;
        pthread_mutex_unlock(&oracle_lock);
    }
    return block;
}

static inline void *oracle_malloc(size_t size)
{
    return oracle_born(malloc(size), size); // NOLINT: no bytes at all is a case of its own
}

static inline void oracle_free(void *block)
{
    free(oracle_dies(block));
}

/* realloc, in all its four meanings: allocate, resize, free (as glibc has it), fail. */
static inline void *oracle_realloc(void *block, size_t size)
{
    uintptr_t old_address = (uintptr_t)block;
    size_t old_size = 0;
    if (block != NULL) {
        pthread_mutex_lock(&oracle_lock);
        old_size = oracle_remove(old_address);
        pthread_mutex_unlock(&oracle_lock);
    }
    void *fresh = realloc(block, size);
    pthread_mutex_lock(&oracle_lock);
    bool is_failed = fresh == NULL && size > 0;
    if (is_failed && old_address != 0) {
        oracle_enter(old_address, old_size);
    } else if (!is_failed && old_address != 0) {
        oracle.frees++;
    }
    if (fresh != NULL) {
        oracle_enter((uintptr_t)fresh, size);
        oracle.allocations++;
        oracle.bytes += size;
    }
    pthread_mutex_unlock(&oracle_lock);
    return fresh;
}

/*
 * Whether the program is to do everything but its own allocations. What is seen of such a run is
 * what the runtime allocates (a thread's table of thread-local storage, libstdc++'s emergency
 * pool), and is taken off before the oracle is compared.
 */
static inline bool oracle_is_idle(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "idle") == 0;
}

/* Print the line of counts, with write(2): nothing here may allocate. */
static inline void oracle_print(void)
{
    char line[200];
    struct stat status;
    bool is_awaited = fstat(ORACLE_FD, &status) == 0 && S_ISFIFO(status.st_mode);
    pthread_mutex_lock(&oracle_lock);
    int length =
        snprintf(line, sizeof(line),
                 "allocations=%llu frees=%llu bytes=%llu live_blocks=%llu live_bytes=%llu\n",
                 (unsigned long long)oracle.allocations, (unsigned long long)oracle.frees,
                 (unsigned long long)oracle.bytes, (unsigned long long)oracle.live_blocks,
                 (unsigned long long)oracle.live_bytes);
    pthread_mutex_unlock(&oracle_lock);
    if (write(is_awaited ? ORACLE_FD : STDOUT_FILENO, line, (size_t)length) != length) {
        oracle_give_up("the counts could not be printed");
    }
}

/* A small pseudo-random sequence, the same in every run. @state: starts at any number but 0. */
static inline uint32_t oracle_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#endif
