/*
 * Run a scene of tracer_scenes.c, and read the trace that it leaves: its events as text, decoded
 * here by docs/format.md.
 */
#ifndef TESTS_SCENE_TRACE_H
#define TESTS_SCENE_TRACE_H

#include "reader.h"

#define SCENE_OUTPUT_BYTES 8192

/*
 * Run a scene; its traces are called 1.trace, 2.trace ... unless the environment says otherwise.
 * @environment: "NAME=VALUE" after each other, NULL at the end; may be NULL.
 * @output: gets what it printed, SCENE_OUTPUT_BYTES; may be NULL.
 * Return: as waitpid() gives it.
 */
int scene_run(const char *name, const char *const *environment, char *output);

/* Open a trace of a scene that nothing must be wrong with. */
void scene_open(const char *path, struct reader *reader);

/*
 * Return: the events of a stream in a row, to be freed: "+100" an allocation of 100 bytes, "-100" a
 * free, "100>200" a reallocation, "~100" an implied free, "^100" a free of an inherited block,
 * "[name]" a snapshot, "!" a clear, "@" that it is known who makes the frees that follow, "?" that
 * it is not. "" when there is no such stream.
 */
char *scene_events(struct reader *reader, uint32_t stream);

/* Check that these are a stream's events. */
void scene_expect(struct reader *reader, uint32_t stream, const char *events);

#endif
