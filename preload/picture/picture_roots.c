/*
 * Roots. See picture_roots.h.
 *
 * Mappings do not tell what is in them: the kernel makes one of neighbours that are alike, so a
 * pool of the program's own may be in one mapping with a large block of the allocator's. So ranges
 * are excluded, not mappings.
 */
#include "picture_roots.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "bootstrap.h"
#include "memory.h"
#include "modules.h"
#include "picture_dead.h"
#include "picture_frames.h"

#define SPARE_RANGES 4096
#define RANGES_OF_MAPPING 4  /* more large blocks than that, apart from each other, are rare */
#define HOOK_DEPTH_MAX 65536 /* bytes of stack between a hook and what it calls */
#define IN_FLIGHT_MAX 64     /* blocks of one thread */
#define IN_FLIGHT "[block being reallocated]"

static void exclude(struct picture_roots *roots, uintptr_t start, uintptr_t end)
{
    if (start < end && roots->count < roots->room) {
        roots->excluded[roots->count++] = (struct range){start, end};
    }
}

static bool is_root_mapping(const struct picture_roots *roots, const struct mapping *mapping)
{
    static const char *const devices[] = {"/dev/shm/", "/dev/zero"};
    const uint8_t usable = MAPPING_READ | MAPPING_WRITE;
    const char *name = mapping->name;
    if ((mapping->flags & usable) != usable || strncmp(name, "[v", 2) == 0 ||
        (mapping->inode == roots->file->inode && mapping->device == roots->file->device)) {
        return false;
    }
    bool is_memory = strncmp(name, "/dev/", strlen("/dev/")) != 0;
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        is_memory = is_memory || strncmp(name, devices[i], strlen(devices[i])) == 0;
    }
    return is_memory && strncmp(name, "anon_inode:", strlen("anon_inode:")) != 0;
}

/* --- what is excluded --- */

static void exclude_own_part(void *context, uintptr_t start, size_t bytes)
{
    if (!bootstrap_owns((const void *)start)) { /* the program's blocks from before the start */
        exclude(context, start, start + bytes);
    }
}

struct range picture_object_of(const void *address)
{
    struct dl_find_object object;
    if (_dl_find_object((void *)address, &object) != 0) {
        return (struct range){0};
    }
    return (struct range){(uintptr_t)object.dlfo_map_start, (uintptr_t)object.dlfo_map_end};
}

/* Our own variables, but for blocks of the program among them. */
static void exclude_own_object(struct picture_roots *roots)
{
    struct range object = picture_object_of(roots->file);
    struct range arena = {0};
    bootstrap_arena(&arena.start, &arena.end);
    if (arena.start >= object.start && arena.end <= object.end) {
        exclude(roots, object.start, arena.start);
        exclude(roots, arena.end, object.end);
    }
}

bool picture_roots_init(struct picture_roots *roots)
{
    roots->room =
        roots->mappings->count * RANGES_OF_MAPPING + roots->threads->count * 3 + SPARE_RANGES;
    roots->excluded = memory_map(roots->room * sizeof *roots->excluded);
    if (roots->excluded == NULL) {
        return false;
    }
    memory_each(exclude_own_part, roots);
    exclude_own_object(roots);
    return true;
}

void picture_roots_exclude(struct picture_roots *roots, const struct block *block,
                           const struct mapping *mapping)
{
    struct range none = {0};
    struct range *last = roots->last_heap > 0 ? &roots->excluded[roots->last_heap - 1] : &none;
    if (block->address >= last->start && block->address < last->end) {
        return;
    }
    struct range range = roots->is_glibc && (mapping->flags & MAPPING_READ) != 0
                             ? glibc_range_of(mapping, block->address)
                             : (struct range){mapping->start, mapping->end};
    if (range.start <= last->end && range.start >= last->start) {
        last->end = range.end > last->end ? range.end : last->end;
        return;
    }
    exclude(roots, range.start, range.end);
    roots->last_heap = roots->count;
}

/* Heaps in which no block is alive, and the book of the first one. */
static void exclude_empty_heaps(struct picture_roots *roots)
{
    struct range allocator = picture_object_of((const void *)roots->allocator);
    for (size_t i = 0; roots->is_glibc && i < roots->mappings->count; i++) {
        const struct mapping *mapping = &roots->mappings->list[i];
        if (is_root_mapping(roots, mapping)) {
            struct range heap = glibc_empty_heap(mapping);
            exclude(roots, heap.start, heap.end);
        }
        if (mapping->start >= allocator.start && mapping->start < allocator.end &&
            is_root_mapping(roots, mapping)) {
            struct range arena = glibc_main_arena(mapping);
            exclude(roots, arena.start, arena.end);
        }
    }
}

/* Stacks that libc keeps for threads to come. */
static void exclude_dead_stacks(struct picture_roots *roots, struct touched_pages *pages)
{
    for (size_t i = 0; i < roots->mappings->count; i++) {
        const struct mapping *mapping = &roots->mappings->list[i];
        if (is_root_mapping(roots, mapping)) {
            struct range stack = picture_dead_stack(roots, pages, mapping);
            exclude(roots, stack.start, stack.end);
        }
    }
}

/* A heap sort: libc's qsort() may allocate. */
static void sift_down(struct range *ranges, size_t count, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && ranges[child + 1].start > ranges[child].start;
        if (ranges[at].start >= ranges[child].start) {
            return;
        }
        struct range moved = ranges[at];
        ranges[at] = ranges[child];
        ranges[child] = moved;
    }
}

static void sort(struct range *ranges, size_t count)
{
    for (size_t i = count / 2; i > 0; i--) {
        sift_down(ranges, count, i - 1);
    }
    for (size_t left = count; left > 1; left--) {
        struct range moved = ranges[0];
        ranges[0] = ranges[left - 1];
        ranges[left - 1] = moved;
        sift_down(ranges, left - 1, 0);
    }
}

/* --- threads --- */

static void scan_in_hand(struct picture_scan *scan, const struct picture_thread *thread,
                         const struct mapping *mapping, struct range block)
{
    const struct picture_region region = {.kind = TRACE_REGION_MAPPING,
                                          .start = block.start,
                                          .bytes = block.end - block.start,
                                          .thread = (uint32_t)thread->id,
                                          .name = IN_FLIGHT,
                                          .name_bytes = sizeof IN_FLIGHT - 1};
    picture_scan_region(scan, &region, mapping, region.start);
}

/*
 * Blocks that are in the middle of being reallocated: they are not in the live map, yet what they
 * point to is in use. The thread is inside one of our hooks, so their addresses are below that
 * hook's frame, or in registers.
 */
static void scan_in_flight(const struct picture_roots *roots, struct picture_scan *scan,
                           const struct picture_thread *thread, struct range part)
{
    const uintptr_t *words = (const uintptr_t *)part.start;
    size_t count = (part.end - part.start) / sizeof(uintptr_t);
    struct block_hit hit;
    unsigned found = 0;
    for (size_t i = 0; i < count && found < IN_FLIGHT_MAX; i++) {
        const struct mapping *mapping = mappings_find(roots->mappings, words[i]);
        if (words[i] % 16 != 0 || mapping == NULL || !is_root_mapping(roots, mapping) ||
            block_directory_find(scan->directory, words[i], &hit)) {
            continue;
        }
        size_t bytes = 0;
        for (size_t r = 0; r < roots->count && bytes == 0; r++) {
            const struct range *range = &roots->excluded[r];
            if (words[i] >= range->start && words[i] < range->end) {
                bytes = glibc_used_bytes(mapping, words[i]);
            }
        }
        if (bytes > 0) {
            scan_in_hand(scan, thread, mapping, (struct range){words[i], words[i] + bytes});
            found++;
        }
    }
}

/* The block that the thread has given to realloc(), which may be in the middle of its work on it.
 */
static void scan_moving(const struct picture_roots *roots, struct picture_scan *scan,
                        const struct picture_thread *thread)
{
    struct range block = thread->moving;
    const struct mapping *mapping = mappings_find(roots->mappings, block.start);
    struct block_hit hit;
    if (block.start == block.end || mapping == NULL || !is_root_mapping(roots, mapping) ||
        block_directory_find(scan->directory, block.start, &hit)) {
        return; /* none, or its memory is gone, or another block's already */
    }
    block.end = block.end < mapping->end ? block.end : mapping->end;
    scan_in_hand(scan, thread, mapping, block);
}

/* Return: true if a word of @part is an address in our code. */
static bool leads_to_us(struct range part)
{
    struct range own = picture_object_of(&bootstrap_owns);
    for (uintptr_t at = part.start; at < part.end; at += sizeof(uintptr_t)) {
        uintptr_t word = *(const uintptr_t *)at;
        if (word >= own.start && word < own.end) {
            return true;
        }
    }
    return false;
}

/*
 * Look for blocks in flight if a thread is inside a hook: then the hook's return address is still
 * in its place, and the thread is in our code, or on its stack is a return address into it. That
 * stack may be our own (own_stack.h).
 */
static void scan_hook(const struct picture_roots *roots, struct picture_scan *scan,
                      const struct picture_thread *thread, const struct mapping *stack)
{
    const struct mapping *hook = mappings_find(roots->mappings, thread->hook - 1);
    if (hook == NULL || (hook->flags & MAPPING_READ) == 0 ||
        thread->hook - hook->start < sizeof(uintptr_t) ||
        ((const uintptr_t *)thread->hook)[-1] != thread->hook_returns) {
        return;
    }
    struct range own = {thread->stack & ~(uintptr_t)7, stack->end};
    struct range below = {hook->start, thread->hook};
    if (thread->hook - hook->start > HOOK_DEPTH_MAX) {
        below.start = thread->hook - HOOK_DEPTH_MAX;
    }
    if (stack == hook) {
        own.start = own.start > below.start ? own.start : below.start;
        own.end = thread->hook;
        below.end = below.start; /* it is the same */
    } else if (own.end - own.start > HOOK_DEPTH_MAX) {
        own.end = own.start + HOOK_DEPTH_MAX;
    }
    const struct range registers = {(uintptr_t)thread->registers,
                                    (uintptr_t)thread->registers + thread->register_bytes};
    if (own.start < own.end && (leads_to_us(own) || leads_to_us(registers))) {
        scan_in_flight(roots, scan, thread, own);
        scan_in_flight(roots, scan, thread, below);
        scan_in_flight(roots, scan, thread, registers);
        scan_moving(roots, scan, thread);
    }
}

static void scan_stack(struct picture_roots *roots, struct picture_scan *scan,
                       const struct picture_thread *thread, const struct mapping *mapping,
                       uintptr_t end)
{
    struct block_hit hit;
    uintptr_t start = thread->is_still ? thread->stack & ~(uintptr_t)7 : mapping->start;
    if (thread->caller > start && thread->caller < end) {
        exclude(roots, start, thread->caller & ~(uintptr_t)7);
        start = thread->caller & ~(uintptr_t)7;
    }
    if (block_directory_find(scan->directory, start, &hit) && hit.offset > 0) {
        end = hit.block.address + hit.block.size; /* the program allocated this stack */
    }
    const struct picture_region region = {.kind = TRACE_REGION_STACK,
                                          .start = start,
                                          .bytes = end - start,
                                          .thread = (uint32_t)thread->id,
                                          .name = mapping->name,
                                          .name_bytes = strlen(mapping->name)};
    picture_scan_region(scan, &region, mapping, start);
    exclude(roots, start, end);
    bool is_native = (thread->base >= mapping->start && thread->base < mapping->end) ||
                     strcmp(mapping->name, "[stack]") == 0;
    if (is_native) {
        exclude(roots, mapping->start, start);
    }
    if (roots->is_glibc && thread->is_still && thread->hook != 0) {
        scan_hook(roots, scan, thread, mapping);
    }
}

/* Return: where the thread's static variables are. */
static struct range tls_of(const struct picture_roots *roots, const struct picture_thread *thread)
{
    const struct mapping *mapping = mappings_find(roots->mappings, thread->base);
    if (thread->base == 0 || mapping == NULL) {
        return (struct range){0};
    }
    struct range range = {thread->base + roots->thread_bytes - roots->tls_bytes,
                          thread->base + roots->thread_bytes};
    range.start = range.start < mapping->start ? mapping->start : range.start;
    range.end = range.end > mapping->end ? mapping->end : range.end;
    return range;
}

static void scan_thread(struct picture_roots *roots, struct picture_scan *scan,
                        const struct picture_thread *thread)
{
    struct picture_region region = {.thread = (uint32_t)thread->id, .name = ""};
    const struct mapping *stack = mappings_find(roots->mappings, thread->stack);
    picture_frames_write(scan->writer, thread);
    struct range tls = tls_of(roots, thread);
    if (tls.start < tls.end) {
        region.kind = TRACE_REGION_TLS;
        region.start = tls.start;
        region.bytes = tls.end - tls.start;
        region.base = thread->base;
        picture_scan_region(scan, &region, mappings_find(roots->mappings, tls.start), tls.start);
        exclude(roots, tls.start, tls.end);
    }
    if (stack != NULL && is_root_mapping(roots, stack)) {
        bool is_together = tls.start > thread->stack && tls.start < stack->end;
        scan_stack(roots, scan, thread, stack, is_together ? tls.start : stack->end);
    }
    if (thread->register_bytes > 0) {
        region.kind = TRACE_REGION_REGISTERS;
        region.start = 0;
        region.base = 0;
        region.bytes = thread->register_bytes;
        picture_scan_region(scan, &region, NULL, (uintptr_t)thread->registers);
    }
}

/* --- the rest --- */

/* @loaded_as: what the loader calls it; the program itself "". */
static void name_module(struct picture_region *region, const char *loaded_as)
{
    region->name = loaded_as;
    region->name_bytes = strlen(loaded_as);
    if (region->module != 0) {
        const struct module *module = modules_get(region->module);
        region->name = module->path;
        region->name_bytes = module->path_bytes;
    }
}

/* Look at a part of a mapping that nothing excludes: up to the end of a module, or all of it. */
static void scan_part(struct picture_scan *scan, const struct mapping *mapping, uintptr_t start,
                      uintptr_t end)
{
    while (start < end) {
        struct dl_find_object object;
        struct picture_region region = {.kind = TRACE_REGION_MAPPING, .start = start};
        uintptr_t next = end;
        region.name = mapping->name;
        region.name_bytes = strlen(mapping->name);
        if (_dl_find_object((void *)start, &object) == 0) {
            uintptr_t module_end = (uintptr_t)object.dlfo_map_end;
            region.kind = TRACE_REGION_MODULE;
            region.base = object.dlfo_link_map->l_addr;
            region.module = modules_known(start);
            name_module(&region, object.dlfo_link_map->l_name);
            next = module_end < end && module_end > start ? module_end : end;
        }
        region.bytes = next - start;
        picture_scan_region(scan, &region, mapping, start);
        start = next;
    }
}

static void scan_mapping(const struct picture_roots *roots, struct picture_scan *scan,
                         const struct mapping *mapping, size_t *first_range)
{
    uintptr_t start = mapping->start;
    for (size_t i = *first_range; i < roots->count; i++) {
        const struct range *range = &roots->excluded[i];
        if (range->start >= mapping->end) {
            break;
        }
        if (range->start > start) {
            scan_part(scan, mapping, start, range->start);
        }
        start = range->end > start ? range->end : start;
    }
    if (start < mapping->end) {
        scan_part(scan, mapping, start, mapping->end);
    }
    while (*first_range < roots->count && roots->excluded[*first_range].end <= mapping->end) {
        ++*first_range;
    }
}

void picture_roots_scan(struct picture_roots *roots, struct picture_scan *scan)
{
    size_t first_range = 0;
    exclude_empty_heaps(roots);
    exclude_dead_stacks(roots, &scan->pages);
    for (size_t i = 0; i < roots->threads->count; i++) {
        scan_thread(roots, scan, &roots->threads->list[i]);
    }
    sort(roots->excluded, roots->count);
    for (size_t i = 0; i < roots->mappings->count; i++) {
        if (is_root_mapping(roots, &roots->mappings->list[i])) {
            scan_mapping(roots, scan, &roots->mappings->list[i], &first_range);
        }
    }
}
