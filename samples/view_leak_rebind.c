/*
 * A story of views, 3: the second remedy that fails. The name of the big table is given to the
 * small view. That overwrites the name, not the table, which is still the view's base.
 *
 *         data = np.array(sorted(data, key=lambda x: x[2]))[:10, :3]
 *         result.append(data)
 */
#include "users.h"

static struct nda_list *result; // kept until the end, on purpose

int main(void)
{
    story_begin();
    must(nda_list_new(USERS, &result));
    struct nda *data = NULL;
    for (int i = 0; i < USERS; i++) {
        struct users_rows *rows = users_new(i, ROWS);
        struct nda *table = NULL;
        struct nda *sorted = NULL;
        struct nda *view = NULL;
        must(nda_from_rows(rows->cells, ROWS, COLUMNS, &table));
        must(nda_sort_by_column(table, TIME_COLUMN, &sorted));
        nda_decref(table);
        nda_rebind(&data, sorted);
        must(nda_view(data, NDA_KEYS(NDA_TO(10), NDA_TO(3)), &view));
        nda_rebind(&data, view); // the table has no name any more, but one reference
        must(nda_list_append(result, NDA_OF_ARRAY(data)));
        users_snapshot(i);
        users_free(rows);
    }
    nda_decref(data);
    story_alive("At exit");
    return 0;
}
