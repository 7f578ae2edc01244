/* Loaded objects. See modules.h. */
#include "modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "memory.h"
#include "sys.h"

#define TEXT_CHUNK_BYTES 65536 /* paths are kept in chunks of this size */
#define IDENTITY_BYTES 1024    /* of a file: its headers, and the notes that follow them */

static struct {
    struct module *list;    /* MODULES_MAX + 1 of them; index is the id */
    _Atomic uint32_t count; /* raised when the module is there */
    const char *executable;
    char *text; /* room for more paths */
    size_t text_left;
    _Atomic bool has_moved; /* into a root that the reader of the trace does not have */
} modules;

/* Inode numbers of the root of a file system: XFS's is the first that it gives out. */
enum { EXT_ROOT = 2, BTRFS_ROOT = 256, XFS_ROOT_MOST = 1024 };

/*
 * Return: whether "/" is not what the machine was started from, so that others, and the reader of
 * the trace, find other files at the same paths. The root of a container is made of layers, or in
 * memory, or a directory of a larger file system, as that of a chroot is.
 * Source: each file system's documentation of its root's inode; stat() shows it.
 */
static bool is_other_root(void)
{
    struct statfs root = {0};
    struct stat directory = {0};
    if (sys_statfs("/", &root) != 0 || sys_stat("/", &directory, 0) != 0) {
        return false;
    }
    switch (root.f_type) {
    case OVERLAYFS_SUPER_MAGIC:
    case TMPFS_MAGIC:
        return true;
    case EXT4_SUPER_MAGIC: /* and those before it */
        return directory.st_ino != EXT_ROOT;
    case BTRFS_SUPER_MAGIC:
        return directory.st_ino != BTRFS_ROOT;
    case XFS_SUPER_MAGIC:
        return directory.st_ino > XFS_ROOT_MOST;
    default:
        return false;
    }
}

bool modules_init(const char *executable)
{
    modules.list = memory_map((MODULES_MAX + 1) * sizeof *modules.list);
    modules.executable = executable;
    modules.has_moved = is_other_root();
    return modules.list != NULL;
}

uint32_t modules_count(void)
{
    return atomic_load_explicit(&modules.count, memory_order_acquire);
}

struct module *modules_get(uint32_t id)
{
    return &modules.list[id];
}

void modules_have_moved(void)
{
    atomic_store(&modules.has_moved, true);
}

void modules_forget_definitions(void)
{
    for (uint32_t id = 1; id <= modules_count(); id++) {
        atomic_store(&modules.list[id].is_defined, false);
    }
}

/*
 * Read NT_GNU_BUILD_ID from the mapped object. Its ELF header is at the start of its first segment,
 * unless the file is an odd one.
 */
static void read_build_id(struct module *module)
{
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)module->start;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_phoff > module->end - module->start - header->e_phnum * sizeof(ElfW(Phdr))) {
        return;
    }
    const ElfW(Phdr) *segment = (const ElfW(Phdr) *)(module->start + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++, segment++) {
        uintptr_t at = module->bias + segment->p_vaddr;
        uintptr_t end = at + segment->p_memsz;
        if (segment->p_type != PT_NOTE || at < module->start || end > module->end) {
            continue;
        }
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
            uintptr_t name = at + sizeof *note;
            uintptr_t content = name + ((note->n_namesz + 3u) & ~3u);
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
                memcmp((const char *)name, "GNU", 4) == 0 &&
                note->n_descsz <= TRACE_BUILD_ID_BYTES && content + note->n_descsz <= end) {
                memcpy(module->build_id, (const void *)content, note->n_descsz);
                module->build_id_bytes = (uint8_t)note->n_descsz;
                return;
            }
            at = content + ((note->n_descsz + 3u) & ~3u);
        }
    }
}

/*
 * Find the path of the mapping that begins at @start: the last field of its line in
 * /proc/self/maps.
 * @buffer: TRACE_PATH_BYTES. Return: false if there is none.
 * Source: proc(5). The loader knows only the relative name that it was asked for.
 */
static bool find_mapped_path(uintptr_t start, char *buffer)
{
    char line[TRACE_PATH_BYTES + 128];
    size_t used = 0;
    bool is_found = false;
    int fd = sys_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
    for (long got = 1; fd >= 0 && !is_found && got > 0;) {
        got = sys_read(fd, line + used, sizeof line - used);
        used += got > 0 ? (size_t)got : 0;
        for (char *end; !is_found && (end = memchr(line, '\n', used)) != NULL;) {
            *end = '\0';
            const char *path = strchr(line, '/');
            is_found = path != NULL && strtoull(line, NULL, 16) == start &&
                       (size_t)(end - path) < TRACE_PATH_BYTES;
            if (is_found) {
                memcpy(buffer, path, (size_t)(end - path) + 1);
            }
            used -= (size_t)(end + 1 - line);
            memmove(line, end + 1, used);
        }
        if (used == sizeof line) {
            used = 0; /* longer than any path can be */
        }
    }
    if (fd >= 0) {
        (void)sys_close(fd);
    }
    return is_found;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Does what the loader calls an object say all? "linux-vdso.so.1" has no directory and no file;
 * /proc/self/fd/3 leads elsewhere tomorrow. */
static bool is_absolute(const char *name)
{
    return (name[0] == '/' && !starts_with(name, "/proc/")) || strchr(name, '/') == NULL;
}

/* @name: of an object, as the loader has it. */
static const char *path_of(const char *name)
{
    return name[0] == '\0' ? modules.executable : name;
}

/* The same, made absolute. @buffer: TRACE_PATH_BYTES. */
static const char *absolute_path(const char *name, uintptr_t start, char *buffer)
{
    return !is_absolute(name) && find_mapped_path(start, buffer) ? buffer : path_of(name);
}

/* Return: whether a path leads to the file that is mapped: their first bytes, the build-id among
 * them, are the same. */
static bool leads_to(const char *path, const struct module *module)
{
    char bytes[IDENTITY_BYTES];
    size_t length = module->end - module->start;
    length = length < sizeof bytes ? length : sizeof bytes;
    int fd = sys_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        return false;
    }
    long got = sys_pread(fd, bytes, length, 0);
    (void)sys_close(fd);
    return got > 0 && memcmp(bytes, (const void *)module->start, (size_t)got) == 0;
}

/* Return: whether a module's file may be gone, or another, when the report is made. */
static bool is_fleeting(const struct module *module)
{
    static const char *const directories[] = {"/tmp/", "/var/tmp/", "/dev/", "/run/", "/proc/"};
    if (atomic_load(&modules.has_moved) || module->path[0] != '/') {
        return true;
    }
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        if (starts_with(module->path, directories[i])) {
            return true;
        }
    }
    return !leads_to(module->path, module);
}

/* Return: a copy that lives for ever, cut if there is no memory. */
static const char *keep_text(const char *text, size_t length)
{
    if (length == 0) {
        return "";
    }
    if (length > modules.text_left) {
        modules.text = memory_map(TEXT_CHUNK_BYTES);
        modules.text_left = modules.text != NULL ? TEXT_CHUNK_BYTES : 0;
    }
    char *copy = modules.text;
    if (copy == NULL || length > modules.text_left) {
        return "";
    }
    memcpy(copy, text, length);
    modules.text += length;
    modules.text_left -= length;
    return copy;
}

static bool is_same(const struct module *known, const struct module *found)
{
    return known->start == found->start && known->end == found->end &&
           known->path_bytes == found->path_bytes &&
           known->build_id_bytes == found->build_id_bytes &&
           memcmp(known->build_id, found->build_id, found->build_id_bytes) == 0 &&
           memcmp(known->path, found->path, found->path_bytes) == 0;
}

/* Return: the id, or 0. The newest first: an address range belongs to the last module that was
 * loaded there. */
static uint32_t search(const struct module *found)
{
    for (uint32_t id = modules_count(); id > 0; id--) {
        if (is_same(&modules.list[id], found)) {
            return id;
        }
    }
    return 0;
}

static struct module describe(const struct dl_find_object *object, const char *path)
{
    struct module found = {
        .start = (uintptr_t)object->dlfo_map_start,
        .end = (uintptr_t)object->dlfo_map_end,
        .bias = object->dlfo_link_map->l_addr,
        .dynamic = (uintptr_t)object->dlfo_link_map->l_ld,
        .path = path,
        .path_bytes = (uint32_t)strnlen(path, TRACE_PATH_BYTES - 1),
    };
    read_build_id(&found);
    return found;
}

uint32_t modules_find_entered(const struct dl_find_object *object)
{
    const char *name = object->dlfo_link_map->l_name;
    if (!is_absolute(name)) {
        return 0;
    }
    const struct module found = describe(object, path_of(name));
    return search(&found);
}

uint32_t modules_find(uintptr_t address)
{
    struct dl_find_object object;
    char buffer[TRACE_PATH_BYTES];
    if (_dl_find_object((void *)address, &object) != 0) {
        return 0;
    }
    const char *path =
        absolute_path(object.dlfo_link_map->l_name, (uintptr_t)object.dlfo_map_start, buffer);
    struct module found = describe(&object, path);
    const uint32_t known = search(&found);
    const uint32_t count = modules_count();
    if (known != 0 || count == MODULES_MAX) {
        return known;
    }
    found.path = keep_text(found.path, found.path_bytes);
    found.path_bytes = found.path[0] == '\0' ? 0 : found.path_bytes;
    found.is_fleeting = is_fleeting(&found);
    modules.list[count + 1] = found;
    atomic_store_explicit(&modules.count, count + 1, memory_order_release);
    return count + 1;
}

uint32_t modules_known(uintptr_t address)
{
    for (uint32_t id = modules_count(); id > 0; id--) {
        struct module *module = &modules.list[id];
        if (address >= module->start && address < module->end &&
            atomic_load_explicit(&module->is_defined, memory_order_acquire)) {
            return id;
        }
    }
    return 0;
}
