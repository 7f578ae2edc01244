/* An auditor: it lives in a namespace of its own, and allocates there for every object. */
#include <link.h>
#include <stdlib.h>
#include <string.h>

unsigned la_version(unsigned version)
{
    free(malloc(100));
    return version;
}

unsigned la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie)
{
    char *name = strdup(map->l_name);
    (void)space;
    *cookie = (uintptr_t)name;
    return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}
