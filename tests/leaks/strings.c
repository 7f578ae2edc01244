/* What functions of libc hand out and nobody frees. */
#include <stdio.h>

#include "leaks.h"

static NOINLINE void lose(void)
{
    char *text = NULL;
    (void)keep(strdup("a string that is lost"));
    (void)keep(strndup("another string", 7));
    if (asprintf(&text, "%d and %s", 17, "more") > 0) {
        text = keep(text);
    }
}

int main(void)
{
    lose();
    forget();
    return 0;
}
