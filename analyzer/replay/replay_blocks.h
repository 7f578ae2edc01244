/*
 * A block begins, ends, or becomes one of another site: what the replay's counters and its watch
 * are told of it. For events that are rare; the inner loop has its own way. Sites that a CLEAR has
 * stopped counting are left alone.
 */
#ifndef ANALYZER_REPLAY_BLOCKS_H
#define ANALYZER_REPLAY_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "replay.h"

/*
 * A block was freed, not by free() itself.
 * @watch: may be NULL, here and below.
 * @stream: index of the stream that tells.
 * @age: in ticks.
 */
void replay_block_end(struct replay *replay, struct replay_watch *watch, size_t stream,
                      struct replay_site *site, uint64_t age);

/* A block of @old became one of @new. Where only one of them counts, it ends or begins. */
void replay_block_move(struct replay *replay, struct replay_watch *watch, size_t stream,
                       struct replay_site *old, struct replay_site *new, uint64_t age);

#endif
