/*
 * A row is the counters of eight neighbouring classes of one owner, in a cache line or two: an
 * owner has rows only for the ages that its blocks came to, two or three as a rule.
 */
#include "age_counts.h"

#include <stdlib.h>
#include <string.h>

#include "grow.h"

enum {
    EXACT = 16, /* ages below have a class each */
    EXACT_BITS = 4,
    PARTS_BITS = 3, /* classes of a power of two, and of a row: 8 */
    ROW_CLASSES = 1 << PARTS_BITS,
    CLASSES = EXACT + ((32 - EXACT_BITS) << PARTS_BITS),
    ROWS = CLASSES / ROW_CLASSES,
    FIRST_COUNT = 64,
};

struct row {
    uint64_t blocks[ROW_CLASSES];
};

struct owner {
    uint32_t longest;
    uint32_t rows[ROWS]; /* index plus one; 0: nothing counted there */
};

struct age_counts {
    struct owner *owners;
    size_t owner_count;
    struct row *rows;
    size_t row_count;
    size_t row_capacity;
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
    return calloc(1, sizeof(struct age_counts));
}

void age_counts_free(struct age_counts *counts)
{
    if (counts != NULL) {
        free(counts->owners);
        free(counts->rows);
        free(counts);
    }
}

/* Have room for an owner. Return: false without memory. */
static bool reach_owner(struct age_counts *counts, uint32_t owner)
{
    size_t count = counts->owner_count > 0 ? counts->owner_count : FIRST_COUNT;
    while (count <= owner) {
        count *= 2;
    }
    struct owner *owners = realloc(counts->owners, count * sizeof *owners);
    if (owners == NULL) {
        return false;
    }
    memset(owners + counts->owner_count, 0, (count - counts->owner_count) * sizeof *owners);
    counts->owners = owners;
    counts->owner_count = count;
    return true;
}

/* Begin a row. Return: its index plus one; 0 without memory. */
static uint32_t add_row(struct age_counts *counts)
{
    struct row *rows =
        counts->row_count < UINT32_MAX
            ? grow_array(counts->rows, counts->row_count, &counts->row_capacity, sizeof *rows)
            : NULL;
    if (rows == NULL) {
        return 0;
    }
    counts->rows = rows;
    counts->rows[counts->row_count] = (struct row){0};
    return (uint32_t)++counts->row_count;
}

/* Return: an owner's row, begun if it has none yet; NULL without memory. */
static struct row *find_row(struct age_counts *counts, struct owner *owner, uint32_t at)
{
    if (owner->rows[at] == 0) {
        owner->rows[at] = add_row(counts);
    }
    return owner->rows[at] != 0 ? &counts->rows[owner->rows[at] - 1] : NULL;
}

bool age_counts_add(struct age_counts *counts, const struct aged *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (all[i].owner >= counts->owner_count && !reach_owner(counts, all[i].owner)) {
            return false;
        }
        __builtin_prefetch(&counts->owners[all[i].owner], 1);
        __builtin_prefetch(&counts->owners[all[i].owner].rows[class_of(all[i].age) / ROW_CLASSES]);
    }
    for (size_t i = 0; i < count; i++) {
        const uint32_t class = class_of(all[i].age);
        struct row *row = find_row(counts, &counts->owners[all[i].owner], class / ROW_CLASSES);
        if (row == NULL) {
            return false;
        }
        __builtin_prefetch(&row->blocks[class % ROW_CLASSES], 1);
    }
    for (size_t i = 0; i < count; i++) {
        const uint32_t class = class_of(all[i].age);
        struct owner *owner = &counts->owners[all[i].owner];
        find_row(counts, owner, class / ROW_CLASSES)->blocks[class % ROW_CLASSES] += all[i].blocks;
        owner->longest = all[i].age > owner->longest ? all[i].age : owner->longest;
    }
    return true;
}

bool age_counts_merge(struct age_counts *counts, uint32_t owner, const struct age_counts *from,
                      uint32_t other)
{
    if (other >= from->owner_count) {
        return true;
    }
    if (owner >= counts->owner_count && !reach_owner(counts, owner)) {
        return false;
    }
    struct owner *own = &counts->owners[owner];
    const struct owner *added = &from->owners[other];
    own->longest = added->longest > own->longest ? added->longest : own->longest;
    for (uint32_t at = 0; at < ROWS; at++) {
        struct row *row = added->rows[at] != 0 ? find_row(counts, own, at) : NULL;
        if (added->rows[at] != 0 && row == NULL) {
            return false;
        }
        for (uint32_t i = 0; row != NULL && i < ROW_CLASSES; i++) {
            row->blocks[i] += from->rows[added->rows[at] - 1].blocks[i];
        }
    }
    return true;
}

/* Return: blocks of an owner in a class. */
static uint64_t blocks_of(const struct age_counts *counts, const struct owner *owner,
                          uint32_t class)
{
    uint32_t row = owner->rows[class / ROW_CLASSES];
    return row != 0 ? counts->rows[row - 1].blocks[class % ROW_CLASSES] : 0;
}

struct age_summary age_counts_summary(const struct age_counts *counts, uint32_t owner)
{
    struct age_summary summary = {0};
    if (owner >= counts->owner_count) {
        return summary;
    }
    const struct owner *own = &counts->owners[owner];
    for (uint32_t class = 0; class < CLASSES; class ++) {
        summary.blocks += blocks_of(counts, own, class);
    }
    summary.longest = own->longest;
    uint64_t before = 0;
    for (uint32_t class = 0; class < CLASSES && summary.blocks > 0; class ++) {
        before += blocks_of(counts, own, class);
        if (before >= summary.blocks - summary.blocks / 2) {
            uint32_t middle = middle_of(class);
            summary.median = middle < summary.longest ? middle : summary.longest;
            break;
        }
    }
    return summary;
}
