/* The limits that make an allocation fail; those of a cgroup kill instead. */
#include "memory_limit.h"

#include <stdio.h>
#include <sys/resource.h>

#include "size_format.h"

static rlim_t limit_of(int resource)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    (void)getrlimit((__rlimit_resource_t)resource, &limit);
    return limit.rlim_cur;
}

const char *memory_limit_advice(char *text)
{
    const rlim_t space = limit_of(RLIMIT_AS);
    const rlim_t data = limit_of(RLIMIT_DATA);
    const rlim_t least = space < data ? space : data;
    char size[SIZE_FORMAT_BYTES];
    if (least == RLIM_INFINITY) {
        (void)snprintf(
            text, MEMORY_LIMIT_BYTES,
            "the system has no more memory; free some, or report on fewer traces at once");
    } else {
        (void)snprintf(
            text, MEMORY_LIMIT_BYTES,
            "memory is limited to %.64s here; raise that (ulimit -%c unlimited), or report "
            "on fewer traces at once",
            size_format(size, (double)least, false), least == space ? 'v' : 'd');
    }
    return text;
}
