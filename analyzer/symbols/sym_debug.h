/*
 * Addresses to source positions with the debug information of one file.
 */
#ifndef ANALYZER_SYM_DEBUG_H
#define ANALYZER_SYM_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf_file.h"
#include "error.h"
#include "stack_word.h"

struct sym_debug;

/* The files that the debug information is in; they stay the caller's, and open. */
struct sym_debug_files {
    const struct elf_file *file;
    const struct elf_file *alternate; /* what dwz moved a part of it to, or NULL */
    const struct elf_file *package;   /* of split units (.dwp), or NULL */
    const char *symbols_dir;          /* where .dwo files may be, too, or NULL */
    const char *sysroot_dir;          /* put before their paths, or NULL */
};

/* A source position as the debug information has it; its strings last as long as the call. */
struct sym_debug_frame {
    const char *function; /* a linker name, or a plain one; NULL unknown */
    const char *file;     /* NULL unknown */
    uint32_t line;        /* 0 unknown */
    uint32_t column;      /* 0 unknown */
    bool is_linker_name;  /* of function */
    bool is_inlined;
    uint64_t function_addr; /* where the function begins; 0 unknown */
};

/* Takes the frames of one address, innermost first. Return: false to stop (without memory). */
typedef bool (*sym_debug_sink)(void *context, uint64_t address,
                               const struct sym_debug_frame *frames, size_t count);

/* Open debug information. Errors: TRACE_NOT_FOUND: there is none; TRACE_CORRUPT; TRACE_NOMEM. */
enum trace_status sym_debug_open(const struct sym_debug_files *files, struct sym_debug **ret_debug,
                                 struct trace_error *error) TRACE_CHECKED;
void sym_debug_free(struct sym_debug *debug);

/*
 * Resolve addresses, with one pass over each compilation unit that has any of them.
 * @addresses: sorted, no duplicates. Those that nothing is known about never reach @sink.
 * Errors: TRACE_NOMEM; TRACE_CORRUPT: a part could not be read, the rest was given to @sink.
 */
enum trace_status sym_debug_resolve(struct sym_debug *debug, const uint64_t *addresses,
                                    size_t count, sym_debug_sink sink, void *context,
                                    struct trace_error *error) TRACE_CHECKED;

/*
 * Find the locals that words of stacks are part of.
 * @words: sorted by pc.
 * @sink: gets a frame for each that was found: its function is the name of the local, and instead
 * of an address it is given with the index of the word.
 * Errors: as above.
 */
enum trace_status sym_debug_locals(struct sym_debug *debug, const struct stack_word *words,
                                   size_t count, sym_debug_sink sink, void *context,
                                   struct trace_error *error) TRACE_CHECKED;

#endif
