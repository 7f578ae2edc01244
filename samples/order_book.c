/*
 * A small order cache with a leak that is easy to write and hard to see: an order keeps two
 * strings, its customer and its note. Evicting an order frees both, except on the path for
 * cancelled ones, which forgets the note.
 *
 *     trace-run ./order_book && trace-report
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORDERS 20000
#define CACHE_SLOTS 256
#define NOTE_BYTES 200

struct order {
    unsigned id;
    int is_cancelled;
    char *customer;
    char *note;
};

static struct order *cache[CACHE_SLOTS];

static char *format_customer(unsigned id)
{
    char name[32];
    snprintf(name, sizeof(name), "customer %u", id % 977);
    return strdup(name);
}

static char *format_note(unsigned id)
{
    char *note = malloc(NOTE_BYTES);
    if (note != NULL) {
        snprintf(note, NOTE_BYTES, "order %u: leave at the door", id);
    }
    return note;
}

static struct order *create_order(unsigned id)
{
    struct order *order = calloc(1, sizeof(*order));
    if (order != NULL) {
        order->id = id;
        order->is_cancelled = id % 7 == 0;
        order->customer = format_customer(id);
        order->note = format_note(id);
    }
    return order;
}

static void evict_order(struct order *order)
{
    if (order == NULL) {
        return;
    }
    if (order->is_cancelled) {
        free(order->customer); /* and the note? */
        free(order);
        return;
    }
    free(order->note);
    free(order->customer);
    free(order);
}

int main(void)
{
    for (unsigned id = 1; id <= ORDERS; id++) {
        struct order **slot = &cache[id % CACHE_SLOTS];
        evict_order(*slot);
        *slot = create_order(id);
    }
    for (unsigned i = 0; i < CACHE_SLOTS; i++) {
        evict_order(cache[i]);
    }
    printf("%d orders handled\n", ORDERS);
    return 0;
}
