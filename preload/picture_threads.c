/* Threads of a picture. See picture_threads.h. */
#include "picture_threads.h"

#include <dirent.h>
#include <string.h>

#include "memory.h"
#include "process.h"
#include "sys.h"

#define LIST_BYTES 32768
#define SPARE_THREADS 16 /* that may be made while we count */

/* What the kernel gives for a directory entry; getdents(2). */
struct task_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t bytes;
    uint8_t type;
    char name[];
};

/* Return: the thread id that a name is, or 0. */
static int id_of(const char *name)
{
    int id = 0;
    for (; *name >= '0' && *name <= '9'; name++) {
        id = id * 10 + (*name - '0');
    }
    return id;
}

/* Call @visit with each thread's id. Return: how many there are; 0 without /proc. */
static size_t each_task(void (*visit)(void *context, int id), void *context)
{
    size_t count = 0;
    char *entries = memory_map(LIST_BYTES);
    int fd =
        entries != NULL ? sys_open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) : -1;
    for (long got = 1; fd >= 0 && got > 0;) {
        got = sys_call3(SYS_getdents64, fd, (long)entries, LIST_BYTES);
        for (long at = 0; at < got;) {
            const struct task_entry *entry = (const struct task_entry *)(entries + at);
            int id = id_of(entry->name);
            if (id > 0) {
                visit(context, id);
                count++;
            }
            at += entry->bytes;
        }
    }
    if (fd >= 0) {
        (void)sys_close(fd);
    }
    memory_unmap(entries, LIST_BYTES);
    return count;
}

static void ignore(void *context, int id)
{
    (void)context;
    (void)id;
}

/* What the tracer noticed of a thread at its last event. */
static void add_what_is_known(struct picture_thread *thread)
{
    const struct thread_state *state = atomic_load(&process.threads.first);
    for (; state != NULL; state = state->next) {
        if (atomic_load(&state->owner) == thread->id) {
            thread->stack = thread->is_still ? thread->stack : state->busy_sp;
            thread->hook = state->busy_sp;
            thread->hook_returns = state->busy_pc;
            return;
        }
    }
}

struct listing {
    struct picture_threads *threads;
    size_t room;
};

static void add(void *context, int id)
{
    struct listing *listing = context;
    struct picture_threads *threads = listing->threads;
    if (id != threads->list[0].id && threads->count < listing->room) {
        struct picture_thread *thread = &threads->list[threads->count++];
        thread->id = id;
        add_what_is_known(thread);
    }
}

/* The thread pointer points to itself. Source: ELF Handling For Thread-Local Storage, 3.4.6. */
static uintptr_t thread_pointer(void)
{
    uintptr_t base;
    __asm__("mov %%fs:0, %0" : "=r"(base));
    return base;
}

bool picture_threads_list(uintptr_t stack, struct picture_threads *ret_threads)
{
    struct listing listing = {.threads = ret_threads};
    listing.room = each_task(ignore, NULL) + SPARE_THREADS;
    size_t bytes = listing.room * sizeof(struct picture_thread);
    *ret_threads = (struct picture_threads){memory_map(bytes), 1, bytes};
    if (ret_threads->list == NULL) {
        return false;
    }
    struct picture_thread *self = &ret_threads->list[0];
    self->id = sys_gettid();
    self->is_still = true;
    self->stack = stack;
    self->base = thread_pointer();
    add_what_is_known(self);
    (void)each_task(add, &listing);
    return true;
}

void picture_threads_free(struct picture_threads *threads)
{
    memory_unmap(threads->list, threads->bytes);
    threads->list = NULL;
}
