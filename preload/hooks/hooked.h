/*
 * Every intercepted function, once: X(return type, name, parameters). real.c resolves the next
 * definition in the chain of each; hooks.c defines ours. Includers define X first.
 */
X(void *, malloc, (size_t size))
X(void *, calloc, (size_t count, size_t size))
X(void *, realloc, (void *block, size_t size))
X(void *, reallocarray, (void *block, size_t count, size_t size))
X(void, free, (void *block))
X(void, cfree, (void *block))
X(void, free_sized, (void *block, size_t size))
X(void, free_aligned_sized, (void *block, size_t alignment, size_t size))
X(int, posix_memalign, (void **ret_block, size_t alignment, size_t size))
X(void *, aligned_alloc, (size_t alignment, size_t size))
X(void *, memalign, (size_t alignment, size_t size))
X(void *, valloc, (size_t size))
X(void *, pvalloc, (size_t size))
X(size_t, malloc_usable_size, (void *block))
X(int, dlclose, (void *handle))
