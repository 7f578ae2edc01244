/* Words to pointers. See picture_scan.h. */
#include "picture_scan.h"

#include "memory.h"
#include "sys.h"

#define WORD sizeof(uintptr_t)
#define COPY_BYTES MEMORY_PAGE_BYTES

/* What memcheck takes for a table of virtual functions: two of them within so many words. */
#define TABLE_WORDS 20
#define TABLE_FUNCTIONS 2

#define STRING_HEAD 24 /* length, capacity, count of references: std::string before C++11 */

void picture_scan_init(struct picture_scan *scan, const struct block_directory *directory,
                       const struct mappings *mappings, struct picture_writer *writer)
{
    scan->directory = directory;
    scan->mappings = mappings;
    scan->writer = writer;
    scan->memory_fd = sys_open("/proc/self/mem", O_RDONLY | O_CLOEXEC, 0);
    touched_pages_open(&scan->pages);
}

static uintptr_t word_at(uintptr_t address)
{
    return *(const uintptr_t *)address;
}

/* Return: the mapping of @bytes at @address, or NULL. @last: what the answer was before. */
static const struct mapping *mapping_of(const struct picture_scan *scan,
                                        const struct mapping **last, uintptr_t address,
                                        size_t bytes)
{
    if (*last == NULL || address < (*last)->start || address >= (*last)->end) {
        *last = mappings_find(scan->mappings, address);
    }
    return *last != NULL && (*last)->end - address >= bytes ? *last : NULL;
}

static bool is_readable(const struct mapping *mapping)
{
    return mapping != NULL && (mapping->flags & MAPPING_READ) != 0;
}

/* --- what a pointer looks like --- */

static bool is_function(struct picture_scan *scan, uintptr_t address)
{
    const struct mapping *code = mapping_of(scan, &scan->code, address, 1);
    return code != NULL && (code->flags & MAPPING_EXECUTE) != 0 && code->inode != 0;
}

/* Does a table of virtual functions begin here? */
static bool is_table(struct picture_scan *scan, uintptr_t address)
{
    unsigned functions = 0;
    if (address % WORD != 0 || address < MEMORY_PAGE_BYTES) {
        return false;
    }
    const struct mapping *table = mapping_of(scan, &scan->table, address, WORD);
    if (!is_readable(table) || table->inode == 0 || (table->flags & MAPPING_SHARED) != 0) {
        return false;
    }
    for (unsigned i = 0; i <= TABLE_WORDS && table->end - address >= WORD; i++, address += WORD) {
        uintptr_t function = word_at(address);
        if (function == 0) {
            continue;
        }
        if (!is_function(scan, function)) {
            return false;
        }
        if (++functions == TABLE_FUNCTIONS) {
            return true;
        }
    }
    return false;
}

/* @offset: of a word inside @block, not 0. */
static enum trace_inside looks(struct picture_scan *scan, const struct block *block,
                               uint64_t offset)
{
    const uint64_t *words = (const uint64_t *)block->address;
    if (block->size < WORD || !is_readable(mapping_of(scan, &scan->target, block->address, 1))) {
        return TRACE_INSIDE_OTHER;
    }
    if (offset == STRING_HEAD && words[0] <= words[1] && words[1] < block->size &&
        STRING_HEAD + words[1] + 1 == block->size) {
        return TRACE_INSIDE_STRING;
    }
    if (offset == WORD && words[0] > 0) {
        if (words[0] == block->size - WORD) {
            return TRACE_INSIDE_LENGTH;
        }
        if ((block->size - WORD) % words[0] == 0) {
            return TRACE_INSIDE_ARRAY;
        }
    }
    if (offset % WORD == 0 && offset + WORD < block->size && is_table(scan, words[0]) &&
        mapping_of(scan, &scan->target, block->address + offset, WORD) != NULL &&
        is_table(scan, words[offset / WORD])) {
        return TRACE_INSIDE_BASE;
    }
    return TRACE_INSIDE_OTHER;
}

/* --- words --- */

/* Put a pointer into the batch. */
static void add_pointer(struct picture_scan *scan, const struct block_hit *hit, uint64_t slot)
{
    struct picture_batch *batch = &scan->batch;
    uint64_t offset = hit->offset;
    if (batch->count == PICTURE_BATCH) {
        picture_write_batch(scan->writer, batch);
    }
    batch->pointers[batch->count++] = (struct picture_pointer){
        .target = hit->number,
        .where = offset == 0 ? 0 : offset << TRACE_INSIDE_BITS | looks(scan, &hit->block, offset),
        .slot = slot,
    };
}

/* A block's pointers to itself say nothing. */
static void scan_block_words(struct picture_scan *scan, const struct block *block,
                             uintptr_t address, uintptr_t end)
{
    struct block_hit hit;
    for (; address < end; address += WORD) {
        if (block_directory_find(scan->directory, word_at(address), &hit) &&
            hit.number != block->number) {
            add_pointer(scan, &hit, 0);
        }
    }
}

static uintptr_t page_end(uintptr_t address, uintptr_t end)
{
    uintptr_t next = (address | (MEMORY_PAGE_BYTES - 1)) + 1;
    return next < end ? next : end;
}

void picture_scan_block(void *context, const struct block *block)
{
    struct picture_scan *scan = context;
    uintptr_t address = (block->address + WORD - 1) & ~(WORD - 1);
    uintptr_t end = (block->address + block->size) & ~(WORD - 1);
    scan->batch.source = block->number;
    scan->batch.is_root = false;
    while (address < end) {
        uintptr_t next = page_end(address, end);
        const struct mapping *mapping = mapping_of(scan, &scan->source, address, WORD);
        if (!is_readable(mapping)) {
            scan->totals.unreadable_words += (next - address) / WORD;
        } else if ((mapping->flags & MAPPING_SHARED) != 0 ||
                   touched_pages_has(&scan->pages, address)) {
            scan_block_words(scan, block, address, next);
        }
        address = next;
    }
    picture_write_batch(scan->writer, &scan->batch);
    scan->totals.blocks++;
    scan->totals.bytes += block->size;
}

/* The words from @words on are those of @region from @slot on. */
static void scan_region_words(struct picture_scan *scan, const struct picture_region *region,
                              bool *is_written, const uintptr_t *words, size_t count, uint64_t slot)
{
    struct block_hit hit;
    for (size_t i = 0; i < count; i++) {
        if (!block_directory_find(scan->directory, words[i], &hit)) {
            continue;
        }
        if (!*is_written) {
            scan->batch.source = picture_write_region(scan->writer, region);
            *is_written = true;
        }
        add_pointer(scan, &hit, slot + i);
    }
}

/* A page of a file that others share may be cut off at any time: ask the kernel for a copy. */
static size_t copy_shared(const struct picture_scan *scan, uintptr_t address, size_t bytes,
                          uintptr_t *ret_words)
{
    uint8_t is_there = 0;
    uintptr_t page = address & ~(uintptr_t)(MEMORY_PAGE_BYTES - 1);
    if (sys_mincore(page, MEMORY_PAGE_BYTES, &is_there) != 0 || (is_there & 1) == 0) {
        return 0;
    }
    long got = sys_pread(scan->memory_fd, ret_words, bytes, address);
    return got > 0 ? (size_t)got : 0;
}

void picture_scan_region(struct picture_scan *scan, const struct picture_region *region,
                         const struct mapping *mapping, uintptr_t bytes_at)
{
    uintptr_t copy[COPY_BYTES / WORD];
    uintptr_t start = (bytes_at + WORD - 1) & ~(WORD - 1);
    uintptr_t end = (bytes_at + region->bytes) & ~(WORD - 1);
    bool is_written = false;
    scan->batch.is_root = true;
    for (uintptr_t address = start, next = 0; address < end; address = next) {
        const uintptr_t *words = (const uintptr_t *)address;
        next = page_end(address, end);
        size_t bytes = next - address;
        if (mapping != NULL && (mapping->flags & MAPPING_SHARED) != 0) {
            bytes = copy_shared(scan, address, bytes, copy);
            words = copy;
        } else if (mapping != NULL && !touched_pages_has(&scan->pages, address)) {
            continue;
        }
        scan_region_words(scan, region, &is_written, words, bytes / WORD, (address - start) / WORD);
    }
    picture_write_batch(scan->writer, &scan->batch);
    scan->totals.bytes += region->bytes;
}
