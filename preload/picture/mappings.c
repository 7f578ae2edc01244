/* Mappings. See mappings.h; for the formats, proc(5). */
#include "mappings.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "sys.h"

#define READ_BYTES 65536
#define GROWTH_PAGES 16 /* of a file that grows while it is read: by our own mappings */

/* Return: how many bytes the file has, which tells no size; 0 if it cannot be read. */
static size_t measure(int fd, char *buffer)
{
    size_t bytes = 0;
    for (long got = 1; got > 0; bytes += got > 0 ? (size_t)got : 0) {
        got = sys_pread(fd, buffer, READ_BYTES, bytes);
    }
    return bytes;
}

static size_t read_whole(int fd, char *buffer, size_t size)
{
    size_t used = 0;
    for (long got = 1; got > 0 && used<size; used += got> 0 ? (size_t)got : 0) {
        got = sys_pread(fd, buffer + used, size - used, used);
    }
    return used;
}

static uint64_t get_number(const char **next, unsigned base)
{
    uint64_t value = 0;
    for (;; ++*next) {
        char c = **next;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                : 16;
        if (digit >= base) {
            return value;
        }
        value = value * base + digit;
    }
}

/* A line: "start-end rwxp offset major:minor inode    name". @line: ends in zero. */
static void parse_line(const char *line, struct mapping *mapping)
{
    mapping->start = get_number(&line, 16);
    line += *line == '-';
    mapping->end = get_number(&line, 16);
    line += *line == ' ';
    for (unsigned i = 0; i < 4 && *line != '\0'; i++, line++) {
        mapping->flags |= *line == 'r'   ? MAPPING_READ
                          : *line == 'w' ? MAPPING_WRITE
                          : *line == 'x' ? MAPPING_EXECUTE
                          : *line == 's' ? MAPPING_SHARED
                                         : 0;
    }
    line += *line == ' ';
    (void)get_number(&line, 16);
    line += *line == ' ';
    unsigned major_number = (unsigned)get_number(&line, 16);
    line += *line == ':';
    mapping->device = makedev(major_number, (unsigned)get_number(&line, 16));
    line += *line == ' ';
    mapping->inode = get_number(&line, 10);
    while (*line == ' ') {
        line++;
    }
    mapping->name = line;
}

/* Cut the text into lines. Return: their number. */
static size_t cut_lines(char *text, size_t length)
{
    size_t lines = 0;
    for (char *end = text; (end = memchr(end, '\n', length - (size_t)(end - text))) != NULL;) {
        *end++ = '\0';
        lines++;
    }
    return lines;
}

/*
 * Is it memory of the same kind, without a gap? The heap of a forked child is several mappings to
 * the kernel: what it has inherited, and what it has added. Blocks lie across.
 */
static bool goes_on(const struct mapping *before, const struct mapping *mapping)
{
    return before->end == mapping->start && before->flags == mapping->flags && before->inode == 0 &&
           mapping->inode == 0 && strcmp(before->name, mapping->name) == 0;
}

bool mappings_read(struct mappings *mappings)
{
    char *text = memory_map(READ_BYTES);
    int fd = sys_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
    size_t size = fd >= 0 && text != NULL ? measure(fd, text) : 0;
    memory_unmap(text, READ_BYTES);
    size += (size_t)GROWTH_PAGES * MEMORY_PAGE_BYTES;
    text = fd >= 0 ? memory_map(size) : NULL;
    size_t length = text != NULL ? read_whole(fd, text, size - 1) : 0;
    if (fd >= 0) {
        (void)sys_close(fd);
    }
    size_t lines = length > 0 ? cut_lines(text, length) : 0;
    mappings->list = lines > 0 ? memory_map(lines * sizeof *mappings->list) : NULL;
    mappings->count = 0;
    if (mappings->list == NULL) {
        return false;
    }
    for (const char *line = text; lines > 0; lines--, line += strlen(line) + 1) {
        struct mapping *mapping = &mappings->list[mappings->count];
        *mapping = (struct mapping){0};
        parse_line(line, mapping);
        if (mappings->count > 0 && goes_on(mapping - 1, mapping)) {
            mapping[-1].end = mapping->end;
        } else {
            mappings->count++;
        }
    }
    return true;
}

const struct mapping *mappings_find(const struct mappings *mappings, uintptr_t address)
{
    size_t first = 0;
    size_t after = mappings->count;
    while (first < after) {
        size_t middle = first + (after - first) / 2;
        const struct mapping *mapping = &mappings->list[middle];
        if (address < mapping->start) {
            after = middle;
        } else if (address >= mapping->end) {
            first = middle + 1;
        } else {
            return mapping;
        }
    }
    return NULL;
}

void touched_pages_open(struct touched_pages *pages)
{
    pages->fd = memory_pages_open();
    pages->count = 0;
}

bool touched_pages_has(struct touched_pages *pages, uintptr_t address)
{
    size_t page = (address - pages->start) / MEMORY_PAGE_BYTES;
    if (page >= pages->count) {
        page = 0;
        pages->start = address & ~(uintptr_t)(MEMORY_PAGE_BYTES - 1);
        pages->count = MEMORY_PAGES_MAX;
        memory_pages_read(pages->fd, pages->start, pages->count, pages->pages);
    }
    return pages->pages[page] != MEMORY_UNTOUCHED;
}
