/* A hash table with linear probing over entries that point into an arena; at most half full. */
#include "strings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "hash.h"

struct entry {
    const char *text;
    size_t length;
    uint64_t hash;
    uint32_t number;
};

struct strings {
    struct arena arena;
    struct entry *entries; /* text is NULL where nothing is */
    size_t capacity;       /* a power of two */
    size_t count;
};

enum { FIRST_CAPACITY = 1024 };

struct strings *strings_new(void)
{
    struct strings *strings = calloc(1, sizeof *strings);
    if (strings != NULL) {
        strings->entries = calloc(FIRST_CAPACITY, sizeof *strings->entries);
        strings->capacity = FIRST_CAPACITY;
        if (strings->entries == NULL) {
            free(strings);
            strings = NULL;
        }
    }
    return strings;
}

void strings_free(struct strings *strings)
{
    if (strings != NULL) {
        arena_fini(&strings->arena);
        free(strings->entries);
        free(strings);
    }
}

static struct entry *find(struct entry *entries, size_t capacity, uint64_t hash, const void *bytes,
                          size_t length)
{
    size_t at = (size_t)hash & (capacity - 1);
    for (;;) {
        struct entry *entry = &entries[at];
        bool is_it =
            entry->text == NULL || (entry->hash == hash && entry->length == length &&
                                    (length == 0 || memcmp(entry->text, bytes, length) == 0));
        if (is_it) {
            return entry;
        }
        at = (at + 1) & (capacity - 1);
    }
}

static bool grow(struct strings *strings)
{
    size_t capacity = strings->capacity * 2;
    struct entry *entries = calloc(capacity, sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    for (size_t i = 0; i < strings->capacity; i++) {
        const struct entry *old = &strings->entries[i];
        if (old->text != NULL) {
            *find(entries, capacity, old->hash, old->text, old->length) = *old;
        }
    }
    free(strings->entries);
    strings->entries = entries;
    strings->capacity = capacity;
    return true;
}

const char *strings_intern(struct strings *strings, const void *bytes, size_t length,
                           uint32_t *ret_number)
{
    if (strings->count >= strings->capacity / 2 && !grow(strings)) {
        return NULL;
    }
    uint64_t hash = hash_bytes(HASH_START, bytes, length);
    struct entry *entry = find(strings->entries, strings->capacity, hash, bytes, length);
    if (entry->text == NULL) {
        const char *copy = arena_copy(&strings->arena, bytes, length);
        if (copy == NULL) {
            return NULL;
        }
        *entry = (struct entry){copy, length, hash, (uint32_t)strings->count};
        strings->count++;
    }
    if (ret_number != NULL) {
        *ret_number = entry->number;
    }
    return entry->text;
}

const char *strings_text(struct strings *strings, const char *text)
{
    return text == NULL ? NULL : strings_intern(strings, text, strlen(text), NULL);
}
