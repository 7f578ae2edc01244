/*
 * Rules straight from the unwind tables (.eh_frame), where they say what nearly all functions'
 * say: the canonical frame address is a register plus a number, bp is kept or saved at a fixed
 * distance from it, and the return address is just below it. libunwind reads the same tables
 * (unwind_libunwind.h) and is the authority; but it takes 8,000 instructions, and a lock and a
 * stack of the tracer's own, with signals blocked by system calls.
 *
 * Anything else is left to it: expressions, signal frames, rare encodings, a table that does not
 * hang together.
 */
#ifndef PRELOAD_CALL_FRAMES_H
#define PRELOAD_CALL_FRAMES_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

#include "unwind_rules.h"

/*
 * @object: as _dl_find_object() gives it, for @pc.
 * @pc: an instruction; of a return address, the byte before.
 * @ret_rule: its `module` is 0.
 * Return: false if libunwind is to be asked.
 * Context: async-signal-safe, any thread; the object must stay loaded.
 */
bool call_frames_read_rule(const struct dl_find_object *object, uintptr_t pc,
                           struct rule *ret_rule);

#endif
