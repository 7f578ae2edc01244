/*
 * The stages of a heap picture, in the copy of the process. See picture.h.
 *
 * Nobody else is here: no other thread, no signal (all are blocked), nothing that changes memory.
 * How it ends tells the process whether the picture is whole.
 */
#include "picture_copy.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/prctl.h>

#include "block_directory.h"
#include "mappings.h"
#include "memory.h"
#include "picture_frames.h"
#include "picture_tls.h"
#include "process.h"
#include "real.h"
#include "sys.h"

#define DESCRIPTORS_MAX 65536 /* closed one by one where the kernel has no close_range() */
#define NS_IN_MS 1000000u
#define PAUSE_LOOK_NS 100000000L /* between two looks at how long the process was held up */
#define PAUSE_LOOKS 50

/* A pipe is at its end only when everybody has closed it. The file's own descriptor stays. */
static void close_descriptors(int kept)
{
    struct rlimit limit = {.rlim_cur = DESCRIPTORS_MAX};
    bool is_done = kept <= 0 || sys_call3(SYS_close_range, 0, kept - 1, 0) == 0;
    if (is_done && sys_call3(SYS_close_range, kept + 1, UINT32_MAX, 0) == 0) {
        return;
    }
    (void)sys_getrlimit(RLIMIT_NOFILE, &limit);
    for (int fd = 0; fd < DESCRIPTORS_MAX && (rlim_t)fd < limit.rlim_cur; fd++) {
        if (fd != kept) {
            (void)sys_close(fd);
        }
    }
}

/* Ask for all that may be had: the limits were made for the program. */
static void raise_limit(int resource)
{
    struct rlimit limit = {0};
    if (sys_getrlimit(resource, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)sys_setrlimit(resource, &limit);
    }
}

/* If memory runs out, the kernel should end this process and not the program. */
static void offer_to_die(void)
{
    int fd = sys_open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);
    if (fd >= 0) {
        (void)sys_write(fd, "1000", strlen("1000"));
        (void)sys_close(fd);
    }
}

static void become_copy(void)
{
    static char name[] = "heap-picture";
    const struct rlimit no_core = {0};
    close_descriptors(atomic_load(&process.file.fd));
    (void)sys_prctl(PR_SET_NAME, name);
    (void)sys_setrlimit(RLIMIT_CORE, &no_core);
    raise_limit(RLIMIT_AS);
    raise_limit(RLIMIT_DATA);
    offer_to_die();
}

/* What is done with each block while the directory is made. */
struct taking {
    struct picture_writer writer;
    struct picture_roots roots;
    uint32_t tick;
};

static void take_block(void *context, const struct block *block, const struct mapping *mapping)
{
    struct taking *taking = context;
    uint32_t site = live_entry_site(block->entry);
    uint32_t birth = live_entry_birth(block->entry);
    if (site < process.first_site) { /* in another trace */
        picture_write_block(&taking->writer, block->address, 0, block->size, 0);
    } else {
        picture_write_block(&taking->writer, block->address, site, block->size,
                            taking->tick > birth ? taking->tick - birth : 0);
    }
    picture_roots_exclude(&taking->roots, block, mapping);
}

/* Return: microseconds that the process was held up; 0 if it has ended without a word. */
static uint64_t wait_for_pause(struct picture_shared *shared)
{
    const struct timespec time = {.tv_nsec = PAUSE_LOOK_NS};
    for (unsigned i = 0; atomic_load(&shared->pause_us) == 0 && i < PAUSE_LOOKS; i++) {
        (void)sys_call6(SYS_futex, (long)&shared->pause_us, FUTEX_WAIT, 0, (long)&time, 0, 0);
    }
    return atomic_load(&shared->pause_us);
}

/* Return: 0, or why there is no picture, or none to its end. */
static long take(const struct picture_order *order)
{
    static struct block_directory directory;
    static struct picture_scan scan;
    static struct mappings mappings;
    static struct taking taking;
    uint64_t start = clock_monotonic_ns(&process.clock);
    taking.tick = order->title.tick;
    taking.roots = (struct picture_roots){
        .mappings = &mappings,
        .threads = &order->threads,
        .file = &process.file,
        .is_glibc = process.is_glibc,
        .allocator = (uintptr_t)real.malloc,
        .thread_bytes = order->thread_bytes,
        .tls_bytes = order->tls_bytes,
    };
    const struct block_visitor visitor = {&taking, take_block};
    if (!mappings_read(&mappings) || !picture_roots_init(&taking.roots) ||
        !picture_writer_init(&taking.writer, &process.file, &order->title) ||
        !block_directory_build(&directory, &process.live, &process.sites, &mappings,
                               process.is_glibc, &visitor)) {
        return -ENOMEM;
    }
    picture_write_count(&taking.writer);
    picture_frames_leave(&order->threads.list[0]);
    picture_scan_init(&scan, &directory, &mappings, &taking.writer);
    block_directory_each(&directory, picture_scan_block, &scan);
    picture_tls_write(&taking.writer);
    picture_roots_scan(&taking.roots, &scan);
    scan.totals.blocks_left_out = directory.left_out;
    scan.totals.time_ms = (clock_monotonic_ns(&process.clock) - start) / NS_IN_MS;
    scan.totals.pause_us = wait_for_pause(order->shared);
    picture_write_end(&taking.writer, &scan.totals);
    return picture_writer_finish(&taking.writer);
}

void picture_copy_run(const struct picture_order *order)
{
    become_copy();
    sys_exit(take(order) == 0 ? 0 : 1);
}
