/* Diagnostics. See log.h. */
#include "log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "sys.h"

#define LOG_LINES_MAX 16
#define LOG_LINE_BYTES 512

static _Atomic unsigned lines_printed;

void log_line(const char *const *parts)
{
    static const char prefix[] = "libtrace: ";
    char line[LOG_LINE_BYTES];
    size_t used = sizeof prefix - 1;
    if (atomic_fetch_add_explicit(&lines_printed, 1, memory_order_relaxed) >= LOG_LINES_MAX) {
        return;
    }
    memcpy(line, prefix, used);
    for (; *parts != NULL; parts++) {
        size_t length = strlen(*parts);
        size_t room = sizeof line - 1 - used;
        length = length < room ? length : room;
        memcpy(line + used, *parts, length);
        used += length;
    }
    line[used++] = '\n';
    (void)sys_write(2, line, used);
}

const char *log_number(uint64_t value, char *buffer)
{
    char digits[24];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (size_t i = 0; i < count; i++) {
        buffer[i] = digits[count - 1 - i];
    }
    buffer[count] = '\0';
    return buffer;
}

const char *log_error(long result)
{
    /* strerrordesc_np() would do, but it may translate, and translation allocates. */
    static const struct {
        long error;
        const char *text;
    } names[] = {
        {EACCES, "Permission denied"},
        {EDQUOT, "Disk quota exceeded"},
        {EEXIST, "File exists"},
        {EFBIG, "File too large"},
        {EIO, "Input/output error"},
        {EISDIR, "Is a directory"},
        {EMFILE, "Too many open files"},
        {ENFILE, "Too many open files in system"},
        {ENAMETOOLONG, "File name too long"},
        {ENODEV, "Not a regular file, or none that can be mapped"},
        {ENOENT, "No such file or directory"},
        {EAGAIN, "Resource temporarily unavailable"},
        {ENOMEM, "Cannot allocate memory"},
        {ENOSPC, "No space left on device"},
        {ENOTDIR, "Not a directory"},
        {EPERM, "Operation not permitted"},
        {EROFS, "Read-only file system"},
        {ESTALE, "The file was replaced"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].error == -result) {
            return names[i].text;
        }
    }
    return "unexpected error";
}
