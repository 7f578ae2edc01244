/*
 * JSON trees, without a check after each step.
 *
 * json-c returns NULL for "no memory" and for null alike, so what must not be NULL is checked here,
 * once, and remembered. Every function takes over the values that it is given.
 */
#ifndef ANALYZER_JSON_BUILDER_H
#define ANALYZER_JSON_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "group.h"

struct json_object;

struct json_builder {
    bool is_out_of_memory;
};

/* Put a value into an object, or at the end of an array. @value: NULL for null. */
void json_add(struct json_builder *builder, struct json_object *object, const char *key,
              struct json_object *value);
void json_append(struct json_builder *builder, struct json_object *array,
                 struct json_object *value);

/* Return: @value, which must not be NULL; that it is, is remembered. */
struct json_object *json_checked(struct json_builder *builder, struct json_object *value);

/* Return: a string in which bytes that are not UTF-8 have become U+FFFD; null for NULL. */
struct json_object *json_text(struct json_builder *builder, const char *text);
struct json_object *json_number(struct json_builder *builder, uint64_t number);
struct json_object *json_truth(struct json_builder *builder, bool is_true);
struct json_object *json_seconds(struct json_builder *builder, double seconds, int decimals);
struct json_object *json_ticks(struct json_builder *builder, uint32_t ticks);

/* Return: a frame of a stack, as an object. */
struct json_object *json_frame(struct json_builder *builder, const struct frame *frame);

/* Return: a frame's line; null if it has none. @frame: may be NULL. */
struct json_object *json_frame_line(struct json_builder *builder, const struct frame *frame);

/* Return: a group's name as text has it, with its line. */
struct json_object *json_key(struct json_builder *builder, const struct group *group);

/* Return: how a group grew, as an object, with the levels of the last trace. */
struct json_object *json_growth(struct json_builder *builder, const struct growth_summary *growth);

#endif
