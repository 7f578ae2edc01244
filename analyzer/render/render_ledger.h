/* Who freed a module's blocks, below its line of the table. */
#ifndef ANALYZER_RENDER_LEDGER_H
#define ANALYZER_RENDER_LEDGER_H

#include <stdio.h>

#include "ledger.h"

/* A line below a group by module. */
void render_ledger(FILE *out, const struct ledger_entry *entry);

#endif
