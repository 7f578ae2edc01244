/* Sections that are packed with zstd, which neither libelf nor libdwarf of Debian 12 can read. */
#ifndef ANALYZER_ELF_ZSTD_H
#define ANALYZER_ELF_ZSTD_H

/*
 * Copy a file to memory with its zstd sections unpacked.
 * @fd: of a regular file; stays open.
 * Return: a descriptor of the copy; -1 if no section is packed so, or without memory. A section
 * that cannot be unpacked stays as it is.
 */
int elf_zstd_unpack(int fd);

#endif
