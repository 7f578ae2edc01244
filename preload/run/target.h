/*
 * The program that is to be traced: where it is, and whether preloading can reach it.
 *
 * The kernel and the loader decide silently (LD_PRELOAD of a set-user-ID program is dropped, a
 * static one never looks at it), so everything that makes a trace come out empty is looked for
 * beforehand and refused with a line that names the program and the remedy.
 */
#ifndef TRACE_RUN_TARGET_H
#define TRACE_RUN_TARGET_H

#include <limits.h>
#include <stdbool.h>

/* Exit statuses of the launcher itself, as env(1), timeout(1) and the shells have them. */
enum {
    RUN_FAILED = 125,     /* trace-run itself could not go on, or was misused */
    RUN_CANNOT_RUN = 126, /* the program is there but cannot be run, or not be traced */
    RUN_NOT_FOUND = 127,  /* no such program */
};

#define REFUSAL_BYTES (2 * PATH_MAX + 512)

/* Why a program cannot be traced. */
struct refusal {
    int status;               /* RUN_CANNOT_RUN or RUN_NOT_FOUND */
    char text[REFUSAL_BYTES]; /* one line without newline: the program, what is wrong, the remedy */
};

/*
 * Find the file that execvp() would run.
 * @program: as typed; without a slash it is looked for in PATH.
 * @ret_path: PATH_MAX bytes; written on success.
 * @ret_refusal: written on failure.
 * Return: whether a file was found; it may still be unfit, see target_check().
 */
bool target_find(const char *program, char *ret_path, struct refusal *ret_refusal);

/*
 * Check that @path can be run and traced; for a script, that its interpreter can.
 * @ret_refusal: written on failure.
 * Return: whether it can be traced as far as can be told.
 */
bool target_check(const char *path, struct refusal *ret_refusal);

/* Fill in a refusal. Return: false, so that a check can end with it. */
bool refuse(struct refusal *ret_refusal, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
