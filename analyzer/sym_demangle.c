/*
 * libiberty's demangler with a bound on its output.
 *
 * Substitutions let a mangled name of a hundred bytes print as gigabytes, and the library's
 * callback cannot tell it to stop, so the callback jumps out. That leaks nothing: in its callback
 * form the library keeps everything on the stack, and bounds the stack itself
 * (DEMANGLE_RECURSION_LIMIT).
 */
#include "sym_demangle.h"

#include <demangle.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 64 * 1024 };

struct output {
    jmp_buf stop;
    char *text; /* from malloc */
    size_t used;
    size_t room; /* bytes that text has, its final zero included */
};

static void append(const char *piece, size_t bytes, void *opaque)
{
    struct output *output = opaque;
    if (bytes >= SHOWN_MAX || output->used + bytes >= SHOWN_MAX) {
        longjmp(output->stop, 1);
    }
    if (output->used + bytes >= output->room) {
        size_t room = (output->used + bytes + 1) * 2;
        char *moved = realloc(output->text, room);
        if (moved == NULL) {
            longjmp(output->stop, 1);
        }
        output->text = moved;
        output->room = room;
    }
    memcpy(output->text + output->used, piece, bytes);
    output->used += bytes;
    output->text[output->used] = '\0';
}

char *sym_demangle(const char *name)
{
    int options = DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO;
    // Only these two schemes are told from plain C names by their prefix.
    if (strncmp(name, "_Z", 2) != 0 && strncmp(name, "_R", 2) != 0 &&
        strncmp(name, "_GLOBAL_", 8) != 0) {
        return NULL;
    }
    struct output *output = calloc(1, sizeof *output);
    if (output == NULL) {
        return NULL;
    }
    char *result = NULL;
    if (setjmp(output->stop) == 0) { // NOLINT(cert-err52-cpp): C has no other way out
        // Rust first: its old scheme looks like C++'s with a hash at the end.
        if (rust_demangle_callback(name, options, append, output) != 0 ||
            (output->used = 0, cplus_demangle_v3_callback(name, options, append, output) != 0)) {
            result = output->text;
            output->text = NULL;
        }
    }
    free(output->text);
    free(output);
    return result;
}
