/*
 * A small trace whose report can be worked out by hand, and a way to ask for that report as
 * trace-report would give it, with table_symbolizer.c for symbols.
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "trace_builder.h"

#define SCENE_BIAS UINT64_C(0x400000)

/*
 * Stacks of the scene, named by their innermost frame. Addresses are theirs in the module's file.
 *
 *   MAIN      src/main.c:10 main
 *   WORK      src/work.c:20 work        <- MAIN
 *   VECTOR    /usr/include/c++/12/bits/new_allocator.h:137 std::__new_allocator<int>::allocate
 *             <- WORK
 *   DUPLICATE src/util.c:5 xstrdup      <- MAIN
 *   NAMELESS  0x500                     <- cut
 *   INLINED   src/inner.c:7 inner, inlined into src/work.c:22 work   <- MAIN
 *   SYMBOL    exported, in no line      <- MAIN
 *   RECURSED  src/work.c:20 work        <- WORK
 */
enum scene_stack {
    SCENE_MAIN = TRACE_STACK_FIRST,
    SCENE_WORK,
    SCENE_VECTOR,
    SCENE_DUPLICATE,
    SCENE_NAMELESS,
    SCENE_INLINED,
    SCENE_SYMBOL,
    SCENE_RECURSED,
};

/* Change to a new directory; it is removed, with what is in it, by scene_leave(). */
void scene_enter(void);
void scene_leave(void);

/* A builder with the scene's process, module "app" and stacks. */
struct trace_builder *scene_new(void);

/*
 * Write the usual trace to @path: sites 1 (VECTOR, 100 bytes, 4 blocks), 2 (DUPLICATE, 50, 2),
 * 3 (NAMELESS, 10, 1), 4 (INLINED, 1000, 3, all but one freed), 5 (SYMBOL, 7, 1), with a snapshot
 * "warm" after site 2 at tick 1500.
 */
void scene_write(const char *path);

/*
 * Make a report.
 * @arguments: of the command line, with files, separated by single blanks.
 * @ret_code: what went wrong in main.c's terms: 0, 1 or 2; may be NULL.
 * Return: what goes to stdout, or the error; to be freed.
 */
char *scene_report(const char *arguments, int *ret_code);

#endif
