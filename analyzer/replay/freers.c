/* An array of pairs, found by a hash table of their numbers, and chained by site. See freers.h. */
#include "freers.h"

#include <stdlib.h>

#include "grow.h"
#include "hash.h"

enum { FIRST_SLOTS = 1024 };

struct freers {
    const struct definitions *definitions;
    struct freer *pairs;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* of pairs, plus one; 0: empty. At most half of them are used */
    size_t slot_count;
    uint32_t *first;   /* pair of each site, plus one */
    uint32_t *current; /* stack of each stream */
    bool are_known;
    bool is_out_of_memory;
};

struct freers *freers_new(const struct definitions *definitions, size_t streams)
{
    struct freers *freers = calloc(1, sizeof *freers);
    if (freers == NULL) {
        return NULL;
    }
    freers->definitions = definitions;
    freers->slot_count = FIRST_SLOTS;
    freers->slots = calloc(freers->slot_count, sizeof *freers->slots);
    freers->first = calloc(definitions->site_slots + 1, sizeof *freers->first);
    freers->current = calloc(streams + 1, sizeof *freers->current);
    if (freers->slots == NULL || freers->first == NULL || freers->current == NULL) {
        freers_free(freers);
        return NULL;
    }
    return freers;
}

void freers_free(struct freers *freers)
{
    if (freers != NULL) {
        free(freers->pairs);
        free(freers->slots);
        free(freers->first);
        free(freers->current);
        free(freers);
    }
}

void freers_set(struct freers *freers, size_t stream, uint32_t stack)
{
    freers->current[stream] = stack;
    freers->are_known = true;
}

/* Return: the slot of a pair, or the empty one where it belongs. */
static uint32_t *find_slot(const struct freers *freers, uint32_t *slots, size_t slot_count,
                           uint32_t site, uint32_t stack)
{
    size_t at = hash_number(HASH_START, (uint64_t)site << 32 | stack) & (slot_count - 1);
    while (slots[at] != 0 && (freers->pairs[slots[at] - 1].site != site ||
                              freers->pairs[slots[at] - 1].stack != stack)) {
        at = (at + 1) & (slot_count - 1);
    }
    return &slots[at];
}

static bool make_room(struct freers *freers)
{
    if (freers->count >= UINT32_MAX) {
        return false;
    }
    struct freer *pairs =
        grow_array(freers->pairs, freers->count, &freers->capacity, sizeof *freers->pairs);
    if (pairs == NULL) {
        return false;
    }
    freers->pairs = pairs;
    if (2 * (freers->count + 1) <= freers->slot_count) {
        return true;
    }
    const size_t slot_count = freers->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < freers->count; i++) {
        *find_slot(freers, slots, slot_count, pairs[i].site, pairs[i].stack) = (uint32_t)i + 1;
    }
    free(freers->slots);
    freers->slots = slots;
    freers->slot_count = slot_count;
    return true;
}

static void count(struct freers *freers, uint32_t site, uint32_t stack)
{
    uint32_t *slot = find_slot(freers, freers->slots, freers->slot_count, site, stack);
    if (*slot == 0) {
        if (!make_room(freers)) {
            freers->is_out_of_memory = true;
            return;
        }
        slot = find_slot(freers, freers->slots, freers->slot_count, site, stack);
        freers->pairs[freers->count++] =
            (struct freer){.site = site, .stack = stack, .next = freers->first[site]};
        *slot = (uint32_t)freers->count;
        freers->first[site] = *slot;
    }
    freers->pairs[*slot - 1].count++;
}

void freers_end(struct freers *freers, size_t stream, size_t site)
{
    if (freers->are_known) {
        count(freers, (uint32_t)site, freers->current[stream]);
    }
}

void freers_move(struct freers *freers, size_t from, size_t to)
{
    count(freers, (uint32_t)from, freers->definitions->sites[to].stack);
}

bool freers_are_known(const struct freers *freers)
{
    return freers->are_known;
}

bool freers_are_whole(const struct freers *freers)
{
    return !freers->is_out_of_memory;
}

const struct freer *freers_all(const struct freers *freers, size_t *ret_count)
{
    *ret_count = freers->count;
    return freers->pairs;
}

const struct freer *freers_of(const struct freers *freers, size_t site)
{
    return freers->first[site] != 0 ? &freers->pairs[freers->first[site] - 1] : NULL;
}

const struct freer *freers_next(const struct freers *freers, const struct freer *freer)
{
    return freer->next != 0 ? &freers->pairs[freer->next - 1] : NULL;
}
