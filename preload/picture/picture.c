/*
 * When a heap picture is taken, and what becomes of the copies. See picture.h.
 *
 * One picture at a time, and one copy: a second one waits, or is not taken. A copy that has ended
 * is waited for when the next picture is taken, or at the end; until then it is a zombie that only
 * a wait with __WCLONE would see.
 */
#include "picture.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>

#include "log.h"
#include "memory.h"
#include "own_stack.h"
#include "picture_copy.h"
#include "picture_threads.h"
#include "picture_tls.h"
#include "proc_stat.h"
#include "process.h"
#include "real.h"
#include "sys.h"

#define STACK_BYTES OWN_STACK_BYTES
#define NS_IN_US 1000u
#define POLL_NS 1000000L        /* between two looks at whether a copy has ended */
#define POLLS_MAX 60000         /* a minute */
#define YOUNG_TICKS 10          /* blocks that a register alone may know, when threads run on */
#define CLONE_UNTRACED 0x800000 /* a debugger of the program does not get the copy, too */

static struct {
    _Atomic bool is_taking;
    int copy; /* process id of the last one; 0: it is known to have ended */
    uint32_t count;
    uint32_t filters; /* seccomp filters of the program when the tracer started */
    unsigned char *stack;
    struct picture_shared *shared;
    size_t thread_bytes;
    size_t tls_bytes;
} state;

/* --- what the program allows --- */

void picture_prepare(uint32_t filters)
{
    void (*tls_info)(size_t *, size_t *) = NULL;
    const uint32_t *thread_bytes = NULL;
    size_t alignment = 0;
    state.filters = filters;
    picture_tls_prepare();
    /* both are for debuggers and sanitizers; LeakSanitizer uses them, too */
    real_find("_dl_get_tls_static_info", (void *)&tls_info);
    real_find("_thread_db_sizeof_pthread", (void *)&thread_bytes);
    if (tls_info != NULL && thread_bytes != NULL) {
        tls_info(&state.tls_bytes, &alignment);
        state.thread_bytes = *thread_bytes;
    }
}

void picture_forget(void)
{
    state.copy = 0;
    state.count = 0;
    state.shared = NULL; /* the parent's */
    atomic_store(&state.is_taking, false);
}

/* --- the copy --- */

/* A picture is missing, or not whole. */
static void count_loss(void)
{
    __atomic_fetch_add(&process.file.header->counters[TRACE_LOST_PICTURES], 1, __ATOMIC_RELAXED);
}

/* Return: true if no copy is at work. @polls: how often to look, a millisecond apart. */
static bool wait_for_copy(unsigned polls)
{
    for (unsigned i = 0; state.copy > 0; i++) {
        int status = 0;
        int ended = sys_wait(state.copy, &status, WNOHANG | (int)__WCLONE);
        if (ended == state.copy && status != 0) {
            count_loss();
            LOG("a heap picture is not whole: its writer was ended, or had no memory or disk left");
        }
        if (ended != 0 && ended != -EINTR) {
            state.copy = 0;
        } else if (i + 1 >= polls) {
            return false;
        } else {
            sys_sleep_ns(POLL_NS);
        }
    }
    return true;
}

/* Return: false without memory. */
static bool has_memory(void)
{
    if (state.stack == NULL) {
        state.stack = memory_map(STACK_BYTES);
    }
    if (state.shared == NULL) {
        state.shared = sys_mmap(NULL, sizeof *state.shared, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    return state.stack != NULL && state.shared != NULL;
}

static void make_title(struct picture_title *title, const char *name, uint64_t flags,
                       const struct picture_threads *threads)
{
    struct clock_reading reading = CLOCK_UNREAD;
    *title = (struct picture_title){
        .number = ++state.count,
        .tick = clock_tick(&process.clock, &reading),
        .epoch = process_raise_epoch(),
        .flags = flags | TRACE_PICTURE_STILL,
        .threads = (uint32_t)threads->count,
    };
    bool is_still = !threads->has_more;
    for (size_t i = 0; i < threads->count; i++) {
        is_still = is_still && threads->list[i].is_still;
    }
    if (!is_still) {
        title->flags &= ~(uint64_t)TRACE_PICTURE_STILL;
        title->young_ticks = YOUNG_TICKS;
    }
    memcpy(title->name, name, strnlen(name, TRACE_NAME_BYTES));
}

/* What is wanted of a picture, and what came of it. */
struct taking {
    const char *name;
    uint64_t flags;
    struct registers registers; /* all that the callers left is saved above its stack pointer */
    long result;                /* 0, or -errno */
};

/* The copy writes it down at its end, and waits for it there. */
static void tell_pause(uint64_t pause_ns)
{
    uint64_t pause_us = pause_ns / NS_IN_US + 1; /* 0: not known yet */
    atomic_store(&state.shared->pause_us, pause_us < UINT32_MAX ? (uint32_t)pause_us : UINT32_MAX);
    (void)sys_futex((uint32_t *)&state.shared->pause_us, FUTEX_WAKE, INT32_MAX);
}

static long make_copy(const struct taking *taking)
{
    static struct picture_order order;
    if (proc_filters() > state.filters) {
        return -EPERM;
    }
    uint64_t start = clock_monotonic_ns(&process.clock);
    lock_acquire(&process.unwind.lock); /* the copy walks stacks: nobody may be inside libunwind */
    if (!picture_threads_stop(taking->registers.sp, &order.threads)) {
        lock_release(&process.unwind.lock);
        return -ENOMEM;
    }
    order.threads.list[0].start = taking->registers;
    make_title(&order.title, taking->name, taking->flags, &order.threads);
    order.shared = state.shared;
    order.thread_bytes = state.thread_bytes;
    order.tls_bytes = state.tls_bytes;
    atomic_store(&state.shared->pause_us, 0);
    int copy = sys_copy_process(CLONE_UNTRACED);
    if (copy == 0) {
        picture_copy_run(&order);
    }
    picture_threads_go(&order.threads);
    lock_release(&process.unwind.lock);
    tell_pause(clock_monotonic_ns(&process.clock) - start);
    picture_threads_free(&order.threads);
    state.copy = copy > 0 ? copy : 0;
    return copy < 0 ? copy : 0;
}

static void take(void *argument)
{
    struct taking *taking = argument;
    taking->result = make_copy(taking);
}

/* Return: true when this thread may take one. */
static bool begin(unsigned polls)
{
    for (unsigned i = 0; atomic_exchange(&state.is_taking, true); i++) {
        if (i + 1 >= polls) {
            return false;
        }
        sys_sleep_ns(POLL_NS);
    }
    if (!wait_for_copy(polls)) {
        atomic_store(&state.is_taking, false);
        return false;
    }
    return true;
}

/* @is_last: wait until it is written. */
static bool take_one(const char *name, uint64_t flags, unsigned polls, bool is_last)
{
    struct taking taking = {name != NULL ? name : "", flags, {0}, -ENOMEM};
    __builtin_unwind_init(); /* all registers that the callers left here go onto the stack */
    registers_here(&taking.registers);
    if (!begin(polls)) {
        count_loss();
        return false;
    }
    if (has_memory()) {
        own_stack_call(take, &taking, state.stack + STACK_BYTES);
    }
    if (taking.result != 0) {
        count_loss();
        LOG("no heap picture: ", taking.result == -EPERM
                                     ? "the program has restricted its system calls"
                                     : log_error(taking.result));
    }
    if (is_last) {
        (void)wait_for_copy(POLLS_MAX);
    }
    atomic_store(&state.is_taking, false);
    return taking.result == 0;
}

bool picture_take(const char *name, bool waits)
{
    return take_one(name, 0, waits ? POLLS_MAX : 1, false);
}

void picture_end(bool takes_last)
{
    if (takes_last) {
        (void)take_one("exit", TRACE_PICTURE_AT_EXIT, POLLS_MAX, true);
    } else if (begin(POLLS_MAX)) { /* which waits for the copy */
        atomic_store(&state.is_taking, false);
    }
}
