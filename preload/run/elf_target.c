/*
 * An ELF file comes in, a verdict goes out: will the loader that it asks for preload libtrace.so?
 *
 * Only what the verdict needs is read: the file header, the program headers, the loader's path and
 * the names of the needed libraries. The file is a stranger's: every offset and length in it is
 * checked by the read that uses it, which fails when it leads out of the file. What cannot be read
 * is not held against the program: the kernel and the loader have the last word.
 *
 * Source: ELF gABI, chapters 4 (header) and 5 (program header, dynamic section).
 */
#include "elf_target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADERS_MAX 128  /* program headers looked at; programs have about ten */
#define DYNAMIC_MAX 4096 /* dynamic entries looked at; programs have about thirty */
#define NAME_BYTES 256   /* of a needed library, more than any that matters */

struct elf_facts {
    bool is_elf;
    bool has_headers;         /* the program headers could be read */
    unsigned char class;      /* ELFCLASS32, ELFCLASS64 */
    unsigned char data;       /* byte order */
    unsigned type;            /* ET_EXEC, ET_DYN, ... */
    unsigned machine;         /* EM_X86_64, ... */
    bool is_pie;              /* DF_1_PIE: an ET_DYN that is a program, not a library */
    char loader[PATH_MAX];    /* PT_INTERP; empty without one */
    char checker[NAME_BYTES]; /* needed sanitizer runtime; empty without one */
};

static bool read_exactly(int file, void *to, size_t length, off_t offset)
{
    return pread(file, to, length, offset) == (ssize_t)length;
}

/* Read a string that ends within @room bytes. Return: whether it does. */
static bool read_string(int file, char *to, size_t room, off_t offset)
{
    ssize_t got = pread(file, to, room - 1, offset);
    to[got > 0 ? got : 0] = '\0';
    return got > 0 && strlen(to) < (size_t)got;
}

/* Where in the file the byte is that will be at @address. Return: the offset, or -1. */
static off_t offset_of(const ElfW(Phdr) * headers, size_t count, ElfW(Addr) address)
{
    for (size_t i = 0; i < count; i++) {
        const ElfW(Phdr) *load = &headers[i];
        if (load->p_type == PT_LOAD && address >= load->p_vaddr &&
            address - load->p_vaddr < load->p_filesz) {
            return (off_t)(address - load->p_vaddr + load->p_offset);
        }
    }
    return -1;
}

/* Runtimes that stop the program unless they are the first library of all. */
static bool is_checker(const char *library)
{
    static const char *const checkers[] = {"libasan.so", "libtsan.so",       "libhwasan.so",
                                           "liblsan.so", "libclang_rt.asan", "libclang_rt.tsan"};
    for (size_t i = 0; i < sizeof(checkers) / sizeof(checkers[0]); i++) {
        if (strncmp(library, checkers[i], strlen(checkers[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void read_dynamic(int file, const ElfW(Phdr) * headers, size_t count,
                         const ElfW(Phdr) * dynamic, struct elf_facts *facts)
{
    ElfW(Dyn) entries[64];
    ElfW(Addr) needed[DYNAMIC_MAX];
    ElfW(Addr) strings = 0;
    size_t needed_count = 0;
    size_t total = dynamic->p_filesz / sizeof(entries[0]);
    for (size_t i = 0; i < total && i < DYNAMIC_MAX; i++) {
        const size_t slot = i % (sizeof(entries) / sizeof(entries[0]));
        if (slot == 0) {
            memset(entries, 0, sizeof(entries)); /* DT_NULL where the file ends early */
            off_t offset = (off_t)(dynamic->p_offset + i * sizeof(entries[0]));
            if (pread(file, entries, sizeof(entries), offset) <= 0) {
                break;
            }
        }
        const ElfW(Dyn) *entry = &entries[slot];
        if (entry->d_tag == DT_NULL) {
            break;
        }
        if (entry->d_tag == DT_NEEDED) {
            needed[needed_count++] = entry->d_un.d_val;
        } else if (entry->d_tag == DT_STRTAB) {
            strings = entry->d_un.d_ptr;
        } else if (entry->d_tag == DT_FLAGS_1) {
            facts->is_pie = (entry->d_un.d_val & DF_1_PIE) != 0;
        }
    }
    off_t table = offset_of(headers, count, strings);
    for (size_t i = 0; table >= 0 && i < needed_count; i++) {
        char name[NAME_BYTES];
        if (read_string(file, name, sizeof(name), table + (off_t)needed[i]) && is_checker(name)) {
            memcpy(facts->checker, name, sizeof(name));
            return;
        }
    }
}

static void read_facts(int file, struct elf_facts *facts)
{
    ElfW(Ehdr) header;
    ElfW(Phdr) headers[HEADERS_MAX];
    memset(facts, 0, sizeof(*facts));
    if (!read_exactly(file, &header, sizeof(header), 0) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        return;
    }
    facts->is_elf = true;
    facts->class = header.e_ident[EI_CLASS];
    facts->data = header.e_ident[EI_DATA];
    facts->type = header.e_type;
    facts->machine = header.e_machine; /* these two are at the same place in both classes */
    size_t count = header.e_phnum < HEADERS_MAX ? header.e_phnum : HEADERS_MAX;
    if (header.e_phentsize != sizeof(headers[0]) ||
        !read_exactly(file, headers, count * sizeof(headers[0]), (off_t)header.e_phoff)) {
        return;
    }
    facts->has_headers = count > 0;
    for (size_t i = 0; i < count; i++) {
        if (headers[i].p_type == PT_INTERP &&
            !read_string(file, facts->loader, sizeof(facts->loader), (off_t)headers[i].p_offset)) {
            facts->loader[0] = '\0';
        }
        if (headers[i].p_type == PT_DYNAMIC) {
            read_dynamic(file, headers, count, &headers[i], facts);
        }
    }
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ld.so can be run as a program (ld.so PROGRAM), and preloads then as always. */
static bool is_same_file(int file, const char *path)
{
    struct stat one;
    struct stat other;
    return fstat(file, &one) == 0 && stat(path, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

static const char *machine_name(unsigned machine, unsigned class)
{
    switch (machine) {
    case EM_X86_64:
        return class == ELFCLASS32 ? "x32" : "x86-64";
    case EM_386:
        return "32-bit x86";
    case EM_AARCH64:
        return "64-bit ARM";
    case EM_ARM:
        return "32-bit ARM";
    case EM_RISCV:
        return "RISC-V";
    case EM_PPC64:
        return "POWER";
    case EM_S390:
        return "s390";
    default:
        return "another machine's";
    }
}

static bool check_loader(int file, const char *path, const struct elf_facts *program,
                         const struct elf_facts *self, struct refusal *ret_refusal)
{
    if (program->loader[0] == '\0') {
        if (is_same_file(file, self->loader)) {
            return true;
        }
        if (program->type == ET_DYN && !program->is_pie) {
            return refuse(ret_refusal, RUN_CANNOT_RUN,
                          "%s is a shared library, not a program: name the program that loads it",
                          path);
        }
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s is statically linked, and only a dynamic program can be traced: link it "
                      "without -static",
                      path);
    }
    if (access(program->loader, F_OK) != 0) {
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s needs the loader %s, which is not installed: install the C library that "
                      "it was built for",
                      path, program->loader);
    }
    if (strcmp(last_part(program->loader), last_part(self->loader)) != 0) {
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s uses the loader %s, but libtrace.so was built for %s: build the program "
                      "for glibc, or libtrace for its C library",
                      path, program->loader, self->loader);
    }
    return true;
}

bool elf_target_check(int file, const char *path, struct refusal *ret_refusal)
{
    struct elf_facts program;
    struct elf_facts self = {.is_elf = false};
    int self_file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (self_file >= 0) {
        read_facts(self_file, &self);
        close(self_file);
    }
    if (!self.is_elf) {
        return refuse(ret_refusal, RUN_FAILED,
                      "/proc/self/exe cannot be read: %s: mount /proc, trace-run needs it",
                      strerror(errno));
    }
    read_facts(file, &program);
    if (program.class != self.class || program.data != self.data ||
        program.machine != self.machine) {
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s is a %s program, but libtrace.so is %s: build the one for the other",
                      path, machine_name(program.machine, program.class),
                      machine_name(self.machine, self.class));
    }
    if (program.type != ET_EXEC && program.type != ET_DYN) {
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s is an object or core file, not a program: link it first", path);
    }
    if (!program.has_headers) {
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s is cut off or damaged: copy or build it again", path);
    }
    if (!check_loader(file, path, &program, &self, ret_refusal)) {
        return false;
    }
    if (program.checker[0] != '\0') {
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s is built with a sanitizer (%s), which brings its own malloc and must be "
                      "loaded first: build it without -fsanitize",
                      path, program.checker);
    }
    return true;
}
