/* Which programs and modules of a report have an allocator inside that is not seen. */
#ifndef ANALYZER_ALLOCATOR_REPORT_H
#define ANALYZER_ALLOCATOR_REPORT_H

#include "modules.h"
#include "report.h"

/*
 * Look for allocators (inner_allocator.h) in the programs of a report's traces and in all modules
 * that call stacks go through, as far as their files are there; not in what the trace calls the
 * allocator, which is seen. Adds a line for each to report->inner_allocators.
 * Errors: TRACE_NOMEM.
 */
enum trace_status allocator_report_make(const struct module_table *modules,
                                        struct report *report) TRACE_CHECKED;

#endif
