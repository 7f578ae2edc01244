/* Memory is asked about once, at the end. json-c escapes. */
#include "json_builder.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "safe_text.h"
#include "trace_format.h"

void json_add(struct json_builder *builder, struct json_object *object, const char *key,
              struct json_object *value)
{
    if (object == NULL || json_object_object_add(object, key, value) != 0) {
        builder->is_out_of_memory = true;
        json_object_put(value);
    }
}

struct json_object *json_checked(struct json_builder *builder, struct json_object *value)
{
    builder->is_out_of_memory = builder->is_out_of_memory || value == NULL;
    return value;
}

void json_append(struct json_builder *builder, struct json_object *array, struct json_object *value)
{
    if (array == NULL || json_object_array_add(array, value) != 0) {
        builder->is_out_of_memory = true;
        json_object_put(value);
    }
}

struct json_object *json_text(struct json_builder *builder, const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    char *valid = safe_text_utf8(text);
    if (valid == NULL) {
        return json_checked(builder, NULL);
    }
    struct json_object *value = json_checked(builder, json_object_new_string(valid));
    free(valid);
    return value;
}

struct json_object *json_number(struct json_builder *builder, uint64_t number)
{
    return json_checked(builder, json_object_new_uint64(number));
}

struct json_object *json_seconds(struct json_builder *builder, double seconds, int decimals)
{
    char text[400];
    (void)snprintf(text, sizeof text, "%.*f", decimals, seconds);
    return json_checked(builder, json_object_new_double_s(seconds, text));
}

struct json_object *json_ticks(struct json_builder *builder, uint32_t ticks)
{
    return json_seconds(builder, (double)ticks / TRACE_TICKS_PER_SECOND, 3);
}

struct json_object *json_truth(struct json_builder *builder, bool is_true)
{
    return json_checked(builder, json_object_new_boolean(is_true));
}

struct json_object *json_frame_line(struct json_builder *builder, const struct frame *frame)
{
    bool has_line = frame != NULL && frame->has_line && frame->line != 0;
    return has_line ? json_number(builder, frame->line) : NULL;
}

struct json_object *json_frame(struct json_builder *builder, const struct frame *frame)
{
    struct json_object *object = json_checked(builder, json_object_new_object());
    json_add(builder, object, "place", json_text(builder, frame->place));
    json_add(builder, object, "file", json_text(builder, frame->file));
    json_add(builder, object, "line", json_frame_line(builder, frame));
    json_add(builder, object, "function", json_text(builder, frame->function));
    json_add(builder, object, "module", json_text(builder, frame->module));
    json_add(builder, object, "inlined", json_truth(builder, frame->is_inlined));
    return object;
}

struct json_object *json_key(struct json_builder *builder, const struct group *group)
{
    char line[16] = "";
    if (group->has_line) {
        (void)snprintf(line, sizeof line, ":%u", group->line);
    }
    size_t length = strlen(group->name) + sizeof line;
    char *text = malloc(length);
    if (text == NULL) {
        return json_checked(builder, NULL);
    }
    (void)snprintf(text, length, "%s%s", group->name, line);
    struct json_object *key = json_text(builder, text);
    free(text);
    return key;
}

struct json_object *json_growth(struct json_builder *builder, const struct growth_summary *growth)
{
    struct json_object *object = json_checked(builder, json_object_new_object());
    bool has_free = growth->freed_inside + growth->freed_later > 0;
    json_add(builder, object, "bytes_per_s", json_seconds(builder, growth->bytes_per_s, 3));
    json_add(builder, object, "least_bytes_per_s",
             json_seconds(builder, growth->least_bytes_per_s, 3));
    json_add(builder, object, "rises", json_number(builder, growth->rises));
    json_add(builder, object, "steps", json_number(builder, growth->steps));
    json_add(builder, object, "born", json_number(builder, growth->born));
    json_add(builder, object, "freed_inside", json_number(builder, growth->freed_inside));
    json_add(builder, object, "freed_later", json_number(builder, growth->freed_later));
    json_add(builder, object, "last_free_s",
             has_free ? json_ticks(builder, growth->last_free) : NULL);
    json_add(builder, object, "jumps", json_number(builder, growth->jumps));
    json_add(builder, object, "jump_bytes", json_number(builder, growth->jump_bytes));
    struct json_object *levels = json_checked(builder, json_object_new_array());
    for (size_t i = 0; i < GROWTH_SAMPLES; i++) {
        json_append(builder, levels,
                    json_checked(builder, json_object_new_int64(growth->levels[i])));
    }
    json_add(builder, object, "levels", levels);
    return object;
}
