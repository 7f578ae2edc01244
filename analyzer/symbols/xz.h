/*
 * Unpacking of xz data: xz.c with liblzma, xz_missing.c without; the build chooses.
 */
#ifndef ANALYZER_XZ_H
#define ANALYZER_XZ_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/*
 * Unpack a whole .xz file, in bounded memory.
 * @bytes_max: more output than this is refused.
 * @ret_bytes: the caller frees it.
 * Errors: TRACE_CORRUPT; TRACE_NOMEM; TRACE_UNSUPPORTED: built without liblzma.
 */
enum trace_status xz_unpack(const uint8_t *packed, size_t packed_bytes, size_t bytes_max,
                            uint8_t **ret_bytes, size_t *ret_size,
                            struct trace_error *error) TRACE_CHECKED;

#endif
