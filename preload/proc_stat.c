/* See proc_stat.h. */
#include "proc_stat.h"

#include <string.h>

#include "log.h"
#include "sys.h"

#define START_TIME_FIELD 22
#define FIELD_AFTER_NAME 3

/* Field 2 is the name in parentheses, which may hold blanks and parentheses: count from its end. */
static uint64_t parse_start_time(const char *stat)
{
    const char *next = strrchr(stat, ')');
    uint64_t value = 0;
    for (int field = FIELD_AFTER_NAME - 1; next != NULL && field < START_TIME_FIELD; field++) {
        next = strchr(next + 1, ' ');
    }
    if (next != NULL) {
        for (next++; *next >= '0' && *next <= '9'; next++) {
            value = value * 10 + (uint64_t)(*next - '0');
        }
    }
    return value;
}

uint64_t proc_start_time(uint32_t pid)
{
    char path[40] = "/proc/";
    char stat[1024];
    (void)log_number(pid, path + strlen(path));
    memcpy(path + strlen(path), "/stat", sizeof "/stat");
    int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) {
        return 0;
    }
    long length = sys_read(fd, stat, sizeof stat - 1);
    (void)sys_close(fd);
    stat[length > 0 ? length : 0] = '\0';
    return parse_start_time(stat);
}
