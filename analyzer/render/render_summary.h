/* The --summary of a report as text; a part of the text renderer. */
#ifndef ANALYZER_RENDER_SUMMARY_H
#define ANALYZER_RENDER_SUMMARY_H

#include <stdio.h>

#include "report.h"

void render_summary_text(FILE *out, const struct report *report);

#endif
