/* What the libraries of ledger.c do with each other's blocks. */
#ifndef LEDGER_H
#define LEDGER_H

#include <stddef.h>

void *maker_make(size_t size);
void *maker_resize(void *block, size_t size);
void maker_drop(void *block);
void user_drop(void *block);
void *user_resize(void *block, size_t size);

#endif
