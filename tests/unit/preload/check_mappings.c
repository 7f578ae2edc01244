/* This process's mappings, and which of their pages were touched. */
#include "mappings.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "suite.h"
#include "tasks.h"

enum { PAGES = 64 };

static struct mappings mappings;

static unsigned char *map(int protection, int flags, int fd)
{
    void *memory = mmap(NULL, (size_t)PAGES * MEMORY_PAGE_BYTES, protection, flags, fd, 0);
    ck_assert(memory != MAP_FAILED);
    return memory;
}

static const struct mapping *find(const void *address)
{
    const struct mapping *mapping = mappings_find(&mappings, (uintptr_t)address);
    ck_assert_ptr_nonnull(mapping);
    ck_assert_uint_le(mapping->start, (uintptr_t)address);
    ck_assert_uint_gt(mapping->end, (uintptr_t)address);
    return mapping;
}

START_TEST(mappings_are_as_they_were_made)
{
    struct stat status;
    int file = memfd_create("a name of words", MFD_CLOEXEC);
    ck_assert_int_eq(ftruncate(file, (off_t)PAGES * MEMORY_PAGE_BYTES), 0);
    ck_assert_int_eq(fstat(file, &status), 0);
    const void *none = map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    const void *readable = map(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    const unsigned char *shared = map(PROT_READ | PROT_WRITE, MAP_SHARED, file);
    ck_assert(mappings_read(&mappings));
    ck_assert_uint_eq(find(none)->flags, 0);
    ck_assert_uint_eq(find(readable)->flags, MAPPING_READ);
    const struct mapping *mapping = find(shared);
    ck_assert_uint_eq(mapping->flags, MAPPING_READ | MAPPING_WRITE | MAPPING_SHARED);
    ck_assert_uint_eq(mapping->inode, status.st_ino);
    ck_assert_uint_eq(mapping->device, status.st_dev);
    ck_assert_str_eq(mapping->name, "/memfd:a name of words (deleted)");
    ck_assert_uint_eq(mapping->start, (uintptr_t)shared);
    ck_assert_uint_eq(mapping->end, (uintptr_t)shared + (uintptr_t)PAGES * MEMORY_PAGE_BYTES);
    ck_assert_uint_ne(find(&mappings)->flags & MAPPING_WRITE, 0);
    ck_assert_uint_ne(find((const void *)(uintptr_t)&find)->flags & MAPPING_EXECUTE, 0);
    ck_assert_str_eq(find(__builtin_frame_address(0))->name, "[stack]");
    ck_assert_ptr_null(mappings_find(&mappings, 0));
    ck_assert_ptr_null(mappings_find(&mappings, UINTPTR_MAX));
}
END_TEST

START_TEST(mappings_come_by_address)
{
    ck_assert(mappings_read(&mappings));
    ck_assert_uint_gt(mappings.count, 5);
    for (size_t i = 1; i < mappings.count; i++) {
        ck_assert_uint_le(mappings.list[i - 1].end, mappings.list[i].start);
        ck_assert_ptr_eq(mappings_find(&mappings, mappings.list[i].end - 1), &mappings.list[i]);
    }
}
END_TEST

START_TEST(mappings_know_the_pages_that_were_touched)
{
    static struct touched_pages pages;
    unsigned char *memory = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    ck_assert_int_eq(madvise(memory, (size_t)PAGES * MEMORY_PAGE_BYTES, MADV_NOHUGEPAGE), 0);
    for (size_t page = 0; page < PAGES; page += 3) {
        memory[page * MEMORY_PAGE_BYTES + page] = 1;
    }
    touched_pages_open(&pages);
    for (size_t page = 0; page < PAGES; page++) {
        uintptr_t address = (uintptr_t)memory + page * MEMORY_PAGE_BYTES;
        ck_assert_int_eq(touched_pages_has(&pages, address + 8), page % 3 == 0);
    }
}
END_TEST

/* --- threads --- */

static void count(void *context, int id)
{
    *(unsigned *)context += id == gettid() ? 1 : 0;
}

START_TEST(tasks_are_listed_and_known_to_be_dead)
{
    unsigned times_found = 0;
    siginfo_t info;
    /* ThreadSanitizer has a thread of its own */
    ck_assert_uint_eq(tasks_each(getpid(), count, &times_found), 1 + SUITE_IS_THREAD_SANITIZED);
    ck_assert_uint_eq(times_found, 1);
    ck_assert(!task_is_dead(getpid(), gettid()));
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    ck_assert(task_is_dead(child, child)); /* a zombie */
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert(task_is_dead(child, child));
    ck_assert_uint_eq(tasks_each(child, count, &times_found), 0);
}
END_TEST

START_TEST(tasks_have_a_signal_only_if_they_will_get_it)
{
    sigset_t set;
    int stopped = 0;
    pid_t child = fork();
    if (child == 0) {
        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGUSR1);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        (void)raise(SIGSTOP);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &stopped, WUNTRACED), child);
    ck_assert(WIFSTOPPED(stopped));
    ck_assert(!task_has_signal(child, child));
    ck_assert_int_eq(kill(child, SIGUSR1), 0);
    ck_assert(!task_has_signal(child, child)); /* it blocks that one */
    ck_assert_int_eq(kill(child, SIGUSR2), 0);
    ck_assert(task_has_signal(child, child));
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        mappings_are_as_they_were_made,
        mappings_come_by_address,
        mappings_know_the_pages_that_were_touched,
        tasks_are_listed_and_known_to_be_dead,
        tasks_have_a_signal_only_if_they_will_get_it,
        NULL,
    };
    return suite_run("mappings", tests);
}
