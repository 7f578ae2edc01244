/*
 * An allocator to be preloaded by check_real.c: libc's under another name, except that
 * realloc(p, 0) gives a block, and that it has an operator new.
 */
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

void *__libc_malloc(size_t size);               // NOLINT(bugprone-reserved-identifier,cert-dcl37-c)
void *__libc_calloc(size_t count, size_t size); // NOLINT(bugprone-reserved-identifier,cert-dcl37-c)
void *__libc_realloc(void *block, size_t size); // NOLINT(bugprone-reserved-identifier,cert-dcl37-c)
void __libc_free(void *block);                  // NOLINT(bugprone-reserved-identifier,cert-dcl37-c)

EXPORT void *malloc(size_t size)
{
    return __libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
    return __libc_calloc(count, size);
}

EXPORT void *realloc(void *block, size_t size)
{
    return __libc_realloc(block, size == 0 ? 1 : size);
}

EXPORT void free(void *block)
{
    __libc_free(block);
}

EXPORT void *_Znwm(size_t size); // NOLINT(bugprone-reserved-identifier,cert-dcl37-c)
EXPORT void *_Znwm(size_t size)  // NOLINT(bugprone-reserved-identifier,cert-dcl37-c)
{
    return __libc_malloc(size);
}
