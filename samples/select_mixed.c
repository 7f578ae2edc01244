/*
 * A story of lists and arrays, 3: the leak. Images in an array, the drawn ones in a list. The list
 * holds views of 24 KiB, each one of another array, since delete copies; and each view holds all
 * of that array. After 100 draws over 1 GiB is alive.
 *
 *     data = np.random.randn(500, 32, 32, 3)
 *     selected = []
 *     for _ in range(100):
 *         i = np.random.randint(low=0, high=len(data))
 *         selected.append(data[i])
 *         data = np.delete(data, i, axis=0)
 *
 * Usage: select_mixed [images [draws]]
 */
#include "story.h"

static struct nda *data;          // kept until the end, on purpose
static struct nda_list *selected; // the same

int main(int argc, char **argv)
{
    story_begin();
    int64_t images = story_size(argc, argv, 1, 500, 1000000);
    int64_t draws = story_size(argc, argv, 2, 100, images);

    must(nda_randn(4, (const int64_t[]){images, 32, 32, 3}, 1, &data));
    must(nda_list_new(0, &selected));
    story_snapshot("Before");
    for (int64_t draw = 0; draw < draws; draw++) {
        int64_t i = story_random(nda_shape(data)[0]);
        struct nda *image = NULL;
        struct nda *rest = NULL;
        must(nda_view(data, NDA_KEYS(NDA_AT(i)), &image));
        must(nda_list_append(selected, NDA_OF_ARRAY(image)));
        nda_decref(image);
        must(nda_delete(data, i, 0, &rest));
        nda_rebind(&data, rest); // the old array lives on: it is the base of the image
    }
    story_snapshot("After");
    story_alive("At exit");
    return 0;
}
