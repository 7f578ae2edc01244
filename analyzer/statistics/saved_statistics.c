/*
 * Saved statistics become what a trace gives: stacks whose nodes are their frames, sites on them,
 * counters of the sites. So they are filtered, attributed and grouped by the same code as a trace.
 *
 * Nothing in the file is believed: each number is checked against what it counts.
 */
#include "saved_statistics.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FRAME_FIELDS = 8,
    THREAD_FIELDS = 3,
    SITE_FIELDS = 5, /* and a domain, if it is not 0 */
    TEMPORARY_FIELDS = 2,
    STACKS_MAX = INT32_MAX, /* nodes of all stacks together */
};

#define DOMAINS ((uint64_t)UINT32_MAX + 1)

/* What is being read. */
struct loader {
    struct saved_statistics *saved;
    struct frame_table *frames;
    struct json_object *root;
    uint32_t *frame_numbers; /* in the frame table */
    size_t frame_count;
    uint32_t *stack_ids; /* of innermost nodes */
    size_t stack_count;
    enum trace_status status; /* TRACE_OK until something is wrong */
};

static bool fail(struct loader *loader, enum trace_status status)
{
    loader->status = loader->status == TRACE_OK ? status : loader->status;
    return false;
}

bool saved_statistics_are_in(const char *path)
{
    char first = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_read = fd >= 0 && read(fd, &first, 1) == 1;
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_read && first == '{';
}

/* Return: an array of the file; NULL, and the loader's status, if there is none. */
static struct json_object *array_of(struct loader *loader, const char *name)
{
    struct json_object *array = NULL;
    if (!json_object_object_get_ex(loader->root, name, &array) ||
        !json_object_is_type(array, json_type_array)) {
        (void)fail(loader, TRACE_CORRUPT);
        return NULL;
    }
    return array;
}

/* Return: row @at of an array, with so many fields; else NULL. */
static struct json_object *row_of(struct loader *loader, struct json_object *array, size_t at,
                                  size_t fields)
{
    struct json_object *row = json_object_array_get_idx(array, at);
    if (!json_object_is_type(row, json_type_array) || json_object_array_length(row) != fields) {
        (void)fail(loader, TRACE_CORRUPT);
        return NULL;
    }
    return row;
}

/* Return: a number of a row, which has to be below @limit. */
static uint64_t number_at(struct loader *loader, struct json_object *row, size_t at, uint64_t limit)
{
    struct json_object *value = json_object_array_get_idx(row, at);
    if (!json_object_is_type(value, json_type_int) || json_object_get_uint64(value) >= limit) {
        (void)fail(loader, TRACE_CORRUPT);
        return 0;
    }
    return json_object_get_uint64(value);
}

/* Return: a text of a row, NULL for null. */
static const char *text_at(struct json_object *row, size_t at)
{
    struct json_object *value = json_object_array_get_idx(row, at);
    return value == NULL ? NULL : json_object_get_string(value);
}

static bool load_frames(struct loader *loader)
{
    struct json_object *array = array_of(loader, "frames");
    loader->frame_count = array != NULL ? json_object_array_length(array) : 0;
    loader->frame_numbers = calloc(loader->frame_count + 1, sizeof *loader->frame_numbers);
    if (loader->frame_numbers == NULL) {
        return fail(loader, TRACE_NOMEM);
    }
    for (size_t i = 0; i < loader->frame_count; i++) {
        struct json_object *row = row_of(loader, array, i, FRAME_FIELDS);
        if (row == NULL || text_at(row, 0) == NULL) {
            return fail(loader, TRACE_CORRUPT);
        }
        const bool has_line = json_object_array_get_idx(row, 2) != NULL;
        const struct frame frame = {
            .place = text_at(row, 0),
            .path = text_at(row, 1),
            .line = has_line ? (uint32_t)number_at(loader, row, 2, UINT32_MAX) : 0,
            .has_line = has_line,
            .function = text_at(row, 3),
            .module = text_at(row, 4),
            .build_id = text_at(row, 5),
            .address = number_at(loader, row, 6, UINT64_MAX),
            .is_inlined = json_object_get_boolean(json_object_array_get_idx(row, 7)) != 0,
        };
        loader->frame_numbers[i] = frame_table_add(loader->frames, &frame);
        if (loader->frame_numbers[i] == 0) {
            return fail(loader, TRACE_NOMEM);
        }
    }
    return loader->status == TRACE_OK;
}

/* Count the nodes of all stacks. */
static size_t count_nodes(struct loader *loader, struct json_object *array)
{
    size_t nodes = 0;
    for (size_t i = 0; i < loader->stack_count; i++) {
        struct json_object *row = json_object_array_get_idx(array, i);
        if (!json_object_is_type(row, json_type_array)) {
            (void)fail(loader, TRACE_CORRUPT);
            return 0;
        }
        nodes += json_object_array_length(row);
    }
    return nodes;
}

/* A node for each frame of each stack. */
static bool load_stacks(struct loader *loader)
{
    struct definitions *definitions = &loader->saved->definitions;
    struct json_object *array = array_of(loader, "stacks");
    loader->stack_count = array != NULL ? json_object_array_length(array) : 0;
    const size_t nodes = count_nodes(loader, array);
    if (loader->status != TRACE_OK) {
        return false;
    }
    loader->stack_ids = calloc(loader->stack_count + 1, sizeof *loader->stack_ids);
    definitions->stacks = calloc(nodes + 1, sizeof *definitions->stacks);
    loader->saved->attribution.locations = calloc(nodes + 1, sizeof(uint32_t));
    if (loader->stack_ids == NULL || definitions->stacks == NULL ||
        loader->saved->attribution.locations == NULL || nodes > STACKS_MAX) {
        return fail(loader, TRACE_NOMEM);
    }
    definitions->first_stack = TRACE_STACK_FIRST;
    for (size_t i = 0; i < loader->stack_count; i++) {
        struct json_object *row = json_object_array_get_idx(array, i);
        const size_t length = json_object_array_length(row);
        const uint32_t innermost = TRACE_STACK_FIRST + (uint32_t)definitions->stack_slots;
        loader->stack_ids[i] = length > 0 ? innermost : TRACE_STACK_WHOLE;
        for (size_t k = 0; k < length; k++) {
            const uint64_t frame = number_at(loader, row, k, loader->frame_count);
            const size_t at = definitions->stack_slots++;
            loader->saved->attribution.locations[at] = loader->frame_numbers[frame];
            definitions->stacks[at] = (struct stack_node){
                .parent = k + 1 < length ? innermost + (uint32_t)k + 1 : TRACE_STACK_WHOLE,
                .is_defined = true,
            };
        }
    }
    return loader->status == TRACE_OK;
}

static bool load_threads(struct loader *loader)
{
    struct definitions *definitions = &loader->saved->definitions;
    struct json_object *array = array_of(loader, "threads");
    const size_t count = array != NULL ? json_object_array_length(array) : 0;
    definitions->threads = calloc(count + 1, sizeof *definitions->threads);
    if (definitions->threads == NULL) {
        return fail(loader, TRACE_NOMEM);
    }
    for (size_t i = 0; i < count; i++) {
        struct json_object *row = row_of(loader, array, i, THREAD_FIELDS);
        const char *text = row != NULL ? text_at(row, 2) : NULL;
        if (text == NULL) {
            return fail(loader, TRACE_CORRUPT);
        }
        const char *name = arena_copy(&definitions->arena, text, strlen(text));
        if (name == NULL) {
            return fail(loader, TRACE_NOMEM);
        }
        definitions->threads[definitions->thread_count++] = (struct thread_definition){
            .stream = (uint32_t)number_at(loader, row, 0, UINT32_MAX),
            .thread = number_at(loader, row, 1, UINT64_MAX),
            .name = name,
        };
    }
    return loader->status == TRACE_OK;
}

static bool load_sites(struct loader *loader)
{
    struct definitions *definitions = &loader->saved->definitions;
    struct replay *replay = &loader->saved->replay;
    struct json_object *array = array_of(loader, "sites");
    const size_t count = array != NULL ? json_object_array_length(array) : 0;
    definitions->sites = calloc(count + 1, sizeof *definitions->sites);
    replay->sites = calloc(count + 1, sizeof *replay->sites);
    if (definitions->sites == NULL || replay->sites == NULL) {
        return fail(loader, TRACE_NOMEM);
    }
    for (size_t i = 0; i < count; i++) {
        struct json_object *row = json_object_array_get_idx(array, i);
        const bool has_domain = json_object_is_type(row, json_type_array) &&
                                json_object_array_length(row) > SITE_FIELDS;
        row = row_of(loader, array, i, SITE_FIELDS + (has_domain ? 1 : 0));
        if (row == NULL || loader->stack_count == 0) {
            return fail(loader, TRACE_CORRUPT);
        }
        const uint64_t size = number_at(loader, row, 2, REPLAY_UNDEFINED);
        definitions->sites[i] = (struct site){
            .size = size,
            .stack = loader->stack_ids[number_at(loader, row, 0, loader->stack_count)],
            .stream = (uint32_t)number_at(loader, row, 1, UINT32_MAX),
            .domain = has_domain ? (uint32_t)number_at(loader, row, SITE_FIELDS, DOMAINS) : 0,
            .is_defined = true,
        };
        replay->sites[i] = (struct replay_site){
            .size = size,
            .allocations = number_at(loader, row, 3, UINT64_MAX),
            .frees = number_at(loader, row, 4, UINT64_MAX),
        };
    }
    definitions->site_slots = count;
    replay->site_count = count;
    return loader->status == TRACE_OK;
}

/* Files of earlier versions do not tell what was temporary. */
static bool load_temporary(struct loader *loader)
{
    struct saved_statistics *saved = loader->saved;
    if (!json_object_object_get_ex(loader->root, "temporary", NULL)) {
        return true;
    }
    struct json_object *array = array_of(loader, "temporary");
    const size_t count = array != NULL ? json_object_array_length(array) : 0;
    saved->lifetimes = lifetimes_new(saved->replay.site_count, 0);
    saved->replay.lifetimes = saved->lifetimes;
    if (saved->lifetimes == NULL) {
        return fail(loader, TRACE_NOMEM);
    }
    for (size_t i = 0; i < count; i++) {
        struct json_object *row = row_of(loader, array, i, TEMPORARY_FIELDS);
        const uint64_t site = row != NULL ? number_at(loader, row, 0, saved->replay.site_count) : 0;
        if (loader->status != TRACE_OK) {
            return false;
        }
        const uint64_t frees = saved->replay.sites[site].frees;
        lifetimes_add_temporary(saved->lifetimes, site, number_at(loader, row, 1, frees + 1));
    }
    return loader->status == TRACE_OK;
}

static bool load_all(struct loader *loader)
{
    struct json_object *version = NULL;
    struct json_object *moment = NULL;
    if (!json_object_object_get_ex(loader->root, "libtrace_statistics", &version) ||
        json_object_get_int(version) != 1) {
        return fail(loader, TRACE_CORRUPT);
    }
    (void)json_object_object_get_ex(loader->root, "moment", &moment);
    const char *text = json_object_get_string(moment);
    text = text != NULL ? text : "an unknown moment";
    loader->saved->moment = arena_copy(&loader->saved->definitions.arena, text, strlen(text));
    return load_frames(loader) && load_stacks(loader) && load_threads(loader) &&
           load_sites(loader) && load_temporary(loader) &&
           (loader->saved->moment != NULL || fail(loader, TRACE_NOMEM));
}

enum trace_status saved_statistics_load(const char *path, struct frame_table *frames,
                                        const struct frame_rules *rules,
                                        struct saved_statistics *ret_saved,
                                        struct trace_error *error)
{
    *ret_saved = (struct saved_statistics){0};
    ret_saved->attribution = (struct attribution){
        .definitions = &ret_saved->definitions, .frames = frames, .rules = rules};
    struct loader loader = {.saved = ret_saved, .frames = frames};
    loader.root = json_object_from_file(path);
    if (loader.root == NULL) {
        return trace_fail(error, TRACE_CORRUPT, 0, "%s: cannot be read as saved statistics", path);
    }
    if (!load_all(&loader)) {
        (void)trace_fail(error, loader.status, 0,
                         loader.status == TRACE_NOMEM
                             ? "%s: no memory to read it"
                             : "%s: is no file that --save-statistics wrote, or is damaged",
                         path);
    }
    json_object_put(loader.root);
    free(loader.frame_numbers);
    free(loader.stack_ids);
    return loader.status;
}

void saved_statistics_fini(struct saved_statistics *saved)
{
    attribution_fini(&saved->attribution);
    definitions_fini(&saved->definitions);
    replay_fini(&saved->replay);
    lifetimes_free(saved->lifetimes);
    *saved = (struct saved_statistics){0};
}
