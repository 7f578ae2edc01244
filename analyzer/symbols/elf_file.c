/*
 * ELF headers, notes and link sections, through libelf, which checks sizes against the file.
 * ELF_C_READ, not the mapped mode: a file that shrinks under us must be an error, not a SIGBUS.
 * Source: ELF specification; GDB manual, "Debugging Information in Separate Files".
 */
#include "elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_zstd.h"
#include "trace_codec.h"

/* zlib makes at most 1032 bytes of one. */
enum { INFLATION_MAX = 1032 };

/* Check that what libelf has opened is a file that we read. */
static enum trace_status check_elf(const char *name, const struct elf_file *file,
                                   struct trace_error *error)
{
    GElf_Ehdr header;
    if (file->elf == NULL || elf_kind(file->elf) != ELF_K_ELF ||
        gelf_getehdr(file->elf, &header) == NULL) {
        return trace_fail(error, TRACE_CORRUPT, 0, "%s: not an ELF file", name);
    }
    if (header.e_ident[EI_DATA] != ELFDATA2LSB) {
        return trace_fail(error, TRACE_UNSUPPORTED, 0, "%s: a big-endian file", name);
    }
    return TRACE_OK;
}

static enum trace_status open_elf(const char *path, struct elf_file *file,
                                  struct trace_error *error)
{
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file->fd < 0) {
        bool is_missing = errno == ENOENT || errno == ENOTDIR;
        return trace_fail(error, is_missing ? TRACE_NOT_FOUND : TRACE_IO, 0, "%s: %s", path,
                          strerror(errno));
    }
    struct stat status;
    if (fstat(file->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        return trace_fail(error, TRACE_CORRUPT, 0, "%s: not a regular file", path);
    }
    int unpacked = elf_zstd_unpack(file->fd);
    if (unpacked >= 0) {
        file->is_copy = true;
        file->packed_fd = file->fd;
        file->fd = unpacked;
    }
    (void)elf_version(EV_CURRENT);
    file->elf = elf_begin(file->fd, ELF_C_READ, NULL);
    return check_elf(path, file, error);
}

/* Take the build-id from one piece of notes, if it is in there. */
static void take_build_id(struct elf_file *file, Elf_Data *notes)
{
    GElf_Nhdr note;
    size_t name_at = 0;
    size_t text_at = 0;
    size_t at = 0;
    while (notes != NULL && file->build_id_bytes == 0) {
        size_t next = gelf_getnote(notes, at, &note, &name_at, &text_at);
        if (next <= at) {
            return;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof "GNU" &&
            memcmp((const char *)notes->d_buf + name_at, "GNU", sizeof "GNU") == 0 &&
            note.n_descsz > 0 && note.n_descsz <= sizeof file->build_id) {
            memcpy(file->build_id, (const char *)notes->d_buf + text_at, note.n_descsz);
            file->build_id_bytes = note.n_descsz;
        }
        at = next;
    }
}

/* Return: the next section's name (an empty one if it has none), its header in @ret_header. */
static const char *next_section(const struct elf_file *file, Elf_Scn **section,
                                GElf_Shdr *ret_header)
{
    size_t names = 0;
    *section = elf_nextscn(file->elf, *section);
    if (*section == NULL || gelf_getshdr(*section, ret_header) == NULL ||
        elf_getshdrstrndx(file->elf, &names) != 0) {
        return NULL;
    }
    const char *name = elf_strptr(file->elf, names, ret_header->sh_name);
    return name != NULL ? name : "";
}

static void look_through_sections(struct elf_file *file)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    const char *name = next_section(file, &section, &header);
    for (; name != NULL; name = next_section(file, &section, &header)) {
        bool has_contents = header.sh_type != SHT_NOBITS && header.sh_size > 0;
        if (header.sh_type == SHT_NOTE && file->build_id_bytes == 0) {
            take_build_id(file, elf_getdata(section, NULL));
        } else if (strcmp(name, ".debug_info") == 0 || strcmp(name, ".zdebug_info") == 0) {
            file->has_debug_info |= has_contents;
        } else if (header.sh_type == SHT_SYMTAB) {
            file->has_symbols |= has_contents;
        }
    }
}

/* For a file whose section headers were stripped too. */
static void look_through_segments(struct elf_file *file)
{
    size_t count = 0;
    if (elf_getphdrnum(file->elf, &count) != 0) {
        return;
    }
    for (size_t i = 0; i < count && i < 4096 && file->build_id_bytes == 0; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(file->elf, (int)i, &header) != NULL && header.p_type == PT_NOTE) {
            Elf_Type type = header.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
            take_build_id(file, elf_getdata_rawchunk(file->elf, (int64_t)header.p_offset,
                                                     header.p_filesz, type));
        }
    }
}

/* Learn what a file says about itself, if it could be opened. */
static enum trace_status finish_open(enum trace_status status, struct elf_file *file)
{
    if (status != TRACE_OK) {
        elf_file_close(file);
        return status;
    }
    look_through_sections(file);
    look_through_segments(file);
    return TRACE_OK;
}

enum trace_status elf_file_open(const char *path, struct elf_file *ret_file,
                                struct trace_error *error)
{
    *ret_file = (struct elf_file){.fd = -1};
    return finish_open(open_elf(path, ret_file, error), ret_file);
}

enum trace_status elf_file_open_memory(uint8_t *bytes, size_t size, const char *name,
                                       struct elf_file *ret_file, struct trace_error *error)
{
    (void)elf_version(EV_CURRENT);
    *ret_file =
        (struct elf_file){.elf = elf_memory((char *)bytes, size), .fd = -1, .memory = bytes};
    return finish_open(check_elf(name, ret_file, error), ret_file);
}

void elf_file_close(struct elf_file *file)
{
    if (file->elf != NULL) {
        (void)elf_end(file->elf);
    }
    if (file->fd >= 0) {
        (void)close(file->fd);
    }
    if (file->is_copy) {
        (void)close(file->packed_fd);
    }
    free(file->memory);
    *file = (struct elf_file){.fd = -1};
}

/*
 * Decompress a section in memory.
 * Return: false if it is broken, or claims a size that zlib cannot have made of its bytes.
 */
static bool decompress(Elf_Scn *section, const GElf_Shdr *header, const char *name)
{
    GElf_Chdr compression;
    Elf_Data *data = NULL;
    if (strncmp(name, ".zdebug", 7) == 0) { // "ZLIB", size in 8 bytes, high one first
        data = elf_rawdata(section, NULL);
        if (data == NULL || data->d_size < 12) {
            return false;
        }
        const uint8_t *bytes = data->d_buf;
        uint64_t size = 0;
        for (int i = 4; i < 12; i++) {
            size = size << 8 | bytes[i];
        }
        return size / INFLATION_MAX <= header->sh_size && elf_compress_gnu(section, 0, 0) >= 0;
    }
    if ((header->sh_flags & SHF_COMPRESSED) == 0) {
        return true;
    }
    // others are read outside of the child that has its memory bounded, and nobody packs them
    return strncmp(name, ".debug", 6) == 0 &&
           (gelf_getchdr(section, &compression) != NULL &&
            compression.ch_size / INFLATION_MAX <= header->sh_size &&
            elf_compress(section, 0, 0) >= 0);
}

/* Return: whether a section's name is the one wanted, or its old compressed form. */
static bool is_named(const char *name, const char *wanted)
{
    return strcmp(name, wanted) == 0 ||
           (strncmp(name, ".zdebug", 7) == 0 && strncmp(wanted, ".debug", 6) == 0 &&
            strcmp(name + 2, wanted + 1) == 0);
}

bool elf_file_section(const struct elf_file *file, const char *wanted, const uint8_t **ret_bytes,
                      size_t *ret_size)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    const char *name = next_section(file, &section, &header);
    while (name != NULL && !is_named(name, wanted)) {
        name = next_section(file, &section, &header);
    }
    if (name == NULL || header.sh_type == SHT_NOBITS || !decompress(section, &header, name)) {
        return false;
    }
    const Elf_Data *data = elf_getdata(section, NULL);
    if (data == NULL || data->d_buf == NULL || data->d_size == 0) {
        return false;
    }
    *ret_bytes = data->d_buf;
    *ret_size = data->d_size;
    return true;
}

/* Take apart a link section: a string, then bytes. Return: false if there is none. */
static bool link_section(const struct elf_file *file, const char *wanted, const char **ret_name,
                         struct trace_cursor *ret_rest)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    if (!elf_file_section(file, wanted, &bytes, &size)) {
        return false;
    }
    const uint8_t *end = memchr(bytes, '\0', size);
    if (end == NULL) {
        return false;
    }
    *ret_name = (const char *)bytes;
    *ret_rest = trace_cursor_over(end + 1, (size_t)(bytes + size - end - 1));
    return true;
}

bool elf_file_debug_link(const struct elf_file *file, const char **ret_name, uint32_t *ret_crc)
{
    const char *name = NULL;
    struct trace_cursor rest;
    if (!link_section(file, ".gnu_debuglink", &name, &rest) || strchr(name, '/') != NULL) {
        return false;
    }
    for (size_t i = strlen(name) + 1; i % 4 != 0; i++) { // padding
        (void)trace_get_byte(&rest);
    }
    uint32_t crc = 0;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        crc |= (uint32_t)trace_get_byte(&rest) << shift;
    }
    if (rest.is_bad) {
        return false;
    }
    *ret_name = name;
    *ret_crc = crc;
    return true;
}

bool elf_file_alternate_link(const struct elf_file *file, const char **ret_name,
                             const uint8_t **ret_id, size_t *ret_id_bytes)
{
    const char *name = NULL;
    struct trace_cursor rest;
    if (!link_section(file, ".gnu_debugaltlink", &name, &rest)) {
        return false;
    }
    size_t id_bytes = (size_t)(rest.end - rest.next);
    if (id_bytes == 0 || id_bytes > ELF_FILE_BUILD_ID_MAX) {
        return false;
    }
    *ret_name = name;
    *ret_id = rest.next;
    *ret_id_bytes = id_bytes;
    return true;
}

/* Four bits at a time: a table of 16 is short enough to be read, and fast enough. */
static uint32_t crc_step(uint32_t crc, const uint8_t *bytes, size_t count)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                       0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                       0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return crc;
}

bool elf_file_crc(const struct elf_file *file, uint32_t *ret_crc)
{
    uint8_t buffer[16 * 1024];
    uint32_t crc = 0xffffffffU;
    off_t at = 0;
    for (;;) {
        ssize_t got = pread(elf_file_descriptor(file), buffer, sizeof buffer, at);
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return false;
        }
        if (got == 0) {
            *ret_crc = ~crc;
            return true;
        }
        crc = crc_step(crc, buffer, (size_t)got);
        at += got;
    }
}

bool elf_file_thread_locals(const struct elf_file *file, GElf_Phdr *ret_header)
{
    size_t count = 0;
    if (file->elf == NULL || elf_getphdrnum(file->elf, &count) != 0) {
        return false;
    }
    for (size_t i = 0; i < count && i <= INT32_MAX; i++) {
        if (gelf_getphdr(file->elf, (int)i, ret_header) != NULL && ret_header->p_type == PT_TLS) {
            return true;
        }
    }
    return false;
}
