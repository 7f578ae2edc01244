/*
 * What an ELF file says about itself: its build-id, whether it has debug information, and where the
 * rest of it is. All of it is untrusted.
 */
#ifndef ANALYZER_ELF_FILE_H
#define ANALYZER_ELF_FILE_H

#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum { ELF_FILE_BUILD_ID_MAX = 64 };

struct elf_file {
    Elf *elf;     /* NULL: not open */
    int fd;       /* -1: not open, or in memory */
    bool is_copy; /* fd is an unpacked copy of packed_fd */
    int packed_fd;
    uint8_t *memory; /* its bytes, if it is not a file of its own; or NULL */
    uint8_t build_id[ELF_FILE_BUILD_ID_MAX];
    size_t build_id_bytes; /* 0: has none */
    bool has_debug_info;   /* .debug_info (or its old compressed form) with contents */
    bool has_symbols;      /* .symtab with contents: static functions, too */
};

/*
 * Open an ELF file. ret_file is written in any case.
 * Errors: TRACE_NOT_FOUND: no such file; TRACE_IO; TRACE_CORRUPT: not an ELF file, or broken;
 * TRACE_UNSUPPORTED: a big-endian one.
 */
enum trace_status elf_file_open(const char *path, struct elf_file *ret_file,
                                struct trace_error *error) TRACE_CHECKED;
void elf_file_close(struct elf_file *file);

/*
 * The same for a file whose bytes are in memory.
 * @bytes: from malloc(); belong to @ret_file from now on, whatever is returned.
 * @name: for errors.
 */
enum trace_status elf_file_open_memory(uint8_t *bytes, size_t size, const char *name,
                                       struct elf_file *ret_file,
                                       struct trace_error *error) TRACE_CHECKED;

/*
 * The contents of a section, decompressed if need be.
 * @name: with its dot; for .debug_x, .zdebug_x (an old way to compress) is taken as well.
 * @ret_bytes: live as long as the file is open.
 */
bool elf_file_section(const struct elf_file *file, const char *name, const uint8_t **ret_bytes,
                      size_t *ret_size);

/*
 * The link to a separate debug file, .gnu_debuglink.
 * @ret_name: points into the file's data, to a name without a directory; @ret_crc: of that file.
 */
bool elf_file_debug_link(const struct elf_file *file, const char **ret_name, uint32_t *ret_crc);

/*
 * The link to the debug information shared by several files (dwz), .gnu_debugaltlink.
 * @ret_name: points into the file's data, a path; @ret_id: the build-id it must have.
 */
bool elf_file_alternate_link(const struct elf_file *file, const char **ret_name,
                             const uint8_t **ret_id, size_t *ret_id_bytes);

/* Find the segment that thread-local variables start as copies of. Return: whether it has one. */
bool elf_file_thread_locals(const struct elf_file *file, GElf_Phdr *ret_header);

/* Return: the descriptor of the file itself, not of an unpacked copy. */
static inline int elf_file_descriptor(const struct elf_file *file)
{
    return file->is_copy ? file->packed_fd : file->fd;
}

/* Return: the CRC of a whole file as .gnu_debuglink counts it; false if it cannot be read. */
bool elf_file_crc(const struct elf_file *file, uint32_t *ret_crc);

#endif
