/*
 * The threads of the process at the moment of a heap picture: what they have in registers and where
 * their stacks are.
 */
#ifndef PRELOAD_PICTURE_THREADS_H
#define PRELOAD_PICTURE_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "picture_roots.h"

/*
 * List the threads; the calling one comes first, as it is now.
 * @stack: its stack pointer; its registers have been saved above that.
 * @ret_threads: the caller gives it to picture_threads_free().
 * Return: false without memory or /proc.
 */
bool picture_threads_list(uintptr_t stack, struct picture_threads *ret_threads);
void picture_threads_free(struct picture_threads *threads);

#endif
