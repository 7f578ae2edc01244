/*
 * What a program asks about its own memory: how much is traced now, how much it was at most, where
 * a block comes from, and what the tracer itself takes.
 *
 * The first question starts the tally (tally.h), with the sum over the live map; later ones only
 * add up what has come since. See include/libtrace.h for what the answers mean.
 */
#include "memory.h"
#include "process.h"
#include "tracer.h"

#define COUNTS_MAX 3 /* of the whole live map, while other threads keep changing it */

/* Call @function for the windows of events of all threads, and of their signal handlers. */
static void for_each_window(void (*function)(tally_position *, const struct window *))
{
    struct thread_state *state = atomic_load(&process.threads.first);
    for (; state != NULL; state = state->next) {
        function(&state->tallied, &state->events);
        if (state->nested != NULL) {
            function(&state->nested->tallied, &state->nested->events);
        }
    }
}

void process_skip_records(void)
{
    for_each_window(tally_skip);
}

static void add_window(tally_position *position, const struct window *window)
{
    tally_window(&process.tally, position, window, &process.sites);
}

void process_add_records(void)
{
    for_each_window(add_window);
}

/* Add a block's size to a sum, if it counts. */
static void add_entry(void *context, live_entry entry)
{
    uint32_t site = live_entry_site(entry);
    int64_t *bytes = context;
    if (site >= atomic_load(&process.tally.first_site)) {
        *bytes += (int64_t)site_directory_get(&process.sites, site)->size;
    }
}

static int64_t count_live(void)
{
    int64_t bytes = 0;
    live_map_visit(&process.live, add_entry, &bytes);
    domain_map_visit(&process.domains, add_entry, &bytes);
    return bytes;
}

/*
 * Start the tally with what is live. Threads that allocate while it is counted may have blocks
 * counted twice or not at all: then it is counted once more, a few times.
 */
static void start_tally(void)
{
    for (unsigned i = 0; i < COUNTS_MAX; i++) {
        uint64_t before = atomic_load(&process.tally.allocated);
        process_skip_records();
        tally_begin(&process.tally, count_live());
        int64_t live = atomic_load(&process.tally.live);
        process_add_records();
        if (atomic_load(&process.tally.allocated) == before &&
            atomic_load(&process.tally.live) == live) {
            break;
        }
    }
}

struct traced_memory tracer_traced_memory(bool is_peak_reset)
{
    struct tally *tally = &process.tally;
    if (!tracer_is_recording()) {
        return (struct traced_memory){0};
    }
    if (!atomic_load(&tally->is_on)) {
        start_tally();
    } else {
        process_add_records();
    }
    int64_t live = atomic_load(&tally->live);
    if (is_peak_reset) {
        atomic_store(&tally->peak, live);
    }
    int64_t peak = atomic_load(&tally->peak);
    live = live > 0 ? live : 0;
    return (struct traced_memory){(size_t)live, (size_t)(peak > live ? peak : live)};
}

int tracer_traceback(uintptr_t block, void **frames, int max)
{
    const _Atomic live_entry *place = live_map_find(&process.live, block);
    live_entry entry = place != NULL ? atomic_load_explicit(place, memory_order_relaxed) : 0;
    uint32_t site = live_entry_site(entry);
    int count = 0;
    if (!tracer_is_recording() || entry == 0 || site < atomic_load(&process.tally.first_site)) {
        return -1;
    }
    uint32_t stack = site_directory_get(&process.sites, site)->stack;
    while (stack >= TRACE_STACK_FIRST && (max == 0 || count < max)) {
        const struct stack_node *node = stack_table_node(&process.stacks, stack);
        if (max > 0) {
            frames[count] = (void *)node->address; // NOLINT(*-no-int-to-ptr): it is one
        }
        count++;
        stack = node->parent;
    }
    return count;
}
