/* Reports for SQL: the pipeline has put the sites into a database; what is left is said of traces
 * as a whole. */
#include "database.h"
#include "render.h"

enum trace_status render_sqlite(FILE *out, const struct report *reports, size_t count,
                                const struct render_options *options, struct trace_error *error)
{
    const struct report *report = &reports[0];
    enum trace_status status = TRACE_OK;
    (void)count;
    (void)options;
    for (size_t i = 0; i < report->trace_count && status == TRACE_OK; i++) {
        status = database_add_trace(report->database, &report->traces[i], i + 1, error);
    }
    return status == TRACE_OK ? database_write(report->database, out, error) : status;
}
