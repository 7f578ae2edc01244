/*
 * A story of views, 1: the leak. Of each user's table the ten oldest rows and three columns are
 * kept: 30 cells of 60,000. But a slice is a view, which holds the whole table.
 *
 *     result = []
 *     for i in range(n):
 *         data = [[f'user{i}', 'operation', int(time.time() * 1000), ...] for j in range(m)]
 *         new_data = np.array(sorted(data, key=lambda x: x[2]))
 *         result.append(new_data[:10, :3])
 */
#include "users.h"

static struct nda_list *result; // kept until the end, on purpose

int main(void)
{
    story_begin();
    must(nda_list_new(USERS, &result));
    struct nda *new_data = NULL;
    for (int i = 0; i < USERS; i++) {
        struct users_rows *data = users_new(i, ROWS);
        struct nda *table = NULL;
        struct nda *sorted = NULL;
        struct nda *kept = NULL;
        must(nda_from_rows(data->cells, ROWS, COLUMNS, &table));
        must(nda_sort_by_column(table, TIME_COLUMN, &sorted));
        nda_decref(table);
        nda_rebind(&new_data,
                   sorted); // which gives the last user's table back, but does not free it
        must(nda_view(new_data, NDA_KEYS(NDA_TO(10), NDA_TO(3)), &kept));
        must(nda_list_append(result, NDA_OF_ARRAY(kept)));
        nda_decref(kept); // the list holds it
        users_snapshot(i);
        users_free(data);
    }
    nda_decref(new_data);
    story_alive("At exit");
    return 0;
}
