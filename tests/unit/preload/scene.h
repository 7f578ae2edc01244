/*
 * What scenes are made of: hooks' calls of the tracer with blocks that are not there, each of which
 * has to leave errno alone. See tracer_scenes.c.
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include <stddef.h>

struct scene {
    const char *name; /* NULL: the end of a list */
    void (*run)(void);
};

extern const struct scene scenes_of_one_thread[];
extern const struct scene scenes_of_handlers[];
extern const struct scene scenes_of_threads[];
extern const struct scene scenes_of_ends[];

/* The tracer must have answered as tracer.h says: else exit with 99 and a line on stderr. */
#define REQUIRE(condition) ((condition) ? (void)0 : scene_fail(__FILE__, __LINE__))
_Noreturn void scene_fail(const char *file, int line);

/* Return: address of block number @i: never two in one entry of the live map. */
void *block(unsigned i);

void allocate_at(void *at, size_t size);
void allocate(unsigned i, size_t size);
void release(unsigned i);

/* @result: what realloc() returned. */
void reallocate(unsigned i, void *result, size_t size);

/* libtrace_get_traced_memory() has to say so. */
void require_memory(size_t current, size_t peak);

/* Run @life in a forked child that ends with exit(). */
void in_child(void (*life)(void));

/* A life: with blocks of its own, and with blocks 1 and 4 of the parent. */
void live_as_child(void);

#endif
