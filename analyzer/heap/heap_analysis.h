/*
 * One trace's heap picture, worked out: what is lost, what each line retains, and who keeps the
 * blocks that are asked about. The only file that knows the order in which that is done.
 */
#ifndef ANALYZER_HEAP_ANALYSIS_H
#define ANALYZER_HEAP_ANALYSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute.h"
#include "error.h"
#include "growth.h"
#include "heap_query.h"
#include "heap_report.h"
#include "heap_roots.h"
#include "moment.h"
#include "reader.h"

struct heap_rules {
    bool has_retained;  /* work out what lines retain */
    size_t top;         /* so many lines are shown, 0 for all: these are exact */
    bool is_by_stack;   /* lines of the report are whole call stacks */
    bool is_all_frames; /* filters look at whole stacks */
    bool has_links;     /* merge the graph by line: the dominator tree with has_retained,
                           else what is lost; not with a query */
    const struct heap_query *query; /* NULL unless chains are wanted */
    const struct growth *growth;    /* of the trace, finished; NULL unless lines tell theirs */
};

/*
 * Add a trace's picture to a report.
 * @moment: which picture: the last one at the end, or one by its name or number.
 * @reader: what is damaged is added to its damage.
 * @attribution: of the same trace; resolves what it needs.
 * @names: names the roots.
 * Errors: TRACE_NOT_FOUND: no such picture, @error says which there are; TRACE_IO, TRACE_NOMEM.
 */
enum trace_status heap_analysis_add(struct reader *reader, const struct moment *moment,
                                    struct attribution *attribution, struct heap_roots *names,
                                    const struct heap_rules *rules, struct heap_report *report,
                                    struct trace_error *error) TRACE_CHECKED;

#endif
