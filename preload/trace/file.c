/* The trace file. See file.h. */
#include "file.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "config.h"
#include "log.h"
#include "sys.h"

#define NUMBERS_MAX 100000 /* files of one name */
#define HIGH_FD 900        /* out of the way of programs that count on low numbers */
#define COPY_BYTES 4096

/* --- the name --- */

struct text {
    char *bytes;
    size_t used;
    size_t size;
    bool is_cut;
};

static void add(struct text *text, const char *part)
{
    size_t length = strlen(part);
    size_t room = text->size - 1 - text->used;
    if (length > room) {
        length = room;
        text->is_cut = true;
    }
    memcpy(text->bytes + text->used, part, length);
    text->used += length;
    text->bytes[text->used] = '\0';
}

static void add_number(struct text *text, uint64_t number)
{
    char digits[24];
    add(text, log_number(number, digits));
}

static void add_host(struct text *text)
{
    struct utsname names;
    if (sys_call3(SYS_uname, (long)&names, 0, 0) == 0) {
        add(text, names.nodename);
    }
}

/* Expand @pattern. @number: 1 for the first try; from 2 on it is put in even without a %n. */
static void expand(struct text *text, const char *pattern, const char *program,
                   const struct trace_file_header *header, unsigned number)
{
    bool is_numbered = false;
    const char *slash = strrchr(pattern, '/');
    const char *extension = strrchr(slash != NULL ? slash : pattern, '.');
    for (const char *next = pattern; *next != '\0'; next++) {
        if (next == extension && number > 1 && !is_numbered && strstr(next, "%n") == NULL) {
            add(text, ".");
            add_number(text, number);
            is_numbered = true;
        }
        if (*next != '%' || next[1] == '\0') {
            add(text, (char[]){*next, '\0'});
            continue;
        }
        switch (*++next) {
        case 'e':
            add(text, program);
            break;
        case 'p':
            add_number(text, header->pid);
            break;
        case 'n':
            add_number(text, number);
            is_numbered = true;
            break;
        case 'h':
            add_host(text);
            break;
        case 't':
            add_number(text, header->start_realtime_ns / 1000000000u);
            break;
        default:
            add(text, "%");
            if (*next != '%') {
                add(text, (char[]){*next, '\0'});
            }
        }
    }
    if (number > 1 && !is_numbered) {
        add(text, ".");
        add_number(text, number);
    }
}

/* Return: 0 and file->path, or -ENAMETOOLONG. */
static long make_path(struct file *file, const char *pattern, const char *program,
                      const struct trace_file_header *header, unsigned number)
{
    struct text text = {.bytes = file->path, .size = sizeof file->path};
    if (pattern[0] != '/') {
        long length = sys_getcwd(file->path, sizeof file->path);
        text.used = length > 0 ? (size_t)length - 1 : 0;
        add(&text, "/");
    }
    expand(&text, pattern, program, header, number);
    return text.is_cut ? -ENAMETOOLONG : 0;
}

/*
 * A pattern that stands for a directory: the default name in it.
 * @buffer: TRACE_PATH_BYTES, for the new pattern.
 * Return: the pattern to use.
 */
// NOLINTBEGIN(readability-non-const-parameter): written through text.bytes
static const char *look_into_directory(struct file *file, const char *pattern, const char *program,
                                       const struct trace_file_header *header, char *buffer)
// NOLINTEND(readability-non-const-parameter)
{
    struct stat status = {0};
    struct text text = {.bytes = buffer, .size = TRACE_PATH_BYTES};
    if (make_path(file, pattern, program, header, 1) != 0 ||
        sys_stat(file->path, &status, 0) != 0 || !S_ISDIR(status.st_mode)) {
        return pattern;
    }
    add(&text, pattern);
    if (buffer[text.used - 1] != '/') {
        add(&text, "/");
    }
    add(&text, CONFIG_OUTPUT);
    return text.is_cut ? pattern : buffer;
}

/* --- the descriptor --- */

static bool is_ours(const struct file *file, int fd)
{
    struct stat status = {0};
    return fd >= 0 && sys_fstat(fd, &status) == 0 && status.st_dev == file->device &&
           status.st_ino == file->inode;
}

/* Move a descriptor up, so that the program gets the numbers that it would get without us. */
static int move_up(int fd)
{
    struct rlimit limit = {.rlim_cur = 1024};
    (void)sys_getrlimit(RLIMIT_NOFILE, &limit);
    long from = limit.rlim_cur > HIGH_FD ? HIGH_FD : (long)limit.rlim_cur / 2;
    long moved = sys_fcntl(fd, F_DUPFD_CLOEXEC, from);
    if (moved < 0) {
        return fd;
    }
    (void)sys_close(fd);
    return (int)moved;
}

/* Return: a descriptor of the file, to be given back; or -errno. */
static int borrow_fd(struct file *file)
{
    int fd = atomic_load(&file->fd);
    if (is_ours(file, fd)) {
        return fd;
    }
    fd = sys_open(file->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd >= 0 && !is_ours(file, fd)) {
        (void)sys_close(fd);
        return -ESTALE;
    }
    return fd;
}

static void give_back_fd(const struct file *file, int fd)
{
    if (fd >= 0 && fd != atomic_load(&file->fd)) {
        (void)sys_close(fd);
    }
}

void file_hold(struct file *file)
{
    if (file->header != NULL && !is_ours(file, atomic_load(&file->fd))) {
        int fd = borrow_fd(file);
        if (fd >= 0) {
            atomic_store(&file->fd, move_up(fd));
        }
    }
}

void file_release(struct file *file)
{
    int fd = atomic_exchange(&file->fd, -1);
    if (is_ours(file, fd)) {
        (void)sys_close(fd);
    }
}

/* --- space --- */

/* Going beyond RLIMIT_FSIZE would kill the program with SIGXFSZ. */
static long check_limit(uint64_t end)
{
    struct rlimit limit = {0};
    if (sys_getrlimit(RLIMIT_FSIZE, &limit) == 0 && end > limit.rlim_cur) {
        return -EFBIG;
    }
    return 0;
}

static long write_all(int fd, const void *bytes, size_t length, uint64_t offset)
{
    const char *next = bytes;
    while (length > 0) {
        long written = sys_pwrite(fd, next, length, offset);
        if (written == -EINTR) {
            continue;
        }
        if (written <= 0) {
            return written < 0 ? written : -ENOSPC;
        }
        next += written;
        offset += (uint64_t)written;
        length -= (size_t)written;
    }
    return 0;
}

/* Make the disk promise the space, on file systems that cannot by writing zeros. */
static long reserve_on_disk(int fd, uint64_t offset, uint64_t length)
{
    static const char zeros[COPY_BYTES];
    long result = sys_fallocate(fd, offset, length);
    while (result == -EINTR) {
        result = sys_fallocate(fd, offset, length);
    }
    if (result != -EOPNOTSUPP && result != -ENOSYS) {
        return result;
    }
    result = 0;
    for (uint64_t done = 0; done < length && result == 0; done += sizeof zeros) {
        result = write_all(fd, zeros, sizeof zeros, offset + done);
    }
    return result;
}

/* Take the next free part of the file. */
static uint64_t take_space(const struct file *file, size_t bytes, size_t alignment)
{
    uint64_t *place = &file->header->tail;
    uint64_t tail = __atomic_load_n(place, __ATOMIC_RELAXED);
    uint64_t start = 0;
    do {
        start = (tail + alignment - 1) & ~(uint64_t)(alignment - 1);
    } while (!__atomic_compare_exchange_n(place, &tail, start + bytes, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return start;
}

static long map_part(struct file *file, void *address, uint64_t offset, size_t bytes,
                     void **ret_memory)
{
    int fixed = address != NULL ? MAP_FIXED : 0;
    int fd = borrow_fd(file);
    long result = fd < 0 ? fd : check_limit(offset + bytes);
    if (result == 0) {
        result = reserve_on_disk(fd, offset, bytes);
    }
    if (result == 0) {
        *ret_memory =
            sys_mmap(address, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | fixed, fd, offset);
        result = *ret_memory != NULL ? 0 : -ENODEV;
    }
    give_back_fd(file, fd);
    return result;
}

long file_map_window(struct file *file, void *address, struct trace_chunk **ret_window)
{
    void *memory = NULL;
    uint64_t offset = take_space(file, TRACE_WINDOW_BYTES, TRACE_WINDOW_ALIGN);
    long result = map_part(file, address, offset, TRACE_WINDOW_BYTES, &memory);
    if (result == 0) {
        *ret_window = memory;
    }
    return result;
}

long file_append(struct file *file, const void *segment, size_t bytes)
{
    int fd = borrow_fd(file);
    if (fd < 0) {
        return fd; /* before space is taken: the caller may try again */
    }
    uint64_t offset = take_space(file, bytes, TRACE_SEGMENT_ALIGN);
    long result = check_limit(offset + bytes);
    /* the header last: a process that is killed in the middle leaves a segment that nobody finds,
     * and the window that it was made of */
    size_t head = bytes < TRACE_CHUNK_BYTES ? bytes : TRACE_CHUNK_BYTES;
    if (result == 0) {
        result = write_all(fd, (const char *)segment + head, bytes - head, offset + head);
    }
    if (result == 0) {
        result = write_all(fd, segment, head, offset);
    }
    give_back_fd(file, fd);
    return result;
}

/* --- creation --- */

/* A name that is taken by a file is numbered; one that is taken by a device, say, is a mistake. */
static bool is_taken_by_file(const char *path)
{
    struct stat status = {0};
    return sys_stat(path, &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISREG(status.st_mode) ||
           S_ISLNK(status.st_mode);
}

static int open_new(struct file *file, const char *pattern, const char *program,
                    const struct trace_file_header *header)
{
    char buffer[TRACE_PATH_BYTES];
    int fd = -EEXIST;
    pattern = look_into_directory(file, pattern, program, header, buffer);
    for (unsigned number = 1; fd == -EEXIST && number <= NUMBERS_MAX; number++) {
        if (make_path(file, pattern, program, header, number) != 0) {
            return -ENAMETOOLONG;
        }
        fd = sys_open(file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd == -EEXIST && !is_taken_by_file(file->path)) {
            return -ENODEV;
        }
    }
    return fd;
}

long file_create(struct file *file, const char *pattern, const char *program,
                 const struct trace_file_header *header)
{
    struct stat status = {0};
    void *memory = NULL;
    int fd = open_new(file, pattern, program, header);
    if (fd < 0) {
        return fd;
    }
    long result = sys_fstat(fd, &status);
    file->device = status.st_dev;
    file->inode = status.st_ino;
    atomic_store(&file->fd, fd);
    if (result == 0) {
        result = map_part(file, file->header, 0, TRACE_HEADER_BYTES, &memory);
    }
    if (result != 0) {
        (void)sys_unlink(file->path);
        (void)sys_close(fd);
        return result;
    }
    file->header = memory;
    memcpy(file->header, header, sizeof *header);
    file->header->tail = TRACE_HEADER_BYTES;
    return 0;
}
