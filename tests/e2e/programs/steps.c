/*
 * A program that grows in steps of a MiB, with a pause after each, and keeps all of it. With the
 * argument "rss" it takes a snapshot at every fifth step and prints what the kernel says then of
 * its resident set, in bytes.
 */
#include "libtrace.h"
#include "oracle.h"

#define STEPS 55
#define MIB ((size_t)1 << 20)

/* From another file than the tracer's, with numbers in kB. */
static unsigned long resident_kib(void)
{
    char text[4096];
    FILE *file = fopen("/proc/self/status", "r");
    size_t length = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    text[length] = '\0';
    const char *line = strstr(text, "VmRSS:");
    if (file == NULL || line == NULL || fclose(file) != 0) {
        oracle_give_up("no /proc/self/status");
    }
    return strtoul(line + strlen("VmRSS:"), NULL, 10);
}

int main(int argc, char **argv)
{
    bool has_rss = argc > 1 && strcmp(argv[1], "rss") == 0;
    for (int i = 0; i < STEPS; i++) {
        void *block = oracle_malloc(MIB);
        memset(block, 1, MIB);
        if (has_rss && i % 5 == 0) {
            libtrace_snapshot("step");
            dprintf(STDOUT_FILENO, "%lu\n", resident_kib() * 1024);
        }
        usleep(25000);
    }
    oracle_print();
    return 0;
}
