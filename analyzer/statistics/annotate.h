/*
 * Lines of source with what happens below them: memory_profiler's table, for --annotate.
 *
 * A block counts once for each line that its call stack goes through, however often a recursion
 * goes through it: so a line that calls down has everything that was allocated below it. A free
 * counts for the lines that allocated the block, wherever it is made. Of each line:
 *
 *   increment    bytes allocated below it and not freed: the sum of what its visits added
 *   occurrences  allocations below it. memory_profiler counts visits, which nobody sees in C
 *   mem_usage    the most bytes live in the whole process right after an allocation below it:
 *                memory_profiler's maximum over the visits
 */
#ifndef ANALYZER_ANNOTATE_H
#define ANALYZER_ANNOTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute.h"
#include "error.h"
#include "replay.h"

struct annotate_line {
    const char *file; /* as frames show it */
    uint32_t line;
    uint64_t mem_usage; /* bytes */
    uint64_t increment; /* bytes */
    uint64_t occurrences;
};

struct annotate;

/* Return: no lines yet, or NULL without memory. */
struct annotate *annotate_new(void);
void annotate_free(struct annotate *annotate);

/*
 * Add what @replay holds now.
 * @levels: the replay's watch has filled them.
 * @attribution: of the same trace; resolves what it needs. Lines are those of frames that the
 * rules' annotate matches; only blocks that pass the filters count.
 */
enum trace_status annotate_trace(struct annotate *annotate, const struct replay *replay,
                                 const int64_t *levels, struct attribution *attribution,
                                 bool is_all_frames, struct trace_error *error) TRACE_CHECKED;

/*
 * Return: all lines, by file and number; @annotate's, until it is added to. Several lines of one
 * file have the same pointer.
 */
const struct annotate_line *annotate_lines(struct annotate *annotate, size_t *ret_count);

#endif
