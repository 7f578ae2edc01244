/*
 * A compiler at run time: makes two functions, one calling the other, that allocate, and says what
 * they are called in /tmp/perf-PID.map. `jit exit|kill` ends so; the path of the map goes to
 * stdout.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CODE_BYTES = 64, ALLOCATED_BYTES = 5000 };

static void *volatile kept;

static __attribute__((noinline)) void allocate(void)
{
    kept = malloc(ALLOCATED_BYTES);
}

/* push %rbp; mov %rsp,%rbp; movabs $target,%rax; call *%rax; pop %rbp; ret */
static void emit(uint8_t *code, uintptr_t target)
{
    static const uint8_t head[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8};
    static const uint8_t tail[] = {0xff, 0xd0, 0x5d, 0xc3};
    memcpy(code, head, sizeof head);
    memcpy(code + sizeof head, &target, sizeof target);
    memcpy(code + sizeof head + sizeof target, tail, sizeof tail);
}

static void write_map(const char *path, const uint8_t *inner, const uint8_t *outer)
{
    FILE *map = fopen(path, "we");
    if (map == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    (void)fprintf(map, "%lx %x an_old_name\n", (unsigned long)(uintptr_t)inner, CODE_BYTES);
    (void)fprintf(map, "not a line\n\n%s\n", "123");
    (void)fprintf(map, "%lx %x jit::inner(int, char const*)\n", (unsigned long)(uintptr_t)inner,
                  CODE_BYTES);
    (void)fprintf(map, "0x%lx 0x%x jit_outer with spaces", (unsigned long)(uintptr_t)outer,
                  CODE_BYTES);
    (void)fclose(map);
}

int main(int argc, char **argv)
{
    char path[64];
    uint8_t *code =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (argc != 2 || code == MAP_FAILED) {
        return 77;
    }
    uint8_t *outer = code + 2 * (size_t)CODE_BYTES;
    emit(code, (uintptr_t)allocate);
    emit(outer, (uintptr_t)code);
    (void)snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
    write_map(path, code, outer);
    (void)printf("%s\n", path);
    (void)fflush(stdout);
    void (*run)(void) = NULL;
    memcpy(&run, &outer, sizeof run);
    run();
    if (strcmp(argv[1], "kill") == 0) {
        (void)raise(SIGKILL);
    }
    return EXIT_SUCCESS;
}
