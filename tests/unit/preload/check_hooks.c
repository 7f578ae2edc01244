/*
 * The exported functions, over a tracer that only takes notes and an allocator that is spied upon:
 * what is told, in which order with the real call, and that nothing else changes.
 *
 * All of them in one file, though it is a long one: they share the tracer and the allocator.
 *
 * hooks.c is in this program, so its malloc is the program's own; notes are taken only while a test
 * listens, since check allocates, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bootstrap.h"
#include "real.h"
#include "suite.h"
#include "tracer.h"

enum happening { ALLOCATED, FREEING, REALLOCATING, REALLOCATED, MOVING, ENDING, REAL };

struct note {
    enum happening what;
    void *block;
    size_t size; /* as told to the tracer, or asked of the real allocator; or enum trace_end */
    struct frame caller;
};

/* volatile: the C library declares that malloc() and the others leave this file's variables alone.
 */
static volatile struct note notes[16];
static volatile size_t note_count;
static volatile bool is_listening;
static volatile bool is_too_early; /* no real allocator is to be had */
static volatile bool has_started;
static volatile size_t least_size = 9;

static void take_note(enum happening what, void *block, size_t size, const struct frame *caller)
{
    if (is_listening && note_count < sizeof notes / sizeof notes[0]) {
        notes[note_count++] = (struct note){.what = what, .block = block, .size = size};
        if (caller != NULL) {
            notes[note_count - 1].caller = *caller;
        }
    }
}

static void listen_from_here(void)
{
    note_count = 0;
    is_listening = true;
}

/* --- the tracer --- */

bool tracer_find_allocator(void)
{
    static bool is_looking;
    if (is_too_early || is_looking) {
        return false;
    }
    is_looking = true;
    bool is_found = real_resolve();
    is_looking = false;
    return is_found;
}

bool tracer_has_started(void)
{
    return has_started;
}

size_t tracer_least_size(void)
{
    return least_size;
}

void tracer_allocated(void *block, size_t size, const struct frame *caller)
{
    take_note(ALLOCATED, block, size, caller);
}

void *tracer_hand_out(void *block, size_t size, struct frame caller)
{
    if (!bootstrap_owns(block)) {
        take_note(ALLOCATED, block, size, &caller);
    }
    return block;
}

void tracer_freeing(void *block, const struct frame *caller)
{
    take_note(FREEING, block, 0, caller);
}

bool tracer_take_back(void *block, uintptr_t sp)
{
    (void)block;
    (void)sp;
    return false;
}

live_entry tracer_reallocating(void *block, uintptr_t sp)
{
    take_note(REALLOCATING, block, 0, &(struct frame){.sp = sp});
    return 0;
}

void tracer_reallocated(void *old_block, live_entry entry, void *block, size_t size,
                        const struct frame *caller)
{
    (void)old_block;
    (void)entry;
    take_note(REALLOCATED, block, size, caller);
}

void tracer_code_unloaded(void)
{
}

void tracer_forked(void)
{
}

bool tracer_is_confined(void)
{
    return false;
}

void tracer_moving(void)
{
    take_note(MOVING, NULL, 0, NULL);
}

void tracer_entering_namespace(void)
{
    take_note(MOVING, NULL, 0, NULL);
}

void tracer_ending(enum trace_end how)
{
    take_note(ENDING, NULL, (size_t)how, NULL);
}

/* --- the allocator, spied upon --- */

static struct real behind;

static void *spied_malloc(size_t size)
{
    void *block = behind.malloc(size);
    take_note(REAL, block, size, NULL);
    return block;
}

static void *spied_realloc(void *old_block, size_t size)
{
    void *block = behind.realloc(old_block, size);
    take_note(REAL, block, size, NULL);
    return block;
}

static void spied_free(void *block)
{
    take_note(REAL, block, 0, NULL);
    behind.free(block);
}

static void *no_malloc(size_t size)
{
    (void)size;
    errno = ENOMEM;
    return NULL;
}

static void spy(void)
{
    ck_assert(real.malloc != NULL || real_resolve());
    behind = real;
    real.malloc = spied_malloc;
    real.realloc = spied_realloc;
    real.free = spied_free;
}

static void unspy(void)
{
    is_listening = false;
    real = behind;
}

/* --- tests --- */

static void expect(size_t at, enum happening what, const void *block, size_t size)
{
    is_listening = false;
    ck_assert_uint_lt(at, note_count);
    ck_assert_int_eq(notes[at].what, what);
    ck_assert_ptr_eq(notes[at].block, block);
    ck_assert_uint_eq(notes[at].size, size);
}

START_TEST(hooks_tell_an_allocation_after_the_real_call)
{
    listen_from_here();
    void *block = malloc(100);
    expect(0, REAL, block, 100);
    expect(1, ALLOCATED, block, 100);
    ck_assert_uint_eq(note_count, 2);
    free(block);
}
END_TEST

START_TEST(hooks_tell_a_free_before_the_real_call)
{
    void *block = malloc(100);
    listen_from_here();
    free(block);
    expect(0, FREEING, block, 0);
    expect(1, REAL, block, 0);
    ck_assert_uint_eq(note_count, 2);
}
END_TEST

START_TEST(hooks_tell_a_reallocation_on_both_sides)
{
    void *block = malloc(100);
    listen_from_here();
    void *grown = realloc(block, 100000);
    expect(0, REALLOCATING, block, 0);
    expect(1, REAL, grown, 100000);
    expect(2, REALLOCATED, grown, 100000);
    listen_from_here();
    block = realloc(grown, 0); /* glibc frees it */
    expect(1, REAL, NULL, 0);
    expect(2, REALLOCATED, NULL, 0);
    ck_assert_ptr_null(block);
    listen_from_here();
    block = realloc(NULL, 70);
    expect(1, ALLOCATED, block, 70);
    free(block);
}
END_TEST

/* Who called? This function, and not the hook; its frame begins at @ret_frame. */
__attribute__((noinline)) static void *call_malloc(uintptr_t *ret_frame)
{
    *ret_frame = (uintptr_t)__builtin_frame_address(0);
    void *volatile block = malloc(10);
    return block;
}

START_TEST(hooks_give_the_callers_registers)
{
    uintptr_t frame = 0;
    uintptr_t function = 0;
    memcpy(&function, &(void *(*)(uintptr_t *)){call_malloc}, sizeof function);
    listen_from_here();
    void *block = call_malloc(&frame);
    is_listening = false;
    const volatile struct frame *caller = &notes[1].caller;
    ck_assert_uint_gt(caller->pc, function);
    ck_assert_uint_lt(caller->pc, function + 256);
    ck_assert_uint_eq(caller->bp, frame);
    ck_assert_uint_le(caller->sp, frame);
    ck_assert_uint_gt(caller->sp, frame - 256);
    free(block);
}
END_TEST

START_TEST(hooks_tell_every_way_to_allocate)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *block = NULL;
#define TOLD(bytes, call)                                                                          \
    listen_from_here();                                                                            \
    block = call;                                                                                  \
    is_listening = false;                                                                          \
    ck_assert_ptr_nonnull(block);                                                                  \
    ck_assert_msg(note_count > 0, "%s", #call);                                                    \
    expect(note_count - 1, ALLOCATED, block, bytes);                                               \
    free(block)
    TOLD(60, calloc(6, 10));
    TOLD(60, reallocarray(NULL, 6, 10));
    TOLD(256, aligned_alloc(64, 256));
    TOLD(100, memalign(64, 100));
    TOLD(100, valloc(100));
    TOLD(100, pvalloc(100));
#undef TOLD
    listen_from_here();
    int result = posix_memalign(&block, 64, 100);
    expect(note_count - 1, ALLOCATED, block, 100);
    ck_assert_int_eq(result, 0);
    ck_assert_uint_eq((uintptr_t)block % 64, 0);
    free(block);
    block = pvalloc(page + 1);
    ck_assert_uint_eq((uintptr_t)block % page, 0);
    free(block);
}
END_TEST

START_TEST(hooks_tell_no_failure)
{
    volatile size_t huge = SIZE_MAX / 2;
    void *block = NULL;
    int reasons[3] = {0, 0, 0};
    real.malloc = no_malloc;
    listen_from_here();
    errno = 0;
    void *product = calloc(huge, 4);
    reasons[0] = errno;
    errno = 0;
    void *array = reallocarray(NULL, huge, 4);
    reasons[1] = errno;
    int result = posix_memalign(&block, 3, 100);
    errno = 0;
    void *plain = malloc(10);
    reasons[2] = errno;
    is_listening = false;
    real.malloc = spied_malloc;
    ck_assert_uint_eq(note_count, 0);
    ck_assert(product == NULL && array == NULL && plain == NULL && block == NULL);
    ck_assert_int_eq(result, EINVAL);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        ck_assert_int_eq(reasons[i], ENOMEM);
    }
}
END_TEST

/* Three blocks of a byte: before the tracer has started, at its start, and after. */
static void expect_to_ask_for(const size_t sizes[static 3])
{
    for (int i = 0; i < 3; i++) {
        has_started = i > 0;
        listen_from_here();
        void *block = malloc(1);
        expect(0, REAL, block, sizes[i]);
        expect(1, ALLOCATED, block, 1);
        free(block);
    }
}

START_TEST(hooks_ask_for_more_and_tell_the_truth)
{
    expect_to_ask_for((const size_t[]){9, 9, 9});
    void *block = malloc(1);
    listen_from_here();
    void *grown = realloc(block, 2);
    expect(1, REAL, grown, 9);
    expect(2, REALLOCATED, grown, 2);
    free(grown);
}
END_TEST

START_TEST(hooks_ask_for_no_more_than_need_be)
{
    least_size = 0;
    expect_to_ask_for((const size_t[]){1, 1, 1});
}
END_TEST

START_TEST(hooks_keep_errno)
{
    errno = EXDEV;
    void *block = malloc(100);
    ck_assert_int_eq(errno, EXDEV);
    block = realloc(block, 200);
    ck_assert_int_eq(errno, EXDEV);
    free(block);
    ck_assert_int_eq(errno, EXDEV);
}
END_TEST

/* Before the allocator is known, blocks come from elsewhere, and must never reach it. */
START_TEST(hooks_serve_the_early_and_remember_them)
{
    struct real known = real;
    memset(&real, 0, sizeof real);
    is_too_early = true;
    char *first = malloc(20);
    char *second = calloc(5, 8);
    bool is_zero = second[0] == 0 && second[39] == 0;
    char *aligned = aligned_alloc(256, 10);
    int result = posix_memalign(&(void *){NULL}, 64, 10);
    memcpy(first, "nineteen characters", 20);
    first = realloc(first, 40);
    free(second);
    size_t usable = malloc_usable_size(first);
    real = known;
    is_too_early = false;
    ck_assert(bootstrap_owns(first));
    ck_assert(bootstrap_owns(second));
    ck_assert(is_zero);
    ck_assert_uint_eq((uintptr_t)aligned % 256, 0);
    ck_assert_int_eq(result, ENOMEM);
    ck_assert_uint_ge(usable, 40);
    ck_assert_str_eq(first, "nineteen characters");
    listen_from_here();
    free(aligned);
    is_listening = false;
    ck_assert_uint_eq(note_count, 0);
    listen_from_here();
    char *moved = realloc(first, 60);
    expect(0, REAL, moved, 60);
    expect(1, ALLOCATED, moved, 60);
    ck_assert(!bootstrap_owns(moved));
    ck_assert_str_eq(moved, "nineteen characters");
    free(moved);
}
END_TEST

START_TEST(hooks_leave_null_to_the_allocator)
{
    listen_from_here();
    free(NULL);
    expect(0, REAL, NULL, 0);
    ck_assert_uint_eq(note_count, 1);
}
END_TEST

START_TEST(execs_say_so_and_take_it_back)
{
    char *arguments[] = {"nothing", NULL};
    listen_from_here();
    int result = execv("/nonexistent/program", arguments);
    int reason = errno;
    expect(0, ENDING, NULL, TRACE_END_EXEC);
    expect(1, ENDING, NULL, TRACE_END_NONE);
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(reason, ENOENT);
}
END_TEST

enum way { BY_EXECL, BY_EXECLP, BY_EXECLE, BY_EXECVE, BY_EXECVPE, BY_FEXECVE, WAYS };

/* Become a shell that exits with its first argument and what FOO is. */
static void become(enum way way)
{
    char *environment[] = {"FOO=20", NULL};
    char *arguments[] = {"sh", "-c", "exit $(($1 + FOO))", "zero", "22", NULL};
    char **words = arguments;
    switch (way) {
    case BY_EXECL:
        (void)execl("/bin/sh", words[0], words[1], words[2], words[3], words[4], NULL);
        break;
    case BY_EXECLP:
        (void)execlp("sh", words[0], words[1], words[2], words[3], words[4], NULL);
        break;
    case BY_EXECLE:
        (void)execle("/bin/sh", words[0], words[1], words[2], words[3], words[4], NULL,
                     environment);
        break;
    case BY_EXECVE:
        (void)execve("/bin/sh", arguments, environment);
        break;
    case BY_EXECVPE:
        (void)execvpe("sh", arguments, environment);
        break;
    default:
        (void)fexecve(open("/bin/sh", O_RDONLY | O_CLOEXEC), arguments, environment);
    }
    _exit(99);
}

START_TEST(execs_pass_arguments_and_environment)
{
    ck_assert_int_eq(setenv("FOO", "20", 1), 0);
    for (enum way way = BY_EXECL; way < WAYS; way++) {
        int status = 0;
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            become(way);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 42, "way %d: %d", (int)way,
                      status);
    }
}
END_TEST

START_TEST(moves_are_told_before_they_happen)
{
    listen_from_here();
    int result = setuid(getuid());
    expect(0, MOVING, NULL, 0);
    ck_assert_int_eq(result, 0);
    listen_from_here();
    result = chroot("/nonexistent/directory");
    expect(0, MOVING, NULL, 0);
    ck_assert_int_eq(result, -1);
    ck_assert_uint_eq(note_count, 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hooks_tell_an_allocation_after_the_real_call,
        hooks_tell_a_free_before_the_real_call,
        hooks_tell_a_reallocation_on_both_sides,
        hooks_give_the_callers_registers,
        hooks_tell_every_way_to_allocate,
        hooks_tell_no_failure,
        hooks_ask_for_more_and_tell_the_truth,
        hooks_ask_for_no_more_than_need_be,
        hooks_keep_errno,
        hooks_serve_the_early_and_remember_them,
        hooks_leave_null_to_the_allocator,
        execs_say_so_and_take_it_back,
        execs_pass_arguments_and_environment,
        moves_are_told_before_they_happen,
        NULL,
    };
    return suite_run_with("hooks", tests, spy, unspy);
}
