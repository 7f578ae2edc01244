/*
 * A story of views, 4: fixed with a copy. The 30 cells get a buffer of their own, so nothing holds
 * the table when its name is gone.
 *
 *         new_data = np.array(sorted(data, key=lambda x: x[2]))[:10, :3].copy()
 *         result.append(new_data)
 */
#include "users.h"

static struct nda_list *result; // kept until the end, on purpose

int main(void)
{
    story_begin();
    must(nda_list_new(USERS, &result));
    for (int i = 0; i < USERS; i++) {
        struct users_rows *data = users_new(i, ROWS);
        struct nda *table = NULL;
        struct nda *sorted = NULL;
        struct nda *view = NULL;
        struct nda *new_data = NULL;
        must(nda_from_rows(data->cells, ROWS, COLUMNS, &table));
        must(nda_sort_by_column(table, TIME_COLUMN, &sorted));
        nda_decref(table);
        must(nda_view(sorted, NDA_KEYS(NDA_TO(10), NDA_TO(3)), &view));
        must(nda_copy(view, &new_data));
        nda_decref(view);
        nda_decref(sorted); // the last reference: the table is freed
        must(nda_list_append(result, NDA_OF_ARRAY(new_data)));
        nda_decref(new_data);
        users_snapshot(i);
        users_free(data);
    }
    story_alive("At exit");
    return 0;
}
