/*
 * A page for each group with a line for each module that freed its blocks. Modules that free one
 * group's blocks are few, so a line is searched for among them all.
 */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

#include "grow.h"

struct page {
    const char *module; /* of the group */
    uint64_t allocated_size;
    uint64_t allocated_count;
    struct ledger_freed itself;
    struct ledger_freed *others;
    size_t count;
    size_t capacity;
};

struct ledger {
    struct page *pages;
    size_t count;
    size_t capacity;
};

struct ledger *ledger_new(void)
{
    return calloc(1, sizeof(struct ledger));
}

void ledger_free(struct ledger *ledger)
{
    if (ledger != NULL) {
        for (size_t i = 0; i < ledger->count; i++) {
            free(ledger->pages[i].others);
        }
        free(ledger->pages);
        free(ledger);
    }
}

static struct page *find_page(struct ledger *ledger, uint32_t group)
{
    while (ledger->count <= group) {
        struct page *pages =
            grow_array(ledger->pages, ledger->count, &ledger->capacity, sizeof *pages);
        if (pages == NULL) {
            return NULL;
        }
        ledger->pages = pages;
        pages[ledger->count++] = (struct page){0};
    }
    return &ledger->pages[group];
}

/* Return: the line of a module, new if need be; NULL without memory. */
static struct ledger_freed *find_line(struct page *page, const char *module)
{
    if (module != NULL && module == page->module) {
        return &page->itself;
    }
    for (size_t i = 0; i < page->count; i++) {
        if (page->others[i].module == module) {
            return &page->others[i];
        }
    }
    struct ledger_freed *others =
        grow_array(page->others, page->count, &page->capacity, sizeof *others);
    if (others == NULL) {
        return NULL;
    }
    page->others = others;
    others[page->count] = (struct ledger_freed){.module = module};
    return &others[page->count++];
}

static bool add_freed(struct page *page, const char *module, uint64_t count, uint64_t each)
{
    struct ledger_freed *line = count > 0 ? find_line(page, module) : NULL;
    if (line != NULL) {
        line->size += count * each;
        line->count += count;
    }
    return count == 0 || line != NULL;
}

bool ledger_add(struct ledger *ledger, uint32_t group, const char *module,
                const struct ledger_blocks *blocks)
{
    struct page *page = find_page(ledger, group);
    if (page == NULL) {
        return false;
    }
    uint64_t unknown = blocks->freed;
    bool is_done = true;
    page->module = module;
    page->itself.module = module;
    page->allocated_count += blocks->allocated;
    page->allocated_size += blocks->allocated * blocks->each;
    const struct freer *freer = freers_of(blocks->freers, blocks->site);
    for (; freer != NULL && is_done; freer = freers_next(blocks->freers, freer)) {
        const struct stack_node *node =
            definitions_stack(blocks->attribution->definitions, freer->stack);
        const char *by =
            node != NULL ? attribution_frame(blocks->attribution, freer->stack)->module : NULL;
        uint64_t count = freer->count < unknown ? freer->count : unknown;
        is_done = add_freed(page, by, count, blocks->each);
        unknown -= count;
    }
    return is_done && add_freed(page, NULL, unknown, blocks->each);
}

static int compare(const void *left, const void *right)
{
    const struct ledger_freed *a = left;
    const struct ledger_freed *b = right;
    if (a->size != b->size) {
        return a->size > b->size ? -1 : 1;
    }
    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }
    if (a->module == NULL || b->module == NULL) {
        return (a->module == NULL) - (b->module == NULL);
    }
    return strcmp(a->module, b->module);
}

struct ledger_entry ledger_of(struct ledger *ledger, uint32_t group)
{
    if (group >= ledger->count) {
        return (struct ledger_entry){0};
    }
    struct page *page = &ledger->pages[group];
    if (page->count > 0) {
        qsort(page->others, page->count, sizeof *page->others, compare);
    }
    return (struct ledger_entry){
        .allocated_size = page->allocated_size,
        .allocated_count = page->allocated_count,
        .itself = page->itself,
        .others = page->others,
        .other_count = page->count,
    };
}
