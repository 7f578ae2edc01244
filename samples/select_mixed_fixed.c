/*
 * A story of lists and arrays, 4: fixed. The drawn images are made plain lists, or copies, before
 * the list keeps them; then every delete frees the array that it copied from.
 *
 *         selected.append(data[i].tolist())      or  .copy()
 *         data = np.delete(data, i, axis=0)
 *
 * Usage: select_mixed_fixed [images [draws [tolist|copy]]]
 */
#include <string.h>

#include "story.h"

static struct nda *data;          // kept until the end, on purpose
static struct nda_list *selected; // the same

static void select_copy(const struct nda *image)
{
    struct nda *copy = NULL;
    must(nda_copy(image, &copy));
    must(nda_list_append(selected, NDA_OF_ARRAY(copy)));
    nda_decref(copy);
}

static void select_list(const struct nda *image)
{
    struct nda_list *list = NULL;
    must(nda_tolist(image, &list));
    must(nda_list_append(selected, NDA_OF_LIST(list)));
    nda_list_decref(list);
}

int main(int argc, char **argv)
{
    story_begin();
    int64_t images = story_size(argc, argv, 1, 500, 1000000);
    int64_t draws = story_size(argc, argv, 2, 100, images);
    const char *how = argc > 3 ? argv[3] : "tolist";
    bool is_copy = strcmp(how, "copy") == 0;
    if (!is_copy && strcmp(how, "tolist") != 0) {
        (void)fprintf(stderr, "%s: argument 3 must be tolist or copy\n", argv[0]);
        return 2;
    }

    must(nda_randn(4, (const int64_t[]){images, 32, 32, 3}, 1, &data));
    must(nda_list_new(0, &selected));
    story_snapshot("Before");
    for (int64_t draw = 0; draw < draws; draw++) {
        int64_t i = story_random(nda_shape(data)[0]);
        struct nda *image = NULL;
        struct nda *rest = NULL;
        must(nda_view(data, NDA_KEYS(NDA_AT(i)), &image));
        (is_copy ? select_copy : select_list)(image);
        nda_decref(image);
        must(nda_delete(data, i, 0, &rest));
        nda_rebind(&data, rest);
    }
    story_snapshot("After");
    story_alive("At exit");
    return 0;
}
