/* A library that keeps a block in a thread-local variable of its own: "ADDRESS VARIABLE", as in
 * named.c. */
#include <stdio.h>

#include "leaks.h"

static __thread char before[40];
static __thread void *volatile library_keeper;

void keep_in_library(void);

void keep_in_library(void)
{
    before[0] = 1;
    library_keeper = block(72);
    (void)printf("%p %s\n", library_keeper, "library_keeper");
}
