/*
 * Allocators inside programs: linked in under names of their own, so that nothing of theirs comes
 * through malloc. Many Rust programs have jemalloc so, and every Go program its runtime's.
 */
#ifndef ANALYZER_INNER_ALLOCATOR_H
#define ANALYZER_INNER_ALLOCATOR_H

/*
 * Return: the name of the allocator that the ELF file at @path has inside, by its symbols; NULL:
 * none that is known, or the file cannot be read.
 */
const char *inner_allocator_find(const char *path);

#endif
