/*
 * The copy is the file as it is, followed by the unpacked contents; only the headers of these
 * sections change, to point behind the old end. All numbers in the file are untrusted: what it
 * unpacks to is bounded by its size.
 * Source: ELF specification, "Section Compression" (ELFCOMPRESS_ZSTD is 2).
 */
#include "elf_zstd.h"

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

/* The most that one section unpacks to, and all of a file together: real ones are packed by 3 to 5.
 */
enum { SECTION_BYTES_MAX = 1 << 30, UNPACKED_PER_FILE_BYTE = 64, UNPACKED_BYTES_LEAST = 64 << 20 };

static bool read_at(int fd, void *to, size_t bytes, uint64_t offset)
{
    return offset <= INT64_MAX && pread(fd, to, bytes, (off_t)offset) == (ssize_t)bytes;
}

static bool write_at(int fd, const void *from, size_t bytes, uint64_t offset)
{
    return pwrite(fd, from, bytes, (off_t)offset) == (ssize_t)bytes;
}

/* Return: whether a section is packed with zstd, and unpacks to no more than @room. */
static bool is_packed(int fd, uint64_t file_bytes, const Elf64_Shdr *section, uint64_t room,
                      Elf64_Chdr *ret_head)
{
    return (section->sh_flags & SHF_COMPRESSED) != 0 && section->sh_size > sizeof *ret_head &&
           section->sh_offset < file_bytes && section->sh_size <= file_bytes - section->sh_offset &&
           read_at(fd, ret_head, sizeof *ret_head, section->sh_offset) &&
           ret_head->ch_type == ELFCOMPRESS_ZSTD && ret_head->ch_size <= SECTION_BYTES_MAX &&
           ret_head->ch_size <= room;
}

/* Unpack one section to the end of @to. @end: of the copy; moved on. */
static void unpack(int fd, Elf64_Shdr *section, const Elf64_Chdr *head, int to, uint64_t *end)
{
    size_t packed_bytes = section->sh_size - sizeof *head;
    void *packed = malloc(packed_bytes);
    void *plain = malloc(head->ch_size + 1);
    const uint64_t start = *end;
    *end += (head->ch_size + 15) & ~UINT64_C(15); // even if it is broken: to try costs as much
    if (packed != NULL && plain != NULL &&
        read_at(fd, packed, packed_bytes, section->sh_offset + sizeof *head) &&
        ZSTD_decompress(plain, head->ch_size, packed, packed_bytes) == head->ch_size &&
        write_at(to, plain, head->ch_size, start)) {
        section->sh_offset = start;
        section->sh_size = head->ch_size;
        section->sh_addralign = head->ch_addralign;
        section->sh_flags &= ~(uint64_t)SHF_COMPRESSED;
    }
    free(plain);
    free(packed);
}

/* Return: the section headers, from malloc(); NULL if they cannot be read. */
static Elf64_Shdr *read_sections(int fd, uint64_t *ret_offset, size_t *ret_count)
{
    Elf64_Ehdr header;
    if (!read_at(fd, &header, sizeof header, 0) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum == 0) {
        return NULL;
    }
    Elf64_Shdr *sections = calloc(header.e_shnum, sizeof *sections);
    if (sections != NULL &&
        !read_at(fd, sections, header.e_shnum * sizeof *sections, header.e_shoff)) {
        free(sections);
        return NULL;
    }
    *ret_offset = header.e_shoff;
    *ret_count = header.e_shnum;
    return sections;
}

/* Return: a descriptor of a copy in memory, or -1. */
static int copy_file(int fd, uint64_t bytes)
{
    off_t at = 0;
    int copy = memfd_create("trace-report unpacked", MFD_CLOEXEC);
    while (copy >= 0 && (uint64_t)at < bytes) {
        if (sendfile(copy, fd, &at, (size_t)(bytes - (uint64_t)at)) <= 0) {
            (void)close(copy);
            return -1;
        }
    }
    return copy;
}

int elf_zstd_unpack(int fd)
{
    struct stat facts;
    uint64_t offset = 0;
    size_t count = 0;
    Elf64_Chdr head;
    Elf64_Shdr *sections = read_sections(fd, &offset, &count);
    if (sections == NULL || fstat(fd, &facts) != 0) {
        free(sections);
        return -1;
    }
    const uint64_t bytes = (uint64_t)facts.st_size;
    uint64_t end = (bytes + 15) & ~UINT64_C(15);
    const uint64_t end_max = end + UNPACKED_BYTES_LEAST + bytes * UNPACKED_PER_FILE_BYTE;
    int copy = -1;
    for (size_t i = 0; i < count; i++) {
        uint64_t room = end < end_max ? end_max - end : 0;
        if (is_packed(fd, bytes, &sections[i], room, &head)) {
            copy = copy >= 0 ? copy : copy_file(fd, bytes);
            if (copy < 0) {
                break;
            }
            unpack(fd, &sections[i], &head, copy, &end);
        }
    }
    if (copy >= 0 && !write_at(copy, sections, count * sizeof *sections, offset)) {
        (void)close(copy);
        copy = -1;
    }
    free(sections);
    return copy;
}
