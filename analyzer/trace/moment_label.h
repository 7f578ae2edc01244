/* Moments in words, for titles. */
#ifndef ANALYZER_MOMENT_LABEL_H
#define ANALYZER_MOMENT_LABEL_H

#include "arena.h"
#include "moment.h"
#include "replay.h"

/*
 * @replay: stands at the moment.
 * Return: words that live as long as @arena and @moment; NULL without memory.
 */
const char *moment_label(const struct moment *moment, const struct replay *replay,
                         struct arena *arena);

/*
 * The same for a moment of several traces, each of which has it at a time of its own.
 * Return: NULL if the words for one of them do for all.
 */
const char *moment_label_all(const struct moment *moment);

#endif
