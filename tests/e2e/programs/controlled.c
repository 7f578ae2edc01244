/*
 * A program that steers its own recording: allocations before the start, between start and stop,
 * and after it, with a snapshot. Only what is between is counted. With the argument "pause", it
 * waits for a line on its standard input between two halves, to be sent signals meanwhile.
 */
#include "libtrace.h"
#include "oracle.h"

static void *keep(size_t size)
{
    void *block = malloc(size);
    __asm__ volatile("" : : "r"(block) : "memory");
    return block;
}

static int wait_between(void)
{
    char byte = 0;
    oracle_free(oracle_malloc(10));
    (void)oracle_malloc(20);
    oracle_print();
    bool is_continued = read(STDIN_FILENO, &byte, 1) == 1;
    (void)oracle_malloc(30);
    oracle_print();
    return is_continued ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "pause") == 0) {
        return wait_between();
    }
    void *early = keep(1);
    int is_started = libtrace_start();
    oracle_free(oracle_malloc(100));
    (void)oracle_malloc(200);
    libtrace_snapshot("half");
    (void)oracle_malloc(300);
    libtrace_stop();
    void *late = keep(2);
    free(early);
    free(late);
    oracle_print();
    return is_started == 0 ? 0 : 9;
}
