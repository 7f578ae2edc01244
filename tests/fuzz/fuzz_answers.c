/* Any bytes as what a child that read debug information wrote, which is what the cache holds. */
#include <string.h>

#include "fuzz.h"
#include "sym_isolate.h"

static bool take(void *context, uint64_t address, const struct sym_debug_frame *frames,
                 size_t count)
{
    (void)address;
    size_t *answers = context;
    fuzz_require(count > 0);
    for (size_t i = 0; i < count; i++) { // a sanitizer looks at the strings
        fuzz_require(frames[i].function == NULL || strlen(frames[i].function) < SIZE_MAX);
        fuzz_require(frames[i].file == NULL || strlen(frames[i].file) < SIZE_MAX);
    }
    return ++*answers < 10000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t answers = 0;
    enum trace_status status = sym_isolate_read(data, size, take, &answers, NULL);
    fuzz_require(answers <= size && (status != TRACE_OK || size > 0));
    return 0;
}
