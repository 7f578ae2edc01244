/*
 * A view has no items of its own: writing to it is writing to its base. A copy and an extraction
 * by a list have.
 *
 *     a = np.array([1, 2, 3])
 *     b = a[:2]
 *     b[0] = 10
 *     print(a)                     [10 2 3]
 */
#include "story.h"

/* The array [1 2 3]. */
static struct nda *one_two_three(void)
{
    struct nda *array = NULL;
    must(nda_arange(1, 4, 1, &array));
    return array;
}

/* Set b[0] to 10, say what became of a, and give both back. */
static void write_and_tell(const char *how, struct nda *a, struct nda *b)
{
    must(nda_set(b, (const int64_t[]){0}, NDA_OF_INT64(10)));
    printf("b = %s; b[0] = 10; shares memory: %s; a is", how,
           nda_shares_memory(a, b) ? "yes" : "no");
    story_print("", a);
    nda_decref(a);
    nda_decref(b);
}

int main(void)
{
    story_begin();
    struct nda *b = NULL;
    struct nda *slice = NULL;

    struct nda *a = one_two_three();
    must(nda_view(a, NDA_KEYS(NDA_TO(2)), &b));
    write_and_tell("a[:2]", a, b);

    a = one_two_three();
    must(nda_view(a, NDA_KEYS(NDA_TO(2)), &slice));
    must(nda_copy(slice, &b));
    nda_decref(slice);
    write_and_tell("a[:2].copy()", a, b);

    a = one_two_three();
    must(nda_take(a, (const int64_t[]){0, 1}, 2, 0, &b));
    write_and_tell("a[[0, 1]]", a, b);

    story_alive("At exit");
    return 0;
}
