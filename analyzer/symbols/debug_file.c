/*
 * The search for debug files. Every candidate is opened, identified, and either taken or refused;
 * the first one refused is named in the warning, because a user who has put a file somewhere wants
 * to know why it is not used.
 */
#include "debug_file.h"

#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debuginfod.h"
#include "pattern.h"
#include "xz.h"

#define DEBUG_DIR "/usr/lib/debug"

/* A symbol table of more than this is not one that a distributor has packed. */
#define MINI_BYTES_MAX ((size_t)128 << 20)

/* The state of one search. */
struct search {
    const struct debug_file_query *query;
    const uint8_t *build_id; /* that a file must have */
    size_t build_id_bytes;   /* 0: unknown, the CRC decides */
    const char *link_name;   /* from .gnu_debuglink, or NULL */
    uint32_t link_crc;
    struct debug_files *files;
    bool is_deleted;   /* the module, while the program ran */
    char refusal[400]; /* of the first file that was there, but not the right one */
};

static void format_id(const uint8_t *id, size_t bytes, char *ret_text, size_t text_bytes)
{
    ret_text[0] = '\0';
    for (size_t i = 0; i < bytes && i * 2 + 3 <= text_bytes; i++) {
        (void)snprintf(ret_text + i * 2, 3, "%02x", id[i]);
    }
}

static bool has_id(const struct elf_file *file, const uint8_t *id, size_t bytes)
{
    return file->build_id_bytes == bytes && memcmp(file->build_id, id, bytes) == 0;
}

/* Say, once, why a file is not used. */
static void refuse(struct search *search, const char *path, const struct elf_file *file)
{
    char wanted[2 * ELF_FILE_BUILD_ID_MAX + 1];
    char found[2 * ELF_FILE_BUILD_ID_MAX + 1];
    if (search->refusal[0] != '\0') {
        return;
    }
    if (file->build_id_bytes == 0 || search->build_id_bytes == 0) {
        (void)snprintf(search->refusal, sizeof search->refusal, "%.250s is not used: %s", path,
                       search->link_name != NULL
                           ? "its CRC is not the one in the module's .gnu_debuglink"
                           : "without build-ids nothing tells whether it is the right file");
        return;
    }
    format_id(search->build_id, search->build_id_bytes, wanted, sizeof wanted);
    format_id(file->build_id, file->build_id_bytes, found, sizeof found);
    (void)snprintf(search->refusal, sizeof search->refusal,
                   "%.200s is not used: its build-id is %.40s, the traced one's was %.40s", path,
                   found, wanted);
}

/* Return: whether an opened candidate belongs to the module. */
static bool is_right(const struct search *search, const struct elf_file *file)
{
    if (search->build_id_bytes > 0 && file->build_id_bytes > 0) {
        return has_id(file, search->build_id, search->build_id_bytes);
    }
    uint32_t crc = 0;
    return search->link_name != NULL && elf_file_crc(file, &crc) && crc == search->link_crc;
}

/* Try one file. Return: whether it is the one; then it is in files->debug. */
static bool try_path(struct search *search, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool try_path(struct search *search, const char *format, ...)
{
    char path[PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(path, sizeof path, format, arguments);
    va_end(arguments);
    struct elf_file file;
    if (length < 0 || (size_t)length >= sizeof path ||
        elf_file_open(path, &file, NULL) != TRACE_OK) {
        return false;
    }
    if (!is_right(search, &file)) {
        refuse(search, path, &file);
    } else if (file.has_debug_info || (file.has_symbols && !search->files->module.has_symbols)) {
        search->files->debug = file;
        return true;
    }
    elf_file_close(&file);
    return false;
}

/* Look below @directory for what the build-id names. */
static bool try_build_id(struct search *search, const char *root, const char *directory)
{
    char id[2 * ELF_FILE_BUILD_ID_MAX + 1];
    if (search->build_id_bytes < 2) {
        return false;
    }
    format_id(search->build_id, search->build_id_bytes, id, sizeof id);
    return try_path(search, "%s%s/.build-id/%.2s/%s.debug", root, directory, id, id + 2);
}

/* Look for what .gnu_debuglink names. */
static bool try_link(struct search *search, const char *root, const char *module_directory)
{
    const char *symbols = search->query->symbols_dir;
    const char *name = search->link_name;
    return name != NULL &&
           ((symbols != NULL && (try_path(search, "%s/%s", symbols, name) ||
                                 try_path(search, "%s%s/%s", symbols, module_directory, name))) ||
            try_path(search, "%s%s/%s", root, module_directory, name) ||
            try_path(search, "%s%s/.debug/%s", root, module_directory, name) ||
            try_path(search, "%s" DEBUG_DIR "%s/%s", root, module_directory, name) ||
            try_path(search, "%s" DEBUG_DIR "/%s", root, name));
}

/* Look for the module itself, unstripped, or its .debug, among the user's symbols. */
static bool try_symbols_dir(struct search *search, const char *file_name)
{
    const char *symbols = search->query->symbols_dir;
    const char *path = search->query->path;
    return symbols != NULL &&
           (try_build_id(search, symbols, "") || try_path(search, "%s/%s", symbols, file_name) ||
            try_path(search, "%s/%s.debug", symbols, file_name) ||
            try_path(search, "%s%s", symbols, path) ||
            try_path(search, "%s%s.debug", symbols, path));
}

/* Look for what a debuginfod client has fetched. Source: debuginfod_find_debuginfo(3). */
static bool try_debuginfod_cache(struct search *search)
{
    char id[2 * ELF_FILE_BUILD_ID_MAX + 1];
    const char *cache = getenv("DEBUGINFOD_CACHE_PATH");
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    format_id(search->build_id, search->build_id_bytes, id, sizeof id);
    if (id[0] == '\0') {
        return false;
    }
    if (cache != NULL && cache[0] != '\0') {
        return try_path(search, "%s/%s/debuginfo", cache, id);
    }
    return (xdg != NULL && try_path(search, "%s/debuginfod_client/%s/debuginfo", xdg, id)) ||
           (home != NULL && try_path(search, "%s/.cache/debuginfod_client/%s/debuginfo", home, id));
}

/* Ask a debuginfod server. */
static bool try_debuginfod(struct search *search)
{
    char path[PATH_MAX];
    char why[sizeof search->refusal] = "";
    if (search->query->is_offline) {
        return false;
    }
    if (debuginfod_fetch(search->build_id, search->build_id_bytes, search->query->path, path,
                         sizeof path, why, sizeof why)) {
        return try_path(search, "%s", path);
    }
    if (search->refusal[0] == '\0') {
        memcpy(search->refusal, why, sizeof why);
    }
    return false;
}

static void find_debug_file(struct search *search, const char *root)
{
    char directory[PATH_MAX];
    const char *path = search->query->path;
    const char *slash = strrchr(path, '/');
    size_t length = slash != NULL ? (size_t)(slash - path) : 0;
    if (length >= sizeof directory) {
        return;
    }
    memcpy(directory, path, length);
    directory[length] = '\0';
    (void)(try_symbols_dir(search, slash != NULL ? slash + 1 : path) ||
           try_build_id(search, root, DEBUG_DIR) || try_link(search, root, directory) ||
           try_debuginfod_cache(search) || try_debuginfod(search));
}

/* Open the module if it is the traced one. */
static void open_module(struct search *search, const char *root)
{
    char path[PATH_MAX];
    struct debug_files *files = search->files;
    const struct debug_file_query *query = search->query;
    struct trace_error error = {0};
    int length = snprintf(path, sizeof path, "%s%s", root, query->path);
    if (length < 0 || (size_t)length >= sizeof path || query->path[0] == '[' ||
        strncmp(query->path, "linux-vdso", 10) == 0 ||
        strncmp(query->path, "linux-gate", 10) == 0) {
        return; // the kernel's own have no file
    }
    if (strncmp(query->path, "/memfd:", 7) == 0) {
        (void)snprintf(files->warning, sizeof files->warning,
                       "it was in memory only (memfd_create): --symbols DIR may name the directory "
                       "of a file with its build-id");
        return;
    }
    if (elf_file_open(path, &files->module, &error) != TRACE_OK) {
        // Who shows the warning puts the module's path before it.
        size_t prefix = strlen(path) + 2;
        bool is_known = root[0] == '\0' && strncmp(error.text, path, prefix - 2) == 0;
        (void)snprintf(files->warning, sizeof files->warning, "%.400s",
                       is_known && strlen(error.text) > prefix ? error.text + prefix : error.text);
        return;
    }
    if (query->build_id_bytes > 0 && files->module.build_id_bytes > 0 &&
        !has_id(&files->module, query->build_id, query->build_id_bytes)) {
        refuse(search, path, &files->module);
        (void)snprintf(files->warning, sizeof files->warning,
                       "%s (rebuilt or upgraded since? --sysroot DIR names other files)",
                       search->refusal);
        elf_file_close(&files->module);
        return;
    }
    if (search->is_deleted && (query->build_id_bytes == 0 || files->module.build_id_bytes == 0)) {
        (void)snprintf(files->warning, sizeof files->warning,
                       "it was deleted while the program ran, and has no build-id to know it by");
        elf_file_close(&files->module);
        return;
    }
    if (search->build_id_bytes == 0) {
        search->build_id = files->module.build_id;
        search->build_id_bytes = files->module.build_id_bytes;
    }
    if (!elf_file_debug_link(&files->module, &search->link_name, &search->link_crc)) {
        search->link_name = NULL;
    }
}

/* Try one place for the file that dwz moved shared pieces to. */
static bool try_alternate(struct debug_files *files, const uint8_t *id, size_t id_bytes,
                          const char *path)
{
    if (elf_file_open(path, &files->alternate, NULL) != TRACE_OK) {
        return false;
    }
    if (has_id(&files->alternate, id, id_bytes)) {
        return true;
    }
    elf_file_close(&files->alternate);
    return false;
}

static void open_alternate(struct debug_files *files, const char *root)
{
    const struct elf_file *file = files->debug.fd >= 0 ? &files->debug : &files->module;
    const char *name = NULL;
    const uint8_t *id = NULL;
    size_t id_bytes = 0;
    char path[PATH_MAX];
    // Debian leaves the link in what it strips: nothing refers to the shared part there
    if (!file->has_debug_info || !elf_file_alternate_link(file, &name, &id, &id_bytes)) {
        return;
    }
    char text[2 * ELF_FILE_BUILD_ID_MAX + 1];
    format_id(id, id_bytes, text, sizeof text);
    (void)snprintf(path, sizeof path, "%s" DEBUG_DIR "/.build-id/%.2s/%s.debug", root, text,
                   text + 2);
    if (try_alternate(files, id, id_bytes, path)) {
        return;
    }
    // A relative link counts from the directory of the file that has it.
    char self[64];
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", elf_file_descriptor(file));
    char *real = name[0] != '/' ? realpath(self, NULL) : NULL;
    (void)snprintf(path, sizeof path, "%s/%s", real != NULL ? dirname(real) : root, name);
    free(real);
    if (!try_alternate(files, id, id_bytes, path)) {
        (void)snprintf(files->warning, sizeof files->warning,
                       "%.200s (shared debug information, build-id %.40s) is missing: some "
                       "names are not known",
                       name, text);
    }
}

/* Unpack the symbol table that the module brings along, if there is no other. */
static void open_mini(struct debug_files *files)
{
    const uint8_t *packed = NULL;
    uint8_t *bytes = NULL;
    size_t packed_bytes = 0;
    size_t size = 0;
    struct trace_error error = {0};
    if (files->module.elf == NULL || files->module.has_symbols || files->debug.has_symbols ||
        !elf_file_section(&files->module, ".gnu_debugdata", &packed, &packed_bytes)) {
        return;
    }
    enum trace_status status =
        xz_unpack(packed, packed_bytes, MINI_BYTES_MAX, &bytes, &size, &error);
    if (status == TRACE_OK) {
        status = elf_file_open_memory(bytes, size, "unpacked", &files->mini, &error);
    }
    if (status != TRACE_OK && files->warning[0] == '\0') {
        (void)snprintf(files->warning, sizeof files->warning, ".gnu_debugdata: %.400s", error.text);
    }
}

static bool try_package(struct debug_files *files, const char *directory, const char *name)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s%s.dwp", directory, name);
    return length > 0 && (size_t)length < sizeof path &&
           elf_file_open(path, &files->package, NULL) == TRACE_OK;
}

/* Open the package of split units, if there is one. */
static void open_package(struct debug_files *files, const struct debug_file_query *query,
                         const char *root)
{
    char name[PATH_MAX];
    if (try_package(files, root, query->path) || query->symbols_dir == NULL) {
        return;
    }
    int length = snprintf(name, sizeof name, "/%s", pattern_base_name(query->path));
    if (length > 0 && (size_t)length < sizeof name) {
        (void)try_package(files, query->symbols_dir, name);
    }
}

void debug_files_init(struct debug_files *files)
{
    *files = (struct debug_files){
        .module.fd = -1, .debug.fd = -1, .alternate.fd = -1, .package.fd = -1, .mini.fd = -1};
}

/* Copy a path without the kernel's note that the file has been deleted. Return: if there was one.
 */
static bool copy_path(const char *path, char *ret_copy, size_t bytes)
{
    static const char note[] = " (deleted)";
    (void)snprintf(ret_copy, bytes, "%s", path);
    size_t length = strlen(ret_copy);
    bool has_note =
        length >= sizeof note && strcmp(ret_copy + length - (sizeof note - 1), note) == 0;
    if (has_note) {
        ret_copy[length - (sizeof note - 1)] = '\0';
    }
    return has_note;
}

void debug_files_open(const struct debug_file_query *query, struct debug_files *ret_files)
{
    char path[PATH_MAX];
    bool is_deleted = copy_path(query->path, path, sizeof path);
    struct debug_file_query named = *query;
    named.path = path;
    debug_files_init(ret_files);
    const char *root = query->sysroot_dir != NULL ? query->sysroot_dir : "";
    struct search search = {.query = &named,
                            .build_id = query->build_id,
                            .build_id_bytes = query->build_id_bytes,
                            .files = ret_files,
                            .is_deleted = is_deleted};
    open_module(&search, root);
    if (!ret_files->module.has_debug_info) {
        find_debug_file(&search, root);
    }
    if (ret_files->debug.fd < 0 && ret_files->warning[0] == '\0' && search.refusal[0] != '\0') {
        (void)snprintf(ret_files->warning, sizeof ret_files->warning, "%s", search.refusal);
    }
    if (ret_files->debug.fd >= 0) {
        ret_files->warning[0] = '\0'; // the module is not needed then
    }
    open_alternate(ret_files, root);
    open_package(ret_files, &named, root);
    open_mini(ret_files);
}

void debug_files_close(struct debug_files *files)
{
    elf_file_close(&files->mini);
    elf_file_close(&files->package);
    elf_file_close(&files->alternate);
    elf_file_close(&files->debug);
    elf_file_close(&files->module);
}
