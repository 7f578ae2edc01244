/* Plain arrays that grow by doubling. */
#ifndef ANALYZER_GROW_H
#define ANALYZER_GROW_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Make room for one more item at the end of an array.
 * @items: from malloc, or NULL. @count: items in use. @capacity: items that fit; updated.
 * Return: the array, perhaps moved; NULL without memory, @items then being as it was.
 */
static inline void *grow_array(void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity) {
        return items;
    }
    size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
    if (wanted > SIZE_MAX / 2 / item_bytes) {
        return NULL;
    }
    void *moved = realloc(items, wanted * item_bytes);
    if (moved != NULL) {
        *capacity = wanted;
    }
    return moved;
}

#endif
