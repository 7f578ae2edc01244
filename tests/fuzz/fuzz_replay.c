/* A trace is replayed, to its end, to its peak, by time, and to each snapshot. */
#include "fuzz.h"
#include "replay.h"

static enum trace_status visit(void *context, const struct replay *replay,
                               struct trace_error *error)
{
    size_t *visits = context;
    (void)error;
    (void)replay;
    ++*visits;
    return TRACE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const moments[] = {"end", "peak", "50%", "0.01s", "#1", "name"};
    struct reader reader;
    struct trace_error error = {0};
    if (reader_open(fuzz_file(data, size), &reader, &error) != TRACE_OK) {
        return 0;
    }
    for (size_t i = 0; i <= sizeof moments / sizeof moments[0]; i++) {
        struct moment moment = {.kind = MOMENT_EACH_SNAPSHOT};
        struct replay replay;
        size_t visits = 0;
        if (i < sizeof moments / sizeof moments[0]) {
            fuzz_require(moment_parse(moments[i], &moment));
        }
        if (replay_run(&reader, &moment, visit, &visits, NULL, NULL, &replay, &error) == TRACE_OK) {
            fuzz_require(replay.snapshot_count <= size);
        }
        replay_fini(&replay);
    }
    reader_close(&reader);
    return 0;
}
