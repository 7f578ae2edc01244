/* The --timeline of a report as text; a part of the text renderer. */
#ifndef ANALYZER_RENDER_TIMELINE_H
#define ANALYZER_RENDER_TIMELINE_H

#include <stdio.h>

#include "render.h"

void render_timeline_text(FILE *out, const struct report *report,
                          const struct render_options *options);

#endif
