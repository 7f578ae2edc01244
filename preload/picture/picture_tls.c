/*
 * libc describes the fields of its own structures for debuggers, by symbols that libthread_db
 * reads: that is how the loader's record of a module is read here, without a lock.
 * Source: glibc, nptl_db/db_info.c and structs.def.
 */
#include "picture_tls.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <string.h>

#include "modules.h"
#include "real.h"

#define NO_OFFSET ((size_t)0) /* the module has no static thread-local variables */
#define DYNAMIC SIZE_MAX      /* nor will it have */

/* Of the loader's record of a module, the field with the offset: bits, elements, bytes from the
 * start; NULL: not known. */
static const uint32_t *offset_field;

void picture_tls_prepare(void)
{
    const uint32_t *field = NULL;
    real_find("_thread_db_link_map_l_tls_offset", (void *)&field);
    offset_field =
        field != NULL && field[0] == sizeof(size_t) * CHAR_BIT && field[1] == 1 ? field : NULL;
}

void picture_tls_write(struct picture_writer *writer)
{
    uint32_t count = offset_field != NULL ? modules_count() : 0;
    for (uint32_t id = 1; id <= count; id++) {
        const struct module *module = modules_get(id);
        struct dl_find_object object;
        size_t offset = NO_OFFSET;
        if (modules_known(module->start) != id ||
            _dl_find_object((void *)module->start, &object) != 0 ||
            object.dlfo_link_map->l_addr != module->bias) {
            continue;
        }
        memcpy(&offset, (const char *)object.dlfo_link_map + offset_field[2], sizeof offset);
        if (offset != NO_OFFSET && offset != DYNAMIC) {
            picture_write_tls(writer, id, offset);
        }
    }
}
