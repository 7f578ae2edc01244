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

static const struct stack_node *node_of(uint32_t id)
{
    return id >= TRACE_STACK_FIRST ? stack_table_node(&process.stacks, id) : NULL;
}

/*
 * @theirs: instructions, so that what a signal interrupted is a byte before struct frame's pc.
 * @ret_at: the number of the first frame that differs. @ret_node: ours there, or NULL.
 */
static bool is_equal(uint32_t id, void *const *theirs, size_t their_count, size_t *ret_at,
                     const struct stack_node **ret_node)
{
    bool is_interrupted = false;
    const struct stack_node *node = node_of(id);
    size_t at = 0;
    while (node != NULL && at < their_count &&
           node->address == (uintptr_t)theirs[at] + is_interrupted) {
        is_interrupted = libunwind_is_handler_return((uintptr_t)theirs[at]);
        node = node_of(node->parent);
        at++;
    }
    *ret_at = at;
    *ret_node = node;
    return node == NULL && (at == their_count || at == process.unwind.depth);
}

void verify_stack(uint32_t id)
{
    void *theirs[FRAMES_MAX]; /* not shared with signal handlers: they are compared as well */
    struct thread_state *self = thread_self;
    size_t first = 0;
    size_t at = 0;
    int error = errno;
    const struct stack_node *node = id != STACK_NONE ? node_of(id) : NULL;
    if (local_backtrace == NULL || node == NULL) {
        return;
    }
    const enum thread_busy before = thread_busy(self);
    thread_set_busy(self, THREAD_INTERNAL); /* unw_backtrace() may allocate */
    int found = local_backtrace(theirs, FRAMES_MAX);
    thread_set_busy(self, before);
    errno = error;
    while (first < (size_t)found && node->address != (uintptr_t)theirs[first]) {
        first++;
    }
    atomic_fetch_add(&compared, 1);
    if (!is_equal(id, theirs + first, (size_t)found - first, &at, &node) &&
        atomic_fetch_add(&different, 1) < REPORTS_MAX) {
        print_frame(at, node != NULL ? node->address : 0,
                    at + first < (size_t)found ? (uintptr_t)theirs[first + at] : 0);
    }
}

__attribute__((destructor)) static void report(void)
{
    char digits[2][24];
    LOG("verified ", log_number(atomic_load(&compared), digits[0]), " stacks, ",
        log_number(atomic_load(&different), digits[1]), " differences");
}
