/* Sites. See site_table.h. */
#include "site_table.h"

#include "memory.h"
#include "sys.h"

#define CHUNK_SITES ((size_t)1 << SITE_CHUNK_BITS)
#define FIRST_SLOTS 256                  /* one page */
#define POPULATED_SITES ((uint32_t)2048) /* pages of sites are asked for so many at a time, ... */
#define FEW_SITES ((uint32_t)128)        /* ... the first ones in a program with more than these */

bool site_directory_init(struct site_directory *directory)
{
    directory->chunks = memory_map(SITE_CHUNKS * sizeof *directory->chunks);
    atomic_store(&directory->next_id, TRACE_SITE_FIRST);
    return directory->chunks != NULL;
}

static struct site *site_at(const struct site_directory *directory, uint32_t id)
{
    struct site *chunk =
        atomic_load_explicit(&directory->chunks[id >> SITE_CHUNK_BITS], memory_order_acquire);
    return &chunk[id & (CHUNK_SITES - 1)];
}

static bool map_chunk(struct site_directory *directory, uint32_t id)
{
    _Atomic(struct site *) *place = &directory->chunks[id >> SITE_CHUNK_BITS];
    if (atomic_load(place) != NULL) {
        return true;
    }
    struct site *chunk = memory_map(CHUNK_SITES * sizeof *chunk);
    struct site *expected = NULL;
    if (chunk == NULL) {
        return false;
    }
    if (!atomic_compare_exchange_strong(place, &expected, chunk)) {
        memory_unmap(chunk, CHUNK_SITES * sizeof *chunk);
    }
    return true;
}

uint32_t site_directory_add(struct site_directory *directory, uint32_t stack, uint64_t size)
{
    uint32_t id = atomic_load(&directory->next_id);
    do {
        if (id == UINT32_MAX || !map_chunk(directory, id)) {
            return 0;
        }
    } while (!atomic_compare_exchange_weak(&directory->next_id, &id, id + 1));
    if (id % POPULATED_SITES == 0 || id == FEW_SITES) {
        memory_populate(site_at(directory, id - id % POPULATED_SITES),
                        POPULATED_SITES * sizeof(struct site));
    }
    *site_at(directory, id) = (struct site){.size = size, .stack = stack, .id = id};
    return id;
}

const struct site *site_directory_get(const struct site_directory *directory, uint32_t id)
{
    return site_at(directory, id);
}

uint32_t site_table_find(const struct site_table *table, uint32_t stack, uint64_t size)
{
    if (table->slots == NULL) {
        return 0;
    }
    for (size_t slot = site_table_slot(table, stack, size);; slot = (slot + 1) & table->mask) {
        const struct site *site = &table->slots[slot];
        if (site->id == 0 || (site->stack == stack && site->size == size)) {
            return site->id;
        }
    }
}

/* The id last: a slot that is left half written is an empty one. */
static void put(struct site_table *table, const struct site *site)
{
    size_t slot = site_table_slot(table, site->stack, site->size);
    while (table->slots[slot].id != 0) {
        slot = (slot + 1) & table->mask;
    }
    table->used++;
    table->slots[slot].size = site->size;
    table->slots[slot].stack = site->stack;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    table->slots[slot].id = site->id;
}

/* Signals are blocked: a handler that leaves with longjmp() must not leave half a table. */
static bool grow(struct site_table *table)
{
    uint64_t all = UINT64_MAX;
    uint64_t before = 0;
    size_t slots = table->slots == NULL ? FIRST_SLOTS : 2 * (table->mask + 1);
    (void)sys_sigprocmask(SIG_SETMASK, &all, &before);
    struct site_table larger = {.slots = memory_map(slots * sizeof(struct site)),
                                .mask = slots - 1};
    bool has_memory = larger.slots != NULL;
    if (has_memory) { /* half of the slots will be filled before the next time: all of its pages */
        memory_populate(larger.slots, slots * sizeof(struct site));
    }
    for (size_t i = 0; has_memory && table->slots != NULL && i <= table->mask; i++) {
        if (table->slots[i].id != 0) {
            put(&larger, &table->slots[i]);
        }
    }
    if (has_memory) {
        site_table_clear(table);
        *table = larger;
    }
    (void)sys_sigprocmask(SIG_SETMASK, &before, NULL);
    return has_memory;
}

bool site_table_insert(struct site_table *table, uint32_t stack, uint64_t size, uint32_t id)
{
    if ((table->slots == NULL || 2 * (table->used + 1) > table->mask + 1) && !grow(table)) {
        return false;
    }
    put(table, &(struct site){.size = size, .stack = stack, .id = id});
    return true;
}

void site_table_clear(struct site_table *table)
{
    memory_unmap(table->slots, (table->mask + 1) * sizeof *table->slots);
    *table = (struct site_table){0};
}
