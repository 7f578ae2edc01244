/*
 * Who holds whom: only a slice of an array adds a reference to it, and that one keeps the array
 * alive after its name is gone.
 *
 *     a = np.array(range(10))      1
 *     b1 = a[:2]                   2
 *     b2 = a[:2].copy()            1
 *     b3 = a[[1, 2]]               1
 *     d = list(a)[:2]              1
 */
#include "story.h"

static struct nda *ten(void)
{
    struct nda *array = NULL;
    must(nda_arange(0, 10, 1, &array));
    return array;
}

static void tell(const char *what, size_t references)
{
    printf("%-18s %zu\n", what, references);
}

/* Lists are different: a slice of a list holds the items, not the list. */
static void slice_a_list(const struct nda *a)
{
    struct nda_list *list = NULL;
    struct nda_list *slice = NULL;
    must(nda_tolist(a, &list));
    must(nda_list_slice(list, NDA_NONE, 2, 1, &slice));
    tell("d = list[:2]", nda_list_refcount(list));
    nda_list_decref(slice);
    nda_list_decref(list);
}

int main(void)
{
    story_begin();
    struct nda *a = ten();
    struct nda *b = NULL;
    struct nda *copy = NULL;
    tell("a", nda_refcount(a));
    must(nda_view(a, NDA_KEYS(NDA_TO(2)), &b));
    tell("b1 = a[:2]", nda_refcount(a));

    must(nda_copy(b, &copy));
    nda_rebind(&b, NULL);
    tell("b2 = a[:2].copy()", nda_refcount(a));
    nda_decref(copy);

    must(nda_take(a, (const int64_t[]){1, 2}, 2, 0, &b));
    tell("b3 = a[[1, 2]]", nda_refcount(a));
    nda_rebind(&b, NULL);

    slice_a_list(a);

    must(nda_view(a, NDA_KEYS(NDA_TO(2)), &b));
    nda_rebind(&a, NULL);
    story_print("b = a[:2]; del a; b.base is", nda_base(b));
    nda_decref(b);
    story_alive("At exit");
    return 0;
}
