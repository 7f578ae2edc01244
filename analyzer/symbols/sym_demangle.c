/*
 * libiberty's demanglers with a bound on its output.
 *
 * Substitutions let a mangled name of a hundred bytes print as gigabytes, and the library's
 * callback cannot tell it to stop, so the callback jumps out. That leaks nothing: in its callback
 * form the library keeps everything on the stack, and bounds the stack itself
 * (DEMANGLE_RECURSION_LIMIT). D's demangler has no callback, and ends the process when it gets no
 * memory: it sees only names that cannot become large.
 */
#include "sym_demangle.h"

#include <ctype.h>
#include <demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 64 * 1024 };

/*
 * A back reference of D repeats an earlier piece of the name; two of them, in a third that is
 * referred to in turn, double it. With this many, a name grows 2^16 times at most.
 */
enum { D_BYTES_MAX = 2048, D_REFERENCES_MAX = 32 };

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

/* Source: D ABI, "Name Mangling". */
static char *demangle_d(const char *name)
{
    size_t references = 0;
    for (const char *at = name; *at != '\0'; at++) {
        references += *at == 'Q';
    }
    bool is_safe = strlen(name) <= D_BYTES_MAX && references <= D_REFERENCES_MAX;
    return is_safe ? dlang_demangle(name, DMGL_PARAMS | DMGL_ANSI) : NULL;
}

/* Demangle a name of C++ or Rust. */
static char *demangle_bounded(const char *name)
{
    int options = DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO;
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

/* Only these schemes are told from plain C names by their prefix. */
static char *demangle_whole(const char *name)
{
    if (strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0 ||
        strncmp(name, "_GLOBAL_", 8) == 0) {
        return demangle_bounded(name);
    }
    bool is_d = strncmp(name, "_D", 2) == 0 &&
                (isdigit((unsigned char)name[2]) || strcmp(name, "_Dmain") == 0);
    return is_d ? demangle_d(name) : NULL;
}

char *sym_demangle(const char *name)
{
    const char *suffix = strchr(name, '@'); // of a stub: "_Znwm@plt"
    if (suffix == NULL) {
        return demangle_whole(name);
    }
    char *shown = NULL;
    char *target = strndup(name, (size_t)(suffix - name));
    char *shown_target = target != NULL ? demangle_whole(target) : NULL;
    if (shown_target != NULL && asprintf(&shown, "%s%s", shown_target, suffix) < 0) {
        shown = NULL;
    }
    free(shown_target);
    free(target);
    return shown;
}
