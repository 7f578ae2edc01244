/* Scenes run as programs of their own: see scene_trace.h. */
#include "scene_trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "trace_codec.h"

static _Noreturn void become_scene(const char *name, const char *const *environment)
{
    char *variables[16] = {"LIBTRACE_OUTPUT=%n.trace"};
    size_t count = 1;
    for (; environment != NULL && *environment != NULL; environment++) {
        variables[count++] = (char *)*environment;
    }
    bool is_named = environment != NULL && count > 1 &&
                    strncmp(variables[1], "LIBTRACE_OUTPUT=", strlen("LIBTRACE_OUTPUT=")) == 0;
    char *arguments[] = {"tracer_scenes", (char *)name, NULL};
    (void)execve(SCENES, arguments, variables + (is_named ? 1 : 0));
    _exit(98);
}

int scene_run(const char *name, const char *const *environment, char *output)
{
    char ignored[SCENE_OUTPUT_BYTES];
    int ends[2] = {-1, -1};
    int status = 0;
    size_t used = 0;
    ssize_t got = 0;
    output = output != NULL ? output : ignored;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)dup2(ends[1], 1);
        (void)close(ends[0]);
        (void)close(ends[1]);
        become_scene(name, environment);
    }
    ck_assert_int_eq(close(ends[1]), 0);
    while ((got = read(ends[0], output + used, SCENE_OUTPUT_BYTES - 1 - used)) > 0) {
        used += (size_t)got;
    }
    output[used] = '\0';
    ck_assert_int_eq(close(ends[0]), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

void scene_open(const char *path, struct reader *reader)
{
    struct trace_error error = {0};
    ck_assert_msg(reader_open(path, reader, &error) == TRACE_OK, "%s", error.text);
    ck_assert_uint_eq(reader->damage.corrupt_chunks, 0);
    ck_assert_uint_eq(reader->damage.truncated_chunks, 0);
    ck_assert_uint_eq(reader->damage.unknown_chunks, 0);
    ck_assert_uint_eq(reader->damage.missing_chunks, 0);
}

static uint64_t size_of(const struct reader *reader, uint64_t site)
{
    const struct definitions *definitions = &reader->definitions;
    ck_assert_uint_ge(site, definitions->first_site);
    ck_assert_uint_lt(site - definitions->first_site, definitions->site_slots);
    ck_assert(definitions->sites[site - definitions->first_site].is_defined);
    return definitions->sites[site - definitions->first_site].size;
}

/* Print a record of the kinds that are rare. @last: site of the last allocation. */
static void print_other(FILE *out, const struct reader *reader, struct trace_cursor *cursor,
                        uint64_t number, uint64_t *last)
{
    uint64_t site = 0;
    size_t length = 0;
    const uint8_t *name = NULL;
    switch (number) {
    case TRACE_EV_TIME:
        (void)trace_get_varint(cursor);
        (void)trace_get_varint(cursor);
        break;
    case TRACE_EV_REALLOCATION:
        site = trace_get_delta(cursor, *last);
        (void)trace_get_varint(cursor);
        *last = trace_get_delta(cursor, *last);
        (void)fprintf(out, " %" PRIu64 ">%" PRIu64, size_of(reader, site), size_of(reader, *last));
        break;
    case TRACE_EV_IMPLIED_FREE:
        site = trace_get_delta(cursor, *last);
        (void)trace_get_varint(cursor);
        (void)fprintf(out, " ~%" PRIu64, size_of(reader, site));
        break;
    case TRACE_EV_INHERITED_FREE:
        (void)fprintf(out, " ^%" PRIu64, trace_get_varint(cursor));
        break;
    case TRACE_EV_SNAPSHOT:
        name = trace_get_bytes(cursor, TRACE_NAME_BYTES, &length);
        (void)fprintf(out, " [%.*s]", (int)length, (const char *)name);
        break;
    case TRACE_EV_RESIDENT: /* comes whenever it is due */
        (void)trace_get_bytes(cursor, TRACE_VARINT_BYTES, &length);
        break;
    case TRACE_EV_FREER:
        (void)trace_get_varint(cursor);
        (void)fputs(trace_get_varint(cursor) >= TRACE_STACK_FIRST ? " @" : " ?", out);
        break;
    case TRACE_EV_CLEAR:
        (void)trace_get_bytes(cursor, TRACE_VARINT_BYTES, &length);
        (void)fputs(" !", out);
        break;
    default:
        ck_abort_msg("unknown record %" PRIu64, number);
    }
}

static void print_chunk(FILE *out, const struct reader *reader, struct trace_cursor cursor)
{
    uint64_t last = 0;
    while (cursor.next < cursor.end) {
        uint64_t record = trace_get_varint(&cursor);
        enum trace_event_code code = trace_event_code(record);
        if (code == TRACE_EV_OTHER) {
            print_other(out, reader, &cursor, trace_event_operand(record), &last);
        } else {
            uint64_t site = last + (uint64_t)trace_unzigzag(trace_event_operand(record));
            if (code == TRACE_EV_ALLOCATION || code == TRACE_EV_PAIR) {
                (void)fprintf(out, " +%" PRIu64, size_of(reader, site));
                last = site;
            }
            if (code != TRACE_EV_ALLOCATION) {
                (void)fprintf(out, " -%" PRIu64, size_of(reader, site));
            }
            if (code == TRACE_EV_FREE) {
                (void)trace_get_varint(&cursor);
            }
        }
        ck_assert(!cursor.is_bad);
    }
}

char *scene_events(struct reader *reader, uint32_t stream)
{
    static uint8_t records[TRACE_RECORDS_MAX];
    char *text = NULL;
    size_t length = 0;
    struct trace_error error = {0};
    FILE *out = open_memstream(&text, &length);
    ck_assert_ptr_nonnull(out);
    for (size_t i = reader->index.events; i < reader->index.count; i++) {
        const struct chunk *chunk = &reader->index.chunks[i];
        if (chunk->stream == stream) {
            ck_assert_int_eq(
                trace_file_read_chunk(&reader->file, chunk, reader->decoder, records, &error),
                TRACE_OK);
            print_chunk(out, reader, trace_cursor_over(records, chunk->used));
        }
    }
    ck_assert_int_eq(fclose(out), 0);
    if (length > 0) { /* the blank before the first */
        memmove(text, text + 1, length);
    }
    return text;
}

void scene_expect(struct reader *reader, uint32_t stream, const char *events)
{
    char *text = scene_events(reader, stream);
    ck_assert_str_eq(text, events);
    free(text);
}
