/*
 * Reads records as docs/format.md, 5 has them. A window of another thread may be emptied meanwhile
 * and filled anew: then what was read means nothing, but the position has moved, too, and the sum
 * is dropped.
 */
#include "tally.h"

#include "trace_codec.h"

struct sum {
    const struct site_directory *sites;
    uint32_t first_site;
    uint32_t next_site;
    uint32_t last; /* site of the last allocation, which records are differences to */
    int64_t live;
    int64_t most; /* that live was, at least 0 */
    uint64_t allocated;
};

/* Return: the bytes of a block of @site; 0 if it does not count. */
static int64_t size_of(const struct sum *sum, uint32_t site)
{
    if (site < sum->first_site || site >= sum->next_site) {
        return 0;
    }
    return (int64_t)site_directory_get(sum->sites, site)->size;
}

/* Return: the site that is written as @difference to the last allocation's. */
static uint32_t site_of(const struct sum *sum, uint64_t difference)
{
    return trace_site(sum->last, difference);
}

static void begin_block(struct sum *sum, uint32_t site)
{
    int64_t size = size_of(sum, site);
    sum->last = site;
    sum->allocated += (uint64_t)size;
    sum->live += size;
    sum->most = sum->live > sum->most ? sum->live : sum->most;
}

static void end_block(struct sum *sum, uint32_t site)
{
    sum->live -= size_of(sum, site);
}

static void add_other(struct sum *sum, struct trace_cursor *cursor, uint64_t number)
{
    size_t length = 0;
    switch (number) {
    case TRACE_EV_TIME:
        (void)trace_get_varint(cursor);
        (void)trace_get_varint(cursor);
        break;
    case TRACE_EV_REALLOCATION:
        end_block(sum, site_of(sum, trace_get_varint(cursor)));
        (void)trace_get_varint(cursor);
        begin_block(sum, site_of(sum, trace_get_varint(cursor)));
        break;
    case TRACE_EV_IMPLIED_FREE:
        end_block(sum, site_of(sum, trace_get_varint(cursor)));
        (void)trace_get_varint(cursor);
        break;
    case TRACE_EV_INHERITED_FREE:
        (void)trace_get_varint(cursor);
        break;
    default:
        (void)trace_get_bytes(cursor, TRACE_WINDOW_BYTES, &length);
        break;
    }
}

static void add_records(struct sum *sum, struct trace_cursor cursor)
{
    while (cursor.next < cursor.end && !cursor.is_bad) {
        uint64_t record = trace_get_varint(&cursor);
        uint64_t operand = trace_event_operand(record);
        switch (trace_event_code(record)) {
        case TRACE_EV_ALLOCATION:
            begin_block(sum, site_of(sum, operand));
            break;
        case TRACE_EV_PAIR:
            begin_block(sum, site_of(sum, operand));
            end_block(sum, sum->last);
            break;
        case TRACE_EV_FREE:
            (void)trace_get_varint(&cursor);
            end_block(sum, site_of(sum, operand));
            break;
        case TRACE_EV_FREE_YOUNG:
            end_block(sum, site_of(sum, operand));
            break;
        default:
            add_other(sum, &cursor, operand);
            break;
        }
    }
}

static void raise_to(_Atomic int64_t *peak, int64_t value)
{
    int64_t before = atomic_load(peak);
    while (value > before && !atomic_compare_exchange_weak(peak, &before, value)) {
    }
}

#define POSITION_EMPTIED ((uint64_t)1 << 48)

static uint32_t bytes_of(uint64_t position)
{
    return (uint32_t)(position % POSITION_EMPTIED >> 32);
}

/* Return: @position moved on in the same window. */
static uint64_t position_in(uint64_t position, uint32_t bytes, uint32_t last)
{
    return position / POSITION_EMPTIED * POSITION_EMPTIED | (uint64_t)bytes << 32 | last;
}

static uint32_t used_of(const struct window *window)
{
    return window->chunk == NULL ? 0 : __atomic_load_n(&window->chunk->used, __ATOMIC_ACQUIRE);
}

/*
 * Read what a window has had since @position, and move that over it.
 * @sum: what is read is added to it.
 * Return: false if there was nothing, or another has moved the position meanwhile.
 */
static bool move_over(struct sum *sum, tally_position *position, const struct window *window)
{
    uint64_t from = atomic_load(position);
    uint32_t used = used_of(window);
    uint32_t begin = bytes_of(from);
    if (used <= begin) {
        return false;
    }
    sum->last = (uint32_t)from;
    add_records(sum, trace_cursor_over((const uint8_t *)(window->chunk + 1) + begin, used - begin));
    return atomic_compare_exchange_strong(position, &from, position_in(from, used, sum->last));
}

void tally_window(struct tally *tally, tally_position *position, const struct window *window,
                  const struct site_directory *sites)
{
    if (!atomic_load(&tally->is_on)) {
        return;
    }
    struct sum sum = {
        .sites = sites,
        .first_site = atomic_load(&tally->first_site),
        .next_site = atomic_load(&sites->next_id),
    };
    if (move_over(&sum, position, window)) {
        int64_t before = atomic_fetch_add(&tally->live, sum.live);
        raise_to(&tally->peak, before + sum.most);
        atomic_fetch_add(&tally->allocated, sum.allocated);
    }
}

void tally_skip(tally_position *position, const struct window *window)
{
    struct sum sum = {.next_site = 0}; /* no site counts */
    while (!move_over(&sum, position, window) &&
           bytes_of(atomic_load(position)) < used_of(window)) {
    }
}

void tally_restart_window(tally_position *position)
{
    atomic_store(position, position_in(atomic_load(position) + POSITION_EMPTIED, 0, 0));
}

void tally_begin(struct tally *tally, int64_t live)
{
    atomic_store(&tally->live, live);
    atomic_store(&tally->peak, live);
    atomic_store(&tally->is_on, true);
}
