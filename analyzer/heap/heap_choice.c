/* Names are read from the heads of the pictures: there are few. */
#include "heap_choice.h"

#include <stdio.h>
#include <string.h>

#include "picture.h"

/* Say which pictures there are. */
static enum trace_status miss_picture(struct reader *reader, const struct moment *moment,
                                      struct trace_error *error)
{
    char known[256] = "";
    size_t count = picture_count(reader);
    if (count == 0) {
        return trace_fail(error, TRACE_NOT_FOUND, 0,
                          "%s: has no heap picture; record one with trace-run --leaks, or with "
                          "LIBTRACE_PICTURE=exit",
                          reader->file.path);
    }
    for (size_t i = 0; i < count; i++) {
        struct picture_head head = {0};
        size_t used = strlen(known);
        if (used + 8 < sizeof known && picture_read_head(reader, i, &head, NULL) == TRACE_OK) {
            (void)snprintf(known + used, sizeof known - used, "%s#%zu %.32s", i > 0 ? ", " : "",
                           i + 1, head.name);
        }
    }
    return trace_fail(error, TRACE_NOT_FOUND, 0, "%s: has no heap picture \"%.64s\"; it has %s",
                      reader->file.path, moment->text, known);
}

enum trace_status heap_choice_find(struct reader *reader, const struct moment *moment,
                                   size_t *ret_which, struct trace_error *error)
{
    size_t count = picture_count(reader);
    size_t which = count;
    if (moment->kind == MOMENT_END && count > 0) {
        which = count - 1;
    } else if (moment->kind == MOMENT_NUMBER) {
        which = moment->number - 1 < count ? (size_t)moment->number - 1 : count;
    }
    for (size_t i = 0; i < count && moment->kind == MOMENT_NAME && which == count; i++) {
        struct picture_head head = {0};
        bool has_name = picture_read_head(reader, i, &head, NULL) == TRACE_OK;
        which = has_name && strcmp(head.name, moment->text) == 0 ? i : which;
    }
    if (which == count) {
        return miss_picture(reader, moment, error);
    }
    *ret_which = which;
    return TRACE_OK;
}
