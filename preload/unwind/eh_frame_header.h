/*
 * The table that the linker puts in front of an object's unwind information (.eh_frame_hdr): where
 * each function begins, and where its description is.
 */
#ifndef PRELOAD_EH_FRAME_HEADER_H
#define PRELOAD_EH_FRAME_HEADER_H

#include <dlfcn.h>
#include <stdint.h>

/* Both count from the header's first byte, object->dlfo_eh_frame. */
struct eh_frame_entry {
    int32_t start; /* of a function */
    int32_t fde;   /* its description */
};

/*
 * @object: as _dl_find_object() gives it.
 * Return: the entry of the last function that begins at or before @pc, whether it reaches up to
 * there or not; NULL: there is none, or the object has no table of the usual kind.
 * Context: async-signal-safe, any thread; the object must stay loaded.
 */
const struct eh_frame_entry *eh_frame_header_find(const struct dl_find_object *object,
                                                  uintptr_t pc);

#endif
