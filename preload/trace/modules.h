/*
 * The objects that the loader has mapped, as far as call stacks have met them: path, build-id,
 * where.
 *
 * A module is found through _dl_find_object(), which takes no lock. Identity is (address range,
 * path, build-id): the same library loaded again at the same place gets the same id, another one a
 * new id, so a stack that was recorded before dlclose() keeps its meaning.
 */
#ifndef PRELOAD_MODULES_H
#define PRELOAD_MODULES_H

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace_format.h"

#define MODULES_MAX 16383 /* ids from 1; 0 is no module */

struct module {
    uintptr_t start;
    uintptr_t end;
    uintptr_t bias;
    uintptr_t dynamic; /* its dynamic section */
    const char *path;
    uint32_t path_bytes;
    uint8_t build_id_bytes;
    uint8_t build_id[TRACE_BUILD_ID_BYTES];
    bool is_fleeting;        /* its file may not be there when the report is made */
    _Atomic bool is_defined; /* in the trace file */
};

/* @executable: path of the program, which the loader calls "". Return: false without memory. */
bool modules_init(const char *executable);

/*
 * Find the module of an address, entering it if it is new.
 * Return: its id, or 0 if the address is in no loaded object.
 * Context: not concurrently with itself; async-signal-safe.
 */
uint32_t modules_find(uintptr_t address);

/*
 * The same for an object that _dl_find_object() has found, if it is no new one.
 * Return: its id; or 0: modules_find() is to be asked.
 * Context: any thread, async-signal-safe; takes little stack.
 */
uint32_t modules_find_entered(const struct dl_find_object *object);

/*
 * Find a module by an address in it, among those that the trace file defines already.
 * Return: its id, or 0. Context: async-signal-safe.
 */
uint32_t modules_known(uintptr_t address);

/* Return: how many ids there are. Any thread. */
uint32_t modules_count(void);

/* The module of an id that modules_find() returned. Any thread. */
struct module *modules_get(uint32_t id);

/* Paths lead elsewhere from now on than they do for the reader of the trace. */
void modules_have_moved(void);

/* For the child after fork: no module is in the trace file yet. */
void modules_forget_definitions(void);

#endif
