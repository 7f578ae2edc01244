/* Words for moments: as short as they can be without being mistaken for another. */
#include "moment_label.h"

#include "trace_format.h"

const char *moment_label(const struct moment *moment, const struct replay *replay,
                         struct arena *arena)
{
    double seconds = (double)replay->tick / TRACE_TICKS_PER_SECOND;
    switch (moment->kind) {
    case MOMENT_END:
        return "end";
    case MOMENT_PEAK:
        return arena_format(arena, "peak (%.3f s)",
                            (double)replay->peak_tick / TRACE_TICKS_PER_SECOND);
    case MOMENT_TIME:
    case MOMENT_SHARE:
        return moment->text;
    default:
        break;
    }
    const char *name = replay->snapshots[replay->snapshot_count - 1].name;
    if (name[0] == '\0') {
        return arena_format(arena, "snapshot #%zu (%.3f s)", replay->snapshot_count, seconds);
    }
    return arena_format(arena, "snapshot #%zu \"%s\" (%.3f s)", replay->snapshot_count, name,
                        seconds);
}

const char *moment_label_all(const struct moment *moment)
{
    switch (moment->kind) {
    case MOMENT_PEAK:
        return "peak of each";
    case MOMENT_NUMBER:
    case MOMENT_NAME:
        return moment->text;
    default:
        return NULL;
    }
}
