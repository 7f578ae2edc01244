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
    int64_t live;
    int64_t most; /* that live was, at least 0 */
    uint64_t allocated;
};

/* Return: the bytes of a block of @site; 0 if it does not count. */
static int64_t size_of(const struct sum *sum, uint64_t site)
{
    if (site < sum->first_site || site >= sum->next_site) {
        return 0;
    }
    return (int64_t)site_directory_get(sum->sites, (uint32_t)site)->size;
}

static void begin_block(struct sum *sum, uint64_t site)
{
    int64_t size = size_of(sum, site);
    sum->allocated += (uint64_t)size;
    sum->live += size;
    sum->most = sum->live > sum->most ? sum->live : sum->most;
}

static void end_block(struct sum *sum, uint64_t site)
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
        end_block(sum, trace_get_varint(cursor));
        (void)trace_get_varint(cursor);
        begin_block(sum, trace_get_varint(cursor));
        break;
    case TRACE_EV_IMPLIED_FREE:
        end_block(sum, trace_get_varint(cursor));
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
        uint64_t operand = record >> 2;
        switch (record & 3) {
        case TRACE_EV_ALLOCATION:
            begin_block(sum, operand);
            break;
        case TRACE_EV_FREE:
            (void)trace_get_varint(&cursor);
            end_block(sum, operand);
            break;
        case TRACE_EV_FREE_YOUNG:
            end_block(sum, operand);
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

static uint64_t position_in(uint64_t position, uint32_t bytes)
{
    return (position >> 32 << 32) | bytes;
}

static uint32_t used_of(const struct window *window)
{
    return window->chunk == NULL ? 0 : __atomic_load_n(&window->chunk->used, __ATOMIC_ACQUIRE);
}

void tally_window(struct tally *tally, tally_position *position, const struct window *window,
                  const struct site_directory *sites)
{
    if (!atomic_load(&tally->is_on)) {
        return;
    }
    uint64_t from = atomic_load(position);
    uint32_t used = used_of(window);
    struct sum sum = {
        .sites = sites,
        .first_site = atomic_load(&tally->first_site),
        .next_site = atomic_load(&sites->next_id),
    };
    if (used <= (uint32_t)from) {
        return;
    }
    const uint8_t *records = (const uint8_t *)(window->chunk + 1);
    add_records(&sum, trace_cursor_over(records + (uint32_t)from, used - (uint32_t)from));
    if (atomic_compare_exchange_strong(position, &from, position_in(from, used))) {
        int64_t before = atomic_fetch_add(&tally->live, sum.live);
        raise_to(&tally->peak, before + sum.most);
        atomic_fetch_add(&tally->allocated, sum.allocated);
    }
}

void tally_skip(tally_position *position, const struct window *window)
{
    uint64_t from = atomic_load(position);
    while (!atomic_compare_exchange_weak(position, &from, position_in(from, used_of(window)))) {
    }
}

void tally_restart_window(tally_position *position)
{
    atomic_store(position, ((atomic_load(position) >> 32) + 1) << 32);
}

void tally_begin(struct tally *tally, int64_t live)
{
    atomic_store(&tally->live, live);
    atomic_store(&tally->peak, live);
    atomic_store(&tally->is_on, true);
}
