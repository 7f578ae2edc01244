/* Patterns of --filter and its like: the first line is the pattern, the second what it is put to.
 */
#include <string.h>

#include "fail_rule.h"
#include "fuzz.h"
#include "moment.h"
#include "pattern.h"
#include "plumbing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    char *rest = text;
    const char *pattern = strsep(&rest, "\n");
    const char *name = rest != NULL ? rest : pattern;
    struct patterns patterns = {0};
    struct fail_rule rule;
    struct moment moment;
    char plain[64];
    const struct frame frame = {
        .function = name, .file = name, .path = name, .module = name, .line = 7};
    if (patterns_add(&patterns, pattern, true) && patterns_add(&patterns, pattern, false)) {
        (void)patterns_match(&patterns, &frame);
        (void)patterns_match_file(&patterns, &frame);
    }
    patterns_fini(&patterns);
    pattern_plain_name(name, plain, sizeof plain);
    fuzz_require(memchr(plain, '\0', sizeof plain) != NULL);
    (void)fail_rule_parse(pattern, &rule);
    (void)moment_parse(pattern, &moment);
    free(text);
    return 0;
}
