/* Marks in a trace (format.md, 5): records that are about no block. */
#ifndef ANALYZER_REPLAY_MARKS_H
#define ANALYZER_REPLAY_MARKS_H

#include <stddef.h>
#include <stdint.h>

#include "replay.h"
#include "trace_codec.h"

/* Return: the snapshot that is taken now, of what is live; NULL without memory. */
const struct snapshot *replay_mark_snapshot(struct replay *replay, const char *name, size_t length);

/*
 * Play a record that carries its length. A number that is not known, or fields that cannot be read,
 * change nothing.
 * @watch: may be NULL.
 * @first_site: the id of the replay's site at index 0.
 * @stream: index of the stream that tells.
 * @number: from the table in format.md, 5.
 * @cursor: over the fields, without the length.
 */
void replay_mark_sized(struct replay *replay, struct replay_watch *watch, uint64_t first_site,
                       size_t stream, uint64_t number, struct trace_cursor cursor);

#endif
