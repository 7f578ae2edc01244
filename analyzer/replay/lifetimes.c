/* Ages in a hash table of (owner, class): most sites need one or two of the classes. */
#include "lifetimes.h"

#include <stdlib.h>

#include "hash.h"

enum {
    EXACT = 16, /* ages below have a class each */
    EXACT_BITS = 4,
    PARTS_BITS = 3, /* classes of a power of two: 8 */
    CLASSES = EXACT + ((32 - EXACT_BITS) << PARTS_BITS),
    FIRST_SLOTS = 1024,
};

struct age_slot {
    uint32_t owner;
    uint32_t class; /* plus one; 0: empty */
    uint64_t blocks;
    uint32_t longest;
};

struct age_counts {
    struct age_slot *slots; /* at most half full */
    size_t slot_count;
    size_t used;
};

struct latest {
    size_t site; /* plus one; 0: none, or it is gone */
    uint32_t tick;
};

struct lifetimes {
    struct age_counts *ages;
    uint64_t *temporary;   /* by site */
    struct latest *latest; /* by stream: what it allocated last */
    bool is_out_of_memory;
};

static uint32_t class_of(uint32_t age)
{
    if (age < EXACT) {
        return age;
    }
    unsigned power = 31 - (unsigned)__builtin_clz(age);
    uint32_t part = (age >> (power - PARTS_BITS)) & ((1U << PARTS_BITS) - 1);
    return EXACT + ((power - EXACT_BITS) << PARTS_BITS) + part;
}

/* Return: the age in the middle of a class. */
static uint32_t middle_of(uint32_t class)
{
    if (class < EXACT) {
        return class;
    }
    unsigned power = EXACT_BITS + ((class - EXACT) >> PARTS_BITS);
    uint32_t part = (class - EXACT) & ((1U << PARTS_BITS) - 1);
    uint32_t width = 1U << (power - PARTS_BITS);
    return (1U << power) + part * width + width / 2;
}

struct age_counts *age_counts_new(void)
{
    struct age_counts *counts = calloc(1, sizeof *counts);
    if (counts == NULL) {
        return NULL;
    }
    counts->slot_count = FIRST_SLOTS;
    counts->slots = calloc(counts->slot_count, sizeof *counts->slots);
    if (counts->slots == NULL) {
        free(counts);
        return NULL;
    }
    return counts;
}

void age_counts_free(struct age_counts *counts)
{
    if (counts != NULL) {
        free(counts->slots);
        free(counts);
    }
}

static struct age_slot *find(struct age_slot *slots, size_t slot_count, uint32_t owner,
                             uint32_t class)
{
    size_t at = (size_t)hash_number(hash_number(HASH_START, owner), class) & (slot_count - 1);
    while (slots[at].class != 0 && (slots[at].owner != owner || slots[at].class != class + 1)) {
        at = (at + 1) & (slot_count - 1);
    }
    return &slots[at];
}

static bool grow(struct age_counts *counts)
{
    size_t slot_count = counts->slot_count * 2;
    struct age_slot *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < counts->slot_count; i++) {
        const struct age_slot *old = &counts->slots[i];
        if (old->class != 0) {
            *find(slots, slot_count, old->owner, old->class - 1) = *old;
        }
    }
    free(counts->slots);
    counts->slots = slots;
    counts->slot_count = slot_count;
    return true;
}

static bool add(struct age_counts *counts, uint32_t owner, uint32_t class, uint64_t blocks,
                uint32_t longest)
{
    if (counts->used >= counts->slot_count / 2 && !grow(counts)) {
        return false;
    }
    struct age_slot *slot = find(counts->slots, counts->slot_count, owner, class);
    if (slot->class == 0) {
        *slot = (struct age_slot){.owner = owner, .class = class + 1};
        counts->used++;
    }
    slot->blocks += blocks;
    slot->longest = longest > slot->longest ? longest : slot->longest;
    return true;
}

bool age_counts_add(struct age_counts *counts, uint32_t owner, uint32_t age)
{
    return add(counts, owner, class_of(age), 1, age);
}

bool age_counts_merge(struct age_counts *counts, uint32_t owner, const struct age_counts *from,
                      uint32_t other)
{
    for (uint32_t class = 0; class < CLASSES; class ++) {
        const struct age_slot *slot = find(from->slots, from->slot_count, other, class);
        if (slot->class != 0 && !add(counts, owner, class, slot->blocks, slot->longest)) {
            return false;
        }
    }
    return true;
}

struct age_summary age_counts_summary(const struct age_counts *counts, uint32_t owner)
{
    struct age_summary summary = {0};
    uint64_t blocks[CLASSES];
    for (uint32_t class = 0; class < CLASSES; class ++) {
        const struct age_slot *slot = find(counts->slots, counts->slot_count, owner, class);
        blocks[class] = slot->blocks;
        summary.blocks += slot->blocks;
        summary.longest = slot->blocks > 0 ? slot->longest : summary.longest;
    }
    uint64_t before = 0;
    for (uint32_t class = 0; class < CLASSES && summary.blocks > 0; class ++) {
        before += blocks[class];
        if (before >= summary.blocks - summary.blocks / 2) {
            uint32_t middle = middle_of(class);
            summary.median = middle < summary.longest ? middle : summary.longest;
            break;
        }
    }
    return summary;
}

struct lifetimes *lifetimes_new(size_t sites, size_t streams)
{
    struct lifetimes *lifetimes = calloc(1, sizeof *lifetimes);
    if (lifetimes == NULL) {
        return NULL;
    }
    lifetimes->ages = age_counts_new();
    lifetimes->temporary = calloc(sites + 1, sizeof *lifetimes->temporary);
    lifetimes->latest = calloc(streams + 1, sizeof *lifetimes->latest);
    if (lifetimes->ages == NULL || lifetimes->temporary == NULL || lifetimes->latest == NULL) {
        lifetimes_free(lifetimes);
        return NULL;
    }
    return lifetimes;
}

void lifetimes_free(struct lifetimes *lifetimes)
{
    if (lifetimes != NULL) {
        age_counts_free(lifetimes->ages);
        free(lifetimes->temporary);
        free(lifetimes->latest);
        free(lifetimes);
    }
}

void lifetimes_begin(struct lifetimes *lifetimes, size_t stream, size_t site, uint32_t tick)
{
    lifetimes->latest[stream] = (struct latest){site + 1, tick};
}

void lifetimes_end(struct lifetimes *lifetimes, size_t stream, size_t site, uint32_t tick,
                   uint64_t age, bool is_plain)
{
    struct latest *latest = &lifetimes->latest[stream];
    uint32_t ticks = age < tick ? (uint32_t)age : tick; // more is damage
    if (latest->site == site + 1 && latest->tick == tick - ticks) {
        lifetimes->temporary[site] += is_plain ? 1 : 0;
        latest->site = 0;
    }
    if (!age_counts_add(lifetimes->ages, (uint32_t)site, ticks)) {
        lifetimes->is_out_of_memory = true;
    }
}

uint64_t lifetimes_temporary(const struct lifetimes *lifetimes, size_t site)
{
    return lifetimes->temporary[site];
}

void lifetimes_add_temporary(struct lifetimes *lifetimes, size_t site, uint64_t blocks)
{
    lifetimes->temporary[site] += blocks;
}

const struct age_counts *lifetimes_ages(const struct lifetimes *lifetimes)
{
    return lifetimes->is_out_of_memory ? NULL : lifetimes->ages;
}
