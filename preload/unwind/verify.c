/*
 * The comparison. See verify.h.
 *
 * unw_backtrace() comes from libunwind.so.8, the local half that the product does not use, with
 * another implementation of the fast path and of the search for unwind tables. Its frames begin
 * inside the tracer; the first one outside is the hook's caller.
 */
#include "verify.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "log.h"
#include "process.h"
#include "sys.h"

#define FRAMES_MAX (UNWIND_FRAMES_MAX + 64)
#define REPORTS_MAX 5

static int (*local_backtrace)(void **frames, int max);
static _Atomic uint64_t compared;
static _Atomic uint64_t different;

__attribute__((constructor)) static void find_backtrace(void)
{
    void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    void *symbol = library != NULL ? dlsym(library, "unw_backtrace") : NULL;
    memcpy(&local_backtrace, &symbol, sizeof symbol);
}

static void print_frame(size_t number, uintptr_t ours, uintptr_t theirs)
{
    char digits[3][24];
    LOG("  frame ", log_number(number, digits[0]), " ", log_number(ours, digits[1]), " ",
        log_number(theirs, digits[2]));
}

/* @theirs: instructions, so that what a signal interrupted is a byte before struct frame's pc. */
static bool is_equal(const struct unwind_memo_frame *frames, size_t count, void *const *theirs,
                     size_t their_count, size_t *ret_at)
{
    bool is_interrupted = false;
    for (*ret_at = 0; *ret_at < count && *ret_at < their_count; ++*ret_at) {
        uintptr_t pc = (uintptr_t)theirs[*ret_at];
        if (frames[count - 1 - *ret_at].frame.pc != pc + is_interrupted) {
            return false;
        }
        is_interrupted = libunwind_is_handler_return(pc);
    }
    return their_count == count || count == process.unwind.depth;
}

void verify_stack(const struct unwind_memo_frame *frames, size_t count)
{
    void *theirs[FRAMES_MAX]; /* not shared with signal handlers: they are compared as well */
    struct thread_state *self = thread_self;
    size_t first = 0;
    size_t at = 0;
    int error = errno;
    if (local_backtrace == NULL) {
        return;
    }
    uint32_t before = self->busy;
    self->busy = THREAD_INTERNAL; /* unw_backtrace() may allocate */
    int found = local_backtrace(theirs, FRAMES_MAX);
    self->busy = before;
    errno = error;
    while (first < (size_t)found && frames[count - 1].frame.pc != (uintptr_t)theirs[first]) {
        first++;
    }
    atomic_fetch_add(&compared, 1);
    if (!is_equal(frames, count, theirs + first, (size_t)found - first, &at)) {
        if (atomic_fetch_add(&different, 1) < REPORTS_MAX) {
            print_frame(at, at < count ? frames[count - 1 - at].frame.pc : 0,
                        at + first < (size_t)found ? (uintptr_t)theirs[first + at] : 0);
        }
    }
}

__attribute__((destructor)) static void report(void)
{
    char digits[2][24];
    LOG("verified ", log_number(atomic_load(&compared), digits[0]), " stacks, ",
        log_number(atomic_load(&different), digits[1]), " differences");
}
