/* Command lines: a line an argument. What is refused is refused with words. */
#include <string.h>

#include "fuzz.h"
#include "options.h"

enum { ARGUMENTS_MAX = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    char *words[ARGUMENTS_MAX + 1] = {"trace-report"};
    int count = 1;
    char *rest = text;
    for (char *word; count < ARGUMENTS_MAX && (word = strsep(&rest, "\n")) != NULL;) {
        words[count++] = word;
    }
    struct options options;
    if (options_parse(count, words, true, &options)) {
        fuzz_require(options.render != NULL);
        fuzz_require(options.file_count < ARGUMENTS_MAX);
    }
    options_fini(&options);
    free(text);
    return 0;
}
