/*
 * A story of views, 2: the first remedy that fails. Every name of the data is deleted before the
 * next user. Each del takes one reference away, but the kept view has another one.
 *
 *         new_data = np.array(sorted(data, key=lambda x: x[2]))[:10, :3]
 *         result.append(new_data)
 *         del data
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
        struct nda *new_data = NULL;
        must(nda_from_rows(data->cells, ROWS, COLUMNS, &table));
        must(nda_sort_by_column(table, TIME_COLUMN, &sorted));
        nda_decref(table);
        must(nda_view(sorted, NDA_KEYS(NDA_TO(10), NDA_TO(3)), &new_data));
        must(nda_list_append(result, NDA_OF_ARRAY(new_data)));
        users_free(data);
        nda_rebind(&sorted, NULL);   // del: one reference less, not the last one
        nda_rebind(&new_data, NULL); // del: the list has another one
        users_snapshot(i);
    }
    story_alive("At exit");
    return 0;
}
