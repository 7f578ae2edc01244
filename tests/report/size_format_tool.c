/* Formats the numbers on its input, one a line: each without and with a sign. */
#include <stdio.h>
#include <stdlib.h>

#include "size_format.h"

int main(void)
{
    char line[512];
    char text[SIZE_FORMAT_BYTES];
    while (fgets(line, sizeof line, stdin) != NULL) {
        double bytes = strtod(line, NULL);
        (void)printf("%s|", size_format(text, bytes, false));
        (void)printf("%s\n", size_format(text, bytes, true));
    }
    return 0;
}
