/* See proc_stat.h. */
#include "proc_stat.h"

#include <stdbool.h>
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

/* Read the start of a file, and end it with a zero. @text: empty if the file cannot be read. */
static void read_text(const char *path, char *text, size_t room)
{
    int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
    long length = fd >= 0 ? sys_read(fd, text, room - 1) : 0;
    if (fd >= 0) {
        (void)sys_close(fd);
    }
    text[length > 0 ? length : 0] = '\0';
}

uint64_t proc_start_time(uint32_t pid)
{
    char path[40] = "/proc/";
    char stat[1024];
    (void)log_number(pid, path + strlen(path));
    memcpy(path + strlen(path), "/stat", sizeof "/stat");
    read_text(path, stat, sizeof stat);
    return parse_start_time(stat);
}

/* @field: with the line's end before it. Return: its number, @unknown if it is not there. */
static uint32_t parse_field(const char *status, const char *field, uint32_t unknown)
{
    uint32_t value = 0;
    const char *at = strstr(status, field);
    if (at == NULL) {
        return unknown;
    }
    for (at += strlen(field); *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (uint32_t)(*at - '0');
    }
    return value;
}

uint32_t proc_filters(void)
{
    char status[4096];
    read_text("/proc/self/status", status, sizeof status);
    bool is_free = parse_field(status, "\nSeccomp:\t", 1) == 0;
    return is_free ? 0 : parse_field(status, "\nSeccomp_filters:\t", 1);
}
