/*
 * Rows go in by prepared statements, all in one transaction. What is shared is written once: a
 * frame when it is first met, a stack with its first site. Text goes in as it came from the trace,
 * but for bytes that are not UTF-8.
 */
#include "database.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "database_schema.h"
#include "growth.h"
#include "report.h"
#include "safe_text.h"
#include "site_walk.h"
#include "strings.h"
#include "summary.h"

enum table {
    TABLE_TRACES,
    TABLE_FRAMES,
    TABLE_STACKS,
    TABLE_SITES,
    TABLE_MOMENTS,
    TABLE_LEVELS,
    TABLE_TIMELINE,
    TABLE_RSS,
    TABLE_SNAPSHOTS,
    TABLES,
};

struct database {
    sqlite3 *sqlite;
    sqlite3_stmt *inserts[TABLES];
    struct strings *frames; /* pointers to them, numbered */
    uint32_t frame_count;
    uint32_t stacks; /* numbers given so far */
    uint32_t sites;
    int status; /* of the first call that failed; SQLITE_OK as long as none has */
};

bool database_is_there(void)
{
    return true;
}

static void note(struct database *database, int status)
{
    bool is_good = status == SQLITE_OK || status == SQLITE_DONE;
    if (!is_good && database->status == SQLITE_OK) {
        database->status = status;
    }
}

static enum trace_status verdict(const struct database *database, struct trace_error *error)
{
    return database->status == SQLITE_OK
               ? TRACE_OK
               : trace_fail(error, TRACE_NOMEM, 0, "cannot build a database: %s",
                            sqlite3_errstr(database->status));
}

void database_free(struct database *database)
{
    if (database != NULL) {
        for (size_t i = 0; i < TABLES; i++) {
            sqlite3_finalize(database->inserts[i]);
        }
        sqlite3_close(database->sqlite);
        strings_free(database->frames);
        free(database);
    }
}

enum trace_status database_new(struct database **ret_database, struct trace_error *error)
{
    static const char *const inserts[] = {
        [TABLE_TRACES] = "INSERT INTO traces VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        [TABLE_FRAMES] = "INSERT INTO frames VALUES(?,?,?,?,?,?,?,?,?)",
        [TABLE_STACKS] = "INSERT INTO stacks VALUES(?,?,?)",
        [TABLE_SITES] = "INSERT INTO sites VALUES(?,?,?,?,?,?,?,?,?)",
        [TABLE_MOMENTS] = "INSERT INTO moments VALUES(?,?,?)",
        [TABLE_LEVELS] = "INSERT INTO levels VALUES(?,?,?)",
        [TABLE_TIMELINE] = "INSERT INTO timeline VALUES(?,?,?,?,?,?)",
        [TABLE_RSS] = "INSERT INTO rss VALUES(?,?,?,?)",
        [TABLE_SNAPSHOTS] = "INSERT INTO snapshots VALUES(?,?,?,?,?,?,?)",
    };
    struct database *database = calloc(1, sizeof *database);
    if (database == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for a database");
    }
    database->frames = strings_new();
    note(database, database->frames != NULL ? SQLITE_OK : SQLITE_NOMEM);
    note(database, sqlite3_open(":memory:", &database->sqlite));
    note(database, sqlite3_exec(database->sqlite, DATABASE_SCHEMA "BEGIN", NULL, NULL, NULL));
    for (size_t i = 0; i < TABLES && database->status == SQLITE_OK; i++) {
        note(database,
             sqlite3_prepare_v2(database->sqlite, inserts[i], -1, &database->inserts[i], NULL));
    }
    enum trace_status status = verdict(database, error);
    if (status != TRACE_OK) {
        database_free(database);
        return status;
    }
    *ret_database = database;
    return TRACE_OK;
}

/* A row being filled, column by column. */
struct row {
    struct database *database;
    sqlite3_stmt *insert;
    int column;
};

static struct row begin_row(struct database *database, enum table table)
{
    return (struct row){database, database->inserts[table], 0};
}

static void put_number(struct row *row, int64_t number)
{
    note(row->database, sqlite3_bind_int64(row->insert, ++row->column, number));
}

static void put_count(struct row *row, uint64_t count)
{
    put_number(row, (int64_t)count);
}

static void put_seconds(struct row *row, double seconds)
{
    note(row->database, sqlite3_bind_double(row->insert, ++row->column, seconds));
}

static void put_ticks(struct row *row, uint32_t ticks)
{
    put_seconds(row, (double)ticks / TRACE_TICKS_PER_SECOND);
}

static void put_null(struct row *row)
{
    note(row->database, sqlite3_bind_null(row->insert, ++row->column));
}

/* A resident set size; NULL if it is not known. */
static void put_resident(struct row *row, uint64_t bytes)
{
    if (bytes > 0) {
        put_count(row, bytes);
    } else {
        put_null(row);
    }
}

/* NULL for NULL. */
static void put_text(struct row *row, const char *text)
{
    if (text == NULL) {
        put_null(row);
        return;
    }
    char *valid = safe_text_utf8(text);
    note(row->database, valid == NULL ? SQLITE_NOMEM
                                      : sqlite3_bind_text(row->insert, ++row->column, valid, -1,
                                                          SQLITE_TRANSIENT));
    free(valid);
}

static void end_row(struct row *row)
{
    note(row->database, sqlite3_step(row->insert));
    note(row->database, sqlite3_reset(row->insert));
}

/* Return: the number of a frame, whose row is there. */
static uint32_t find_frame(struct database *database, const struct frame *frame)
{
    uint32_t number = 0;
    // NOLINTNEXTLINE(bugprone-sizeof-expression): frames are known by their address
    if (strings_intern(database->frames, &frame, sizeof frame, &number) == NULL) {
        note(database, SQLITE_NOMEM);
    } else if (number == database->frame_count) {
        database->frame_count++;
        struct row row = begin_row(database, TABLE_FRAMES);
        put_count(&row, number);
        put_text(&row, frame->place);
        put_text(&row, frame->file);
        if (frame->has_line) {
            put_count(&row, frame->line);
        } else {
            put_null(&row);
        }
        put_text(&row, frame->function);
        put_text(&row, frame->module);
        put_text(&row, frame->build_id);
        put_count(&row, frame->address);
        put_number(&row, frame->is_inlined ? 1 : 0);
        end_row(&row);
    }
    return number;
}

/* @number: of the stack. */
static void add_stack(struct database *database, const struct attribution *attribution,
                      uint32_t stack, uint32_t number)
{
    struct frame_walk walk = frame_walk_over(attribution, stack);
    uint32_t depth = 0;
    for (const struct frame *frame; (frame = frame_walk_next(&walk)) != NULL; depth++) {
        const uint32_t frame_number = find_frame(database, frame);
        struct row row = begin_row(database, TABLE_STACKS);
        put_count(&row, number);
        put_count(&row, depth);
        put_count(&row, frame_number);
        end_row(&row);
    }
}

static void add_levels(struct database *database, const struct growth *growth, size_t site,
                       uint32_t number)
{
    struct growth_level levels[GROWTH_SAMPLES];
    const size_t count = growth_levels(growth, site, levels);
    for (size_t i = 0; i < count; i++) {
        struct row row = begin_row(database, TABLE_LEVELS);
        put_count(&row, number);
        put_count(&row, levels[i].moment);
        put_number(&row, levels[i].live_blocks);
        end_row(&row);
    }
}

static void add_moments(struct database *database, const struct growth *growth, size_t trace)
{
    for (uint32_t i = 0; i < GROWTH_SAMPLES; i++) {
        struct row row = begin_row(database, TABLE_MOMENTS);
        put_count(&row, trace);
        put_count(&row, i);
        put_ticks(&row, growth_moment_tick(growth, i));
        end_row(&row);
    }
}

static void add_site(struct database *database, const struct replay *replay,
                     const struct attribution *attribution, size_t at, uint32_t stack, size_t trace)
{
    const struct site *site = &attribution->definitions->sites[at];
    const uint32_t number = database->sites++;
    const uint32_t frame = find_frame(database, attribution_frame(attribution, site->stack));
    char label[SUMMARY_LABEL_BYTES];
    struct row row = begin_row(database, TABLE_SITES);
    put_count(&row, number);
    put_count(&row, trace);
    put_count(&row, stack);
    put_count(&row, frame);
    put_text(&row, summary_thread_label(attribution->definitions, site->stream, label));
    put_count(&row, site->domain);
    put_count(&row, site->size);
    put_count(&row, replay->sites[at].allocations);
    put_count(&row, replay->sites[at].frees);
    end_row(&row);
    add_levels(database, replay->growth, at, number);
}

enum trace_status database_add_sites(struct database *database, const struct replay *replay,
                                     struct attribution *attribution, size_t trace,
                                     struct trace_error *error)
{
    const struct definitions *definitions = attribution->definitions;
    struct site_walk walk;
    enum trace_status status = site_walk_start(replay, attribution, database->stacks, &walk, error);
    if (status == TRACE_OK) {
        add_moments(database, replay->growth, trace);
    }
    while (status == TRACE_OK && database->status == SQLITE_OK && site_walk_next(&walk)) {
        if (walk.is_stack_new) {
            add_stack(database, attribution, definitions->sites[walk.at].stack, walk.stack);
        }
        add_site(database, replay, attribution, walk.at, walk.stack, trace);
    }
    database->stacks = walk.stacks;
    site_walk_fini(&walk);
    return status == TRACE_OK ? verdict(database, error) : status;
}

/* The command line, separated by blanks. */
static void put_arguments(struct row *row, const struct report_trace *trace)
{
    struct arena arena = {0};
    const char *all = trace->argument_count > 0 ? trace->arguments[0] : NULL;
    for (size_t i = 1; all != NULL && i < trace->argument_count; i++) {
        all = arena_format(&arena, "%s %s", all, trace->arguments[i]);
    }
    put_text(row, all);
    arena_fini(&arena);
}

static void add_timeline(struct database *database, const struct timeline *timeline, size_t trace)
{
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_level *level = &timeline->points[i];
        struct row row = begin_row(database, TABLE_TIMELINE);
        put_count(&row, trace);
        put_ticks(&row, timeline_tick(timeline, i));
        put_number(&row, level->live_bytes);
        put_number(&row, level->live_blocks);
        put_number(&row, level->peak_bytes);
        put_number(&row, level->peak_blocks);
        end_row(&row);
    }
}

/* The resident set at the points of a timeline, from its first sample on. */
static void add_resident(struct database *database, const struct timeline *timeline, size_t trace)
{
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_level *level = &timeline->points[i];
        if (level->peak_resident_bytes > 0) {
            struct row row = begin_row(database, TABLE_RSS);
            put_count(&row, trace);
            put_ticks(&row, timeline_tick(timeline, i));
            put_count(&row, level->resident_bytes);
            put_count(&row, level->peak_resident_bytes);
            end_row(&row);
        }
    }
}

enum trace_status database_add_trace(struct database *database, const struct report_trace *trace,
                                     size_t number, struct trace_error *error)
{
    const struct report_totals *totals = &trace->totals;
    struct row row = begin_row(database, TABLE_TRACES);
    put_count(&row, number);
    put_text(&row, trace->file);
    put_text(&row, trace->program);
    put_arguments(&row, trace);
    put_text(&row, trace->host);
    put_count(&row, trace->pid);
    put_count(&row, trace->parent_pid);
    put_seconds(&row, trace->start_s);
    put_seconds(&row, trace->duration_s);
    put_count(&row, totals->allocations);
    put_count(&row, totals->frees);
    put_count(&row, totals->reallocations);
    put_count(&row, totals->bytes_allocated);
    put_count(&row, totals->bytes_freed);
    put_count(&row, totals->live_bytes);
    put_count(&row, totals->live_blocks);
    put_count(&row, totals->peak_bytes);
    put_count(&row, totals->peak_blocks);
    put_seconds(&row, totals->peak_s);
    put_count(&row, report_lost_events(totals));
    put_resident(&row, totals->peak_resident_bytes);
    end_row(&row);
    for (size_t i = 0; i < trace->snapshot_count; i++) {
        const struct snapshot *snapshot = &trace->snapshots[i];
        row = begin_row(database, TABLE_SNAPSHOTS);
        put_count(&row, number);
        put_count(&row, snapshot->number);
        put_text(&row, snapshot->name);
        put_ticks(&row, snapshot->tick);
        put_count(&row, snapshot->live_bytes);
        put_count(&row, snapshot->live_blocks);
        put_resident(&row, snapshot->resident_bytes);
        end_row(&row);
    }
    add_timeline(database, trace->timeline, number);
    add_resident(database, trace->timeline, number);
    return verdict(database, error);
}

enum trace_status database_write(struct database *database, FILE *out, struct trace_error *error)
{
    sqlite3_int64 length = 0;
    note(database, sqlite3_exec(database->sqlite, "COMMIT", NULL, NULL, NULL));
    enum trace_status status = verdict(database, error);
    if (status != TRACE_OK) {
        return status;
    }
    unsigned char *bytes = sqlite3_serialize(database->sqlite, "main", &length, 0);
    if (bytes == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for the database as a file");
    }
    (void)fwrite(bytes, 1, (size_t)length, out);
    sqlite3_free(bytes);
    return TRACE_OK;
}
