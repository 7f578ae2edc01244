/*
 * A story of lists and arrays, 2: images in an array, the drawn ones in another array. Every delete
 * and append copies, and frees what it copied from, as nothing else holds it.
 *
 *     data = np.random.randn(500, 32, 32, 3)
 *     selected = np.array([])
 *     for _ in range(100):
 *         i = np.random.randint(low=0, high=len(data))
 *         selected = np.append(selected, data[i])
 *         data = np.delete(data, i, axis=0)
 *
 * Usage: select_array [images [draws]]
 */
#include "story.h"

static struct nda *data;     // kept until the end, on purpose
static struct nda *selected; // the same

int main(int argc, char **argv)
{
    story_begin();
    int64_t images = story_size(argc, argv, 1, 500, 1000000);
    int64_t draws = story_size(argc, argv, 2, 100, images);

    must(nda_randn(4, (const int64_t[]){images, 32, 32, 3}, 1, &data));
    must(nda_zeros(NDA_DTYPE_FLOAT64, 1, (const int64_t[]){0}, &selected));
    story_snapshot("Before");
    for (int64_t draw = 0; draw < draws; draw++) {
        int64_t i = story_random(nda_shape(data)[0]);
        struct nda *image = NULL;
        struct nda *more = NULL;
        struct nda *rest = NULL;
        must(nda_view(data, NDA_KEYS(NDA_AT(i)), &image));
        must(nda_append(selected, image, NDA_FLAT, &more));
        nda_decref(image);
        nda_rebind(&selected, more);
        must(nda_delete(data, i, 0, &rest));
        nda_rebind(&data, rest);
    }
    story_snapshot("After");
    story_alive("At exit");
    return 0;
}
