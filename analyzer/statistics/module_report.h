/* What a summary says of modules: how much of each has no name or no line, and what would help. */
#ifndef ANALYZER_MODULE_REPORT_H
#define ANALYZER_MODULE_REPORT_H

#include "error.h"
#include "frame_table.h"
#include "modules.h"
#include "report.h"
#include "symbolize.h"

/*
 * Fill in the modules of @report, those with most addresses without a name first.
 * Errors: TRACE_NOMEM.
 */
enum trace_status module_report_make(const struct frame_table *frames,
                                     const struct module_table *modules,
                                     const struct symbolizer *symbolizer,
                                     struct report *report) TRACE_CHECKED;

#endif
