/* xz.h without liblzma: refuses everything, and says why. */
#include "xz.h"

enum trace_status xz_unpack(const uint8_t *packed, size_t packed_bytes, size_t bytes_max,
                            uint8_t **ret_bytes, size_t *ret_size, struct trace_error *error)
{
    (void)packed;
    (void)packed_bytes;
    (void)bytes_max;
    *ret_bytes = NULL;
    *ret_size = 0;
    return trace_fail(error, TRACE_UNSUPPORTED, 0,
                      "xz data: trace-report was built without liblzma");
}
