/* Threads of a picture. See picture_threads.h. */
#include "picture_threads.h"

#include "block_records.h"
#include "memory.h"
#include "picture_stop.h"
#include "process.h"
#include "sys.h"
#include "tasks.h"

#define SPARE_THREADS 64 /* that may be made while we count */

static void ignore(void *context, int id)
{
    (void)context;
    (void)id;
}

static struct range range_of(const struct moving_block *moving)
{
    if (moving->address == 0 || block_is_inherited(moving->entry)) {
        return (struct range){0};
    }
    const struct site *site = site_directory_get(&process.sites, live_entry_site(moving->entry));
    return (struct range){moving->address, moving->address + site->size};
}

/* What the tracer noticed of a thread at its last event. */
static void add_what_is_known(struct picture_thread *thread)
{
    const struct thread_state *state = atomic_load(&process.threads.first);
    for (; state != NULL; state = state->next) {
        if (atomic_load(&state->owner) == thread->id) {
            thread->stack = thread->is_still ? thread->stack : thread_use_sp(state);
            thread->hook = thread_use_sp(state);
            thread->hook_returns = state->use.pc;
            thread->moving = range_of(&state->moving);
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
        threads->list[threads->count++] = (struct picture_thread){.id = id};
    }
}

/* The thread pointer points to itself. Source: ELF Handling For Thread-Local Storage, 3.4.6. */
static uintptr_t thread_pointer(void)
{
    uintptr_t base;
    __asm__("mov %%fs:0, %0" : "=r"(base));
    return base;
}

bool picture_threads_stop(uintptr_t stack, struct picture_threads *ret_threads)
{
    int process_id = sys_getpid();
    size_t count = tasks_each(process_id, ignore, NULL);
    struct listing listing = {ret_threads, count + SPARE_THREADS};
    size_t bytes = listing.room * sizeof(struct picture_thread);
    *ret_threads = (struct picture_threads){.list = memory_map(bytes), .count = 1, .bytes = bytes};
    if (ret_threads->list == NULL) {
        return false;
    }
    struct picture_thread *self = &ret_threads->list[0];
    self->id = sys_gettid();
    self->is_still = true;
    self->stack = stack;
    self->base = thread_pointer();
    if (count > 1) {
        ret_threads->is_stopped = picture_stop(ret_threads, listing.room);
    }
    if (!ret_threads->is_stopped) {
        count = tasks_each(process_id, add, &listing); /* 0: no descriptor is left, say */
        ret_threads->has_more = count != ret_threads->count;
    }
    for (size_t i = 0; i < ret_threads->count; i++) {
        add_what_is_known(&ret_threads->list[i]);
    }
    return true;
}

void picture_threads_go(const struct picture_threads *threads)
{
    if (threads->is_stopped) {
        picture_go();
    }
}

void picture_threads_free(struct picture_threads *threads)
{
    memory_unmap(threads->list, threads->bytes);
    threads->list = NULL;
}
