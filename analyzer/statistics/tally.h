/* The counters of one trace at one moment, brought into the groups of a table. */
#ifndef ANALYZER_TALLY_H
#define ANALYZER_TALLY_H

#include <stdbool.h>

#include "attribute.h"
#include "error.h"
#include "replay.h"
#include "report.h"
#include "strings.h"

struct tally_rules {
    enum report_metric metric;
    enum group_by by;
    bool is_cumulative;
    bool is_all_frames;
    bool has_live;      /* what is live counts, too: as what the table is compared with */
    bool has_lifetimes; /* the replay has to have them */
    bool has_freers; /* the same, by module; sites of which nothing is left count if it is known */
    bool has_growth; /* the same; sites count of which nothing is left, too */
};

/*
 * Resolve the stacks of all sites that have blocks of @metric, and of freers that were noted.
 * @is_whole: all frames of each, not only those that decide whose the blocks are.
 */
enum trace_status tally_prepare(const struct replay *replay, struct attribution *attribution,
                                enum report_metric metric, bool is_whole,
                                struct trace_error *error) TRACE_CHECKED;

/*
 * Count what @replay holds now into @table.
 * @attribution: of the same trace; resolves what it needs.
 * @is_old: these are the blocks that the table's others are compared with.
 * @table: with a grouping; its size and count are added to, too.
 */
enum trace_status tally_blocks(const struct replay *replay, struct attribution *attribution,
                               const struct tally_rules *rules, bool is_old,
                               struct strings *strings, struct report_table *table,
                               struct trace_error *error) TRACE_CHECKED;

#endif
