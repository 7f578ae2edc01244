/*
 * A handler that allocates on the smallest of alternate stacks.
 * Defence: full walks and sealing run on a stack of the tracer's own (own_stack.c).
 * Without it: every handler wrote beyond its room, in all threads.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "seen.h"

/* What a handler may be expected to have below its own frame, even on the smallest of stacks. */
#define ROOM 1536
#define PAGE ((size_t)4096)
#define PAINT 0x5a

static __thread const unsigned char *handler_frame;

static void on_signal(int number)
{
    (void)number;
    handler_frame = __builtin_frame_address(0);
    (void)marked();
    free(malloc(100));
}

static size_t make_stack(stack_t *stack)
{
    size_t least = getauxval(AT_MINSIGSTKSZ);
    size_t size = (least < 2048 ? 2048 : least) + ROOM;
    char *memory =
        mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(memory != MAP_FAILED, "mmap");
    memset(memory, PAINT, 16 * PAGE);
    stack->ss_sp = memory + 8 * PAGE;
    stack->ss_size = size;
    return size;
}

/* Return: true if the handler's calls wrote only to the ROOM below its frame. */
static bool is_within_room(const stack_t *stack)
{
    const unsigned char *written = (const unsigned char *)stack->ss_sp - 8 * PAGE;
    while (*written == PAINT) {
        written++;
    }
    return handler_frame - written < ROOM;
}

/* The thread's very first allocation is made on the alternate stack. */
static void *in_thread(void *argument)
{
    stack_t stack = {0};
    (void)make_stack(&stack);
    need(sigaltstack(&stack, NULL) == 0, "sigaltstack");
    for (unsigned i = 0; i < 20; i++) {
        raise(SIGUSR1);
    }
    say("%s\n", is_within_room(&stack) ? "within its room" : "BEYOND ITS ROOM");
    return argument;
}

int main(void)
{
    pthread_t thread;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    (void)in_thread(NULL);
    for (unsigned i = 0; i < 20; i++) {
        need(pthread_create(&thread, NULL, in_thread, NULL) == 0, "pthread_create");
        pthread_join(thread, NULL);
    }
    say_marked();
    return 0;
}
