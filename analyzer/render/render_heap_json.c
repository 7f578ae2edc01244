/* Heap pictures for programs: the field "heap" of a report's object. */
#include <json-c/json.h>
#include <stdlib.h>

#include "json_builder.h"
#include "render_heap.h"

/* Names of classes as keys. */
static const char *const class_keys[] = {
    [HEAP_REACHABLE] = "reachable", [HEAP_POSSIBLE] = "possible", [HEAP_YOUNG] = "young",
    [HEAP_INDIRECT] = "indirect",   [HEAP_DEFINITE] = "definite",
};

static struct json_object *make_sum(struct json_builder *builder, const struct heap_sum *sum)
{
    struct json_object *object = json_checked(builder, json_object_new_object());
    json_add(builder, object, "size", json_number(builder, sum->bytes));
    json_add(builder, object, "count", json_number(builder, sum->blocks));
    return object;
}

static struct json_object *make_classes(struct json_builder *builder, const struct heap_sum *sums)
{
    struct json_object *object = json_checked(builder, json_object_new_object());
    for (size_t i = HEAP_REACHABLE; i < HEAP_CLASSES; i++) {
        json_add(builder, object, class_keys[i], make_sum(builder, &sums[i]));
    }
    return object;
}

static struct json_object *make_pictures(struct json_builder *builder,
                                         const struct heap_report *heap)
{
    struct json_object *array = json_checked(builder, json_object_new_array());
    for (size_t i = 0; i < heap->picture_count; i++) {
        const struct heap_report_picture *picture = &heap->pictures[i];
        struct json_object *object = json_checked(builder, json_object_new_object());
        json_add(builder, object, "file", json_text(builder, picture->trace));
        json_add(builder, object, "number", json_number(builder, picture->number));
        json_add(builder, object, "name", json_text(builder, picture->name));
        json_add(builder, object, "time_s", json_seconds(builder, picture->moment_s, 3));
        json_add(builder, object, "size", json_number(builder, picture->bytes));
        json_add(builder, object, "count", json_number(builder, picture->blocks));
        json_add(builder, object, "registers_known", json_truth(builder, picture->is_still));
        json_add(builder, object, "complete", json_truth(builder, picture->is_complete));
        json_add(builder, object, "left_out", json_number(builder, picture->left_out));
        json_add(builder, object, "unreadable_words",
                 json_number(builder, picture->unreadable_words));
        json_add(builder, object, "pause_us", json_number(builder, picture->pause_us));
        json_add(builder, object, "making_ms", json_number(builder, picture->time_ms));
        json_append(builder, array, object);
    }
    return array;
}

/* What a line or a step is of. */
static void add_place(struct json_builder *builder, struct json_object *object,
                      const struct group *group)
{
    const struct frame *frame = group->frame;
    json_add(builder, object, "key", json_key(builder, group));
    json_add(builder, object, "file", json_text(builder, frame != NULL ? frame->file : NULL));
    json_add(builder, object, "line", group->has_line ? json_frame_line(builder, frame) : NULL);
}

static struct json_object *make_stack(struct json_builder *builder, const struct heap_line *line)
{
    struct json_object *array = json_checked(builder, json_object_new_array());
    for (size_t i = 0; i < line->stack_length; i++) {
        json_append(builder, array, json_frame(builder, line->stack[i]));
    }
    return array;
}

/* Bytes that were born in each tenth of the time, of all classes. */
static struct json_object *make_born(struct json_builder *builder, const struct heap_line *line)
{
    struct json_object *array = json_checked(builder, json_object_new_array());
    for (size_t i = 0; i < HEAP_TENTHS; i++) {
        uint64_t born = 0;
        for (size_t class = HEAP_REACHABLE; class < HEAP_CLASSES; class ++) {
            born += line->shares[class].born[i];
        }
        json_append(builder, array, json_number(builder, born));
    }
    return array;
}

static struct json_object *make_line(struct json_builder *builder, const struct report *report,
                                     const struct heap_line *line)
{
    struct heap_sum sums[HEAP_CLASSES];
    for (size_t i = 0; i < HEAP_CLASSES; i++) {
        sums[i] = line->shares[i].sum;
    }
    struct json_object *object = json_checked(builder, json_object_new_object());
    add_place(builder, object, line->group);
    json_add(builder, object, "site", json_number(builder, line->site));
    json_add(builder, object, "size", json_number(builder, line->own.bytes));
    json_add(builder, object, "count", json_number(builder, line->own.blocks));
    json_add(builder, object, "classes", make_classes(builder, sums));
    json_add(builder, object, "followers", make_sum(builder, &line->followers));
    json_add(builder, object, "cycles", json_number(builder, line->cycles));
    json_add(builder, object, "born", make_born(builder, line));
    json_add(builder, object, "growth",
             line->group->growth.levels != NULL ? json_growth(builder, &line->group->growth)
                                                : NULL);
    bool has_retained = report->kind == REPORT_RETAINED;
    json_add(builder, object, "retained", has_retained ? make_sum(builder, &line->retained) : NULL);
    json_add(builder, object, "retained_is_exact",
             has_retained ? json_truth(builder, !line->is_bound) : NULL);
    json_add(builder, object, "traceback", make_stack(builder, line));
    return object;
}

static struct json_object *make_lines(struct json_builder *builder, const struct report *report)
{
    const struct heap_line **lines = NULL;
    enum heap_order order = report->kind == REPORT_RETAINED ? HEAP_BY_RETAINED : HEAP_BY_SIZE;
    struct json_object *array = json_checked(builder, json_object_new_array());
    size_t count = heap_report_sort(report->heap, order, HEAP_UNMARKED, &lines);
    if (count == SIZE_MAX) {
        (void)json_checked(builder, NULL);
        return array;
    }
    for (size_t i = 0; i < count && (report->top == 0 || i < report->top); i++) {
        json_append(builder, array, make_line(builder, report, lines[i]));
    }
    free(lines);
    return array;
}

/* The graph of lines: who of those that are told of holds whom. */
static struct json_object *make_links(struct json_builder *builder, const struct report *report)
{
    const struct heap_report *heap = report->heap;
    bool has_sizes = report->kind == REPORT_RETAINED;
    struct json_object *array = json_checked(builder, json_object_new_array());
    for (size_t i = 0; i < heap->links.count; i++) {
        const struct heap_link *link = &heap->links.items[i];
        const struct group *from =
            link->from != HEAP_LINK_ROOTS ? heap->lines[link->from].group : NULL;
        struct json_object *object = json_checked(builder, json_object_new_object());
        json_add(builder, object, "from", from != NULL ? json_key(builder, from) : NULL);
        json_add(builder, object, "to", json_key(builder, heap->lines[link->to].group));
        json_add(builder, object, "count", json_number(builder, link->count));
        json_add(builder, object, "size", has_sizes ? json_number(builder, link->bytes) : NULL);
        json_add(builder, object, "inside", json_truth(builder, link->is_inside));
        json_append(builder, array, object);
    }
    return array;
}

static struct json_object *make_chain(struct json_builder *builder,
                                      const struct heap_report_chain *chain)
{
    struct json_object *steps = json_checked(builder, json_object_new_array());
    for (size_t i = 0; i < chain->length; i++) {
        const struct heap_report_step *step = &chain->steps[i];
        struct json_object *object = json_checked(builder, json_object_new_object());
        add_place(builder, object, step->group);
        json_add(builder, object, "size", json_number(builder, step->bytes));
        json_add(builder, object, "count", json_number(builder, step->blocks));
        json_add(builder, object, "address", json_number(builder, step->address));
        json_add(builder, object, "inside", json_truth(builder, step->is_inside));
        json_add(builder, object, "repeated", json_truth(builder, step->is_repeated));
        json_append(builder, steps, object);
    }
    struct json_object *object = json_checked(builder, json_object_new_object());
    json_add(builder, object, "root", json_text(builder, chain->root));
    json_add(builder, object, "address",
             chain->address != 0 ? json_number(builder, chain->address) : NULL);
    json_add(builder, object, "words", json_number(builder, chain->roots));
    json_add(builder, object, "steps", steps);
    return object;
}

static struct json_object *make_chains(struct json_builder *builder, const struct report *report)
{
    struct json_object *array = json_checked(builder, json_object_new_array());
    const struct heap_report *heap = report->heap;
    for (size_t i = 0; i < heap->chain_count && (report->top == 0 || i < report->top); i++) {
        json_append(builder, array, make_chain(builder, &heap->chains[i]));
    }
    return array;
}

struct json_object *render_heap_json(struct json_builder *builder, const struct report *report)
{
    const struct heap_report *heap = report->heap;
    bool is_why = report->kind == REPORT_WHY;
    struct json_object *object = json_checked(builder, json_object_new_object());
    json_add(builder, object, "pictures", make_pictures(builder, heap));
    json_add(builder, object, "classes", make_classes(builder, heap->classes));
    json_add(builder, object, "suppressed", make_sum(builder, &heap->suppressed));
    json_add(builder, object, "cycles", json_number(builder, heap->cycles));
    json_add(builder, object, "lines", is_why ? NULL : make_lines(builder, report));
    json_add(builder, object, "links", is_why ? NULL : make_links(builder, report));
    json_add(builder, object, "chain_total",
             is_why ? json_number(builder, heap->chain_total) : NULL);
    json_add(builder, object, "asked", is_why ? make_classes(builder, heap->wanted_classes) : NULL);
    json_add(builder, object, "chains", is_why ? make_chains(builder, report) : NULL);
    return object;
}
