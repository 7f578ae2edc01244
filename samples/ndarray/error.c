/*
 * Statuses and the message of the last failure of each thread. The message is a fixed thread-local
 * array: to report that memory has run out must not need any.
 */
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

#define MESSAGE_BYTES 160

// initial-exec: a dlopen'd library's thread-local variables would otherwise be malloc'd on first
// use
static _Thread_local char message[MESSAGE_BYTES] __attribute__((tls_model("initial-exec")));

const char *nda_status_text(enum nda_status status)
{
    switch (status) {
    case NDA_OK:
        return "ok";
    case NDA_NO_MEMORY:
        return "out of memory";
    case NDA_OVERFLOW:
        return "a size or number is too large";
    case NDA_SHAPE:
        return "shapes do not fit";
    case NDA_INDEX:
        return "index out of range";
    case NDA_TYPE:
        return "wrong type of item";
    case NDA_VALUE:
        return "wrong value";
    case NDA_STRIDES:
        return "no view can have this shape";
    default:
        return "unknown status";
    }
}

const char *nda_error(void)
{
    return message;
}

enum nda_status nda_fail(enum nda_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return status;
}
