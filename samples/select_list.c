/*
 * A story of lists and arrays, 1: images in a list, the drawn ones in another list. Deleting from a
 * list moves its items and copies nothing. All is well, but plain values take much room.
 *
 *     data = np.random.randn(500, 32, 32, 3).tolist()
 *     selected = []
 *     for _ in range(100):
 *         i = np.random.randint(low=0, high=len(data))
 *         selected.append(data[i])
 *         del data[i]
 *
 * Usage: select_list [images [draws]]
 */
#include "story.h"

static struct nda_list *data;     // kept until the end, on purpose
static struct nda_list *selected; // the same

int main(int argc, char **argv)
{
    story_begin();
    int64_t images = story_size(argc, argv, 1, 500, 1000000);
    int64_t draws = story_size(argc, argv, 2, 100, images);

    struct nda *array = NULL;
    must(nda_randn(4, (const int64_t[]){images, 32, 32, 3}, 1, &array));
    must(nda_tolist(array, &data));
    nda_decref(array);
    must(nda_list_new(0, &selected));
    story_snapshot("Before");
    for (int64_t draw = 0; draw < draws; draw++) {
        int64_t i = story_random(nda_list_count(data));
        struct nda_value image;
        must(nda_list_get(data, i, &image));
        must(nda_list_append(selected, image));
        must(nda_list_delete(data, i));
    }
    story_snapshot("After");
    story_alive("At exit");
    return 0;
}
