/*
 * Why slices are views: how long a slice of a whole table takes, against both ways of copying it.
 *
 *     new_data1 = data[:m, :]
 *     new_data2 = data[:m, :].copy()
 *     new_data3 = data[range(m), :]
 *
 * Usage: view_vs_copy_time [rows]
 */
#include "users.h"

enum way { BY_SLICE, BY_COPY, BY_LIST };

/* Seconds that one extraction takes, and the giving back not. */
static double seconds(enum way way, struct nda *data, const int64_t *range, int64_t rows)
{
    struct timespec start;
    struct timespec end;
    struct nda *view = NULL;
    struct nda *copy = NULL;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    if (way == BY_LIST) {
        must(nda_take(data, range, rows, 0, &copy));
    } else {
        must(nda_view(data, NDA_KEYS(NDA_TO(rows), NDA_ALL), &view));
    }
    if (way == BY_COPY) {
        must(nda_copy(view, &copy));
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    nda_decref(view);
    nda_decref(copy);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

static double best(int times, enum way way, struct nda *data, const int64_t *range, int64_t rows)
{
    double least = seconds(way, data, range, rows);
    for (int i = 1; i < times; i++) {
        double now = seconds(way, data, range, rows);
        least = now < least ? now : least;
    }
    return least;
}

int main(int argc, char **argv)
{
    story_begin();
    int64_t rows = story_size(argc, argv, 1, 100000, 10000000);
    struct users_rows *lines = users_new(888, rows);
    struct nda *data = NULL;
    struct nda *range = NULL;
    must(nda_from_rows(lines->cells, rows, COLUMNS, &data));
    must(nda_arange(0, rows, 1, &range));
    users_free(lines);

    double slice = best(1000, BY_SLICE, data, nda_data(range), rows);
    double copy = best(20, BY_COPY, data, nda_data(range), rows);
    double list = best(20, BY_LIST, data, nda_data(range), rows);
    printf("slice           ==> %.9f s\n", slice);
    printf("copy            ==> %.9f s, %.0f times the slice\n", copy, copy / slice);
    printf("list extraction ==> %.9f s, %.0f times the slice\n", list, list / slice);

    nda_decref(range);
    nda_decref(data);
    story_alive("At exit");
    return 0;
}
