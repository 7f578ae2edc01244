/*
 * A story of views, 5: fixed with a list of rows. Extraction by a list always copies, unlike
 * extraction by a slice, so there is no need to ask for a copy.
 *
 *         new_data = np.array(sorted(data, key=lambda x: x[2]))
 *         result.append(new_data[range(10), :3])
 */
#include "users.h"

static struct nda_list *result; // kept until the end, on purpose

int main(void)
{
    static const int64_t oldest[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    story_begin();
    must(nda_list_new(USERS, &result));
    for (int i = 0; i < USERS; i++) {
        struct users_rows *data = users_new(i, ROWS);
        struct nda *table = NULL;
        struct nda *new_data = NULL;
        struct nda *columns = NULL;
        struct nda *kept = NULL;
        must(nda_from_rows(data->cells, ROWS, COLUMNS, &table));
        must(nda_sort_by_column(table, TIME_COLUMN, &new_data));
        nda_decref(table);
        must(nda_view(new_data, NDA_KEYS(NDA_ALL, NDA_TO(3)), &columns));
        must(nda_take(columns, oldest, sizeof oldest / sizeof *oldest, 0, &kept));
        nda_decref(columns);
        nda_decref(new_data); // the last reference: the table is freed
        must(nda_list_append(result, NDA_OF_ARRAY(kept)));
        nda_decref(kept);
        users_snapshot(i);
        users_free(data);
    }
    story_alive("At exit");
    return 0;
}
