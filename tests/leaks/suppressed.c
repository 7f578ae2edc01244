/* Losses in functions of different names, some with more behind them, for files of suppressions. */
#include "leaks.h"

static NOINLINE void lose_one(void)
{
    (void)keep(block(100));
}

static NOINLINE void *cache_entry(size_t bytes)
{
    return block(bytes);
}

static NOINLINE void cache_fill(void)
{
    for (size_t i = 1; i <= 3; i++) {
        (void)keep(cache_entry(1000 * i));
    }
}

static NOINLINE struct node *vendor_node(struct node *next)
{
    return new_node(next, NULL);
}

static NOINLINE void vendor_list(void)
{
    struct node *list = NULL;
    for (int i = 0; i < 10; i++) {
        list = vendor_node(list);
    }
    list = NULL;
    (void)keep(list);
}

static NOINLINE void owner_of_text(void)
{
    struct node *owner = new_node(NULL, NULL);
    owner->other = cache_entry(77);
    owner = NULL;
    (void)keep(owner);
}

int main(void)
{
    lose_one();
    cache_fill();
    vendor_list();
    owner_of_text();
    forget();
    return 0;
}
