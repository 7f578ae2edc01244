/*
 * {"libtrace_statistics": 1, "moment": "end",
 *  "frames": [[place, path, line, function, module, build-id, address, is inlined], ...],
 *  "stacks": [[frame, ...innermost first], ...],
 *  "threads": [[stream, thread, name], ...],
 *  "sites": [[stack, stream, size, allocations, frees, domain if it is not 0], ...],
 *  "temporary": [[site, blocks], ...]}
 *
 * Frames, stacks, streams and sites are numbered from 0. line is null for a frame that has none.
 * Sites without temporary blocks are not among the last.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_builder.h"
#include "saved_statistics.h"
#include "site_walk.h"
#include "strings.h"

struct statistics_writer {
    struct json_builder builder;
    struct json_object *root;
    struct json_object *frames;
    struct json_object *stacks;
    struct json_object *threads;
    struct json_object *sites;
    struct json_object *temporary;
    struct strings *frame_numbers; /* of pointers to frames */
    uint32_t frame_count;
    uint32_t stack_count;
    uint32_t site_count;
    uint32_t stream_count; /* of the traces so far */
};

static struct json_object *add_array(struct statistics_writer *writer, const char *name)
{
    struct json_object *array = json_checked(&writer->builder, json_object_new_array());
    json_add(&writer->builder, writer->root, name, array);
    return array;
}

struct statistics_writer *statistics_writer_new(void)
{
    struct statistics_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        return NULL;
    }
    writer->frame_numbers = strings_new();
    writer->root = json_object_new_object();
    if (writer->frame_numbers == NULL || writer->root == NULL) {
        statistics_writer_free(writer);
        return NULL;
    }
    json_add(&writer->builder, writer->root, "libtrace_statistics",
             json_number(&writer->builder, 1));
    writer->frames = add_array(writer, "frames");
    writer->stacks = add_array(writer, "stacks");
    writer->threads = add_array(writer, "threads");
    writer->sites = add_array(writer, "sites");
    writer->temporary = add_array(writer, "temporary");
    return writer;
}

void statistics_writer_free(struct statistics_writer *writer)
{
    if (writer != NULL) {
        json_object_put(writer->root);
        strings_free(writer->frame_numbers);
        free(writer);
    }
}

/* An array being filled with one row's values. */
static struct json_object *new_row(struct statistics_writer *writer)
{
    return json_checked(&writer->builder, json_object_new_array());
}

static void put_number(struct statistics_writer *writer, struct json_object *row, uint64_t number)
{
    json_append(&writer->builder, row, json_number(&writer->builder, number));
}

static void put_text(struct statistics_writer *writer, struct json_object *row, const char *text)
{
    json_append(&writer->builder, row, json_text(&writer->builder, text));
}

static uint32_t find_frame(struct statistics_writer *writer, const struct frame *frame)
{
    uint32_t number = 0;
    // NOLINTNEXTLINE(bugprone-sizeof-expression): frames are known by their address
    if (strings_intern(writer->frame_numbers, &frame, sizeof frame, &number) == NULL) {
        writer->builder.is_out_of_memory = true;
        return 0;
    }
    if (number < writer->frame_count) {
        return number;
    }
    writer->frame_count++;
    struct json_object *row = new_row(writer);
    put_text(writer, row, frame->place);
    put_text(writer, row, frame->path);
    json_append(&writer->builder, row,
                frame->has_line ? json_number(&writer->builder, frame->line) : NULL);
    put_text(writer, row, frame->function);
    put_text(writer, row, frame->module);
    put_text(writer, row, frame->build_id);
    put_number(writer, row, frame->address);
    json_append(&writer->builder, row, json_truth(&writer->builder, frame->is_inlined));
    json_append(&writer->builder, writer->frames, row);
    return number;
}

static void add_stack(struct statistics_writer *writer, const struct attribution *attribution,
                      uint32_t stack)
{
    struct frame_walk walk = frame_walk_over(attribution, stack);
    struct json_object *row = new_row(writer);
    for (const struct frame *frame; (frame = frame_walk_next(&walk)) != NULL;) {
        put_number(writer, row, find_frame(writer, frame));
    }
    json_append(&writer->builder, writer->stacks, row);
}

/* Return: how many streams the trace has. */
static uint32_t add_threads(struct statistics_writer *writer, const struct definitions *definitions)
{
    uint32_t streams = 0;
    for (size_t i = 0; i < definitions->thread_count; i++) {
        const struct thread_definition *thread = &definitions->threads[i];
        struct json_object *row = new_row(writer);
        put_number(writer, row, writer->stream_count + thread->stream);
        put_number(writer, row, thread->thread);
        put_text(writer, row, thread->name);
        json_append(&writer->builder, writer->threads, row);
        streams = thread->stream >= streams ? thread->stream + 1 : streams;
    }
    return streams;
}

static void add_site(struct statistics_writer *writer, const struct site_walk *walk)
{
    const struct site *site = &walk->definitions->sites[walk->at];
    const uint64_t temporary = lifetimes_temporary(walk->replay->lifetimes, walk->at);
    const uint32_t number = writer->site_count++;
    struct json_object *row = new_row(writer);
    put_number(writer, row, walk->stack);
    put_number(writer, row, writer->stream_count + site->stream);
    put_number(writer, row, site->size);
    put_number(writer, row, walk->replay->sites[walk->at].allocations);
    put_number(writer, row, walk->replay->sites[walk->at].frees);
    if (site->domain != 0) {
        put_number(writer, row, site->domain);
    }
    json_append(&writer->builder, writer->sites, row);
    if (temporary > 0) {
        row = new_row(writer);
        put_number(writer, row, number);
        put_number(writer, row, temporary);
        json_append(&writer->builder, writer->temporary, row);
    }
}

enum trace_status statistics_writer_add(struct statistics_writer *writer,
                                        const struct replay *replay,
                                        struct attribution *attribution, const char *moment,
                                        struct trace_error *error)
{
    struct site_walk walk;
    enum trace_status status =
        site_walk_start(replay, attribution, writer->stack_count, &walk, error);
    uint32_t streams = add_threads(writer, attribution->definitions);
    while (status == TRACE_OK && site_walk_next(&walk)) {
        const struct site *site = &walk.definitions->sites[walk.at];
        if (walk.is_stack_new) {
            add_stack(writer, attribution, site->stack);
        }
        add_site(writer, &walk);
        streams = site->stream >= streams ? site->stream + 1 : streams;
    }
    writer->stack_count = walk.stacks;
    site_walk_fini(&walk);
    writer->stream_count += streams;
    json_add(&writer->builder, writer->root, "moment", json_text(&writer->builder, moment));
    if (status == TRACE_OK && writer->builder.is_out_of_memory) {
        status = trace_fail(error, TRACE_NOMEM, 0, "no memory for statistics");
    }
    return status;
}

enum trace_status statistics_writer_finish(struct statistics_writer *writer, const char *path,
                                           struct trace_error *error)
{
    const char *text = json_object_to_json_string_ext(writer->root, JSON_C_TO_STRING_PLAIN);
    if (text == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for statistics");
    }
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        return trace_fail(error, TRACE_IO, 0, "%s: cannot be written: %s", path, strerror(errno));
    }
    bool is_written = fputs(text, out) >= 0 && fputc('\n', out) >= 0;
    is_written = fclose(out) == 0 && is_written;
    return is_written
               ? TRACE_OK
               : trace_fail(error, TRACE_IO, 0, "%s: cannot be written: %s", path, strerror(errno));
}
