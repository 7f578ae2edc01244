/* A file of suppressions, put to a few frames. */
#include "fuzz.h"
#include "suppression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct frame frames[] = {
        {.function = "std::vector<int>::push_back",
         .file = "/a/b.cc",
         .module = "/lib/libfoo.so.1"},
        {.function = NULL, .file = NULL, .module = "*$^"},
        {.function = "leak", .file = "src/leak.c", .module = NULL},
    };
    struct suppressions suppressions = {0};
    struct trace_error error = {0};
    if (suppressions_load(&suppressions, fuzz_file(data, size), &error) == TRACE_OK) {
        for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
            (void)suppressions_match(&suppressions, &frames[i]);
        }
    } else {
        fuzz_require(error.text[0] != '\0');
    }
    suppressions_fini(&suppressions);
    return 0;
}
