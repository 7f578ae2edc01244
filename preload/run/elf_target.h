/* What an ELF file says about whether and how it can be traced. */
#ifndef TRACE_RUN_ELF_TARGET_H
#define TRACE_RUN_ELF_TARGET_H

#include <stdbool.h>

#include "target.h"

/*
 * Check that an ELF file is a program of this machine, with this C library's loader, that does not
 * bring a malloc checker which insists on being loaded first.
 * @file: open for reading.
 * @path: for messages.
 * @ret_refusal: written on failure.
 * Return: whether the loader will preload libtrace.so into it.
 */
bool elf_target_check(int file, const char *path, struct refusal *ret_refusal);

#endif
