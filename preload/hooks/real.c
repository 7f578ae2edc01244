/*
 * Finds the allocator behind us. See real.h.
 *
 * dlsym() may itself allocate (for its error text); hooks.c serves such calls from bootstrap.c as
 * long as `real` is not set. `real` is filled in one go, malloc last, so that nobody sees half of
 * it.
 */
#include "real.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>

struct real real;
static bool keeps_empty_blocks;

void real_find(const char *name, void *ret_function)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(ret_function, &symbol, sizeof symbol); /* as POSIX advises for function pointers */
}

static void free_sized_by_free(void *block, size_t size)
{
    (void)size;
    real.free(block);
}

static void free_aligned_sized_by_free(void *block, size_t alignment, size_t size)
{
    (void)alignment;
    (void)size;
    real.free(block);
}

bool real_resolve(void)
{
    struct real found = {0};
#define X(type, name, parameters) real_find(#name, &found.name);
#include "hooked.h"
#undef X
    if (found.malloc == NULL || found.calloc == NULL || found.realloc == NULL ||
        found.free == NULL) {
        return false;
    }
    if (found.cfree == NULL) {
        found.cfree = found.free;
    }
    if (found.free_sized == NULL) {
        found.free_sized = free_sized_by_free;
    }
    if (found.free_aligned_sized == NULL) {
        found.free_aligned_sized = free_aligned_sized_by_free;
    }
    void *(*next_malloc)(size_t) = found.malloc;
    found.malloc = NULL;
    real = found;
    atomic_thread_fence(memory_order_release);
    real.malloc = next_malloc;
    if (!real_is_glibc()) { /* asked, because they differ: mimalloc's gives a block, tcmalloc's none
                             */
        void *block = real.realloc(real.malloc(1), 0);
        keeps_empty_blocks = block != NULL;
        real.free(block);
    }
    return true;
}

/* The object that holds a function. */
static const char *object_of(const void *function, void **ret_base)
{
    Dl_info info;
    if (dladdr(function, &info) == 0) {
        return NULL;
    }
    *ret_base = info.dli_fbase;
    return info.dli_fname;
}

static const void *address_of_malloc(void)
{
    const void *address;
    memcpy(&address, &real.malloc, sizeof address);
    return address;
}

static const void *address_in_libc(void)
{
    const char *(*function)(void) = gnu_get_libc_version;
    const void *address;
    memcpy(&address, &function, sizeof address);
    return address;
}

bool real_is_glibc(void)
{
    void *malloc_base = NULL;
    void *libc_base = NULL;
    return object_of(address_of_malloc(), &malloc_base) != NULL &&
           object_of(address_in_libc(), &libc_base) != NULL && malloc_base == libc_base;
}

bool real_keeps_empty_blocks(void)
{
    return keeps_empty_blocks;
}

bool real_has_own_new(void)
{
    const void *operator_new = dlsym(RTLD_DEFAULT, "_Znwm");
    void *new_base = NULL;
    void *malloc_base = NULL;
    return operator_new != NULL && object_of(operator_new, &new_base) != NULL &&
           object_of(address_of_malloc(), &malloc_base) != NULL && new_base == malloc_base;
}

/* Return: true if the first function of that name is defined in another object than the one at
 * @base. Where a program has only its address (an entry of the procedure linkage table), it is not
 * defined. */
static bool is_defined_before(const char *name, const void *base)
{
    const void *first = dlsym(RTLD_DEFAULT, name);
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    return first != NULL && dladdr1(first, &info, (void **)&symbol, RTLD_DL_SYMENT) != 0 &&
           symbol != NULL && symbol->st_shndx != SHN_UNDEF && info.dli_fbase != base;
}

bool real_is_preceded(void)
{
    void *own_base = NULL;
    /* a program rarely has the addresses of all, and what it has not shows whose it is */
    return object_of(&real, &own_base) != NULL &&
           (is_defined_before("malloc", own_base) || is_defined_before("calloc", own_base) ||
            is_defined_before("realloc", own_base));
}

const char *real_allocator_path(void)
{
    void *base = NULL;
    const char *path = object_of(address_of_malloc(), &base);
    return path != NULL ? path : "";
}
