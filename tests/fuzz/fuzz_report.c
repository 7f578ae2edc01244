/* A whole report: the first byte says which. Symbols come from a table, as in tests/unit. */
#include "fuzz.h"
#include "scene.h"

static const char *const reports[] = {
    "",
    "--by traceback --at peak --format json",
    "--summary",
    "--each-snapshot --cumulative",
    "--annotate * --at peak",
    "--timeline --format json",
    "--each-snapshot --format csv",
    "--format folded --compare-to 50%",
    "--lifetimes --temporary",
    "--growth",
    "--summary --format json",
    "--by thread --allocated --sort count --top 0",
    "--leaks --top 0",
    "--leaks --format dot",
    "--retained --format json",
    "--why * --top 0",
    "--by module --top 0",
    "--by domain --domain 300",
};
enum { REPORTS = sizeof reports / sizeof reports[0] };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char arguments[128];
    int code = -1;
    if (size == 0) {
        return 0;
    }
    const char *path = fuzz_file(data + 1, size - 1);
    const char *options = reports[data[0] % REPORTS];
    (void)snprintf(arguments, sizeof arguments, "%s%s%s", options, *options ? " " : "", path);
    char *text = scene_report(arguments, &code);
    fuzz_require(code == 0 || code == 1);
    free(text);
    return 0;
}
