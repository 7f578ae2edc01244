/* A trace is opened, and every stream of it read to its end. */
#include "fuzz.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader;
    struct trace_error error = {0};
    if (reader_open(fuzz_file(data, size), &reader, &error) == TRACE_OK) {
        reader_close(&reader);
    } else {
        fuzz_require(error.text[0] != '\0');
    }
    return 0;
}
