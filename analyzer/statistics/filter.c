/* The patterns were tried when the frames were made; here their answers are put together. */
#include "filter.h"

bool filter_keeps(const struct attribution *attribution, uint32_t stack, bool is_all_frames)
{
    if (!is_all_frames) {
        const struct frame *frame = attribution_frame(attribution, stack);
        return frame->is_included && !frame->is_excluded;
    }
    bool is_included = attribution->rules->include.count == 0;
    struct frame_walk walk = frame_walk_over(attribution, stack);
    for (const struct frame *frame; (frame = frame_walk_next(&walk)) != NULL;) {
        if (frame->is_excluded) {
            return false;
        }
        is_included = is_included || frame->is_included;
    }
    return is_included;
}

bool filter_suppresses(const struct attribution *attribution, uint32_t stack)
{
    if (attribution->rules->suppressions.count == 0) {
        return false;
    }
    struct frame_walk walk = frame_walk_over(attribution, stack);
    for (const struct frame *frame; (frame = frame_walk_next(&walk)) != NULL;) {
        if (frame->is_suppressed) {
            return true;
        }
    }
    return false;
}
