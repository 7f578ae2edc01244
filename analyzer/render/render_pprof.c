/*
 * Reports for pprof: profile.proto, compressed by gzip. A sample is a call stack, with four values:
 * what was allocated there, and what of it is live. Blocks that the program tracks itself have a
 * label with their domain; those of malloc() have none, so that pprof shows nothing of it where
 * there is nothing else.
 *
 * Addresses are those in the ELF files, and each mapping begins at 0: a report may be about several
 * processes, which had their modules in different places. What is written twice is found by
 * interning a key of pointers; strings are made fit to be UTF-8.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "grow.h"
#include "profile.pb-c.h"
#include "render.h"
#include "safe_text.h"
#include "strings.h"

enum {
    GZIP_WINDOW = 15 + 16, /* zlib's largest window, with a gzip header */
    MEMORY_LEVEL = 8,
    SAMPLE_VALUES = 4,
};

/* Messages of one kind, each made once. */
struct messages {
    void **items;
    size_t count;
    size_t capacity;
    struct strings *keys;
};

struct maker {
    struct arena arena;
    struct messages texts;
    struct messages mappings;
    struct messages locations;
    struct messages functions;
    bool is_out_of_memory;
};

/*
 * Find the number of @key, or make room for a new message.
 * @ret_is_new: whether the item at that number has to be set.
 * Return: the number, from 0.
 */
static uint32_t find(struct maker *maker, struct messages *messages, const void *key, size_t length,
                     bool *ret_is_new)
{
    uint32_t number = 0;
    *ret_is_new = false;
    if (strings_intern(messages->keys, key, length, &number) == NULL) {
        maker->is_out_of_memory = true;
        return 0;
    }
    if (number < messages->count) {
        return number;
    }
    void **items = grow_array(messages->items, messages->count, &messages->capacity, sizeof *items);
    if (items == NULL) {
        maker->is_out_of_memory = true;
        return 0;
    }
    messages->items = items;
    messages->items[messages->count++] = NULL;
    *ret_is_new = true;
    return number;
}

/* Return: zeroed memory for a message; NULL, which is remembered, without memory. */
static void *make(struct maker *maker, size_t count, size_t bytes)
{
    void *message = arena_array(&maker->arena, count + 1, bytes);
    maker->is_out_of_memory = maker->is_out_of_memory || message == NULL;
    return message;
}

/* Return: the index of a string; 0, which is the empty one, for NULL. */
static int64_t text_of(struct maker *maker, const char *text)
{
    bool is_new = false;
    text = text != NULL ? text : "";
    uint32_t number = find(maker, &maker->texts, text, strlen(text), &is_new);
    if (is_new) {
        char *safe = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&safe, &length);
        if (out != NULL) {
            safe_text_print(out, text);
            (void)fclose(out);
        }
        maker->texts.items[number] = safe != NULL ? arena_copy(&maker->arena, safe, length) : NULL;
        maker->is_out_of_memory = maker->is_out_of_memory || maker->texts.items[number] == NULL;
        free(safe);
    }
    return number;
}

static uint64_t mapping_of(struct maker *maker, const struct frame *frame)
{
    const char *const key[] = {frame->module, frame->build_id};
    bool is_new = false;
    if (frame->module == NULL) {
        return 0;
    }
    uint32_t number = find(maker, &maker->mappings, key, sizeof key, &is_new);
    Pprof__Mapping *mapping = is_new ? make(maker, 1, sizeof *mapping) : NULL;
    if (mapping != NULL) {
        pprof__mapping__init(mapping);
        mapping->id = (uint64_t)number + 1;
        mapping->memory_limit = INT64_MAX;
        mapping->filename = text_of(maker, frame->module);
        mapping->build_id = text_of(maker, frame->build_id);
        mapping->has_functions = 1;
        mapping->has_filenames = 1;
        mapping->has_line_numbers = 1;
        mapping->has_inline_frames = 1;
        maker->mappings.items[number] = mapping;
    }
    return (uint64_t)number + 1;
}

static uint64_t function_of(struct maker *maker, const struct frame *frame)
{
    const char *name = frame->function != NULL ? frame->function : frame->place;
    const char *const key[] = {name, frame->file};
    bool is_new = false;
    uint32_t number = find(maker, &maker->functions, key, sizeof key, &is_new);
    Pprof__Function *function = is_new ? make(maker, 1, sizeof *function) : NULL;
    if (function != NULL) {
        pprof__function__init(function);
        function->id = (uint64_t)number + 1;
        function->name = text_of(maker, name);
        function->system_name = function->name;
        function->filename = text_of(maker, frame->file);
        maker->functions.items[number] = function;
    }
    return (uint64_t)number + 1;
}

/* A location of @count frames, the last of which the others are inlined in. */
static uint64_t location_of(struct maker *maker, const struct frame *const *frames, size_t count)
{
    bool is_new = false;
    uint32_t number =
        find(maker, &maker->locations, frames, count * sizeof(const struct frame *), &is_new);
    Pprof__Location *location = is_new ? make(maker, 1, sizeof *location) : NULL;
    if (location == NULL) {
        return (uint64_t)number + 1;
    }
    pprof__location__init(location);
    location->id = (uint64_t)number + 1;
    location->address = frames[0]->address;
    location->mapping_id = mapping_of(maker, frames[0]);
    location->line = make(maker, count, sizeof(Pprof__Line *));
    for (size_t i = 0; i < count && location->line != NULL; i++) {
        Pprof__Line *line = make(maker, 1, sizeof *line);
        if (line == NULL) {
            break;
        }
        pprof__line__init(line);
        line->function_id = function_of(maker, frames[i]);
        line->line = frames[i]->line;
        location->line[location->n_line++] = line;
    }
    maker->locations.items[number] = location;
    return (uint64_t)number + 1;
}

/* Give a sample a label. */
static void add_label(struct maker *maker, Pprof__Sample *sample, const char *key, uint64_t number)
{
    Pprof__Label **list = make(maker, 1, sizeof(Pprof__Label *));
    Pprof__Label *label = make(maker, 1, sizeof *label);
    if (list == NULL || label == NULL) {
        return;
    }
    pprof__label__init(label);
    label->key = text_of(maker, key);
    label->num = (int64_t)number;
    list[0] = label;
    sample->label = list;
    sample->n_label = 1;
}

static Pprof__Sample *sample_of(struct maker *maker, const struct group *group)
{
    const size_t length = group->traceback_length;
    Pprof__Sample *sample = make(maker, 1, sizeof *sample);
    uint64_t *ids = make(maker, length, sizeof *ids);
    int64_t *values = make(maker, SAMPLE_VALUES, sizeof *values);
    if (sample == NULL || ids == NULL || values == NULL) {
        return NULL;
    }
    pprof__sample__init(sample);
    for (size_t first = 0; first < length;) {
        size_t end = first + 1;
        while (end < length && group->traceback[end - 1]->is_inlined) {
            end++;
        }
        ids[sample->n_location_id++] = location_of(maker, &group->traceback[first], end - first);
        first = end;
    }
    sample->location_id = ids;
    values[0] = (int64_t)group->count;
    values[1] = (int64_t)group->size;
    values[2] = (int64_t)group->old_count;
    values[3] = (int64_t)group->old_size;
    sample->value = values;
    sample->n_value = SAMPLE_VALUES;
    if (group->number != 0) {
        add_label(maker, sample, "domain", group->number);
    }
    return sample;
}

static void add_types(struct maker *maker, Pprof__Profile *profile)
{
    static const char *const types[SAMPLE_VALUES][2] = {
        {"alloc_objects", "count"},
        {"alloc_space", "bytes"},
        {"inuse_objects", "count"},
        {"inuse_space", "bytes"},
    };
    profile->sample_type = make(maker, SAMPLE_VALUES, sizeof(Pprof__ValueType *));
    for (size_t i = 0; i < SAMPLE_VALUES && profile->sample_type != NULL; i++) {
        Pprof__ValueType *type = make(maker, 1, sizeof *type);
        if (type == NULL) {
            return;
        }
        pprof__value_type__init(type);
        type->type = text_of(maker, types[i][0]);
        type->unit = text_of(maker, types[i][1]);
        profile->default_sample_type = type->type;
        profile->sample_type[profile->n_sample_type++] = type;
    }
}

/* Pack and compress. Return: false without memory. */
static bool write_profile(FILE *out, const Pprof__Profile *profile)
{
    size_t length = pprof__profile__get_packed_size(profile);
    uint8_t *packed = malloc(length + 1);
    z_stream stream = {0};
    bool is_started = packed != NULL && length <= UINT32_MAX &&
                      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
                                   MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
    if (!is_started) {
        free(packed);
        return false;
    }
    stream.next_in = packed;
    stream.avail_in = (uInt)pprof__profile__pack(profile, packed);
    for (int state = Z_OK; state == Z_OK;) {
        uint8_t piece[1 << 14];
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        state = deflate(&stream, Z_FINISH);
        (void)fwrite(piece, 1, sizeof piece - stream.avail_out, out);
    }
    (void)deflateEnd(&stream);
    free(packed);
    return true;
}

static bool make_profile(struct maker *maker, FILE *out, const struct report *report)
{
    const struct report_table *table = report->tables;
    Pprof__Profile profile;
    pprof__profile__init(&profile);
    (void)text_of(maker, "");
    add_types(maker, &profile);
    profile.time_nanos = (int64_t)(report->traces[0].start_s * 1e9);
    profile.duration_nanos = (int64_t)(report->traces[0].duration_s * 1e9);
    profile.sample = make(maker, table->shown, sizeof(Pprof__Sample *));
    for (size_t i = 0; i < table->shown && !maker->is_out_of_memory; i++) {
        profile.sample[profile.n_sample++] = sample_of(maker, &table->groups[i]);
    }
    profile.mapping = (Pprof__Mapping **)maker->mappings.items;
    profile.n_mapping = maker->mappings.count;
    profile.location = (Pprof__Location **)maker->locations.items;
    profile.n_location = maker->locations.count;
    profile.function = (Pprof__Function **)maker->functions.items;
    profile.n_function = maker->functions.count;
    profile.string_table = (char **)maker->texts.items;
    profile.n_string_table = maker->texts.count;
    return !maker->is_out_of_memory && write_profile(out, &profile);
}

enum trace_status render_pprof(FILE *out, const struct report *reports, size_t count,
                               const struct render_options *options, struct trace_error *error)
{
    struct maker maker = {0};
    struct messages *const kinds[] = {&maker.texts, &maker.mappings, &maker.locations,
                                      &maker.functions};
    const size_t kind_count = sizeof kinds / sizeof kinds[0];
    bool is_done = true;
    (void)count; // options.c refuses --each-file
    (void)options;
    for (size_t i = 0; i < kind_count; i++) {
        kinds[i]->keys = strings_new();
        is_done = is_done && kinds[i]->keys != NULL;
    }
    is_done = is_done && make_profile(&maker, out, &reports[0]);
    for (size_t i = 0; i < kind_count; i++) {
        strings_free(kinds[i]->keys);
        free(kinds[i]->items);
    }
    arena_fini(&maker.arena);
    return is_done ? TRACE_OK : trace_fail(error, TRACE_NOMEM, 0, "no memory for a profile");
}
