/*
 * exec and its relatives, so that the trace can say that another program took the process over.
 * libc's own calls of execve() do not come through here (posix_spawn, system, popen): they happen
 * in children that share their parent's memory or have no trace.
 */
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include "real.h"
#include "tracer.h"
#include "untraced.h"

#define EXPORT __attribute__((visibility("default")))

/* @environment, or a copy on the caller's stack that keeps the tracer out. */
#define ENVIRONMENT(environment)                                                                   \
    (tracer_is_confined()                                                                          \
         ? untraced_copy(environment, __builtin_alloca(untraced_bytes(environment)))               \
         : (environment))

// NOLINTBEGIN(bugprone-macro-parentheses): a declarator and a list of arguments
/* @names: the arguments' names, in parentheses. If the call returns, it has failed. */
#define EXEC(name, parameters, names)                                                              \
    EXPORT int name parameters                                                                     \
    {                                                                                              \
        int(*next) parameters = NULL;                                                              \
        real_find(#name, &next);                                                                   \
        tracer_ending(TRACE_END_EXEC);                                                             \
        int result = next names;                                                                   \
        tracer_ending(TRACE_END_NONE);                                                             \
        return result;                                                                             \
    }
// NOLINTEND(bugprone-macro-parentheses)

EXEC(execve, (const char *path, char *const *arguments, char *const *environment),
     (path, arguments, ENVIRONMENT(environment)))
EXEC(execvpe, (const char *file, char *const *arguments, char *const *environment),
     (file, arguments, ENVIRONMENT(environment)))
EXEC(fexecve, (int fd, char *const *arguments, char *const *environment),
     (fd, arguments, ENVIRONMENT(environment)))

EXPORT int execv(const char *path, char *const *arguments)
{
    return execve(path, arguments, environ);
}

EXPORT int execvp(const char *file, char *const *arguments)
{
    return execvpe(file, arguments, environ);
}

/* Return: how many arguments there are, up to the NULL that ends them, that one not counted. */
static size_t count_arguments(va_list list)
{
    size_t count = 0;
    while (va_arg(list, char *) != NULL) {
        count++;
    }
    return count;
}

// NOLINTBEGIN(bugprone-macro-parentheses): names of variables
/*
 * Put a list of arguments into an array of that many and two more, on the caller's stack: a vfork
 * child must not allocate. @list is behind the NULL afterwards, where execle() has the environment.
 */
#define GATHER(first, list, array)                                                                 \
    va_start(list, first);                                                                         \
    size_t array##_count = 1 + count_arguments(list);                                              \
    va_end(list);                                                                                  \
    char **array = __builtin_alloca((array##_count + 1) * sizeof(char *));                         \
    array[0] = (char *)(uintptr_t)(first);                                                         \
    va_start(list, first);                                                                         \
    for (size_t i = 1; i <= array##_count; i++) {                                                  \
        array[i] = va_arg(list, char *);                                                           \
    }
// NOLINTEND(bugprone-macro-parentheses)

EXPORT int execl(const char *path, const char *first, ...)
{
    va_list list;
    GATHER(first, list, arguments)
    va_end(list);
    return execv(path, arguments);
}

EXPORT int execlp(const char *file, const char *first, ...)
{
    va_list list;
    GATHER(first, list, arguments)
    va_end(list);
    return execvp(file, arguments);
}

EXPORT int execle(const char *path, const char *first, ...)
{
    va_list list;
    GATHER(first, list, arguments)
    char *const *environment = va_arg(list, char *const *);
    va_end(list);
    return execve(path, arguments, environment);
}
