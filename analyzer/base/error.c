/* The one place where an error text is made. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

enum trace_status trace_fail(struct trace_error *error, enum trace_status status, uint64_t offset,
                             const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        error->offset = offset;
        (void)vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return status;
}
