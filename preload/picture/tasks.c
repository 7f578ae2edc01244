/* Threads in /proc. See tasks.h; for the formats, proc(5) and getdents(2). */
#include "tasks.h"

#include <stdint.h>
#include <string.h>

#include "log.h"
#include "sys.h"

#define ENTRIES_BYTES 4096
#define FILE_BYTES 4096
#define PATH_BYTES 80

/* What the kernel gives for a directory entry. */
struct task_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t bytes;
    uint8_t type;
    char name[];
};

/* "/proc/PROCESS/task", and with an @id not 0 "/ID/FILE". */
static const char *path_of(char *path, int process, int id, const char *file)
{
    strcpy(path, "/proc/"); // NOLINT(clang-analyzer-security.insecureAPI.strcpy): it fits
    (void)log_number((uint64_t)process, path + strlen(path));
    strcat(path, "/task"); // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
    if (id != 0) {
        strcat(path, "/"); // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
        (void)log_number((uint64_t)id, path + strlen(path));
        strcat(path, file); // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
    }
    return path;
}

/* Return: the thread id that a name is, or 0. */
static int id_of(const char *name)
{
    int id = 0;
    for (; *name >= '0' && *name <= '9'; name++) {
        id = id * 10 + (*name - '0');
    }
    return id;
}

size_t tasks_each(int process, void (*visit)(void *context, int id), void *context)
{
    _Alignas(struct task_entry) char entries[ENTRIES_BYTES];
    char path[PATH_BYTES];
    size_t count = 0;
    int fd = sys_open(path_of(path, process, 0, ""), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    for (long got = 1; fd >= 0 && got > 0;) {
        got = sys_call3(SYS_getdents64, fd, (long)entries, sizeof entries);
        for (long at = 0; at < got;) {
            const struct task_entry *entry = (const struct task_entry *)(entries + at);
            int id = id_of(entry->name);
            if (id > 0) {
                visit(context, id);
                count++;
            }
            at += entry->bytes;
        }
    }
    if (fd >= 0) {
        (void)sys_close(fd);
    }
    return count;
}

/* Read a thread's file. @text: FILE_BYTES. */
static const char *read_file(char *text, int process, int id, const char *file)
{
    char path[PATH_BYTES];
    int fd = sys_open(path_of(path, process, id, file), O_RDONLY | O_CLOEXEC, 0);
    long length = fd >= 0 ? sys_read(fd, text, FILE_BYTES - 1) : 0;
    if (fd >= 0) {
        (void)sys_close(fd);
    }
    text[length > 0 ? length : 0] = '\0';
    return text;
}

bool task_is_dead(int process, int id)
{
    char text[FILE_BYTES];
    const char *name_end = strrchr(read_file(text, process, id, "/stat"), ')');
    return name_end == NULL || name_end[1] != ' ' || name_end[2] == 'Z' || name_end[2] == 'X';
}

/* Return: the hexadecimal number after a field's name. */
static uint64_t mask_of(const char *status, const char *field)
{
    const char *at = strstr(status, field);
    uint64_t mask = 0;
    for (at = at != NULL ? at + strlen(field) : ""; *at != '\0' && *at != '\n'; at++) {
        mask = mask << 4 | (uint64_t)(*at >= 'a' ? *at - 'a' + 10 : *at - '0');
    }
    return mask;
}

bool task_has_signal(int process, int id)
{
    char text[FILE_BYTES];
    const char *status = read_file(text, process, id, "/status");
    uint64_t pending = mask_of(status, "\nSigPnd:\t") | mask_of(status, "\nShdPnd:\t");
    return (pending & ~mask_of(status, "\nSigBlk:\t")) != 0;
}
