/*
 * The threads of the process at the moment of a heap picture: what they have in registers, and
 * where their stacks are. They stand still meanwhile, where the kernel allows that.
 */
#ifndef PRELOAD_PICTURE_THREADS_H
#define PRELOAD_PICTURE_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "picture_roots.h"

/*
 * Stop the other threads, and list all; the calling one comes first.
 * @stack: its stack pointer; its registers have been saved above that.
 * @ret_threads: to be given to picture_threads_go(), soon, and to picture_threads_free().
 * Return: false without memory.
 * Context: signals blocked; one thread at a time.
 */
bool picture_threads_stop(uintptr_t stack, struct picture_threads *ret_threads);
void picture_threads_go(const struct picture_threads *threads);
void picture_threads_free(struct picture_threads *threads);

#endif
