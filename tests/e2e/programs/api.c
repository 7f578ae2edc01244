/*
 * A program that asks libtrace.so about its memory and compares each answer with what it knows
 * itself. The common part of C and C++: api_cxx.cc is the same program in the other language.
 *
 * usage: api traced|plain: whether libtrace.so is there. Exit: 0; otherwise the line that failed is
 * on stderr. At the end a few blocks are left, of which the oracle tells.
 */
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <signal.h>
#include <sys/wait.h>

#include "libtrace.h"
#include "oracle.h"

#define SLOTS 200
#define STEPS 20000
#define THREADS 4
#define FRAMES 64
#define ODD_ERRNO 4321 /* no function gives it */

static size_t known_peak; /* of the oracle, when it is told after every call */

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            dprintf(STDERR_FILENO, "line %d: %s does not hold\n", __LINE__, #condition);           \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* malloc(3), which the compiler must not see through. */
static void *allocate(size_t size)
{
    void *block = malloc(size);
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

static size_t current_bytes(void)
{
    size_t current = SIZE_MAX;
    libtrace_get_traced_memory(&current, NULL);
    return current;
}

static size_t peak_bytes(void)
{
    size_t peak = SIZE_MAX;
    libtrace_get_traced_memory(NULL, &peak);
    return peak;
}

/* Nothing is traced: all answers are those of a program that runs alone. */
static void require_nothing(void *block)
{
    void *frame = NULL;
    REQUIRE(libtrace_is_tracing() == 0);
    REQUIRE(current_bytes() == 0 && peak_bytes() == 0);
    REQUIRE(libtrace_get_object_traceback(block, &frame, 1) == -1 && frame == NULL);
    REQUIRE(libtrace_snapshot("none") == -1);
    REQUIRE(libtrace_get_tracer_memory() == 0);
    libtrace_clear_traces();
    libtrace_reset_peak();
}

static void begin(void)
{
    errno = ODD_ERRNO;
    libtrace_clear_traces();
    REQUIRE(errno == ODD_ERRNO);
    oracle.live_bytes = 0;
    oracle.live_blocks = 0;
    known_peak = 0;
}

static void note_peak(void)
{
    known_peak = oracle.live_bytes > known_peak ? oracle.live_bytes : known_peak;
}

/* Any call of the family, on any block. */
static void take_step(void **slots, uint32_t *random)
{
    void **slot = &slots[oracle_random(random) % SLOTS];
    size_t size = oracle_random(random) % 3000;
    uint32_t kind = oracle_random(random) % 4;
    if (kind == 0) {
        *slot = oracle_realloc(*slot, size + 1);
    } else if (*slot != NULL) {
        oracle_free(*slot);
        *slot = NULL;
    } else if (kind == 1) {
        *slot = oracle_born(memalign(128, size), size);
    } else {
        *slot = oracle_malloc(size);
    }
    note_peak();
}

static void require_sums(void)
{
    REQUIRE(current_bytes() == oracle.live_bytes);
    REQUIRE(peak_bytes() == known_peak);
}

static void check_sums(void)
{
    void *slots[SLOTS] = {0};
    uint32_t random = 1;
    begin();
    for (int i = 0; i < STEPS; i++) {
        take_step(slots, &random);
        if (i % 97 == 0) {
            require_sums();
        }
        if (i % 4999 == 0) {
            libtrace_reset_peak();
            known_peak = oracle.live_bytes;
        }
    }
    require_sums();
    size_t usable = 0;
    for (int i = 0; i < SLOTS; i++) {
        usable += malloc_usable_size(slots[i]);
    }
    REQUIRE(usable >= current_bytes());
    for (int i = 0; i < SLOTS; i++) {
        oracle_free(slots[i]);
    }
    REQUIRE(current_bytes() == 0 && peak_bytes() == known_peak);
}

/* A peak between two questions, with nothing else before or after. */
static void check_peak(void)
{
    void *kept = oracle_malloc(1000);
    libtrace_reset_peak();
    REQUIRE(peak_bytes() == oracle.live_bytes);
    free(allocate(1 << 20));
    REQUIRE(current_bytes() == oracle.live_bytes);
    REQUIRE(peak_bytes() == oracle.live_bytes + (1 << 20));
    oracle_free(kept);
}

/* The call stack of a block, against backtrace(3) from the same place. */
static __attribute__((noinline)) void check_traceback(void)
{
    void *expected[FRAMES];
    void *frames[FRAMES];
    void *block = oracle_malloc(10);
    int count = libtrace_get_object_traceback(block, frames, FRAMES);
    int depth = backtrace(expected, FRAMES);
    REQUIRE(count >= 3 && libtrace_get_object_traceback(block, NULL, 0) == count);
    // The innermost frames may differ: oracle_malloc() is perhaps inlined, backtrace() is not ours.
    int same = 1;
    while (same < count && same < depth && frames[count - same] == expected[depth - same]) {
        same++;
    }
    REQUIRE(same >= 3 && same >= count - 2);
    void *first = NULL;
    REQUIRE(libtrace_get_object_traceback(block, &first, 1) == 1 && first == frames[0]);
    REQUIRE(libtrace_get_object_traceback(&first, frames, FRAMES) == -1);
    REQUIRE(libtrace_get_object_traceback(NULL, frames, FRAMES) == -1);
    void *larger = oracle_realloc(block, 1 << 18);
    REQUIRE(libtrace_get_object_traceback(larger, frames, FRAMES) >= 3 && frames[0] != first);
    oracle_free(larger);
    REQUIRE(libtrace_get_object_traceback(larger, frames, FRAMES) == -1);
}

static pthread_barrier_t barrier;

static void *run_thread(void *argument)
{
    uint32_t random = (uint32_t) * (const int *)argument + 1;
    void *kept = oracle_malloc(1000);
    for (int i = 0; i < STEPS; i++) {
        oracle_free(oracle_malloc(oracle_random(&random) % 1000));
    }
    pthread_barrier_wait(&barrier); // all have allocated; nobody does until the next one
    pthread_barrier_wait(&barrier);
    oracle_free(kept);
    (void)oracle_malloc(10);
    return NULL;
}

/* What pthread_create() allocates is none of ours, so differences are looked at. */
static void check_threads(void)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    REQUIRE(pthread_barrier_init(&barrier, NULL, THREADS + 1) == 0);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        REQUIRE(pthread_create(&threads[i], NULL, run_thread, &numbers[i]) == 0);
    }
    pthread_barrier_wait(&barrier);
    size_t before = current_bytes();
    size_t peak = peak_bytes();
    REQUIRE(before >= oracle.live_bytes && peak >= before);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < THREADS; i++) {
        REQUIRE(pthread_join(threads[i], NULL) == 0);
    }
    size_t after = current_bytes();
    REQUIRE(after <= before - (size_t)THREADS * (1000 - 10));
    // glibc keeps the threads' tables for thread-local storage, or some of them
    REQUIRE(after >= oracle.live_bytes &&
            after - oracle.live_bytes <= before - (size_t)THREADS * 1000);
}

/* Stopping forgets, starting begins with nothing. */
static void check_restart(void)
{
    void *early = allocate(100);
    libtrace_stop();
    require_nothing(early);
    void *unseen = allocate(200);
    REQUIRE(libtrace_start() == 0 && libtrace_is_tracing() == 1);
    REQUIRE(current_bytes() == 0 && peak_bytes() == 0);
    REQUIRE(libtrace_get_object_traceback(early, NULL, 0) == -1);
    void *late = allocate(300);
    REQUIRE(libtrace_start() == 0); // already: nothing is cleared
    REQUIRE(current_bytes() == 300);
    free(early);
    free(unseen);
    REQUIRE(current_bytes() == 300);
    free(late);
    REQUIRE(current_bytes() == 0 && peak_bytes() == 300);
}

static size_t seen_in_handler;

static void handle(int number)
{
    (void)number;
    seen_in_handler = current_bytes();
}

static void check_handler(void)
{
    void *block = allocate(12345);
    size_t now = current_bytes();
    REQUIRE(signal(SIGUSR1, handle) != SIG_ERR && raise(SIGUSR1) == 0);
    REQUIRE(seen_in_handler == now);
    free(block);
}

/* A child knows its own blocks only, from its first question on. */
static void check_child(void)
{
    int status = 0;
    void *block = allocate(500);
    pid_t child = fork();
    if (child == 0) {
        REQUIRE(libtrace_is_tracing() == 1);
        REQUIRE(current_bytes() == 0);
        void *own = allocate(70);
        REQUIRE(current_bytes() == 70 && peak_bytes() == 70);
        free(block);
        free(own);
        REQUIRE(current_bytes() == 0);
        _exit(0);
    }
    REQUIRE(waitpid(child, &status, 0) == child && status == 0);
    free(block);
}

static void check_tracer_memory(void)
{
    size_t bytes = libtrace_get_tracer_memory();
    char line[100] = "";
    FILE *statm = fopen("/proc/self/statm", "r");
    REQUIRE(statm != NULL && fgets(line, sizeof line, statm) != NULL);
    (void)fclose(statm);
    const char *resident = strchr(line, ' ');
    REQUIRE(resident != NULL);
    REQUIRE(bytes > 0 && bytes < strtoul(resident, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE));
}

int main(int argc, char **argv)
{
    int is_traced = argc > 1 && strcmp(argv[1], "traced") == 0;
    void *first = allocate(1);
    if (!is_traced) {
        require_nothing(first);
        REQUIRE(libtrace_start() == -1);
        libtrace_stop();
        require_nothing(first);
        free(first);
        return 0;
    }
    void *frames[1];
    (void)backtrace(frames, 1); // which loads a library the first time
    check_sums();
    check_peak();
    check_traceback();
    check_threads();
    check_tracer_memory();
    check_handler();
    check_child();
    free(first);
    void *cleared = allocate(123456); // no report about the end has it
    REQUIRE(cleared != NULL);
    REQUIRE(libtrace_snapshot("before") == 0);
    check_restart();
    begin();
    (void)oracle_malloc(100);
    (void)oracle_malloc(200);
    REQUIRE(current_bytes() == oracle.live_bytes);
    oracle_print();
    return 0;
}
