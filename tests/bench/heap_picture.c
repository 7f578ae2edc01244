/*
 * What a heap picture costs: how long the process is held up, beside a bare copy of the same
 * process, and what processor time and memory of its own the copy takes that makes the picture.
 *
 *     LD_PRELOAD=libtrace.so heap_picture BLOCKS ROUNDS [THREADS]
 *
 * Blocks are of 32 to 160 bytes (100 in the middle, and 16 of the allocator's), and each points to
 * two others. THREADS others allocate and free meanwhile.
 */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "libtrace.h"

#define LOOK_NS 100000000L
#define USER_FIELD 14 /* of /proc/PID/stat; the kernel's part follows */

enum { LEAST_BYTES = 32, RANGE_BYTES = 129, LINE_BYTES = 512 };

struct block {
    struct block *others[2];
};

static atomic_bool is_over;

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static void fill(struct block **blocks, uint64_t count)
{
    uint64_t state = RANDOM_SEED;
    for (uint64_t i = 0; i < count; i++) {
        size_t bytes = LEAST_BYTES + draw(&state) % RANGE_BYTES;
        blocks[i] = malloc(bytes);
        if (blocks[i] == NULL) {
            exit(EXIT_FAILURE);
        }
        memset(blocks[i], 0, bytes);
        blocks[i]->others[0] = i > 0 ? blocks[i - 1] : NULL;
        blocks[i]->others[1] = blocks[draw(&state) % (i + 1)];
    }
}

static void *churn(void *argument)
{
    uint64_t state = RANDOM_SEED + (uintptr_t)argument;
    while (!atomic_load(&is_over)) {
        free(use(malloc(LEAST_BYTES + draw(&state) % RANGE_BYTES)));
    }
    return NULL;
}

/* Return: milliseconds that a copy which ends at once takes of the process that makes it. */
static double copy_bare(void)
{
    double start = now_ms();
    long copy = syscall(SYS_clone, (long)CLONE_UNTRACED, 0L, 0L, 0L, 0L);
    if (copy == 0) {
        syscall(SYS_exit_group, 0);
    }
    double pause = now_ms() - start;
    (void)waitpid((pid_t)copy, NULL, __WALL);
    return pause;
}

/* Return: the value, in KiB, of a field of a file in /proc; 0 if there is none. */
static uint64_t field_kib(const char *path, const char *field)
{
    char line[LINE_BYTES];
    uint64_t sum = 0;
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, field, strlen(field)) == 0) {
            sum += strtoull(line + strlen(field), NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return sum;
}

/* Return: the copy that is at work; 0: none. */
static pid_t find_copy(void)
{
    char path[LINE_BYTES];
    char line[LINE_BYTES] = "";
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        (void)fgets(line, sizeof line, file);
        (void)fclose(file);
    }
    return (pid_t)strtol(line, NULL, 10);
}

/* Return: seconds of processor time of a process, which may have ended. Source: proc(5). */
static double processor_s(pid_t process)
{
    char path[LINE_BYTES];
    char line[LINE_BYTES] = "";
    unsigned long ticks = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        const char *text = fgets(line, sizeof line, file);
        const char *rest = text != NULL ? strrchr(text, ')') : NULL;
        for (int field = 2; rest != NULL && field < USER_FIELD; field++) {
            rest = strchr(rest + 1, ' ');
        }
        if (rest != NULL) {
            char *end = NULL;
            ticks = strtoul(rest, &end, 10);
            ticks += strtoul(end, NULL, 10); /* in the kernel */
        }
        (void)fclose(file);
    }
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

/* Watch the copy until it has ended. */
static void watch(double pause_ms, double bare_ms)
{
    const struct timespec time = {.tv_nsec = LOOK_NS};
    double start = now_ms();
    char path[LINE_BYTES];
    uint64_t most_kib = 0;
    siginfo_t info = {0};
    pid_t copy = find_copy();
    (void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)copy);
    while (copy != 0 &&
           waitid(P_PID, (id_t)copy, &info, WEXITED | WNOHANG | WNOWAIT | (int)__WALL) == 0 &&
           info.si_pid == 0) {
        uint64_t kib = field_kib(path, "Private_Dirty:") + field_kib(path, "Private_Clean:");
        most_kib = kib > most_kib ? kib : most_kib;
        (void)nanosleep(&time, NULL);
    }
    printf("held up %6.2f ms, by a bare copy %6.2f ms; picture: %5.2f s of processor time, "
           "%5.2f s in all, %4" PRIu64 " MiB of its own\n",
           pause_ms, bare_ms, processor_s(copy), (now_ms() - start) * 1e-3, most_kib / 1024);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    uint64_t count = number_argument(argc, argv, 1);
    uint64_t rounds = number_argument(argc, argv, 2);
    uint64_t threads = argc > 3 ? number_argument(argc, argv, 3) : 0;
    // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
    struct block **blocks = malloc(count * sizeof *blocks);
    pthread_t thread;
    if (blocks == NULL) {
        return EXIT_FAILURE;
    }
    fill(blocks, count);
    printf("%" PRIu64 " blocks, %" PRIu64 " MiB resident, the tracer's included\n", count,
           field_kib("/proc/self/status", "VmRSS:") / 1024);
    for (uintptr_t i = 0; i < threads; i++) {
        if (pthread_create(&thread, NULL, churn, (void *)i) != 0 || pthread_detach(thread) != 0) {
            return EXIT_FAILURE;
        }
    }
    for (uint64_t i = 0; i < rounds; i++) {
        double bare_ms = copy_bare();
        double start = now_ms();
        if (libtrace_heap_picture("bench") != 0) {
            (void)fprintf(stderr, "no picture is taken: is libtrace.so preloaded?\n");
            return EXIT_FAILURE;
        }
        watch(now_ms() - start, bare_ms);
    }
    atomic_store(&is_over, true);
    return EXIT_SUCCESS;
}
