/* The cursor never leaves its bytes, and what it reads is written again as the same value. */
#include <string.h>

#include "fuzz.h"
#include "trace_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trace_cursor cursor = trace_cursor_over(data, size);
    uint64_t base = 0;
    while (!cursor.is_bad && cursor.next != cursor.end) {
        uint8_t buffer[TRACE_VARINT_BYTES + 256];
        const uint8_t *before = cursor.next;
        unsigned what = trace_get_byte(&cursor) % 3;
        size_t length = 0;
        if (what == 0) {
            uint64_t value = trace_get_varint(&cursor);
            size_t written = (size_t)(trace_put_varint(buffer, value) - buffer);
            struct trace_cursor again = trace_cursor_over(buffer, written);
            fuzz_require(written <= TRACE_VARINT_BYTES && trace_get_varint(&again) == value);
            fuzz_require(cursor.is_bad || written <= (size_t)(cursor.next - before - 1));
        } else if (what == 1) {
            uint64_t value = trace_get_delta(&cursor, base);
            size_t written = (size_t)(trace_put_delta(buffer, value, base) - buffer);
            struct trace_cursor again = trace_cursor_over(buffer, written);
            fuzz_require(trace_get_delta(&again, base) == value);
            base = value;
        } else {
            const uint8_t *bytes = trace_get_bytes(&cursor, 256, &length);
            fuzz_require(length <= 256 && bytes >= data && bytes + length <= data + size);
            fuzz_require(trace_put_bytes(buffer, bytes, length) <= buffer + sizeof buffer);
            base ^= trace_check(bytes, length);
        }
        fuzz_require(cursor.next >= before && cursor.next <= data + size);
    }
    return 0;
}
