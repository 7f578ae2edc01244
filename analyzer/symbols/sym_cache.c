/*
 * A file is a magic number and blocks, each what one child wrote, as it wrote it (sym_isolate.c):
 *
 *     magic (8) | bytes of answers (8) count of unknown (8) | answers | unknown * address (8) | ...
 *
 * A new block goes to the end of a copy that takes the file's place: a reader sees the one or the
 * other, whole. Of two reports that add at once, one loses what it added.
 */
#include "sym_cache.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sym_section.h"

/* Changes with the form of answers, and with whatever makes the reader of DWARF answer better. */
#define MAGIC "tracsym1"

enum { MAGIC_BYTES = 8 };

/* A file that has grown to this is begun anew. */
#define FILE_BYTES_MAX ((size_t)64 << 20)

static bool has_key(const struct sym_cache_key *key)
{
    return key->directory != NULL && key->build_id_bytes > 0;
}

static bool format_path(const struct sym_cache_key *key, char *ret_path, size_t bytes)
{
    int length = snprintf(ret_path, bytes, "%s/", key->directory);
    for (size_t i = 0; i < key->build_id_bytes && length > 0 && (size_t)length + 3 <= bytes; i++) {
        length += snprintf(ret_path + length, 3, "%02x", key->build_id[i]);
    }
    return length > 0 && (size_t)length + 3 <= bytes;
}

/* Return: the file's contents, from malloc(); none if it is not there, or not one of ours. */
static struct sym_section load(const char *path)
{
    struct sym_section file = {0};
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return file;
    }
    uint8_t *bytes = NULL;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size >= MAGIC_BYTES &&
        (uint64_t)status.st_size <= FILE_BYTES_MAX) {
        file.size = (size_t)status.st_size;
        bytes = malloc(file.size);
    }
    if (bytes != NULL && read(fd, bytes, file.size) == (ssize_t)file.size &&
        memcmp(bytes, MAGIC, MAGIC_BYTES) == 0) {
        file.bytes = bytes;
    } else {
        free(bytes);
        file.size = 0;
    }
    (void)close(fd);
    return file;
}

/* Read one block. Return: false if @sink did. */
static bool read_block(struct trace_cursor *cursor, sym_debug_sink sink, void *context)
{
    uint64_t answer_bytes = sym_get_fixed(cursor, 8);
    uint64_t unknown_count = sym_get_fixed(cursor, 8);
    const uint8_t *answers = cursor->next;
    sym_skip(cursor, answer_bytes);
    if (cursor->is_bad || unknown_count > (uint64_t)(cursor->end - cursor->next) / 8) {
        cursor->is_bad = true;
        return true;
    }
    enum trace_status status = sym_isolate_read(answers, (size_t)answer_bytes, sink, context, NULL);
    for (uint64_t i = 0; i < unknown_count && status == TRACE_OK; i++) {
        status = sink(context, sym_get_fixed(cursor, 8), NULL, 0) ? TRACE_OK : TRACE_NOMEM;
    }
    cursor->is_bad |= status != TRACE_OK;
    return status != TRACE_NOMEM;
}

bool sym_cache_read(const struct sym_cache_key *key, sym_debug_sink sink, void *context)
{
    char path[PATH_MAX];
    if (!has_key(key) || !format_path(key, path, sizeof path)) {
        return true;
    }
    struct sym_section file = load(path);
    struct trace_cursor cursor = sym_section_from(&file, MAGIC_BYTES);
    bool has_memory = true;
    while (has_memory && !cursor.is_bad && cursor.next < cursor.end) {
        has_memory = read_block(&cursor, sink, context);
    }
    free((void *)(uintptr_t)file.bytes);
    return has_memory;
}

static bool put_number(FILE *stream, uint64_t number)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(number >> (8 * i));
    }
    return fwrite(bytes, sizeof bytes, 1, stream) == 1;
}

static bool write_file(FILE *stream, const struct sym_section *old,
                       const struct sym_isolate_output *output, const uint64_t *unknown,
                       size_t unknown_count)
{
    bool is_good = old->bytes != NULL ? fwrite(old->bytes, old->size, 1, stream) == 1
                                      : fwrite(MAGIC, MAGIC_BYTES, 1, stream) == 1;
    is_good = is_good && put_number(stream, output->size) && put_number(stream, unknown_count) &&
              (output->size == 0 || fwrite(output->bytes, output->size, 1, stream) == 1);
    for (size_t i = 0; i < unknown_count && is_good; i++) {
        is_good = put_number(stream, unknown[i]);
    }
    return is_good;
}

/* Make a directory and those above it. Errors show when the file is made. */
static void make_directories(const char *path)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof copy, "%s", path);
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(copy, 0700);
        *slash = '/';
    }
}

void sym_cache_add(const struct sym_cache_key *key, const struct sym_isolate_output *output,
                   const uint64_t *unknown, size_t unknown_count)
{
    char path[PATH_MAX];
    char temporary[PATH_MAX + 8];
    size_t more = output->size + unknown_count * 8 + 16;
    if (!has_key(key) || !format_path(key, path, sizeof path) || more > FILE_BYTES_MAX / 2) {
        return;
    }
    make_directories(path);
    (void)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    FILE *stream = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (stream == NULL) {
        if (fd >= 0) {
            (void)close(fd);
            (void)unlink(temporary);
        }
        return;
    }
    struct sym_section old = load(path);
    const struct sym_section none = {0};
    bool is_full = old.size + more > FILE_BYTES_MAX; // begun anew: what it knew is asked again
    bool is_good = write_file(stream, is_full ? &none : &old, output, unknown, unknown_count);
    free((void *)(uintptr_t)old.bytes);
    if (fclose(stream) != 0 || !is_good || rename(temporary, path) != 0) {
        (void)unlink(temporary);
    }
}
