/* The --annotate of a report as text; a part of the text renderer. */
#ifndef ANALYZER_RENDER_ANNOTATE_H
#define ANALYZER_RENDER_ANNOTATE_H

#include <stdio.h>

#include "report.h"
#include "source_line.h"

void render_annotate_text(FILE *out, const struct report *report, struct source_lines *sources);

#endif
