/*
 * AddressSanitizer hands its report to a function before it ends the child. Whose fault it is, is
 * read off the stack: the innermost frame that is neither the sanitizer's nor libc's. Other ends,
 * UndefinedBehaviorSanitizer's among them, are only those of code that was built with them: ours.
 */
#include "apart.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "fuzz.h"

enum { REPORT_BYTES = 16384, CPU_SECONDS_MOST = 20 };

/* Shared with the child. */
struct outcome {
    bool is_ours; /* the fault, and its report */
    bool is_told; /* whose it is */
    char report[REPORT_BYTES];
    uint8_t covered[];
};

static struct outcome *outcome;

/* libFuzzer's counters of what was run; the linker knows where they are, if there are any. */
extern uint8_t first_counter[] __asm__("__start___sancov_cntrs")
    __attribute__((weak, visibility("hidden")));
extern uint8_t end_of_counters[] __asm__("__stop___sancov_cntrs")
    __attribute__((weak, visibility("hidden")));

static size_t counters(void)
{
    return first_counter != NULL ? (size_t)(end_of_counters - first_counter) : 0;
}

static void save_coverage(void)
{
    memcpy(outcome->covered, first_counter, counters());
}

static void add_coverage(void)
{
    for (size_t i = 0; i < counters(); i++) {
        if (outcome->covered[i] > first_counter[i]) {
            first_counter[i] = outcome->covered[i];
        }
    }
}

#if defined(__has_feature)
#define HAS_SANITIZER __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

#if HAS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

/* Return: whether a line of a report, "    #0 0x123 in name file", is a frame of code to blame. */
static bool is_blamed(const char *frame, size_t length)
{
    static const char *const bystanders[] = {"interceptor", "libasan", "asan_", "sanitizer_",
                                             "libc.so",     "memcpy",  "free",  "malloc"};
    for (size_t i = 0; i < sizeof bystanders / sizeof bystanders[0]; i++) {
        if (memmem(frame, length, bystanders[i], strlen(bystanders[i])) != NULL) {
            return false;
        }
    }
    return length > 5 && memcmp(frame, "    #", 5) == 0;
}

static void take_report(const char *report)
{
    bool is_libdwarf = false;
    const char *line = report;
    for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        size_t length = (size_t)(end - line);
        if (is_blamed(line, length)) {
            is_libdwarf = memmem(line, length, "libdwarf", 8) != NULL;
            break;
        }
    }
    outcome->is_told = true;
    outcome->is_ours = !is_libdwarf;
    (void)snprintf(outcome->report, REPORT_BYTES, "%s", report);
}

static void note_death(void)
{
    outcome->is_ours |= !outcome->is_told;
    save_coverage();
}

static void watch(void)
{
    __asan_set_error_report_callback(take_report);
    __sanitizer_set_death_callback(note_death);
}
#else
static void watch(void)
{
}
#endif

static _Noreturn void run_child(void (*run)(void *), void *context)
{
    const struct rlimit cpu = {CPU_SECONDS_MOST, CPU_SECONDS_MOST};
    fuzz_require(setrlimit(RLIMIT_CPU, &cpu) == 0);
    (void)signal(SIGABRT, SIG_DFL); // libFuzzer's handler would take it for the fuzzer's own end
    watch();
    run(context);
    save_coverage();
    _exit(EXIT_SUCCESS);
}

void fuzz_apart(void (*run)(void *context), void *context)
{
    int status = 0;
    if (outcome == NULL) {
        outcome = mmap(NULL, sizeof *outcome + counters(), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        fuzz_require(outcome != MAP_FAILED);
    }
    outcome->is_ours = false;
    outcome->is_told = false;
    (void)fflush(NULL);
    pid_t child = fork();
    fuzz_require(child >= 0);
    if (child == 0) {
        run_child(run, context);
    }
    while (waitpid(child, &status, 0) != child) {
        fuzz_require(errno == EINTR); // libFuzzer's clock
    }
    add_coverage();
    if (outcome->is_ours) {
        (void)fprintf(stderr, "%s\n", outcome->report);
    }
    fuzz_require(!outcome->is_ours);
}
