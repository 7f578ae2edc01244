/*
 * A hash table of groups. A key is up to two interned pointers or numbers; a traceback is first
 * given a number of its own, by interning the places of its frames as one string of bytes.
 */
#include "group.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "hash.h"

struct key {
    uintptr_t first;
    uint64_t second;
};

struct grouping {
    enum group_by by;
    struct strings *strings;
    struct strings *tracebacks;
    struct group *groups;
    struct key *keys; /* of each group */
    size_t count;
    size_t capacity;
    uint32_t last;   /* index of the group that was counted in last */
    uint32_t *slots; /* index of a group plus one; at most half full */
    size_t slot_count;
    const struct frame **frames; /* of the traceback being looked at */
    struct key *places;
    size_t frame_capacity;
    struct age_counts *ages;      /* by index of the group; NULL until some are added */
    struct growth_counts *growth; /* the same */
    struct ledger *ledger;        /* the same */
    struct arena arena;
};

enum { FIRST_SLOTS = 1024 };

struct grouping *grouping_new(enum group_by by, struct strings *strings)
{
    struct grouping *grouping = calloc(1, sizeof *grouping);
    if (grouping == NULL) {
        return NULL;
    }
    grouping->by = by;
    grouping->strings = strings;
    grouping->tracebacks = strings_new();
    grouping->slots = calloc(FIRST_SLOTS, sizeof *grouping->slots);
    grouping->slot_count = FIRST_SLOTS;
    if (grouping->tracebacks == NULL || grouping->slots == NULL) {
        grouping_free(grouping);
        return NULL;
    }
    return grouping;
}

void grouping_free(struct grouping *grouping)
{
    if (grouping != NULL) {
        strings_free(grouping->tracebacks);
        age_counts_free(grouping->ages);
        growth_counts_free(grouping->growth);
        ledger_free(grouping->ledger);
        free(grouping->groups);
        free(grouping->keys);
        free(grouping->slots);
        free(grouping->frames);
        free(grouping->places);
        arena_fini(&grouping->arena);
        free(grouping);
    }
}

bool group_has_frame(enum group_by by)
{
    return by != GROUP_THREAD && by != GROUP_SIZE && by != GROUP_DOMAIN;
}

bool group_has_traceback(enum group_by by)
{
    return by == GROUP_TRACEBACK || by == GROUP_FUNCTIONS || by == GROUP_FRAMES;
}

static uint32_t *find_slot(const struct grouping *grouping, uint32_t *slots, size_t slot_count,
                           const struct key *key)
{
    uint64_t hash = hash_number(hash_number(HASH_START, key->first), key->second);
    size_t at = (size_t)hash & (slot_count - 1);
    while (slots[at] != 0) {
        const struct key *other = &grouping->keys[slots[at] - 1];
        if (other->first == key->first && other->second == key->second) {
            break;
        }
        at = (at + 1) & (slot_count - 1);
    }
    return &slots[at];
}

static bool grow(struct grouping *grouping)
{
    size_t capacity = grouping->capacity == 0 ? FIRST_SLOTS / 2 : grouping->capacity * 2;
    size_t slot_count = capacity * 2;
    struct group *groups = realloc(grouping->groups, capacity * sizeof *groups);
    grouping->groups = groups != NULL ? groups : grouping->groups;
    struct key *keys = realloc(grouping->keys, capacity * sizeof *keys);
    grouping->keys = keys != NULL ? keys : grouping->keys;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (groups == NULL || keys == NULL || slots == NULL || capacity > UINT32_MAX / 2) {
        free(slots);
        return false;
    }
    for (size_t i = 0; i < grouping->count; i++) {
        *find_slot(grouping, slots, slot_count, &keys[i]) = (uint32_t)i + 1;
    }
    free(grouping->slots);
    grouping->slots = slots;
    grouping->slot_count = slot_count;
    grouping->capacity = capacity;
    return true;
}

/* Return: the group of @key, new and zero if there was none; NULL without memory. */
static struct group *find_group(struct grouping *grouping, const struct key *key)
{
    if (grouping->count >= grouping->capacity && !grow(grouping)) {
        return NULL;
    }
    uint32_t *slot = find_slot(grouping, grouping->slots, grouping->slot_count, key);
    if (*slot == 0) {
        grouping->groups[grouping->count] = (struct group){0};
        grouping->keys[grouping->count] = *key;
        *slot = (uint32_t)++grouping->count;
    }
    return &grouping->groups[*slot - 1];
}

static struct key place_key(const struct frame *frame)
{
    return (struct key){(uintptr_t)frame->place, frame->line};
}

/* What makes a frame of one call stack another one than that of a second stack. */
static struct key called_key(enum group_by by, const struct frame *frame)
{
    if (by == GROUP_TRACEBACK) {
        return place_key(frame);
    }
    if (by == GROUP_FRAMES) {
        return (struct key){(uintptr_t)frame, 0};
    }
    const char *name = frame->function != NULL ? frame->function : frame->place;
    return (struct key){(uintptr_t)name, 0};
}

static struct key frame_key(enum group_by by, const struct frame *frame)
{
    switch (by) {
    case GROUP_FILENAME:
        if (frame->file != NULL) {
            return (struct key){(uintptr_t)frame->file, 0};
        }
        return frame->module != NULL ? (struct key){(uintptr_t)frame->module, 0} : place_key(frame);
    case GROUP_FUNCTION: {
        const char *where = frame->file != NULL ? frame->file : frame->module;
        return frame->function != NULL ? (struct key){(uintptr_t)frame->function, (uintptr_t)where}
                                       : place_key(frame);
    }
    case GROUP_MODULE:
        return (struct key){(uintptr_t)frame->module, 0};
    default:
        return place_key(frame);
    }
}

/* Give a new group its name. Return: false without memory. */
static bool name_group(struct grouping *grouping, struct group *group, const struct frame *frame)
{
    group->frame = frame;
    group->name = frame->place;
    group->line = frame->line;
    group->has_line = frame->has_line;
    if (grouping->by == GROUP_FILENAME) {
        group->line = 0;
        group->has_line = frame->file != NULL || frame->has_line;
        if (frame->file != NULL) {
            group->name = frame->file;
        } else if (frame->module != NULL) {
            group->name = frame->module;
        }
    } else if (grouping->by == GROUP_FUNCTION && frame->function != NULL) {
        const char *module = frame->module == NULL ? "<unknown>" : pattern_base_name(frame->module);
        group->line = 0;
        group->has_line = false;
        group->name = frame->file != NULL
                          ? arena_format(&grouping->arena, "%s:%s", frame->file, frame->function)
                          : arena_format(&grouping->arena, "%s!%s", module, frame->function);
    } else if (grouping->by == GROUP_MODULE) {
        group->line = 0;
        group->has_line = false;
        group->name = frame->module != NULL ? frame->module : "<unknown>";
    }
    return group->name != NULL;
}

/* Return: false without memory. */
static bool count_ages(struct grouping *grouping, uint32_t group, const struct group_blocks *blocks)
{
    grouping->ages = grouping->ages != NULL ? grouping->ages : age_counts_new();
    return grouping->ages != NULL &&
           age_counts_merge(grouping->ages, group, blocks->ages, (uint32_t)blocks->site);
}

static bool count_growth(struct grouping *grouping, uint32_t group,
                         const struct group_blocks *blocks)
{
    grouping->growth = grouping->growth != NULL ? grouping->growth : growth_counts_new();
    return grouping->growth != NULL &&
           growth_counts_add(grouping->growth, group, blocks->growth, blocks->site, blocks->each);
}

static bool count_freed(struct grouping *grouping, const struct group *group,
                        const struct group_blocks *blocks)
{
    const struct ledger_blocks freed = {
        .attribution = blocks->attribution,
        .freers = blocks->freers,
        .site = blocks->site,
        .each = blocks->each,
        .allocated = blocks->allocated,
        .freed = blocks->freed,
    };
    grouping->ledger = grouping->ledger != NULL ? grouping->ledger : ledger_new();
    return grouping->ledger != NULL &&
           ledger_add(grouping->ledger, grouping->last, group->frame->module, &freed);
}

static bool count_blocks(struct grouping *grouping, struct group *group,
                         const struct group_blocks *blocks)
{
    grouping->last = (uint32_t)(group - grouping->groups);
    *(blocks->is_old ? &group->old_size : &group->size) += blocks->size;
    *(blocks->is_old ? &group->old_count : &group->count) += blocks->count;
    return (blocks->ages == NULL || count_ages(grouping, grouping->last, blocks)) &&
           (blocks->growth == NULL || count_growth(grouping, grouping->last, blocks)) &&
           (blocks->freers == NULL || count_freed(grouping, group, blocks));
}

static bool add_to_frame(struct grouping *grouping, const struct group_blocks *blocks,
                         const struct frame *frame)
{
    struct key key = frame_key(grouping->by, frame);
    struct group *group = find_group(grouping, &key);
    if (group == NULL || (group->name == NULL && !name_group(grouping, group, frame))) {
        return false;
    }
    return count_blocks(grouping, group, blocks);
}

/* Collect a stack's frames and places. */
static bool collect(struct grouping *grouping, const struct group_blocks *blocks,
                    size_t *ret_length)
{
    struct frame_walk walk = frame_walk_over(blocks->attribution, blocks->stack);
    size_t length = 0;
    for (const struct frame *frame; (frame = frame_walk_next(&walk)) != NULL; length++) {
        if (length == grouping->frame_capacity) {
            size_t capacity = length == 0 ? 256 : length * 2;
            const struct frame **frames =
                realloc(grouping->frames, capacity * sizeof(const struct frame *));
            grouping->frames = frames != NULL ? frames : grouping->frames;
            struct key *places = realloc(grouping->places, capacity * sizeof *places);
            grouping->places = places != NULL ? places : grouping->places;
            if (frames == NULL || places == NULL) {
                return false;
            }
            grouping->frame_capacity = capacity;
        }
        grouping->frames[length] = frame;
        grouping->places[length] = called_key(grouping->by, frame);
    }
    *ret_length = length;
    return true;
}

static bool add_to_traceback(struct grouping *grouping, const struct group_blocks *blocks)
{
    size_t length = 0;
    uint32_t number = 0;
    if (!collect(grouping, blocks, &length) ||
        strings_intern(grouping->tracebacks, grouping->places, length * sizeof *grouping->places,
                       &number) == NULL) {
        return false;
    }
    const uint32_t domain = grouping->by == GROUP_FRAMES ? blocks->domain : 0;
    struct key key = {domain, number};
    struct group *group = find_group(grouping, &key);
    if (group == NULL) {
        return false;
    }
    if (group->name == NULL) {
        const struct frame **frames =
            arena_array(&grouping->arena, length + 1, sizeof(const struct frame *));
        if (frames == NULL) {
            return false;
        }
        if (length > 0) {
            memcpy(frames, grouping->frames, length * sizeof(const struct frame *));
        }
        group->number = domain;
        group->traceback = frames;
        group->traceback_length = length;
        (void)name_group(grouping, group, attribution_frame(blocks->attribution, blocks->stack));
    }
    return count_blocks(grouping, group, blocks);
}

/* By thread, size or domain: groups that have no frame. */
static bool add_to_label(struct grouping *grouping, const struct group_blocks *blocks)
{
    const bool is_thread = grouping->by == GROUP_THREAD;
    const bool is_size = grouping->by == GROUP_SIZE;
    const uint64_t number = is_size ? blocks->each : blocks->domain;
    struct key key =
        is_thread ? (struct key){(uintptr_t)blocks->thread, 0} : (struct key){0, number};
    struct group *group = find_group(grouping, &key);
    if (group == NULL) {
        return false;
    }
    if (group->name == NULL) {
        group->number = is_thread ? 0 : number;
        group->name = is_thread ? blocks->thread
                      : is_size ? arena_format(&grouping->arena, "%" PRIu64 " B", number)
                                : arena_format(&grouping->arena, "domain %" PRIu64, number);
    }
    return count_blocks(grouping, group, blocks) && group->name != NULL;
}

enum trace_status grouping_add(struct grouping *grouping, const struct group_blocks *blocks,
                               bool is_cumulative, struct trace_error *error)
{
    bool is_done = true;
    if (group_has_traceback(grouping->by)) {
        is_done = add_to_traceback(grouping, blocks);
    } else if (!group_has_frame(grouping->by)) {
        is_done = add_to_label(grouping, blocks);
    } else if (is_cumulative) {
        struct frame_walk walk = frame_walk_over(blocks->attribution, blocks->stack);
        for (const struct frame *frame; is_done && (frame = frame_walk_next(&walk)) != NULL;) {
            is_done = add_to_frame(grouping, blocks, frame);
        }
    } else {
        is_done =
            add_to_frame(grouping, blocks, attribution_frame(blocks->attribution, blocks->stack));
    }
    return is_done
               ? TRACE_OK
               : trace_fail(error, TRACE_NOMEM, 0,
                            "no memory for the table: it has %zu groups so far", grouping->count);
}

void grouping_close_growth(struct grouping *grouping, const struct growth *growth)
{
    if (grouping->growth != NULL) {
        growth_counts_close(grouping->growth, growth);
    }
}

uint32_t grouping_last(const struct grouping *grouping)
{
    return grouping->last;
}

struct group *grouping_groups(struct grouping *grouping, size_t *ret_count)
{
    for (size_t i = 0; grouping->ages != NULL && i < grouping->count; i++) {
        grouping->groups[i].ages = age_counts_summary(grouping->ages, (uint32_t)i);
    }
    for (size_t i = 0; grouping->growth != NULL && i < grouping->count; i++) {
        grouping->groups[i].growth = growth_counts_summary(grouping->growth, (uint32_t)i);
    }
    for (size_t i = 0; grouping->ledger != NULL && i < grouping->count; i++) {
        grouping->groups[i].ledger = ledger_of(grouping->ledger, (uint32_t)i);
    }
    *ret_count = grouping->count;
    return grouping->groups;
}

static int compare_places(const char *left, uint32_t left_line, const char *right,
                          uint32_t right_line)
{
    int order = left == right ? 0 : strcmp(left, right);
    if (order != 0) {
        return order;
    }
    return left_line < right_line ? -1 : left_line > right_line;
}

/* Of two numbers: sizes or domains. */
static int compare_numbers(const struct group *left, const struct group *right)
{
    return (left->number > right->number) - (left->number < right->number);
}

/* Of two tracebacks with equal places. */
static int compare_functions(const struct group *left, const struct group *right)
{
    int order = 0;
    for (size_t i = left->traceback_length; order == 0 && i-- > 0;) {
        const char *a = left->traceback[i]->function;
        const char *b = right->traceback[i]->function;
        const uint64_t left_address = left->traceback[i]->address;
        const uint64_t right_address = right->traceback[i]->address;
        order = a == b || a == NULL || b == NULL ? (a != NULL) - (b != NULL) : strcmp(a, b);
        order =
            order != 0 ? order : (left_address > right_address) - (left_address < right_address);
    }
    return order != 0 ? order : compare_numbers(left, right);
}

int group_compare_keys(const struct group *left, const struct group *right)
{
    if (left->traceback == NULL || right->traceback == NULL) {
        int order = compare_numbers(left, right);
        return order != 0 ? order
                          : compare_places(left->name, left->line, right->name, right->line);
    }
    // Oldest frame first, as in a Python tuple; a shorter one that is a beginning comes first.
    size_t left_length = left->traceback_length;
    size_t right_length = right->traceback_length;
    for (size_t i = 1; i <= left_length && i <= right_length; i++) {
        const struct frame *a = left->traceback[left_length - i];
        const struct frame *b = right->traceback[right_length - i];
        int order = compare_places(a->place, a->line, b->place, b->line);
        if (order != 0) {
            return order;
        }
    }
    if (left_length != right_length) {
        return left_length < right_length ? -1 : 1;
    }
    return compare_functions(left, right);
}
