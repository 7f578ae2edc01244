/* fuzz_seeds DIRECTORY: write small traces into it, with a record of every kind. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "golden.h"

int main(int count, char **arguments)
{
    if (count != 2 || chdir(arguments[1]) != 0) {
        return 2;
    }
    struct trace_builder *plain = golden_new(BUILDER_PLAIN, BUILDER_PLAIN);
    struct trace_builder *packed = golden_new(BUILDER_ZSTD, BUILDER_ZSTD);
    builder_write(plain, "plain");
    builder_write(packed, "zstd");
    golden_add_picture(plain, BUILDER_PLAIN);
    builder_write(plain, "picture");
    builder_free(plain);
    builder_free(packed);
    return 0;
}
