/*
 * The patterns were tried when the frames were made; here their answers are put together. Those of
 * a domain are tried here, since a frame has blocks of any.
 */
#include "filter.h"

static bool is_included(const struct frame_rules *rules, const struct frame *frame, uint32_t domain)
{
    return frame->is_included || patterns_match_in_domain(&rules->include, frame, domain);
}

static bool is_excluded(const struct frame_rules *rules, const struct frame *frame, uint32_t domain)
{
    return frame->is_excluded || patterns_match_in_domain(&rules->exclude, frame, domain);
}

bool filter_keeps(const struct attribution *attribution, uint32_t stack, uint32_t domain,
                  bool is_all_frames)
{
    const struct frame_rules *rules = attribution->rules;
    struct frame_walk walk = frame_walk_over(attribution, stack);
    const struct frame *frame = is_all_frames ? frame_walk_next(&walk) : NULL;
    if (frame == NULL) { // only this one is asked, or nothing is known of the stack
        frame = attribution_frame(attribution, stack);
        return is_included(rules, frame, domain) && !is_excluded(rules, frame, domain);
    }
    bool keeps = false;
    for (; frame != NULL; frame = frame_walk_next(&walk)) {
        if (is_excluded(rules, frame, domain)) {
            return false;
        }
        keeps = keeps || is_included(rules, frame, domain);
    }
    return keeps;
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
