/* Maps of code that is made at run time. See code_map.h. */
#include "code_map.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "sys.h"

/* The name is put together by hand: snprintf() may allocate. */
static void put_path(char *to, int pid)
{
    static const char start[] = "/tmp/perf-";
    memcpy(to, start, sizeof start);
    (void)log_number((uint64_t)pid, to + strlen(to));
    memcpy(to + strlen(to), ".map", sizeof ".map");
}

int code_map_open(void)
{
    char path[64];
    struct stat facts = {0};
    put_path(path, sys_getpid());
    int fd = sys_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd >= 0 &&
        (sys_fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_uid != sys_geteuid())) {
        (void)sys_close(fd);
        return -1;
    }
    return fd >= 0 ? fd : -1;
}

size_t code_map_read(int fd, uint64_t offset, uint8_t *to, size_t room)
{
    uint64_t left = offset < CODE_MAP_BYTES_MAX ? CODE_MAP_BYTES_MAX - offset : 0;
    long got = sys_pread(fd, to, room < left ? room : (size_t)left, offset);
    return got > 0 ? (size_t)got : 0;
}
