/*
 * The streams of a trace, merged by their moments, played into counters.
 *
 * A heap of streams gives the one that is next. Its records are played until its moment is no
 * longer the smallest: thousands of events as a rule, since time moves in milliseconds and epochs
 * in 4096 bytes of records. The inner loop reads a varint and touches one site; everything rare is
 * in play_other().
 *
 * The order is the same in every pass over a file, so a peak found in one is met again in the next.
 */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "replay_blocks.h"
#include "replay_marks.h"

enum {
    BUFFERS_MAX = 4096, /* chunks in memory at once; more streams than that take turns */
};

enum played {
    PLAYED_ON,    /* nothing special, or: out of records */
    PLAYED_TIME,  /* the stream's moment has changed */
    PLAYED_BAD,   /* the record at the cursor cannot be used */
    PLAYED_STOP,  /* the peak is reached */
    PLAYED_ERROR, /* player.status says which */
};

struct player {
    struct replay replay;
    struct reader *reader;
    struct damage *damage;
    const struct moment *moment;
    replay_visit visit; /* NULL once there is nothing left to visit */
    void *context;
    struct replay_watch *watch; /* NULL: only counters */
    struct progress *progress;
    struct trace_error *error;
    struct event_stream **heap;
    size_t heap_count;
    size_t buffers; /* streams with records in memory */
    uint32_t stop_tick;
    const struct replay *sought; /* stop at the peak that it has; NULL: at none */
    enum trace_status status;
};

static enum played visit(struct player *player)
{
    if (player->visit != NULL) {
        player->status = player->visit(player->context, &player->replay, player->error);
        if (player->moment->kind != MOMENT_EACH_SNAPSHOT) {
            player->visit = NULL;
        }
    }
    return player->status == TRACE_OK ? PLAYED_ON : PLAYED_ERROR;
}

static enum played play_snapshot(struct player *player, const char *name, size_t length)
{
    const struct snapshot *snapshot = replay_mark_snapshot(&player->replay, name, length);
    const struct moment *moment = player->moment;
    if (snapshot == NULL) {
        player->status = TRACE_NOMEM;
        return PLAYED_ERROR;
    }
    bool is_wanted = moment->kind == MOMENT_EACH_SNAPSHOT ||
                     (moment->kind == MOMENT_NUMBER && moment->number == snapshot->number) ||
                     (moment->kind == MOMENT_NAME && strcmp(moment->text, snapshot->name) == 0);
    return is_wanted ? visit(player) : PLAYED_ON;
}

/* Return: the counters of a site, or NULL if it is not defined. */
static struct replay_site *find_site(const struct player *player, uint64_t site)
{
    uint64_t at = site - player->reader->definitions.first_site;
    if (at >= player->replay.site_count || player->replay.sites[at].size == REPLAY_UNDEFINED) {
        return NULL;
    }
    return &player->replay.sites[at];
}

static enum played note_peak(struct player *player)
{
    struct replay *replay = &player->replay;
    if (replay->live_bytes > replay->peak_bytes) {
        replay->peak_bytes = replay->live_bytes;
        replay->peak_blocks = replay->live_blocks;
        replay->peak_tick = replay->tick;
    }
    const struct replay *sought = player->sought;
    bool is_reached = sought != NULL && replay->clears == sought->clears &&
                      replay->peak_bytes == sought->peak_bytes;
    return is_reached ? PLAYED_STOP : PLAYED_ON;
}

static size_t number_of(const struct player *player, const struct event_stream *stream)
{
    return (size_t)(stream - player->reader->streams);
}

/* Return: the number of a site, read as a difference to the stream's last allocation's. */
static uint32_t get_site(const struct event_stream *stream, struct trace_cursor *cursor)
{
    return trace_site(stream->site, trace_get_varint(cursor));
}

static enum played play_reallocation(struct player *player, struct event_stream *stream,
                                     struct trace_cursor *cursor)
{
    struct replay_site *old = find_site(player, get_site(stream, cursor));
    uint64_t age = trace_get_varint(cursor);
    uint32_t site = get_site(stream, cursor);
    struct replay_site *new = find_site(player, site);
    if (cursor->is_bad || old == NULL || new == NULL) {
        return PLAYED_BAD;
    }
    stream->site = site;
    replay_block_move(&player->replay, player->watch, number_of(player, stream), old, new, age);
    return note_peak(player);
}

static enum played play_implied_free(struct player *player, const struct event_stream *stream,
                                     struct trace_cursor *cursor)
{
    struct replay_site *site = find_site(player, get_site(stream, cursor));
    uint64_t age = trace_get_varint(cursor);
    if (cursor->is_bad || site == NULL) {
        return PLAYED_BAD;
    }
    replay_block_end(&player->replay, player->watch, number_of(player, stream), site, age);
    player->replay.implied_frees++;
    return PLAYED_ON;
}

static enum played play_time(struct event_stream *stream, struct trace_cursor *cursor)
{
    struct event_moment moment = {stream->tick, stream->epoch};
    if (!event_get_time(cursor, &moment)) {
        return PLAYED_BAD;
    }
    stream->tick = moment.tick;
    stream->epoch = moment.epoch;
    return PLAYED_TIME;
}

/* Play a record that is neither allocation nor free. @number: from the table in format.md, 5. */
static enum played play_other(struct player *player, struct event_stream *stream, uint64_t number,
                              struct trace_cursor *cursor)
{
    size_t length = 0;
    const uint8_t *bytes = NULL;
    switch (number) {
    case TRACE_EV_TIME:
        return play_time(stream, cursor);
    case TRACE_EV_REALLOCATION:
        return play_reallocation(player, stream, cursor);
    case TRACE_EV_IMPLIED_FREE:
        return play_implied_free(player, stream, cursor);
    case TRACE_EV_INHERITED_FREE:
        player->replay.inherited_bytes += trace_get_varint(cursor);
        player->replay.inherited_frees += cursor->is_bad ? 0 : 1;
        return cursor->is_bad ? PLAYED_BAD : PLAYED_ON;
    case TRACE_EV_SNAPSHOT:
        bytes = trace_get_bytes(cursor, TRACE_NAME_BYTES, &length);
        return cursor->is_bad ? PLAYED_BAD : play_snapshot(player, (const char *)bytes, length);
    default:
        if (number < TRACE_EV_SIZED) {
            return PLAYED_BAD;
        }
        bytes = trace_get_bytes(cursor, TRACE_RECORDS_MAX, &length);
        if (!cursor->is_bad) {
            replay_mark_sized(&player->replay, player->watch,
                              player->reader->definitions.first_site, number_of(player, stream),
                              number, trace_cursor_over(bytes, length));
        }
        return cursor->is_bad ? PLAYED_BAD : PLAYED_ON;
    }
}

/* Return: whether the site was defined before a CLEAR. */
static __attribute__((noinline, cold)) bool is_cleared(const struct replay *replay, uint64_t at)
{
    return at < replay->site_count && replay->sites[at].size == REPLAY_CLEARED;
}

#define INLINE static inline __attribute__((always_inline))

/* A block of site number @at has been allocated. */
INLINE enum played play_allocation(struct player *player, const struct event_stream *stream,
                                   uint64_t at, bool is_watched)
{
    struct replay *replay = &player->replay;
    struct replay_site *site = &replay->sites[at];
    site->allocations++;
    replay->live_bytes += (int64_t)site->size;
    replay->live_blocks++;
    if (is_watched) {
        replay_watch_begin(player->watch, number_of(player, stream), at, replay->tick);
        replay_watch_allocation(player->watch, at, replay->live_bytes, replay->live_blocks);
    }
    return replay->live_bytes > replay->peak_bytes ? note_peak(player) : PLAYED_ON;
}

/* A block of site number @at has been freed, @age ticks old. */
INLINE void play_free(struct player *player, const struct event_stream *stream, uint64_t at,
                      uint64_t age, bool is_watched)
{
    struct replay *replay = &player->replay;
    struct replay_site *site = &replay->sites[at];
    site->frees++;
    replay->live_bytes -= (int64_t)site->size;
    replay->live_blocks--;
    if (is_watched) {
        replay_watch_end(player->watch, number_of(player, stream), at, replay->tick, age, true);
    }
}

/* The inner loop: play records of one chunk. Compiled twice: not watching costs nothing. */
INLINE enum played play_records(struct player *player, struct event_stream *stream, bool is_watched)
{
    struct replay *replay = &player->replay;
    const struct replay_site *const sites = replay->sites;
    const uint64_t site_count = replay->site_count;
    const uint64_t first_site = player->reader->definitions.first_site;
    struct trace_cursor cursor = stream->cursor;
    uint32_t last = stream->site;
    enum played played = PLAYED_ON;
    while (cursor.next < cursor.end) {
        stream->cursor.next = cursor.next;
        uint64_t record = trace_get_varint(&cursor);
        uint64_t operand = trace_event_operand(record);
        enum trace_event_code code = trace_event_code(record);
        if (code == TRACE_EV_OTHER) {
            stream->site = last;
            played = cursor.is_bad ? PLAYED_BAD : play_other(player, stream, operand, &cursor);
            last = stream->site;
            if (played != PLAYED_ON) {
                break;
            }
            continue;
        }
        const bool is_birth = code <= TRACE_EV_PAIR;
        uint64_t age = code == TRACE_EV_FREE ? trace_get_varint(&cursor) : 0;
        uint32_t number = trace_site(last, operand);
        uint64_t at = number - first_site;
        last = is_birth ? number : last;
        if (cursor.is_bad || at >= site_count || !replay_site_counts(&sites[at])) {
            if (!cursor.is_bad && is_cleared(replay, at)) {
                continue;
            }
            played = PLAYED_BAD;
            break;
        }
        if (is_birth) {
            played = play_allocation(player, stream, at, is_watched);
            if (played != PLAYED_ON) {
                break;
            }
        }
        if (code != TRACE_EV_ALLOCATION) {
            play_free(player, stream, at, age, is_watched);
        }
    }
    if (played != PLAYED_BAD) {
        stream->cursor.next = cursor.next;
    }
    stream->site = last;
    return played;
}

/* Time goes on to @tick, or comes to its end there. */
static void set_tick(struct player *player, uint32_t tick)
{
    struct replay *replay = &player->replay;
    if (player->watch != NULL) {
        replay_watch_time(player->watch, replay->tick, tick, replay->live_bytes,
                          replay->live_blocks);
    }
    replay->tick = tick;
}

/* Play one stream until another one, or the moment asked for, comes before its next record. */
static enum played play_stream(struct player *player, struct event_stream *stream)
{
    const struct event_stream *next = event_stream_second(player->heap, player->heap_count);
    for (;;) {
        set_tick(player, stream->tick);
        enum played played = player->watch != NULL ? play_records(player, stream, true)
                                                   : play_records(player, stream, false);
        if (played == PLAYED_BAD) {
            player->damage->corrupt_chunks++;
            player->damage->lost_bytes += (uint64_t)(stream->cursor.end - stream->cursor.next);
            stream->cursor.next = stream->cursor.end;
            played = PLAYED_ON;
        }
        if (played != PLAYED_TIME) {
            return played;
        }
        event_stream_look_ahead(stream);
        if (stream->tick > player->stop_tick ||
            (next != NULL && event_stream_is_before(next, stream))) {
            return PLAYED_ON;
        }
    }
}

/* Have the first stream's records in memory. */
static enum played load_first(struct player *player)
{
    struct event_stream *stream = player->heap[0];
    bool was_loaded = stream->records != NULL;
    enum trace_status status = event_stream_load(
        stream, &player->reader->file, player->reader->decoder, player->damage, player->error);
    if (status == TRACE_OK) {
        player->buffers += was_loaded ? 0 : 1;
        return PLAYED_ON;
    }
    player->status = status == TRACE_NOT_FOUND ? TRACE_OK : status;
    return status == TRACE_NOT_FOUND ? PLAYED_TIME : PLAYED_ERROR;
}

/* Put the first stream where it belongs now. */
static void requeue_first(struct player *player)
{
    struct event_stream *stream = player->heap[0];
    if (stream->records != NULL && stream->cursor.next == stream->cursor.end) {
        if (player->progress != NULL) {
            progress_add(player->progress, stream->chunks[stream->chunk].used);
        }
        event_stream_next_chunk(stream);
        player->buffers--;
    } else if (stream->records != NULL && player->buffers > BUFFERS_MAX) {
        event_stream_unload(stream);
        player->buffers--;
    }
    if (event_stream_is_at_end(stream)) {
        player->heap[0] = player->heap[--player->heap_count];
    }
    event_stream_sift_down(player->heap, player->heap_count, 0);
}

/* Play all streams to their ends, or to the peak if that is sought. */
static enum played play(struct player *player)
{
    while (player->heap_count > 0) {
        enum played played = load_first(player);
        if (played == PLAYED_ERROR) {
            return played;
        }
        const struct event_stream *next = event_stream_second(player->heap, player->heap_count);
        // What has been loaded now is known not to begin with a snapshot; the next one might.
        bool is_turn =
            played == PLAYED_ON && (next == NULL || !event_stream_is_before(next, player->heap[0]));
        if (is_turn && player->heap[0]->tick > player->stop_tick) {
            player->stop_tick = UINT32_MAX;
            played = visit(player);
            if (played != PLAYED_ON) {
                return played;
            }
        }
        if (is_turn) {
            played = play_stream(player, player->heap[0]);
            if (played == PLAYED_STOP || played == PLAYED_ERROR) {
                return played;
            }
        }
        requeue_first(player);
    }
    return PLAYED_ON;
}

/* Set all counters to their start, and all streams before their first record. */
static enum trace_status start(struct player *player)
{
    const struct definitions *definitions = &player->reader->definitions;
    struct replay *replay = &player->replay;
    if (replay->sites == NULL) {
        replay->sites = calloc(definitions->site_slots + 1, sizeof *replay->sites);
        replay->site_count = definitions->site_slots;
    }
    if (player->heap == NULL) {
        player->heap = calloc(player->reader->stream_count + 1, sizeof(struct event_stream *));
    }
    if (replay->sites == NULL || player->heap == NULL) {
        return TRACE_NOMEM;
    }
    for (size_t i = 0; i < replay->site_count; i++) {
        const struct site *site = &definitions->sites[i];
        replay->sites[i] =
            (struct replay_site){site->is_defined ? site->size : REPLAY_UNDEFINED, 0, 0};
    }
    replay->lifetimes = player->watch != NULL ? player->watch->lifetimes : NULL;
    replay->growth = player->watch != NULL ? player->watch->growth : NULL;
    replay->freers = player->watch != NULL ? player->watch->freers : NULL;
    player->buffers = 0;
    player->heap_count = player->reader->stream_count;
    for (size_t i = 0; i < player->heap_count; i++) {
        player->heap[i] = &player->reader->streams[i];
        event_stream_start(player->heap[i]);
    }
    for (size_t i = player->heap_count / 2; i-- > 0;) {
        event_stream_sift_down(player->heap, player->heap_count, i);
    }
    return TRACE_OK;
}

/* Play up to the peak that @found has, in counters of its own. */
static enum trace_status visit_peak(const struct player *found)
{
    struct damage damage = {0};
    struct player player = {
        .reader = found->reader,
        .damage = &damage, // counted in the first pass
        .moment = found->moment,
        .visit = found->visit,
        .context = found->context,
        .watch = found->watch,
        .error = found->error,
        .stop_tick = UINT32_MAX,
        .sought = &found->replay,
    };
    player.status = start(&player);
    if (player.status == TRACE_OK && found->replay.peak_bytes > 0) {
        (void)play(&player);
    }
    if (player.status == TRACE_OK) {
        (void)visit(&player);
    }
    free(player.heap);
    replay_fini(&player.replay);
    return player.status;
}

static bool is_a_matter_of_time(const struct moment *moment)
{
    return moment->kind == MOMENT_TIME || moment->kind == MOMENT_SHARE;
}

enum trace_status replay_run(struct reader *reader, const struct moment *moment,
                             replay_visit visit_function, void *context, struct replay_watch *watch,
                             struct progress *progress, struct replay *ret_replay,
                             struct trace_error *error)
{
    const bool has_second_pass = moment->kind == MOMENT_PEAK && visit_function != NULL;
    struct player player = {
        .reader = reader,
        .damage = &reader->damage,
        .moment = moment,
        .visit = moment->kind == MOMENT_PEAK ? NULL : visit_function,
        .context = context,
        .watch = has_second_pass ? NULL : watch,
        .progress = progress,
        .error = error,
        .stop_tick = UINT32_MAX,
    };
    if (error != NULL) {
        error->text[0] = '\0';
    }
    if (is_a_matter_of_time(moment)) {
        player.stop_tick = moment_tick(moment, reader->last_tick);
    }
    player.status = start(&player);
    if (player.status == TRACE_OK) {
        (void)play(&player);
        set_tick(&player, player.replay.tick);
    }
    bool is_end = moment->kind == MOMENT_END || is_a_matter_of_time(moment);
    if (player.status == TRACE_OK && is_end) {
        (void)visit(&player); // unless it has been visited
    }
    if (player.status == TRACE_OK && has_second_pass) {
        player.visit = visit_function;
        player.watch = watch;
        player.status = visit_peak(&player);
    }
    free(player.heap);
    if (player.status == TRACE_NOMEM && error != NULL && error->text[0] == '\0') {
        (void)trace_fail(error, TRACE_NOMEM, 0, "%s: no memory to replay it", reader->file.path);
    }
    if (player.status != TRACE_OK) {
        replay_fini(&player.replay);
        return player.status;
    }
    *ret_replay = player.replay;
    return TRACE_OK;
}

void replay_fini(struct replay *replay)
{
    free(replay->sites);
    free(replay->snapshots);
    arena_fini(&replay->arena);
    *replay = (struct replay){0};
}
