/* --growth for people: what stands beside the usual numbers of a table. */
#ifndef ANALYZER_RENDER_GROWTH_H
#define ANALYZER_RENDER_GROWTH_H

#include <stdio.h>

#include "render.h"

/* The end of a table's title: how many groups grow, and how fast. */
void render_growth_title(FILE *out, const struct report *report, const struct report_table *table);

/* "growth=12.0 KiB/s, ": before a group's other numbers. */
void render_growth_rate(FILE *out, const struct growth_summary *growth);

/* A line below a group: why it is said to grow. */
void render_growth_evidence(FILE *out, const struct growth_summary *growth,
                            const struct render_options *options);

/* A line below the table: what does not grow. */
void render_growth_steady(FILE *out, const struct report_growth *growth);

#endif
