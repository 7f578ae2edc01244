/* A block that only a register of another thread knows. */
#include <pthread.h>
#include <sched.h>

#include "leaks.h"

static volatile int is_ready;

static void *spin(void *unused)
{
    void *made = block(120);
    __asm__ volatile("mov %0, %%r12\n\t"
                     "xor %0, %0\n\t"
                     "movl $1, %1\n"
                     "1:\tpause\n\t"
                     "cmpl $2, %1\n\t"
                     "jne 1b"
                     : "+r"(made), "+m"(is_ready)::"r12", "memory");
    return unused;
}

int main(void)
{
    pthread_t thread;
    (void)pthread_create(&thread, NULL, spin, NULL);
    while (is_ready == 0) {
        (void)sched_yield();
    }
    forget();
    return 0;
}
